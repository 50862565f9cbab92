"""What OpenLineage is told of a run that goes on: that it does, and which of its steps began and ended.

Columns, row counts and what was written are known whole only at the end, which tells all of it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from odibi_core.alerts.lineage_events import STEP_ENDS, RunStory, distinct
from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.journal.record import RunRecord
from odibi_core.journal.writer import DESIGN_FILE
from odibi_core.late_dataclass import dataclass
from odibi_core.step import NodeKind, Step
from odibi_core.workspace import Workspace

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent


@dataclass(frozen=True, slots=True)
class Change:
    """A step that began or ended.

    Attributes:
        step: Its name.
        kind: START, COMPLETE, FAIL or ABORT.
        time: UTC, ISO 8601.
    """

    step: str
    kind: str
    time: str


def changes(record: RunRecord) -> list[Change]:
    """The steps of a run that began and ended so far, in order."""
    found = []
    for progress in record.steps.values():
        begun = progress.start_time or progress.end_time
        if begun:
            found.append(Change(progress.name, "START", begun))
        if progress.end_time and (end := STEP_ENDS.get(progress.state)) is not None:
            found.append(Change(progress.name, end, progress.end_time))
    return sorted(found, key=lambda change: change.time)


def going_events(
    workspace: Workspace, record: RunRecord, namespace: str, kind: str, time: str, told: int
) -> Iterator[RunEvent]:
    """That a run has begun (START), with its own time, or goes on (RUNNING), and what became of its steps.

    Args:
        workspace: Where it runs.
        record: The run, with its steps.
        namespace: Of the jobs.
        kind: START or RUNNING.
        time: When it was seen to go on.
        told: How many of its changes were told before.
    """
    story = RunStory(workspace, record, namespace)
    steps = {step.name: _as_told(step, record) for step in _designed(record)}
    read = [step for step in steps.values() if step["kind"] is NodeKind.INGEST]
    moment = (record.start_time or time) if kind == "START" else time
    yield story.event(kind, moment, None, distinct(name for step in read for name in story.inputs(step)), [])
    for change in changes(record)[told:]:
        if (step := steps.get(change.step)) is not None:
            outputs = story.outputs(step) if change.kind == "COMPLETE" else []
            yield story.event(change.kind, change.time, step, story.inputs(step), outputs)


def _designed(record: RunRecord) -> list[Step]:
    """The steps of what runs; none where that can't be told."""
    try:
        return load_yaml(record.run_dir / DESIGN_FILE).steps
    except OdibiError:
        return []


def _as_told(step: Step, record: RunRecord) -> dict[str, Any]:
    """A step as the lineage of a run that has ended tells of it, without what only the end knows."""
    progress = record.steps.get(step.name)
    return {
        "step_name": step.name,
        "kind": step.kind,
        "type": step.type,
        "value": step.value,
        "params": step.params,
        "engine": step.engine,
        "inputs": step.inputs,
        "outputs": step.outputs,
        "written": None,
        "after_snapshot": None,
        "before_snapshot": None,
        "input_snapshots": {},
        "output_snapshots": {},
        "error_message": progress.error_message if progress else "",
    }
