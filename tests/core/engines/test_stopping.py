"""A step that is stopped before its write counts leaves the target as it was, in every format and mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from odibi_core.errors import RunCancelledError
from odibi_core.formats.base import FileForm, Target, Ticket, WriteMode
from odibi_core.formats.registry import format_named
from odibi_core.schema import Schema

TARGETS = [
    ("csv", "out.csv", ()),
    ("json", "out.json", ()),
    ("parquet", "out.parquet", ()),
    ("parquet", "folder", ()),
    ("parquet", "parts", ("part",)),
    ("csv", "csv_parts", ("part",)),
    ("delta", "table", ()),
    ("delta", "table_parts", ("part",)),
]


class Rows:
    """The rows of a query."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
        self.cursor, self.sql = cursor, sql

    @property
    def schema(self) -> Schema:
        relation = self.cursor.sql(self.sql)
        return Schema.of(zip(relation.columns, map(str, relation.types), strict=True))

    def reader(self, batch_rows: int = 122_880) -> pa.RecordBatchReader:
        return self.cursor.sql(self.sql).to_arrow_reader(batch_rows)

    def ready_files(self, partition_by: tuple[str, ...], form: FileForm) -> None:
        return None


def stopped() -> None:
    raise RunCancelledError("the step was stopped")


def contents(folder: Path) -> dict[str, bytes]:
    """What a reader of the folder would find: a writer's own rooms and empty folders are no data."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def write(folder: Path, kind: tuple[str, str, tuple[str, ...]], mode: str, n: int, **stop: Any) -> None:
    name, path, parts = kind
    fmt = format_named(name)
    key = ("i",) if mode == "merge" else ()
    target = Target(folder / path, WriteMode(mode), Ticket(f"run-{n}", "save"), parts, key, **stop)
    with duckdb.connect(":memory:") as cursor:
        rows = Rows(cursor, f"SELECT i, i % 2 AS part, {n} AS n FROM range(5) t(i)")
        fmt.write(rows, target, fmt.write_options())


@pytest.mark.parametrize("kind", TARGETS, ids=lambda kind: kind[1])
def test_a_first_write_that_is_stopped_leaves_nothing(tmp_path: Path, kind: Any) -> None:
    with pytest.raises(RunCancelledError):
        write(tmp_path, kind, "overwrite", 1, check=stopped)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["overwrite", "append", "merge"])
@pytest.mark.parametrize("kind", TARGETS, ids=lambda kind: kind[1])
def test_a_write_that_is_stopped_changes_nothing(tmp_path: Path, kind: Any, mode: str) -> None:
    if mode == "merge" and kind[1] in ("folder", "parts", "csv_parts"):
        mode = "append"
    write(tmp_path, kind, "overwrite", 1)
    before = contents(tmp_path)
    with pytest.raises(RunCancelledError):
        write(tmp_path, kind, mode, 2, check=stopped)
    after = contents(tmp_path)
    # Files that no commit of a Delta table names are no part of it.
    committed = {name: data for name, data in after.items() if kind[0] != "delta" or "_delta_log" in name}
    assert {name: before[name] for name in before} == {name: after.get(name) for name in before}
    assert set(committed) <= set(before)
