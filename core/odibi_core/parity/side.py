"""A pipeline on one engine, over samples, with all that it would write in a folder of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from odibi_core.dag_executor import DAGExecutor
from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt, Engine, RunContext, Task, TaskError
from odibi_core.engines.operations import Scan, Write
from odibi_core.errors import OdibiError, RunCancelledError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType, NodeState
from odibi_core.formats.registry import format_named
from odibi_core.late_dataclass import dataclass
from odibi_core.parity.samples import Sample
from odibi_core.plan.model import Plan, PlannedStep
from odibi_core.retry import RetryPolicy
from odibi_core.signals import cancel_on_signals


@dataclass(slots=True)
class Side:
    """What one engine made.

    Attributes:
        data: Dataset key → dataset.
        errors: Step → why it failed.
        written: Step that writes → what is in its target now; None where that can't be read back.
        notes: Step → what the engine had to say.
    """

    data: dict[str, Dataset] = field(default_factory=dict)
    errors: dict[str, OdibiError] = field(default_factory=dict)
    written: dict[str, Dataset | None] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)


def run_side(
    plan: Plan,
    samples: Mapping[str, Sample],
    engine: Engine,
    reader: Engine,
    context: RunContext,
    folder: Path,
) -> Side:
    """What the engine makes of the samples.

    Args:
        plan: The pipeline, planned for the engine.
        samples: Step that reads → the rows that it gets.
        engine: The engine.
        reader: Reads what was written.
        context: The run.
        folder: Takes what is written.

    Raises:
        RunCancelledError: It was stopped.
    """
    steps = {name: _aside(planned, samples, folder) for name, planned in plan.steps.items()}
    side = Side()
    bus = EventBus()
    bus.bind(plan.pipeline.name, context.run_id)
    bus.subscribe(_noting(side))
    executor = DAGExecutor(
        replace(plan, steps=steps), {engine.name: engine}, bus, context, retry=RetryPolicy(), fail_fast=False
    )
    with cancel_on_signals(executor.cancel):
        report = executor.run()
    if report.cancelled:
        raise RunCancelledError(f"the comparison was stopped: {report.cancelled}")
    side.data.update(report.data)
    for name, run in report.steps.items():
        if run.error is not None:
            side.errors[name] = run.error
        elif run.state is NodeState.SUCCESS and isinstance(write := steps[name].node.operation, Write):
            side.written[name] = _read_back(name, write, reader, context)
    return side


def _aside(planned: PlannedStep, samples: Mapping[str, Sample], folder: Path) -> PlannedStep:
    """The step over its sample, or with a target in the folder."""
    name, operation = planned.step.name, planned.node.operation
    if isinstance(operation, Scan) and name in samples:
        operation = samples[name].scan(operation)
    elif isinstance(operation, Write):
        place = folder / f"target-{len(list(folder.glob('target-*')))}"
        place.mkdir(parents=True)
        file = place / (Path(operation.target).name or "target")
        operation = replace(operation, target=str(file), connection="", server="")
    return replace(planned, node=replace(planned.node, operation=operation))


def _noting(side: Side) -> Callable[[Mapping[str, Any]], None]:
    def notice(event: Mapping[str, Any]) -> None:
        if event["event_type"] == EventType.NODE_WARNING:
            side.notes.setdefault(event["step_name"], []).append(event["message"])

    return notice


def _read_back(step: str, write: Write, reader: Engine, context: RunContext) -> Dataset | None:
    """What is in a target now."""
    options = format_named(write.format).read_options
    table = getattr(write.options, "table", None)
    with suppress(TaskError, ValueError):
        given = options(table=table) if table and "table" in options.model_fields else options()
        task = Task(step, Scan(write.target, write.format, given), {}, {"data": "written"}, is_kept=True)
        return reader.run_region([task], {}, context, Attempt())[0].outputs["data"]
    return None
