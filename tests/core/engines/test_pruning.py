"""Of a Parquet file only those columns and row groups are read that the steps need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from tests.conftest import Run

from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace


@pytest.fixture
def size_bytes(workspace: Workspace) -> int:
    """The size of a file of twenty-one columns and twenty row groups."""
    path = workspace.root / "rows.parquet"
    columns = ", ".join(f"hash(range, {number}) AS c{number}" for number in range(20))
    rows = f"SELECT range AS id, {columns} FROM range(200000)"
    duckdb.execute(f"COPY ({rows}) TO '{path}' (ROW_GROUP_SIZE 10240)")
    return path.stat().st_size


@contextmanager
def reading() -> Iterator[list[int]]:
    """What it gives holds, afterwards, the bytes that this process has read."""

    def read_bytes() -> int:
        first, *_ = Path("/proc/self/io").read_text().splitlines()
        return int(first.removeprefix("rchar: "))

    read, before = list[int](), read_bytes()
    yield read
    read.append(read_bytes() - before)


def test_columns_and_filters_reach_the_file_through_steps(run: Run, size_bytes: int) -> None:
    steps = [
        ingest_step("rows", "rows.parquet"),
        sql_step("late", "SELECT * FROM rows WHERE id >= 150000", "rows"),
        sql_step("named", "SELECT id, c1 AS first, c2 AS second FROM late", "late"),
        sql_step("last", "SELECT id, first FROM named WHERE id < 160000", "named"),
        store_step("saved", "out/last.parquet", "last"),
    ]
    # What a first run loads is not the file's.
    run(steps, tracking="fused")
    with reading() as read:
        result = run(steps, tracking="fused")
    assert result.success, result.errors
    assert result.tracker is not None
    counts = {
        step["step_name"]: step["after_snapshot"]["row_count"] for step in result.tracker.step_executions
    }
    assert counts == {"rows": 200_000, "late": 50_000, "named": 50_000, "last": 10_000, "saved": 10_000}
    assert read[0] < size_bytes / 4


def test_steps_that_share_a_file_read_what_each_needs(run: Run, size_bytes: int) -> None:
    steps = [
        ingest_step("rows", "rows.parquet"),
        sql_step("one", "SELECT sum(c1) AS n FROM rows", "rows"),
        sql_step("other", "SELECT max(c2) AS n FROM rows WHERE id < 1000", "rows"),
    ]
    run(steps, tracking="fused")
    with reading() as read:
        assert run(steps, tracking="fused").success
    assert read[0] < size_bytes / 4
