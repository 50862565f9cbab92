"""The timeline draws each step where it ran, and a region as one."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from odibi_core.story.lineage import Lineage, read_lineage
from odibi_core.story.timeline import Timeline, draw_timeline

LINEAGES = Path(__file__).parent / "lineages"
BEGIN = dt.datetime(2026, 11, 24, tzinfo=dt.UTC)


def drawn(lineage: Lineage) -> Timeline:
    timeline = draw_timeline(lineage)
    assert timeline is not None
    return timeline


def run(*times_ms: tuple[float, float], **more: Any) -> Lineage:
    """A run of steps with these starts and durations."""
    steps = [
        {
            "step_name": f"step_{index}",
            "layer": "silver",
            "kind": "transform",
            "status": "success",
            "start_time": (BEGIN + dt.timedelta(milliseconds=start)).isoformat(),
            "duration_ms": duration,
            **more,
        }
        for index, (start, duration) in enumerate(times_ms)
    ]
    data = {"format": 1, "pipeline_name": "p", "execution_id": "r", "state": "success", "edges": []}
    return Lineage.model_validate(data | {"start_time": BEGIN.isoformat(), "steps": steps})


def test_bars_are_as_long_as_the_steps_and_start_when_they_did() -> None:
    first, second = drawn(run((0, 100), (100, 300))).bars
    assert second.width == 3 * first.width
    assert second.x == first.x + first.width
    assert (first.after, second.after) == ("100 ms", "300 ms")


def test_retries_are_marked() -> None:
    (bar,) = drawn(run((0, 100), retry_count=2)).bars
    assert bar.after == "100 ms · ↻ 2 retries"


def test_a_region_is_framed_and_has_one_duration() -> None:
    timeline = drawn(read_lineage(LINEAGES / "fused.json"))
    (frame,) = timeline.frames
    assert frame.summary == "324 ms · region of 4 steps"
    members = [bar for bar in timeline.bars if bar.is_region]
    assert [bar.after for bar in members] == [frame.summary, "", "", ""]
    assert all(frame.y <= bar.y < frame.y + frame.height for bar in members)


def test_steps_that_never_started_are_counted() -> None:
    timeline = drawn(read_lineage(LINEAGES / "failed.json"))
    assert timeline.note == "3 steps never started and are not shown."
    assert [bar.name for bar in timeline.bars][-1] == "dedupe_customers"


def test_a_run_in_which_nothing_started_has_no_timeline() -> None:
    data = json.loads((LINEAGES / "one_step.json").read_text())
    data["steps"][0]["start_time"] = None
    assert draw_timeline(Lineage.model_validate(data)) is None


def test_a_long_run_uses_as_many_lanes_as_ran_side_by_side() -> None:
    timeline = drawn(run(*((10 * (step // 2), 10) for step in range(200))))
    assert timeline.is_packed
    assert len({bar.y for bar in timeline.bars}) == 2
    assert len(timeline.bars) == 200


def test_a_run_that_took_no_time_is_drawn() -> None:
    (bar,) = drawn(run((0, 0.0))).bars
    assert bar.width > 0


def test_ticks_are_round_and_cover_the_run() -> None:
    labels = [tick.label for tick in drawn(run((0, 2_410))).ticks]
    assert labels == ["0", "500 ms", "1 s", "1.5 s", "2 s"]
    assert [tick.label for tick in drawn(run((0, 3 * 3_600_000))).ticks] == ["0", "1 h", "2 h", "3 h"]
