"""Steps that read one source each for itself see the same rows, or the run fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
from tests.conftest import Run

from odibi_core.event_bus import EventBus
from odibi_core.events import EventType
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace


def write_rows(path: Path, rows: int) -> None:
    duckdb.execute(f"COPY (SELECT range AS id, range % 2 AS kind FROM range({rows})) TO '{path}'")


def shared(workspace: Workspace) -> list[Step]:
    write_rows(workspace.root / "rows.parquet", 10)
    return [
        ingest_step("rows", "rows.parquet"),
        store_step("copied", "out/copy.parquet", "rows"),
        sql_step("odd", "SELECT id FROM rows WHERE kind = 1", "rows"),
        store_step("saved", "out/odd.csv", "odd"),
    ]


def test_both_takers_see_all_rows(run: Run, workspace: Workspace) -> None:
    result = run(shared(workspace), tracking="fused")
    assert result.success, result.errors
    assert duckdb.execute(f"SELECT count(*) FROM '{workspace.root}/out/copy.parquet'").fetchall() == [(10,)]
    assert (workspace.root / "out/odd.csv").read_text() == "id\n1\n3\n5\n7\n9\n"
    assert result.tracker is not None
    counts = {
        step["step_name"]: step["after_snapshot"]["row_count"] for step in result.tracker.step_executions
    }
    assert counts == {"rows": 10, "copied": 10, "odd": 5, "saved": 5}
    assert len(result.data_map["rows"]) == 10


def test_a_source_that_changes_between_its_readers_fails_the_later_one(
    run: Run, workspace: Workspace
) -> None:
    bus = EventBus()

    def change(event: dict[str, Any]) -> None:
        if event["event_type"] == EventType.NODE_COMPLETE and event["step_name"] == "copied":
            write_rows(workspace.root / "rows.parquet", 7)

    bus.subscribe(change)
    result = run(shared(workspace), tracking="fused", event_bus=bus)
    assert not result.success
    (error,) = result.errors.values()
    assert "the source changed while the run read it" in str(error)
    assert "materialize: true" in str(error)
    assert not (workspace.root / "out/odd.csv").exists()


def test_a_damaged_file_is_told_as_such_wherever_it_is_read(run: Run, workspace: Workspace) -> None:
    steps = shared(workspace)
    path = workspace.root / "rows.parquet"
    write_rows(path, 500_000)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 20_000] = b"\0" * 20_000
    path.write_bytes(content)
    result = run(steps, tracking="fused")
    assert not result.success
    assert "cut off or damaged" in str(next(iter(result.errors.values())))
