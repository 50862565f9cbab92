"""Databases in a file: the write modes, the ledger, and what reading a table or a query gives."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.core.formats.bench import Bench

from odibi_core.errors import SourceError, TargetError, TransientError
from odibi_core.formats import format_named

OLD = "SELECT 1::BIGINT AS id, 'old' AS v UNION ALL SELECT 2, 'old'"
NEW = "SELECT 'new' AS v, 2::BIGINT AS id UNION ALL SELECT 'new', 3"


@pytest.fixture(params=["sqlite", "duckdb"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(bench: Bench, name: str) -> Path:
    """A database with one table of two rows."""
    path = bench.folder / "deep" / f"shop.{name}"
    bench.write(path, OLD, ticket="first/step", table="orders")
    return path


def rows(bench: Bench, path: Path, **options: Any) -> list[tuple[Any, ...]]:
    return sorted(bench.read(path, **options).rows)


def test_modes_change_the_table_and_no_other(bench: Bench, path: Path) -> None:
    bench.write(path, "SELECT 9 AS x", table="other")

    assert bench.write(path, NEW, "append", table="orders").rows == 2
    assert rows(bench, path, table="orders") == [(1, "old"), (2, "new"), (2, "old"), (3, "new")]
    assert bench.write(path, "SELECT 7::BIGINT AS y", ticket="run/2", table="orders").rows == 1
    assert rows(bench, path, table="orders") == [(7,)]
    assert rows(bench, path, table="other") == [(9,)]


def test_merging_replaces_rows_of_the_same_key_and_adds_the_others(bench: Bench, path: Path) -> None:
    written = bench.write(path, NEW, "merge", merge_key=("id",), table="orders")

    assert (written.rows, dict(written.details)) == (2, {"updated": 1, "inserted": 1})
    assert rows(bench, path) == [(1, "old"), (2, "new"), (3, "new")]


@pytest.mark.parametrize("mode", ["append", "merge", "error"])
def test_the_same_ticket_writes_once(bench: Bench, path: Path, mode: str) -> None:
    for skipped in ("", "this run wrote it already", "this run wrote it already"):
        made = bench.write(path, OLD, mode, merge_key=("id",), table="made")
        assert made.skipped == skipped

    assert len(rows(bench, path, table="made")) == 2


def test_a_table_that_was_overwritten_forgets_what_was_appended(bench: Bench, path: Path) -> None:
    bench.write(path, NEW, "append", table="orders")
    bench.write(path, OLD, ticket="run/2", table="orders")

    assert bench.write(path, NEW, "append", table="orders").rows == 2


def test_ignore_and_error_look_at_the_table_not_the_file(bench: Bench, path: Path) -> None:
    assert bench.write(path, NEW, "ignore", table="orders").skipped == "the target exists"
    assert bench.write(path, NEW, "ignore", table="fresh").rows == 2
    with pytest.raises(TargetError, match="the table 'orders' exists already, and the mode is 'error'"):
        bench.write(path, NEW, "error", table="orders")


def test_a_write_that_fails_leaves_everything_as_it_was(bench: Bench, path: Path) -> None:
    for mode in ("overwrite", "append", "merge"):
        with pytest.raises(duckdb.Error, match="boom"):
            bench.write(
                path,
                "SELECT range AS id, CASE WHEN range > 5 THEN error('boom')::VARCHAR END AS v FROM range(9)",
                mode,
                merge_key=("id",),
                table="orders",
            )
    assert rows(bench, path) == [(1, "old"), (2, "old")]


def test_a_first_write_that_fails_leaves_no_file(bench: Bench, name: str) -> None:
    path = bench.folder / f"a.{name}"
    with pytest.raises(duckdb.Error, match="boom"):
        bench.write(path, "SELECT error('boom') AS v", table="t")

    assert not list(bench.folder.iterdir())


def test_a_target_may_be_a_source_of_its_own_rows(bench: Bench, path: Path) -> None:
    for mode in ("overwrite", "append"):
        source = bench.source_sql(path, table="orders", writes=True)
        bench.write(path, f"SELECT id + 10 AS id, v FROM {source}", mode, ticket=f"{mode}/s", table="orders")

    assert rows(bench, path) == [(11, "old"), (12, "old"), (21, "old"), (22, "old")]


def test_a_query_is_read_in_the_place_of_a_table(bench: Bench, path: Path) -> None:
    query = "WITH f AS (SELECT * FROM orders WHERE id > 1) SELECT f.v, o.id FROM f JOIN orders o ON true"

    assert rows(bench, path, query=query) == [("old", 1), ("old", 2)]
    format_ = format_named(path.suffix[1:])
    options = format_.read_options(query=query)
    assert format_.probe(str(path), options, bench.cursor).as_dict() == {"v": "VARCHAR", "id": "BIGINT"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"table": "ordres"}, "has no table 'ordres'\n.*did you mean 'orders'"),
        ({}, "has 2 tables: say which is read\n.*orders, other"),
        ({"query": "SELECT * FROM ordres"}, "ordres"),
        ({"query": "SELECT nope FROM orders"}, "nope"),
        ({"query": "DROP TABLE orders"}, "(no SELECT|syntax error)"),
    ],
)
def test_what_is_not_there_is_told(bench: Bench, path: Path, options: dict[str, Any], message: str) -> None:
    bench.write(path, "SELECT 9 AS x", table="other")
    with pytest.raises(SourceError, match=message):
        bench.read(path, **options)
    assert rows(bench, path, table="orders") == [(1, "old"), (2, "old")]


def test_a_file_that_is_no_database_is_told(bench: Bench, name: str) -> None:
    path = bench.file(f"a.{name}", "id,name\n" * 1000)

    with pytest.raises(SourceError, match=r"this is no usable .* database"):
        bench.read(path)
    with pytest.raises(TargetError, match=r"this is no usable .* database"):
        bench.write(path, OLD, table="t")
    assert path.read_bytes().startswith(b"id,name")


def test_rows_that_do_not_fit_the_table_name_the_columns(bench: Bench, path: Path) -> None:
    with pytest.raises(TargetError, match="the rows lack 'v'; the target lacks 'w'"):
        bench.write(path, "SELECT 1::BIGINT AS id, 2 AS w", "append", table="orders")
    with pytest.raises(TargetError, match=r"'id' is VARCHAR, the ta(ble|rget)'s is BIGINT"):
        bench.write(path, "SELECT 'x' AS id, 'y' AS v", "append", table="orders")


def test_names_with_quotes_and_blanks_come_back(bench: Bench, name: str) -> None:
    path = bench.folder / f"a.{name}"
    bench.write(path, """SELECT 1 AS "a ""b", 2 AS "select" """, table='odd "name')

    assert bench.read(path, table='odd "name').schema.names == ('a "b', "select")


def locked_sqlite(path: Path) -> Any:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def test_a_database_that_another_program_locks_may_pass_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.folder / "a.sqlite"
    bench.write(path, OLD, table="t")
    monkeypatch.setattr("odibi_core.formats.sqlite.LOCK_WAIT_S", 0.0)

    with closing(locked_sqlite(path)), pytest.raises(TransientError, match="locked the database"):
        bench.write(path, NEW, "append", table="t", ticket="run/2")
    with closing(locked_sqlite(path)), pytest.raises(TransientError, match="locked the database"):
        bench.read(path)


def test_a_duckdb_file_that_is_damaged_in_its_rows_is_told(bench: Bench) -> None:
    path = bench.folder / "a.duckdb"
    bench.write(path, "SELECT range AS a, md5(range::VARCHAR) AS b FROM range(100000)", table="t")
    whole = bytearray(path.read_bytes())
    for place in range(4096 * 3 + 100, len(whole) - 4096 * 64, 4096 * 16):
        whole[place] ^= 0xFF
    path.write_bytes(whole)

    with pytest.raises(SourceError, match=r"a\.duckdb: this is no usable DuckDB database: Corrupt"):
        bench.read_told(path, table="t")
