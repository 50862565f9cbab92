"""The part of a pipeline that a replay runs, and whether it may: few rows must not be taken for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from odibi_core.engines.operations import Query, Send, Write
from odibi_core.errors import OdibiError
from odibi_core.expectations.model import KINDS
from odibi_core.formats.base import WriteMode
from odibi_core.graph.selection import select_steps
from odibi_core.late_dataclass import dataclass
from odibi_core.pipeline import Pipeline
from odibi_core.plan.model import Plan, PlannedStep
from odibi_core.sql.row_wise import UNREADABLE, why_not_row_wise
from odibi_core.step import Step

_GOES_WITH_FEW_ROWS = (WriteMode.APPEND, WriteMode.MERGE)


@dataclass(frozen=True, slots=True)
class ReplayPart:
    """What a replay runs: the pipeline from the step on, and the plan that it was taken from."""

    pipeline: Pipeline
    plan: Plan
    step: Step


def check_targets(part: ReplayPart, *, any_steps: bool) -> None:
    """Every target takes more rows, and every step on the way to one takes each row by itself.

    Args:
        part: The part.
        any_steps: Whether steps may look at other rows too.

    Raises:
        OdibiError: They may not.
    """
    if not any_steps:
        _check_ways(part)
    for name in part.plan.graph.downstream(part.step.name):
        operation = part.plan.steps[name].node.operation
        if not isinstance(operation, Write) or operation.mode in _GOES_WITH_FEW_ROWS:
            continue
        so = (
            "a replay would leave these rows alone in its target"
            if operation.mode is WriteMode.OVERWRITE
            else "which adds no rows to what is there"
        )
        raise OdibiError(
            f"{name!r} writes with mode {operation.mode.value}: {so}",
            where=f"step {name!r}, params.mode",
            # The next run reads the source as it is, and would leave out what was put in behind its back.
            fix="mend the rows in the source, and run the pipeline again; or have the step write with mode "
            "merge and a merge_key, and replay then",
        )
    if len(part.step.outputs) > 1:
        raise OdibiError(
            f"{part.step.name!r} has several outputs, and a replay has the rows of one",
            where=f"step {part.step.name!r}",
            fix="mend the rows in the source, and run the pipeline again",
        )


def replaying(part: ReplayPart, path: str) -> Pipeline:
    """The pipeline in which the step reads the mended rows; of whole outputs nothing is expected.

    Args:
        part: The part.
        path: The file of the mended rows, relative to the workspace.
    """
    source = Step(
        "ingest",
        part.step.name,
        "config_op",
        part.step.engine,
        path,
        {"source_type": "parquet"},
        outputs=part.step.outputs,
        metadata=part.step.metadata,
        expectations=part.step.expectations,
    )
    downstream = {part.step.name, *part.plan.graph.downstream(part.step.name)}
    steps = [source if step.name == part.step.name else step for step in part.pipeline.steps]
    kept = [
        replace(step, expectations=_about_rows(step)) if step.name in downstream else step for step in steps
    ]
    replaced = replace(part.pipeline, steps=kept)
    # What only made the rows of the step is not needed any more.
    ends = [name for name in downstream if not part.plan.graph.downstream(name)]
    needed: set[str] = set()
    for end in ends:
        needed |= {step.name for step in select_steps(replaced, end=end).pipeline.steps}
    return replace(replaced, steps=[step for step in kept if step.name in needed])


def writes(planned: PlannedStep) -> bool:
    """Whether the step gives rows to a target."""
    return isinstance(planned.node.operation, Write | Send)


def _check_ways(part: ReplayPart) -> None:
    """Every step between the rows and a target takes each of them by itself.

    Raises:
        OdibiError: One does not.
    """
    graph, steps = part.plan.graph, part.plan.steps
    keys, downstream = set(part.step.outputs.values()), set(graph.downstream(part.step.name))
    for name, planned in steps.items():
        step, operation = planned.step, planned.node.operation
        if name not in downstream or not any(writes(steps[after]) for after in graph.downstream(name)):
            continue
        taken = [alias for alias, key in step.inputs.items() if key in keys]
        keys.update(step.outputs.values())
        why = "it is a function"
        if isinstance(operation, Query):
            dialects = ("duckdb", "spark") if operation.dialect == "auto" else (operation.dialect,)
            reasons = [why_not_row_wise(operation.sql, taken, dialect=dialect) for dialect in dialects]
            why = next((reason for reason in reasons if reason != UNREADABLE), UNREADABLE)
        if why:
            raise OdibiError(
                f"{name!r} does not surely take each row by itself: {why}",
                where=f"step {name!r}, on the way from {part.step.name!r} to a target",
                fix="mend the rows in the source, and run the pipeline again; --any-steps replays them all "
                "the same, and writes what the step makes of these rows alone",
            )


def _about_rows(step: Step) -> list[dict[str, Any]]:
    return [
        expectation
        for expectation in step.expectations
        if isinstance(expectation, Mapping)
        and (model := KINDS.get(str(expectation.get("check")))) is not None
        and model.is_per_row
    ]
