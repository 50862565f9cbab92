"""Parts of a pipeline: the steps that lead to one, and those that follow from one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from odibi_core.errors import OdibiError
from odibi_core.graph.steps import StepGraph
from odibi_core.late_dataclass import dataclass
from odibi_core.pipeline import Pipeline
from odibi_core.step import NodeKind, Step


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of a pipeline that can run by itself.

    Attributes:
        pipeline: The steps of the part, in the order of their declaration.
        recomputed: Names of the steps that nobody asked for but that the others need.
        left_out: How many steps are not part of it.
    """

    pipeline: Pipeline
    recomputed: tuple[str, ...]
    left_out: int


def select_steps(
    pipeline: Pipeline, *, start: str = "", end: str = "", only: Collection[str] = ()
) -> Selection:
    """The steps from `start` on, those up to `end`, or those between, with everything that they need.

    A step that only writes is needed by none: it is in the part only where it is asked for. The check of a
    connection belongs to the steps that use the connection.

    Args:
        pipeline: The whole.
        start: This step and everything downstream of it; "" takes all.
        end: This step and everything upstream of it; "" takes all.
        only: Of those only these steps; empty takes all.

    Raises:
        UnknownNameError: There is no such step.
        OdibiError: `end` does not follow from `start`.
    """
    if not (start or end or only):
        return Selection(pipeline, (), 0)
    graph = StepGraph(pipeline.steps)
    names = {step.name for step in pipeline.steps}
    wanted = set(names)
    if start:
        wanted &= graph.downstream(start) | {start}
    if end:
        wanted &= graph.upstream(end) | {end}
        if end not in wanted:
            raise OdibiError(
                f"{end!r} does not need {start!r}, so nothing lies between them",
                where=f"step {end!r}",
                fix="name a step further down, or leave out one of the two",
            )
    if only:
        graph.upstream(*only)
        wanted &= set(only)
    needed = wanted | graph.upstream(*wanted)
    chosen = [step for step in pipeline.steps if step.name in needed]
    chosen_names = needed | _checks(pipeline.steps, chosen)
    steps = [step for step in pipeline.steps if step.name in chosen_names]
    recomputed = needed - wanted if start or only else set()
    return Selection(
        replace(pipeline, steps=steps),
        tuple(step.name for step in steps if step.name in recomputed),
        len(pipeline.steps) - len(steps),
    )


def _checks(steps: Iterable[Step], chosen: Iterable[Step]) -> set[str]:
    """The steps that check the connections of the chosen ones."""
    used = {str(connection) for step in chosen if (connection := step.params.get("connection"))}
    return {
        step.name
        for step in steps
        if step.kind is NodeKind.CONNECT and str(step.params.get("connection")) in used
    }
