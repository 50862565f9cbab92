"""What goes wrong at run time is told as a person would tell it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import duckdb
import pytest

from odibi_core.errors import SqlError
from odibi_core.sql.compose import compose
from odibi_core.sql.faults import explain_error


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE TABLE t AS SELECT 'abc' AS s, 5 AS n, 3000000000 AS b, 0 AS z")
        yield connection


def explained(database: duckdb.DuckDBPyConnection, sql: str) -> SqlError:
    with pytest.raises(duckdb.Error) as caught:
        database.execute(compose({"data": "t"}, sql)).fetchall()
    return explain_error(caught.value, sql, {"data": None})


@pytest.mark.parametrize(
    ("expression", "what", "fix"),
    [
        (
            "s::INT",
            "the text 'abc' in the column 's' can't be read as a whole number (INTEGER)",
            "TRY_CAST(… AS INTEGER)",
        ),
        (
            "s::DOUBLE",
            "the text 'abc' in the column 's' can't be read as a number (DOUBLE)",
            "TRY_CAST(… AS DOUBLE)",
        ),
        ("s::DECIMAL(10,2)", "can't be read as a number (DECIMAL(10,2))", "TRY_CAST(… AS DECIMAL(10,2))"),
        ("s::DATE", "can't be read as a date", "TRY_CAST(… AS DATE)"),
        ("s::TIMESTAMP", "can't be read as TIMESTAMP", "TRY_CAST(… AS TIMESTAMP)"),
        ("s::TIME", "can't be read as TIME", "TRY_CAST(… AS TIME)"),
        ("s::BOOLEAN", "can't be read as true or false", "TRY_CAST(… AS BOOLEAN)"),
        ("s::JSON", "the text 'abc' is not JSON", "TRY_CAST(… AS JSON)"),
        ("s::BLOB::INT", "BLOB can't be converted to INTEGER", "VARCHAR first"),
        ("b::INT", "the value 3000000000 is out of range for INTEGER", "larger type"),
        ("b * b * b", "the multiplication of two BIGINT values is too large", "larger type"),
        ("n // z", "something is divided by zero", "NULLIF(…, 0)"),
        ("n % z", "something is divided by zero", "NULLIF(…, 0)"),
        ("strptime(s, '%Y')", "the text 'abc' can't be read by the pattern '%Y'", "try_strptime"),
        ("(SELECT unnest([1, 2]))", "a subquery that stands for one value gives several rows", "LIMIT 1"),
        ("error('my own words')", "my own words", ""),
    ],
)
def test_a_value_that_does_not_fit_is_named(
    database: duckdb.DuckDBPyConnection, expression: str, what: str, fix: str
) -> None:
    error = explained(database, f"SELECT {expression} AS x FROM data")
    assert what in error.what
    assert fix in error.fix


def test_the_place_is_that_in_the_text_of_the_step(database: duckdb.DuckDBPyConnection) -> None:
    error = explained(database, "WITH x AS (FROM data)\nSELECT n,\n  '🙂' AS é, s::DATE AS day\nFROM x")
    assert (error.line, error.column) == (3, 14)


def test_a_place_that_is_not_sure_is_not_told(database: duckdb.DuckDBPyConnection) -> None:
    error = explained(
        database, "SELECT x FROM (\nSELECT s::INT AS x FROM data\nUNION ALL\nSELECT s::INT AS x FROM data\n)"
    )
    assert error.line is None


def test_too_little_memory_is_told_with_what_to_do() -> None:
    with duckdb.connect(":memory:", config={"memory_limit": "20MB", "temp_directory": ""}) as database:
        database.execute("CREATE TABLE t AS SELECT 1")
        error = explained(database, "SELECT list(repeat('x', 1000) || range) FROM range(1000000)")
    assert error.what == "the memory that the step may use does not suffice"
    assert "a filter before" in error.fix


def test_an_interrupted_query_is_told_as_stopped(database: duckdb.DuckDBPyConnection) -> None:
    timer = threading.Timer(0.2, database.interrupt)
    timer.start()
    error = explained(database, "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b")
    timer.join()
    assert error.what == "the query was stopped before it ended"
