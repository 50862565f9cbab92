"""The steps of a run that somebody looks at each second."""

from __future__ import annotations

from pathlib import Path

from odibi_core.events import NodeState
from odibi_core.journal.record import RunRecord, RunState, StepProgress
from odibi_core.pipeline import Pipeline
from odibi_core.testing import ingest_step, sql_step
from odibi_studio.services.runs.step_runs import StepRuns


def test_only_steps_that_have_changed_are_made_anew() -> None:
    pipeline = Pipeline("p", [ingest_step("read", "a.csv"), sql_step("clean", "SELECT 1", "read")])
    record = RunRecord("r", Path("r"), "p", RunState.RUNNING)
    steps = StepRuns()
    first = steps.of(record, pipeline)
    assert [(step.name, step.state) for step in first] == [
        ("read", NodeState.PENDING),
        ("clean", NodeState.PENDING),
    ]
    read = record.steps["read"] = StepProgress("read", "bronze", NodeState.RUNNING, start_time="t")
    second = steps.of(record, pipeline)
    assert (second[0].state, second[0].started) == (NodeState.RUNNING, "t")
    assert second[1] is first[1]
    read.warnings.append("a value could not be read")
    third = steps.of(record, pipeline)
    assert third[0].warnings == ["a value could not be read"]
    assert second[0].warnings == []
    read.state, read.row_count = NodeState.SUCCESS, 7
    assert steps.of(record, pipeline)[0].row_count == 7


def test_steps_of_a_run_whose_pipeline_was_not_kept_are_those_that_it_told_of() -> None:
    record = RunRecord("r", Path("r"), "p", RunState.RUNNING)
    record.steps["read"] = StepProgress("read", "bronze")
    assert [step.name for step in StepRuns().of(record, None)] == ["read"]
