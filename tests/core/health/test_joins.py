"""Joins are found in SQL, and counted as trying out every pair of rows counts them."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odibi_core.health.joins import JoinCounts, find_joins
from odibi_core.sql.compose import compose

Rows = list[tuple[int, str | None]]


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        yield connection


def load(database: duckdb.DuckDBPyConnection, **tables: Rows) -> None:
    for name, rows in tables.items():
        database.execute(f"CREATE OR REPLACE TABLE {name}_rows (id INTEGER, k VARCHAR)")
        if rows:
            database.executemany(f"INSERT INTO {name}_rows VALUES (?, ?)", rows)


def counted(database: duckdb.DuckDBPyConnection, sql: str, *names: str) -> list[JoinCounts]:
    relations = {name: f"{name}_rows" for name in names}
    found = []
    for join in find_joins(sql, names):
        (row,) = database.sql(compose(relations, join.sql)).fetchall()
        found.append(JoinCounts.of(join, row))
    return found


LEFT: Rows = [(1, "a"), (2, "a"), (3, "b"), (4, None), (5, "x")]
RIGHT: Rows = [(1, "a"), (2, "a"), (3, "b"), (4, "y"), (5, None)]


def test_a_join_tells_what_matches_fans_out_is_dropped_and_becomes_null(
    database: duckdb.DuckDBPyConnection,
) -> None:
    load(database, t=LEFT, u=RIGHT)
    (inner,) = counted(database, "SELECT * FROM t JOIN u USING (k)", "t", "u")
    assert (inner.left_rows, inner.right_rows, inner.left_matched, inner.right_matched, inner.pairs) == (
        5, 5, 3, 3, 5,
    )  # fmt: skip
    assert (inner.left_rate, inner.right_rate) == (0.6, 0.6)
    assert inner.fan_out == pytest.approx(5 / 3)
    assert (inner.left_dropped, inner.right_dropped, inner.left_nulls, inner.right_nulls) == (2, 2, 0, 0)
    assert (inner.told, inner.left, inner.right) == ("JOIN u USING (k)", "t", "u")


@pytest.mark.parametrize(
    ("side", "kind", "left_dropped", "right_dropped", "left_nulls", "right_nulls"),
    [
        ("LEFT", "left", 0, 2, 0, 2),
        ("RIGHT", "right", 2, 0, 2, 0),
        ("FULL OUTER", "full", 0, 0, 2, 2),
        ("SEMI", "semi", 2, None, 0, 0),
        ("ANTI", "anti", 3, None, 0, 0),
    ],
)
def test_what_a_join_loses_depends_on_its_kind(
    database: duckdb.DuckDBPyConnection,
    side: str,
    kind: str,
    left_dropped: int,
    right_dropped: int | None,
    left_nulls: int,
    right_nulls: int,
) -> None:
    load(database, t=LEFT, u=RIGHT)
    (found,) = counted(database, f"SELECT t.* FROM t {side} JOIN u ON t.k = u.k", "t", "u")
    assert found.kind == kind
    assert (found.left_dropped, found.right_dropped) == (left_dropped, right_dropped)
    assert (found.left_nulls, found.right_nulls) == (left_nulls, right_nulls)


def test_joins_in_queries_within_queries_are_counted_over_what_those_give(
    database: duckdb.DuckDBPyConnection,
) -> None:
    load(database, t=LEFT, u=RIGHT, v=[(1, "b")])
    sql = (
        "WITH big AS (SELECT t.id, t.k FROM t JOIN v USING (k)), other(n, k) AS (FROM u WHERE id > 2) "
        "SELECT * FROM (SELECT big.*, n FROM big LEFT JOIN other ON big.k = other.k AND n > 0) AS b "
        "JOIN v ON v.k = b.k JOIN u ON u.k = v.k AND u.id = b.id"
    )
    found = counted(database, sql, "t", "u", "v")
    assert [(it.left, it.right, it.left_rows, it.right_rows, it.pairs) for it in found] == [
        ("t", "v", 5, 1, 1),
        ("", "", 1, 3, 1),
        ("", "v", 1, 1, 1),
        ("", "u", 1, 5, 1),
    ]


def test_tables_in_a_list_are_joined_by_what_where_compares(database: duckdb.DuckDBPyConnection) -> None:
    load(database, t=LEFT, u=RIGHT, v=[(1, "b")])
    sql = "SELECT t.id FROM t, u AS o, v WHERE t.k = o.k AND o.id > 1 AND v.k = o.k AND t.id = 3"
    first, second = counted(database, sql, "t", "u", "v")
    assert (first.left, first.right, first.left_matched, first.pairs) == ("t", "u", 3, 5)
    assert (second.left, second.right, second.left_rows, second.left_matched) == ("", "v", 5, 1)
    assert first.told == "INNER JOIN u AS o ON t.k = o.k"


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("SELECT * FROM t ASOF JOIN u ON t.id >= u.id", "ASOF"),
        ("SELECT * FROM t POSITIONAL JOIN u", "POSITIONAL"),
        ("SELECT * FROM t NATURAL JOIN u", "NATURAL"),
        ("SELECT * FROM t JOIN u USING (k) WHERE random() > 0", "by chance"),
    ],
)
def test_a_join_that_is_not_counted_says_why(sql: str, why: str) -> None:
    (join,) = find_joins(sql, ["t", "u"])
    assert why in join.why
    assert JoinCounts.unknown(join, join.why).left_rate is None


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM t, u", "SELECT * FROM t CROSS JOIN u", "SELECT 'join' FROM t", "PIVOT t ON join"]
)
def test_what_compares_nothing_is_no_join_to_count(sql: str) -> None:
    assert find_joins(sql, ["t", "u"]) == []


KEYS = st.sampled_from(["a", "b", None])
ROWS = st.lists(st.tuples(st.integers(0, 2), KEYS), max_size=5)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(left=ROWS, right=ROWS)
def test_counts_are_those_of_trying_every_pair(
    database: duckdb.DuckDBPyConnection, left: Rows, right: Rows
) -> None:
    load(database, t=left, u=right)
    (found,) = counted(database, "SELECT * FROM t LEFT JOIN u ON t.k = u.k AND t.id <= u.id", "t", "u")
    pairs = [
        (one, other)
        for one, (number, key) in enumerate(left)
        for other, (theirs, their_key) in enumerate(right)
        if key is not None and key == their_key and number <= theirs
    ]
    assert found.pairs == len(pairs)
    assert found.left_matched == len({one for one, _ in pairs})
    assert found.right_matched == len({other for _, other in pairs})
