"""A run tells how the sides of its joins meet, where that costs no second pass, or where it was asked for."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import Run

from odibi_core.event_bus import EventBus
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.runs import find_run
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_core.testing import EventRecorder, sql_step
from odibi_core.workspace import Workspace

STEPS = [
    sql_step("people", "SELECT range AS id, 'p' || range AS name FROM range(4)"),
    sql_step("visits", "SELECT range // 2 AS id, range AS day FROM range(12)"),
    Step(
        "silver", "met", "sql", "", "SELECT v.*, name FROM v LEFT JOIN p USING (id)",
        inputs={"v": "visits", "p": "people"}, outputs={"data": "met"},
    ),
]  # fmt: skip


def health(run: Run, tracking: str, **settings: Any) -> dict[str, dict[str, Any]]:
    """Step → what it tells of its joins."""
    bus = EventBus()
    events = EventRecorder(bus)
    result = run(Pipeline("visits", STEPS, settings=settings), tracking=tracking, event_bus=bus)
    assert result.success, result.errors
    return {event["step_name"]: event["health"] for event in events.of("node_complete") if "health" in event}


def test_joins_of_held_inputs_are_counted_unasked(run: Run) -> None:
    ((name, told),) = health(run, "exact").items()
    assert name == "met"
    assert told["why"] == ""
    assert told["joins"] == [
        {
            "told": "LEFT JOIN p USING (id)",
            "kind": "left",
            "left": "v",
            "right": "p",
            "left_rows": 12,
            "right_rows": 4,
            "left_matched": 8,
            "right_matched": 4,
            "pairs": 8,
            "why": "",
        }
    ]


def test_joins_of_inputs_that_stream_are_counted_when_asked(run: Run) -> None:
    (unasked,) = health(run, "fused").values()
    assert unasked["joins"] == []
    assert "stream" in unasked["why"]
    (asked,) = health(run, "fused", health=True).values()
    assert [(join["left_matched"], join["pairs"]) for join in asked["joins"]] == [(8, 8)]


@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_no_join_is_counted_where_that_is_turned_off(run: Run, tracking: str) -> None:
    assert health(run, tracking, health=False) == {}


def test_the_journal_keeps_what_was_counted(run: Run, workspace: Workspace) -> None:
    result = run(Pipeline("visits", STEPS), tracking="exact")
    record = JournalReader(find_run(workspace.runs, result.run_id)).record()
    assert record.steps["met"].health["joins"][0]["left_matched"] == 8
    assert record.steps["people"].health == {}


def test_what_is_counted_comes_with_the_cache(run: Run) -> None:
    bus = EventBus()
    events = EventRecorder(bus)
    for _ in range(2):
        run(Pipeline("visits", STEPS), tracking="exact", enable_cache=True, event_bus=bus)
    first, second = [event for event in events.of("node_complete") if event["step_name"] == "met"]
    assert second["status"] == "cached"
    assert second["health"]["joins"] == first["health"]["joins"]
