"""Journals held open: those that are not as they should be, and runs that were taken for lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from odibi_core.event_bus import EventBus
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.record import RunState
from odibi_core.journal.writer import JournalWriter
from odibi_core.pipeline import Pipeline
from odibi_studio.services.runs.book import RunBook
from odibi_studio.services.runs.course import Course

ZERO = "2026-11-24T12:00:00.000000+00:00"


def line(event_type: str, **keys: Any) -> dict[str, Any]:
    return {"event_type": event_type, "pipeline_name": "orders", "timestamp": ZERO, **keys}


START = line("pipeline_start", total_steps=2)
END = line("pipeline_complete", state="success", duration_ms=5)


def keep(run_dir: Path, *events: dict[str, Any]) -> None:
    run_dir.mkdir(parents=True)
    (run_dir / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))


@pytest.mark.parametrize(
    "odd",
    [
        line("run_vitals"),
        line("run_vitals", memory_mb=None, cpu_percent=3),
        line("run_vitals", memory_mb=1, cpu_percent="high"),
        line("pipeline_start"),
        line("pipeline_start", total_steps=[]),
        line("node_complete", step_name="read", row_count="many"),
        line("node_complete", step_name="read", row_count=3, duration_ms="long"),
        line("node_retry", step_name="read", delay_s="soon"),
        line("node_warning", step_name="read", message="odd") | {"timestamp": "yesterday"},
        {"event_type": "node_warning", "step_name": "read"},
        line("run_queued", order="orders"),
    ],
    ids=lambda odd: json.dumps({key: odd[key] for key in odd if key not in ("pipeline_name",)}),
)
def test_an_odd_event_is_damaged_and_the_run_is_shown_all_the_same(
    tmp_path: Path, odd: dict[str, Any]
) -> None:
    keep(tmp_path / "run-1", START, odd, line("node_warning", step_name="read", message="late"), END)
    with RunBook(tmp_path).opened("run-1") as run:
        record = run.reader.record()
        assert record.damaged_lines == 1
        assert record.state is RunState.SUCCESS
        texts = [told.text for told in run.course.lines]
        assert texts[0] == "orders starts, 2 steps"
        assert texts[1:][-2:] == ["late", "The run ended after 5.0 ms: success"]
        assert (run.course.vitals, run.course.made) == ([], [])


def test_vitals_and_rows_are_gathered(tmp_path: Path) -> None:
    made = line("node_complete", step_name="read", row_count=3, duration_ms=2)
    keep(tmp_path / "run-1", START, line("run_vitals", memory_mb=1.5, cpu_percent=3), made, END)
    course = Course()
    assert JournalReader(tmp_path / "run-1", course.take).record().damaged_lines == 0
    assert [(it.memory_mb, it.cpu_percent) for it in course.vitals] == [(1.5, 3.0)]
    assert [(it.step, it.row_count, it.duration_ms) for it in course.made] == [("read", 3, 2.0)]


def test_a_lost_run_that_goes_on_after_all_is_listed_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = JournalWriter(tmp_path, "run-1", Pipeline("orders"))
    bus = EventBus()
    bus.subscribe(journal.observe)
    bus.emit("pipeline_start", total_steps=1)
    book = RunBook(tmp_path)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("odibi_core.journal.reader.is_beating", lambda _run_dir: False)
        assert [run.state for run in book.summaries()] == [RunState.LOST]
    assert [run.state for run in book.summaries()] == [RunState.RUNNING]
    bus.emit("pipeline_complete", state="success", duration_ms=1)
    journal.close()
    assert [run.state for run in book.summaries()] == [RunState.SUCCESS]
