"""The columns of queries, which do not run."""

from __future__ import annotations

import duckdb
import pytest

from odibi_core.bound_columns import bound_columns, bound_schema


@pytest.fixture
def database() -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    database.execute('CREATE TABLE kept AS SELECT 1::BIGINT AS "a b", 2 AS "quoted ""name"')
    database.execute("CREATE TYPE mood AS ENUM ('good', 'it''s bad')")
    return database


@pytest.mark.parametrize(
    "query",
    [
        "FROM kept",
        "SELECT *, 1 FROM kept",
        "SELECT 1 AS a, 2 AS a",
        "WITH x AS (SELECT 1.5::DECIMAL(9,2) AS d) SELECT d, [d] AS l, {'s': d, 'two words': 1} AS s FROM x",
        "SELECT NULL AS nothing, MAP {'a': DATE '2026-01-31'} AS m, now() AS moment",
        "SELECT 'good'::mood AS mood, [1, 2]::INTEGER[2] AS fixed, '\\x00'::BLOB AS b",
        "SELECT '{}'::JSON AS j, uuid() AS u, INTERVAL 1 DAY AS i, 1::HUGEINT AS h",
        "VALUES (1, 'a')",
        "SELECT * FROM range(3) UNION ALL BY NAME SELECT 1 AS other",
        "DESCRIBE FROM kept",
        "SELECT error('it ran') AS e",
        'FROM (PIVOT (FROM kept) ON "a b" USING count(*))',
        'WITH q AS (FROM kept) SELECT * FROM (PIVOT q ON "a b" USING count(*) GROUP BY "quoted ""name")',
    ],
)
def test_they_are_those_of_a_relation(database: duckdb.DuckDBPyConnection, query: str) -> None:
    relation = database.sql(query)
    assert [name for name, _ in bound_columns(database, query)] == relation.columns
    assert [type_ for _, type_ in bound_columns(database, query)] == relation.types
    if len(set(relation.columns)) == len(relation.columns):
        assert list(bound_schema(database, query)) == list(
            zip(relation.columns, map(str, relation.types), strict=True)
        )


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ? FROM kept",
        "SELECT $b, $a",
        "SELECT $10, $9",
        "SELECT b FROM kept",
        "SELECT FROM",
        "FROM (PIVOT missing ON a USING count(*))",
    ],
)
def test_what_is_wrong_with_a_query_is_told_as_by_a_relation(
    database: duckdb.DuckDBPyConnection, query: str
) -> None:
    with pytest.raises(duckdb.Error) as of_relation:
        database.sql(query)
    with pytest.raises(duckdb.Error) as of_columns:
        bound_columns(database, query)
    assert str(of_columns.value) == str(of_relation.value)
    assert type(of_columns.value) is type(of_relation.value)
