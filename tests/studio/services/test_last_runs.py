"""The newest run of each pipeline, whoever started it."""

from __future__ import annotations

from odibi_core.journal import RunState
from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step
from odibi_core.workspace import Workspace
from odibi_studio.services.last_runs import LastRuns


def execute(workspace: Workspace, name: str, sql: str) -> str:
    """The id of a run."""
    steps = [Step("silver", "only", "sql", "pandas", sql, outputs={"data": "rows"})]
    result = Orchestrator(steps, pipeline_name=name, workspace=workspace).execute()
    result.close()
    return result.run_id


def test_a_workspace_without_runs_has_none(workspace: Workspace) -> None:
    assert LastRuns(workspace).by_pipeline() == {}


def test_the_newest_run_of_each_pipeline_is_found_also_a_later_one(workspace: Workspace) -> None:
    runs = LastRuns(workspace)
    execute(workspace, "one", "SELECT 1 AS x")
    failed = execute(workspace, "one", "SELECT error('no') AS x")
    other = execute(workspace, "other", "SELECT 1 AS x")
    found = runs.by_pipeline()
    assert {name: run.run_id for name, run in found.items()} == {"one": failed, "other": other}
    assert found["one"].state is RunState.FAILED
    again = execute(workspace, "one", "SELECT 2 AS x")
    assert runs.by_pipeline()["one"].run_id == again
    assert runs.by_pipeline()["one"].state is RunState.SUCCESS
