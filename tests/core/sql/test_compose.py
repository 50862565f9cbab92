"""The query of a step gives what the step's text gives, whatever the text looks like."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from odibi_core.errors import SqlError
from odibi_core.sql.compose import SqlStep, compose, compose_region


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE rel AS SELECT range AS id, range % 3 AS k FROM range(6)")
        connection.execute("CREATE TABLE other AS SELECT 100 AS id")
        yield connection


def rows(database: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return database.execute(query).fetchall()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT id FROM bronze", [(0,), (1,), (2,), (3,), (4,), (5,)]),
        ("SELECT id FROM bronze WHERE id > 4 -- the last", [(5,)]),
        ("SELECT id FROM bronze WHERE id > 4 /* the last; really */ ;", [(5,)]),
        ("SELECT id FROM bronze WHERE id > 4; -- done\n;;", [(5,)]),
        ("-- first\n/* a /* nested */ comment */ SELECT 1", [(1,)]),
        ("SELECT id FROM bronze ORDER BY id DESC LIMIT 2", [(5,), (4,)]),
        ("SELECT id FROM bronze WHERE k = 0 ORDER BY id DESC", [(3,), (0,)]),
        ("WITH a AS (SELECT id FROM bronze) SELECT max(id) FROM a", [(5,)]),
        ("WITH a AS (SELECT id FROM bronze) SELECT id FROM a WHERE id < 2 ORDER BY id DESC", [(1,), (0,)]),
        (
            "with recursive n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 3) FROM n",
            [(1,), (2,), (3,)],
        ),
        ("WITH bronze AS (SELECT 7 AS id) SELECT id FROM bronze", [(7,)]),
        ("WITH bronze AS (SELECT id + 10 AS id FROM bronze) SELECT min(id) FROM bronze", [(10,)]),
        ("FROM bronze SELECT count(*)", [(6,)]),
        ("FROM bronze WHERE id = 1", [(1, 1)]),
        ("VALUES (1), (2)", [(1,), (2,)]),
        ("TABLE bronze LIMIT 1", [(0, 0)]),
        ("(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1 DESC", [(2,), (1,)]),
        ("SELECT 1 UNION ALL SELECT 2 ORDER BY 1 DESC", [(2,), (1,)]),
        ("PIVOT (SELECT k FROM bronze) ON k USING count(*)", [(2, 2, 2)]),
        ("SELECT * FROM (SELECT k FROM bronze) PIVOT (count(*) FOR k IN (0, 1))", [(2, 2)]),
        ("UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b", [("a", 1), ("b", 2)]),
        ("SUMMARIZE SELECT id FROM bronze WHERE false", None),
        ("DESCRIBE bronze", None),
        (
            "SELECT ';' AS a, $$ ; ) $$ AS b, E'\\';' AS c, \"id\" FROM bronze LIMIT 1",
            [(";", " ; ) ", "';", 0)],
        ),
    ],
)
def test_a_text_in_any_form_gives_its_own_rows(
    database: duckdb.DuckDBPyConnection, sql: str, expected: list[Any] | None
) -> None:
    got = rows(database, compose({"bronze": "rel"}, sql))
    assert got if expected is None else got == expected


def test_the_query_may_stand_in_parentheses_although_the_text_ends_with_a_comment(
    database: duckdb.DuckDBPyConnection,
) -> None:
    query = compose({"bronze": "rel"}, "SELECT id FROM bronze WHERE id = 3 -- that one")
    assert rows(database, f"SELECT id + 1 FROM ({query})") == [(4,)]


@pytest.mark.parametrize(
    "alias", ["select", "my table", 'say "hi"', "a.b", "☃ 🙂", "Bronze", "order", "1st", "it's", "step 1"]
)
def test_an_input_of_any_name_is_reached_by_quoting_it(
    database: duckdb.DuckDBPyConnection, alias: str
) -> None:
    quoted = '"' + alias.replace('"', '""') + '"'
    query = compose({alias: "rel"}, f"SELECT count(*) FROM {quoted}")
    assert rows(database, query) == [(6,)]


def test_relations_named_like_the_aliases_are_not_mixed_up(database: duckdb.DuckDBPyConnection) -> None:
    query = compose(
        {"rel": "other", "other": "rel"}, "SELECT (SELECT count(*) FROM rel), (SELECT count(*) FROM other)"
    )
    assert rows(database, query) == [(1, 6)]


def test_a_relation_named_like_its_own_alias_works(database: duckdb.DuckDBPyConnection) -> None:
    assert rows(database, compose({"rel": "rel"}, "SELECT count(*) FROM rel")) == [(6,)]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("", "the SQL is empty"),
        (" -- only a comment\n", "the SQL is empty"),
        ("SELECT 1; SELECT 2", "line 1, column 11: there is more than one statement"),
        ("SELECT 1) UNION (SELECT 2", "line 1, column 9: a \\) closes what was never opened"),
        ("SELECT (1", "line 1, column 8: a \\( is never closed"),
        ("SELECT 'abc", "line 1, column 8: the text in quotes is never closed"),
        ('SELECT\n "abc', "line 2, column 2: the name in quotes is never closed"),
        ("SELECT 1 /* so", "line 1, column 10: the comment /\\* is never closed"),
        ("INSERT INTO t VALUES (1)", "a SQL step reads its inputs and gives rows; INSERT writes rows"),
        ("copy t TO 'x.csv'", "COPY writes or loads files"),
        ("CREATE TABLE t AS SELECT 1", "CREATE creates something(.|\n)*a store step"),
        ("ATTACH 'x.db'", "ATTACH opens another database"),
        ("INSTALL httpfs", "INSTALL installs an extension"),
        ("SET threads = 1", "SET changes a setting"),
        ("SELEC 1", "SQL can't begin with 'SELEC'(.|\n)*did you mean 'SELECT'"),
        ("42", "SQL can't begin with '42'(.|\n)*begin with SELECT"),
    ],
)
def test_what_is_not_one_select_is_refused_with_its_place(sql: str, message: str) -> None:
    with pytest.raises(SqlError, match=message):
        compose({}, sql)


def chain(length: int) -> list[SqlStep]:
    return [
        SqlStep(f"s{n}", f"SELECT id + 1 AS id FROM data -- step {n}", {"data": f"k{n - 1}"}, f"k{n}")
        for n in range(1, length + 1)
    ]


def test_a_region_of_64_steps_is_one_query(database: duckdb.DuckDBPyConnection) -> None:
    query = compose_region(chain(64), {"k0": "rel"}, "k64")
    assert rows(database, query) == [(number + 64,) for number in range(6)]


def test_a_region_gives_the_rows_of_any_of_its_steps_in_their_order(
    database: duckdb.DuckDBPyConnection,
) -> None:
    steps = [
        SqlStep("a", "SELECT * FROM rel WHERE id > 1;", {"rel": "source"}, "filtered"),
        SqlStep(
            "b", "WITH rel AS (FROM rel) SELECT id FROM rel ORDER BY id DESC", {"rel": "filtered"}, "sorted"
        ),
        SqlStep(
            "c",
            "SELECT l.id FROM l JOIN r USING (id) WHERE l.id < 4 ORDER BY 1",
            {"l": "sorted", "r": "source"},
            "joined",
        ),
    ]
    assert rows(database, compose_region(steps, {"source": "rel"}, "sorted")) == [(5,), (4,), (3,), (2,)]
    assert rows(database, compose_region(steps, {"source": "rel"}, "joined")) == [(2,), (3,)]


def test_an_input_that_nobody_makes_is_named() -> None:
    with pytest.raises(KeyError, match="k0"):
        compose_region(chain(2), {}, "k2")


@pytest.mark.parametrize("scan", ["read_parquet('{0}.parquet')", "read_csv('{0}.csv')"])
def test_only_the_columns_and_rows_that_are_used_are_read(
    database: duckdb.DuckDBPyConnection, tmp_path: Path, scan: str
) -> None:
    file = tmp_path / "data"
    database.execute(f"COPY rel TO '{file}.parquet'; COPY rel TO '{file}.csv'")
    steps = [
        SqlStep("a", "SELECT *, id * 2 AS twice FROM data", {"data": "source"}, "doubled"),
        SqlStep("b", "WITH x AS (FROM data) SELECT id FROM x WHERE id = 3", {"data": "doubled"}, "one"),
    ]
    query = compose_region(steps, {"source": scan.format(file)}, "one")
    plan = rows(database, f"EXPLAIN {query}")[0][1]
    assert "CTE" not in plan
    assert "twice" not in plan
    assert "k" not in plan.split("Projections: ")[-1].split("│")[0].split()
    if "parquet" in scan:
        assert "Filters: id = 3" in plan
    assert rows(database, query) == [(3,)]
