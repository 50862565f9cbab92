"""How the sides of joins meet: in a preview, and in a run against the runs before it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from odibi_core.event_bus import EventBus
from odibi_core.health.joins import JoinCounts
from odibi_core.journal import JournalWriter
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step
from odibi_core.workspace import Workspace
from odibi_studio.health_messages import HealthAnswer, HealthRequest
from odibi_studio.messages import PipelineForm, StepForm
from odibi_studio.services.checking import Checker
from odibi_studio.services.meeting import Meeting
from odibi_studio.services.previews import Previewer
from odibi_studio.services.runs.desk import RunDesk
from odibi_studio.services.runs.edges import usual_range

MakeFile = Callable[[str, str | bytes], Path]
JOIN = "LEFT JOIN p USING (id)"


@pytest.fixture
def meeting(workspace: Workspace, make_file: MakeFile) -> Iterator[Meeting]:
    make_file("data/visits.csv", "id,day\n1,1\n1,2\n2,3\n9,4\n")
    make_file("data/people.csv", "id,name\n1,ann\n1,anna\n3,bob\n")
    checker = Checker(workspace)
    previewer = Previewer(workspace, checker)
    yield Meeting(previewer)
    previewer.close()
    checker.close()


def read(key: str) -> StepForm:
    return StepForm(
        name=f"read {key}", layer="bronze", type="config_op", value=f"data/{key}.csv", outputs={"data": key}
    )


def previewed(meeting: Meeting, sql: str) -> HealthAnswer:
    made = StepForm(
        name="met", layer="silver", type="sql", value=sql,
        inputs={"v": "visits", "p": "people"}, outputs={"data": "met"},
    )  # fmt: skip
    pipeline = PipelineForm(name="shop", steps=[read("visits"), read("people"), made])
    return meeting.health(HealthRequest(pipeline=pipeline, step="met"))


def test_a_preview_counts_the_join_of_a_step(meeting: Meeting) -> None:
    answer = previewed(meeting, f"SELECT v.*, name FROM v {JOIN}")
    (step,) = answer.steps
    assert (step.rows_in, step.rows_out, step.is_sample) == ({"v": 4, "p": 3}, 6, False)
    (join,) = step.joins
    assert (join.told, join.left, join.right) == (JOIN, "v", "p")
    assert (join.left_rate, join.fan_out, join.right_nulls, join.right_dropped) == (0.5, 2.0, 2, 1)


def test_a_join_that_is_not_counted_hides_no_other(meeting: Meeting) -> None:
    answer = previewed(meeting, f"SELECT v.*, p.name FROM v {JOIN} ASOF JOIN p AS q ON v.id >= q.id")
    counted, uncounted = answer.steps[0].joins
    assert (counted.left_rate, counted.why) == (0.5, "")
    assert uncounted.left_rate is None
    assert "ASOF" in uncounted.why


def test_sql_that_is_wrong_is_a_problem_and_other_steps_have_no_health(meeting: Meeting) -> None:
    answer = previewed(meeting, "SELECT nothing FROM v JOIN p USING (id)")
    assert answer.problem is not None
    assert answer.problem.step == "met"
    pipeline = PipelineForm(name="shop", steps=[read("visits")])
    assert meeting.health(HealthRequest(pipeline=pipeline, step="read visits")).steps == []


PIPELINE = Pipeline(
    "shop",
    [
        ingest_step("read", "data/visits.csv"),
        ingest_step("people", "data/people.csv"),
        Step(
            "silver", "met", "sql", "", f"SELECT v.*, name FROM v {JOIN}",
            inputs={"v": "read", "p": "people"}, outputs={"data": "met"},
        ),
        sql_step("few", "SELECT * FROM met WHERE day > 1", "met"),
    ],
)  # fmt: skip


def make_run(workspace: Workspace, number: int, matched: int, *, kept: int = 50, join: str = JOIN) -> str:
    """A run in which some of 100 visits find their people."""
    run_id = f"20261101T{number:06}-aa"
    journal = JournalWriter(workspace.runs, run_id, PIPELINE)
    bus = EventBus()
    bus.bind("shop", run_id)
    bus.subscribe(journal.observe)
    bus.emit("pipeline_start", total_steps=4, start_time=f"2026-11-01T{number:02}:00:00+00:00")
    counts = JoinCounts(join, "left", "v", "p", 100, 10, matched, 10, matched * 2)
    for step, rows in (("read", 100), ("people", 10), ("met", 200), ("few", 2 * kept)):
        more = {"health": {"joins": [counts.as_dict()], "why": ""}} if step == "met" else {}
        bus.emit(
            "node_complete",
            step_name=step,
            layer="x",
            duration_ms=1,
            status="success",
            row_count=rows,
            **more,
        )
    bus.emit("pipeline_complete", duration_ms=1, nodes_executed=4, success_count=4, state="success")
    journal.close()
    return run_id


def test_a_run_is_compared_with_the_ten_before_it(workspace: Workspace, run_desk: RunDesk) -> None:
    for number, matched in enumerate([10, 90, 91, 92, 93, 90, 91, 92, 93, 92, 91], start=1):
        make_run(workspace, number, matched)
    answer = run_desk.step_health(make_run(workspace, 12, 40, kept=10))
    assert answer.compared_runs == 10
    met, few = answer.steps
    assert met.rows_in == {"v": 100, "p": 10}
    (join,) = met.joins
    usual = {it.measure: it for it in join.usual}
    assert usual["left_rate"].is_outside
    # The oldest of eleven, far off, is not looked at any more.
    assert usual["left_rate"].low > 0.85
    assert not usual["fan_out"].is_outside
    assert not usual["right_rate"].is_outside
    assert few.kept is not None
    assert few.kept.is_outside
    assert (few.kept.low, few.kept.high) == (0.495, 0.505)


def make_split(workspace: Workspace, number: int, refused: int) -> str:
    """A run in which a step splits 100 rows, and another one keeps half of what the first set aside."""
    split = Step(
        "silver", "split", "function", "", "shop.split",
        inputs={"v": "read"}, outputs={"good": "good", "bad": "bad"},
    )  # fmt: skip
    run_id = f"20261101T{number:06}-aa"
    steps = [ingest_step("read", "data/visits.csv"), split, sql_step("odd", "SELECT * FROM bad", "bad")]
    journal = JournalWriter(workspace.runs, run_id, Pipeline("split", steps))
    bus = EventBus()
    bus.bind("split", run_id)
    bus.subscribe(journal.observe)
    bus.emit("pipeline_start", total_steps=3)
    for step, rows in (("read", 100), ("split", 100 - refused), ("odd", refused // 2)):
        keys = {"layer": "x", "duration_ms": 1, "status": "success", "row_count": rows}
        bus.emit("node_complete", step_name=step, **keys)
    bus.emit("pipeline_complete", duration_ms=1, nodes_executed=3, success_count=3, state="success")
    journal.close()
    told = {"good": {"row_count": 100 - refused}, "bad": {"row_count": refused}}
    entry = {"step_name": "split", "outputs": split.outputs, "output_snapshots": told}
    (journal.run_dir / "lineage.json").write_text(json.dumps({"steps": [entry]}))
    return run_id


def test_rows_kept_of_a_second_output_are_compared_with_those_of_the_same_output(
    workspace: Workspace, run_desk: RunDesk
) -> None:
    for number, refused in enumerate([10, 20, 30, 40, 50, 60], start=1):
        make_split(workspace, number, refused)
    (odd,) = run_desk.step_health(make_split(workspace, 7, 80)).steps
    assert (odd.rows_in, odd.rows_out) == ({"bad": 80}, 40)
    assert odd.kept is not None
    assert (odd.kept.low, odd.kept.middle, odd.kept.high) == (0.495, 0.5, 0.505)
    assert not odd.kept.is_outside


def test_too_few_runs_and_another_join_have_no_usual_range(workspace: Workspace, run_desk: RunDesk) -> None:
    first = make_run(workspace, 1, 90)
    assert run_desk.step_health(first).compared_runs == 0
    for number in range(2, 9):
        make_run(workspace, number, 90)
    assert run_desk.step_health("20261101T000003-aa").steps[0].joins[0].usual == []
    assert run_desk.step_health("20261101T000008-aa").steps[0].joins[0].usual != []
    assert (
        run_desk.step_health(make_run(workspace, 9, 90, join="LEFT JOIN p USING (day)"))
        .steps[0]
        .joins[0]
        .usual
        == []
    )


def test_what_never_varied_may_vary_a_little() -> None:
    same = usual_range("left_rate", 0.995, [1.0] * 6)
    assert same is not None
    assert not same.is_outside
    other = usual_range("left_rate", 0.9, [1.0] * 6)
    assert other is not None
    assert other.is_outside
    assert usual_range("left_rate", None, [1.0] * 6) is None
