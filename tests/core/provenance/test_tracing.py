"""Rows are followed to the rows that made them: what SQL tells is what trying out each input row tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odibi_core.provenance.dropping import places_of_loss
from odibi_core.provenance.rewriting import SOURCES, UntraceableError, input_relation, trace_sql
from odibi_core.provenance.tracing import HIDDEN, ROW, TraceStep, Tracing, row_like
from odibi_core.sql.compose import compose

Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        yield connection


def load(
    database: duckdb.DuckDBPyConnection, name: str, columns: str, rows: Sequence[Row], first: int
) -> None:
    names = ", ".join(part.split()[0] for part in columns.split(","))
    database.execute(f"CREATE OR REPLACE TABLE source ({columns})")
    if rows:
        database.executemany(f"INSERT INTO source VALUES ({', '.join('?' * len(rows[0]))})", rows)
    database.execute(
        f"CREATE OR REPLACE TABLE {name}_table AS SELECT {names}, CAST([] AS BIGINT[]) AS {SOURCES}, "
        f"{first} + row_number() OVER () AS {ROW} FROM source"
    )


def traced(database: duckdb.DuckDBPyConnection, sql: str, *names: str) -> list[tuple[Row, tuple[int, ...]]]:
    """Every row that comes out, with the numbers of its sources."""
    inputs = {name: input_relation(f"{name}_table", ROW) for name in names}
    rows = database.sql(compose(inputs, trace_sql(sql).sql)).fetchall()
    return [(row[:-1], tuple(sorted(set(row[-1])))) for row in rows]


def plain(
    database: duckdb.DuckDBPyConnection, sql: str, *names: str, without: int | None = None
) -> list[Row]:
    """The rows that the SQL gives over the inputs, perhaps without one of their rows."""
    where = "" if without is None else f" WHERE {ROW} <> {without}"
    inputs = {name: f"(SELECT {HIDDEN} FROM {name}_table{where})" for name in names}
    return database.sql(compose(inputs, sql)).fetchall()


ORDERS = "id INTEGER, k VARCHAR, x INTEGER"
PEOPLE = "k VARCHAR, name VARCHAR"
FEW_ORDERS = [(1, "a", 10), (2, "a", 20), (3, "b", 30), (3, "b", 30), (4, None, 1)]
FEW_PEOPLE = [("a", "A"), ("c", "C"), ("a", "AA")]


@pytest.fixture
def few(database: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    load(database, "t", ORDERS, FEW_ORDERS, 0)
    load(database, "u", PEOPLE, FEW_PEOPLE, 100)
    return database


@pytest.mark.parametrize(
    ("sql", "row", "sources"),
    [
        ("SELECT id, x * 2 AS y FROM t WHERE x > 10 ORDER BY id LIMIT 1", (2, 40), (2,)),
        ("SELECT t.id, u.name FROM t LEFT JOIN u USING (k) WHERE t.id = 3", (3, None), (3,)),
        ("SELECT t.id, u.name FROM t JOIN u USING (k) WHERE name = 'AA' AND id = 2", (2, "AA"), (2, 103)),
        ("SELECT * FROM t FULL JOIN u USING (k) WHERE name = 'C'", (None, "c", None, "C"), (102,)),
        ("SELECT a.id, b.id AS other FROM t a, t b WHERE a.id = 1 AND b.id = 2", (1, 2), (1, 2)),
        ("SELECT k, sum(x) AS s FROM t GROUP BY k HAVING count(*) > 1 ORDER BY k", ("a", 30), (1, 2)),
        ("SELECT count(*) FROM t WHERE id > 9", (0,), ()),
        ("SELECT DISTINCT * FROM t WHERE id = 3", (3, "b", 30), (3, 4)),
        ("SELECT DISTINCT k FROM t ORDER BY k LIMIT 1", ("a",), (1, 2)),
        ("SELECT DISTINCT ON (k) * FROM t ORDER BY k, x DESC", (2, "a", 20), (2,)),
        ("SELECT * FROM t WHERE k = 'a' QUALIFY row_number() OVER (PARTITION BY k ORDER BY x) = 1",
         (1, "a", 10), (1,)),
        ("SELECT * EXCLUDE n FROM (SELECT *, row_number() OVER (PARTITION BY k ORDER BY x DESC) AS n FROM t) "
         "WHERE n = 1 AND k = 'a'", (2, "a", 20), (2,)),
        ("SELECT k FROM t WHERE k = 'a' UNION SELECT k FROM u WHERE k = 'a'", ("a",), (1, 2, 101, 103)),
        ("SELECT k FROM u WHERE k = 'c' UNION ALL BY NAME SELECT id, k FROM t WHERE false",
         ("c", None), (102,)),
        ("WITH n AS (SELECT k, count(*) AS n FROM t GROUP BY ALL), b(q) AS (SELECT k FROM u) "
         "SELECT n.* FROM n JOIN b ON n.k = b.q ORDER BY ALL LIMIT 1", ("a", 2), (1, 2, 101)),
        ("SELECT t.* FROM t SEMI JOIN u USING (k) WHERE id = 1", (1, "a", 10), (1,)),
        ("SELECT * FROM t ANTI JOIN u USING (k) WHERE id = 4", (4, None, 1), (5,)),
        ("SELECT max(COLUMNS(* EXCLUDE k)) FROM t WHERE id < 3", (2, 20), (1, 2)),
        ("SELECT id, unnest([7, 8]) AS n FROM t WHERE id = 4", (4, 7), (5,)),
        ("SELECT * FROM t UNPIVOT (v FOR n IN (id, x)) WHERE n = 'x' AND v = 1", (None, "x", 1), (5,)),
        ("SELECT k, mode(x) FROM t GROUP BY ROLLUP (k) ORDER BY k NULLS LAST, count(*) LIMIT 1",
         ("a", 10), (1, 2)),
    ],
)  # fmt: skip
def test_a_row_carries_the_rows_that_made_it(
    few: duckdb.DuckDBPyConnection, sql: str, row: Row, sources: tuple[int, ...]
) -> None:
    assert traced(few, sql, "t", "u")[0] == (row, sources)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT random() AS r FROM t", "by chance"),
        ("SELECT * FROM t USING SAMPLE 2", "by chance"),
        ("PIVOT t ON k USING sum(x)", "not a plain SELECT"),
        ("SELECT * FROM t PIVOT (sum(x) FOR k IN ('a'))", "PIVOT"),
        ("SELECT k FROM t EXCEPT SELECT k FROM u", "EXCEPT"),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) FROM r", "recursive"),
    ],
)
def test_what_cannot_be_followed_says_why(sql: str, why: str) -> None:
    with pytest.raises(UntraceableError, match=why):
        trace_sql(sql)


def test_what_is_left_out_is_said() -> None:
    assert trace_sql("SELECT *, sum(x) OVER (PARTITION BY k) AS s FROM t").notes == (
        "the value of 's' is made of other rows of its window too",
    )
    assert trace_sql("SELECT *, rank() OVER (ORDER BY x) AS r FROM t").notes == ()
    assert trace_sql("SELECT * FROM t WHERE k IN (SELECT k FROM u)").notes == (
        "rows that a subquery looks at are not followed",
    )


KEYS = st.sampled_from(["a", "b", "c", None])
NUMBERS = st.integers(0, 3)
SOME_ORDERS = st.lists(st.tuples(NUMBERS, KEYS, NUMBERS), max_size=6)
SOME_PEOPLE = st.lists(st.tuples(KEYS, st.sampled_from(["A", "B", None])), max_size=4)
QUERIES = [
    "SELECT id, k FROM t WHERE x > 1 OR k IS NULL",
    "SELECT t.id, t.k, u.name FROM t {side} JOIN u ON t.k = u.k",
    "SELECT * FROM t {side} JOIN u USING (k) WHERE x IS DISTINCT FROM 2",
    "SELECT k, sum(x) AS s, count(*) AS n FROM t GROUP BY k",
    "SELECT DISTINCT k, x FROM t",
    "SELECT k FROM t UNION SELECT k FROM u",
    "SELECT k FROM t UNION ALL SELECT name FROM u",
    "SELECT u.k, count(t.id) AS n FROM u {side} JOIN (SELECT DISTINCT id, k FROM t WHERE x < 3) AS t "
    "USING (k) GROUP BY ALL",
    "WITH n AS (SELECT k, max(x) AS m FROM t GROUP BY k) SELECT n.k, name, m FROM n {side} JOIN u USING (k)",
]  # fmt: skip
SIDES = ["INNER", "LEFT", "RIGHT", "FULL"]


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sql=st.sampled_from(QUERIES), side=st.sampled_from(SIDES), orders=SOME_ORDERS, people=SOME_PEOPLE)
def test_sources_are_the_rows_that_a_row_needs(
    database: duckdb.DuckDBPyConnection, sql: str, side: str, orders: list[Row], people: list[Row]
) -> None:
    """By brute force: its sources alone make a row too; what is no source of any is needed by none."""
    text = sql.format(side=side)
    load(database, "t", ORDERS, orders, 0)
    load(database, "u", PEOPLE, people, 100)
    found = traced(database, text, "t", "u")
    assert sorted(map(repr, (row for row, _ in found))) == sorted(map(repr, plain(database, text, "t", "u")))
    for row, sources in found:
        kept = ", ".join(map(str, sources)) or "-1"
        alone = {n: f"(SELECT {HIDDEN} FROM {n}_table WHERE {ROW} IN ({kept}))" for n in ("t", "u")}
        assert row in database.sql(compose(alone, text)).fetchall()
    whole = Counter(map(repr, plain(database, text, "t", "u")))
    used = {number for _, sources in found for number in sources}
    for number in [*range(1, len(orders) + 1), *range(101, 101 + len(people))]:
        less = Counter(map(repr, plain(database, text, "t", "u", without=number)))
        # A row that is no source of any other can be left out, and all of them are still there.
        assert number in used or whole <= less


def chain(steps: Sequence[TraceStep], database: duckdb.DuckDBPyConnection) -> Tracing:
    """The steps run over the tables, and all that follows their rows."""
    relations = {"orders": f"(SELECT {HIDDEN} FROM t_table)", "people": f"(SELECT {HIDDEN} FROM u_table)"}
    for number, step in enumerate(steps):
        if step.sql:
            inputs = {alias: relations[key] for alias, key in step.inputs.items()}
            database.execute(f"CREATE OR REPLACE TEMP TABLE made_{number} AS {compose(inputs, step.sql)}")
        for key in step.outputs:
            relations[key] = relations.get(key, f"made_{number}")
    tracing = Tracing(steps, relations, {})
    for stage in tracing.stages:
        database.execute(f'CREATE OR REPLACE TEMP TABLE "{stage.table}" AS {stage.sql}')
    return tracing


SOURCE_STEPS = [TraceStep("read orders", {}, ["orders"]), TraceStep("read people", {}, ["people"])]


def test_a_row_is_followed_through_a_join_and_a_dedupe(few: duckdb.DuckDBPyConnection) -> None:
    steps = [
        *SOURCE_STEPS,
        TraceStep("dedupe", {"t": "orders"}, ["once"], "SELECT DISTINCT * FROM t"),
        TraceStep(
            "join", {"o": "once", "p": "people"}, ["joined"], "SELECT o.*, name FROM o LEFT JOIN p USING (k)"
        ),
    ]
    tracing = chain(steps, few)
    rows = few.sql(f"FROM {tracing.relations['joined']}").fetchall()
    place = rows.index((3, "b", 30, None))
    start = row_like(tracing, "joined", ["id", "k", "x", "name"], place)
    few.execute(f"CREATE OR REPLACE TEMP TABLE up AS {tracing.upwards(f'SELECT id FROM ({start})')}")

    def made_of(key: str) -> list[Row]:
        return few.sql(
            f"SELECT {HIDDEN} FROM {tracing.tables[key]} WHERE {ROW} IN (SELECT id FROM up)"
        ).fetchall()

    assert made_of("joined") == [(3, "b", 30, None)]
    assert made_of("once") == [(3, "b", 30)]
    assert made_of("orders") == [(3, "b", 30), (3, "b", 30)]
    assert made_of("people") == []
    assert tracing.blind == {}


def test_rows_that_the_rewritten_text_does_not_give_are_not_followed(few: duckdb.DuckDBPyConnection) -> None:
    # The whole row as one value would hold the hidden numbers.
    steps = [
        SOURCE_STEPS[0],
        TraceStep("pack", {"t": "orders"}, ["packed"], "SELECT to_json(t)::VARCHAR AS j FROM t"),
    ]
    tracing = chain(steps, few)
    (row,) = few.sql(f"SELECT count(*), count({SOURCES}) FROM {tracing.tables['packed']}").fetchall()
    assert row == (5, 0)


def test_the_rows_of_a_function_have_no_known_sources(few: duckdb.DuckDBPyConnection) -> None:
    steps = [
        SOURCE_STEPS[0],
        TraceStep("call", {"t": "orders"}, ["orders2"], why="a Python function made them"),
    ]
    few.execute("CREATE OR REPLACE TEMP TABLE made_1 AS SELECT 1 AS one")
    tracing = chain(steps, few)
    assert tracing.blind == {"call": "a Python function made them"}
    assert few.sql(f"SELECT {SOURCES} FROM {tracing.tables['orders2']}").fetchall() == [(None,)]


@pytest.mark.parametrize(
    ("sql", "number", "told"),
    [
        ("SELECT * FROM t WHERE x > 5 AND k = 'a'", 5, "WHERE x > 5"),
        ("SELECT * FROM t WHERE x > 5 AND k = 'a'", 3, "WHERE k = 'a'"),
        ("SELECT * FROM t JOIN u USING (k) WHERE name <> 'A'", 3, "JOIN u USING (k)"),
        ("SELECT * FROM t LEFT JOIN u USING (k)", 102, "LEFT JOIN u USING (k)"),
        ("SELECT * FROM t SEMI JOIN u USING (k)", 3, "SEMI JOIN u USING (k)"),
        ("SELECT k, sum(x) FROM t GROUP BY k HAVING sum(x) < 50", 3, "HAVING SUM(x) < 50"),
        ("SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY k ORDER BY x) = 1", 2,
         "QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY x) = 1"),
        ("SELECT DISTINCT ON (k) * FROM t ORDER BY k, x", 2, "DISTINCT ON (k)"),
        ("SELECT * FROM t ORDER BY id LIMIT 2", 3, "LIMIT 2"),
        ("WITH big AS (SELECT * FROM t WHERE x > 9) SELECT * FROM big JOIN u USING (k)", 5, "WHERE x > 9"),
    ],
)  # fmt: skip
def test_the_first_place_where_a_row_is_lost_is_named(
    few: duckdb.DuckDBPyConnection, sql: str, number: int, told: str
) -> None:
    inputs = {name: input_relation(f"{name}_table", ROW) for name in ("t", "u")}
    lost = next(
        place
        for place in places_of_loss(sql)
        if not any(number in row[-1] for row in few.sql(compose(inputs, place.sql)).fetchall())
    )
    assert lost.told == told
