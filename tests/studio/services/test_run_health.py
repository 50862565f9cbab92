"""Figures of many runs, from journals as runs write them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from odibi_core.event_bus import EventBus
from odibi_core.journal import JournalWriter, list_runs
from odibi_core.pipeline import Pipeline
from odibi_studio.services.runs.health import (
    RunFacts,
    RunHealth,
    Usual,
    causes,
    freshness,
    slowest_steps,
    success_rate,
)


def make_run(runs: Path, number: int, *, took_ms: float = 100, error: str = "", rows: int = 10) -> None:
    """A run of `orders` that reads, and writes to out.parquet or fails."""
    run_id = f"20261101T{number:06}-aa"
    journal = JournalWriter(runs, run_id, Pipeline("orders"))
    bus = EventBus()
    bus.bind("orders", run_id)
    bus.subscribe(journal.observe)
    bus.emit("pipeline_start", total_steps=2, start_time=f"2026-11-01T{number:02}:00:00+00:00")
    bus.emit(
        "node_complete", step_name="read", layer="x", duration_ms=took_ms, status="success", row_count=rows
    )
    if error:
        bus.emit("node_error", step_name="save", layer="x", error_message=error)
        bus.emit("pipeline_error", error_message=error, failed_step="save")
    else:
        written = {"path": "/shop/out.parquet", "rows": rows}
        keys = {"layer": "x", "duration_ms": 1, "status": "success", "row_count": rows, "written": written}
        bus.emit("node_complete", step_name="save", **keys)
    state = "failed" if error else "success"
    bus.emit("pipeline_complete", duration_ms=took_ms, nodes_executed=2, success_count=1, state=state)
    journal.close()


@pytest.fixture
def facts(tmp_path: Path) -> list[RunFacts]:
    """Four runs that succeeded, two that failed for one cause, the newest first."""
    for number in range(1, 5):
        make_run(tmp_path, number, took_ms=100 * number, rows=number)
    for number in (5, 6):
        make_run(tmp_path, number, error="no room")
    return RunHealth().facts(list_runs(tmp_path))


def test_rates_volumes_and_causes(facts: list[RunFacts]) -> None:
    assert success_rate(facts) == pytest.approx(4 / 6)
    assert success_rate([]) is None
    assert [it.rows_written for it in facts] == [None, None, 4, 3, 2, 1]
    assert causes(facts) == [("orders", "save", "no room", 2, "20261101T000006-aa")]


def test_slowest_steps_by_their_median(facts: list[RunFacts]) -> None:
    assert slowest_steps(facts, 1) == [("orders", "read", 150, 400, 6)]
    assert len(slowest_steps(facts, 9)) == 2


def test_a_dataset_is_late_when_it_was_not_written_for_twice_as_long_as_usual(facts: list[RunFacts]) -> None:
    (newest,) = facts[2].targets
    (found,) = freshness(facts, dt.datetime.fromisoformat(newest.time))
    assert (found.place, found.pipeline, found.row_count) == ("/shop/out.parquet", "orders", 4)
    assert found.every_s is not None
    assert not found.is_late
    later = dt.datetime.fromisoformat(found.time) + dt.timedelta(seconds=2.5 * found.every_s)
    assert freshness(facts, later)[0].is_late
    assert freshness(facts[-2:], later)[0].every_s is None


def test_what_lies_far_outside_the_quartiles_is_not_usual() -> None:
    usual = Usual.of([10, 11, 12, 13, 14, 90])
    assert usual is not None
    assert usual.holds(12)
    assert usual.middle == 12.5
    assert not usual.holds(90)
    assert Usual.of([1, 2, 3, 4]) is None


def test_a_damaged_journal_tells_what_is_left(tmp_path: Path) -> None:
    make_run(tmp_path, 1)
    events = tmp_path / "20261101T000001-aa" / "events.jsonl"
    events.write_bytes(events.read_bytes().replace(b'"duration_ms":1,', b'"duration_ms":'))
    (found,) = RunHealth().facts(list_runs(tmp_path))
    assert list(found.step_ms) == ["read"]
