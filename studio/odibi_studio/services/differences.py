"""How two documents differ: step by step with the fields, and as text."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from odibi_core.design.document import identical
from odibi_studio.messages import Diff, PipelineForm, StepChange, StepForm
from odibi_studio.services.documents import Content

# Of the eight fields beside the name, as many as make it likely that a step was only given another one.
_ALIKE_FIELDS = 6


def difference(before: Content, after: Content, names: tuple[str, str]) -> Diff:
    """How one content became the other.

    Args:
        before: The older one.
        after: The newer one.
        names: What to call the two in the text.
    """
    one, other = before.document, after.document
    lines = difflib.unified_diff(
        before.text.splitlines(), after.text.splitlines(), names[0], names[1], lineterm=""
    )
    return Diff(
        steps=_steps(one.pipeline, other.pipeline),
        fields=list(_paths(_own(one.pipeline), _own(other.pipeline))),
        text="\n".join(lines),
        before=one,
        after=other,
    )


def _own(pipeline: PipelineForm) -> dict[str, Any]:
    return pipeline.model_dump(exclude={"steps"})


def _steps(before: PipelineForm, after: PipelineForm) -> list[StepChange]:
    old = {step.name: step for step in before.steps}
    new = {step.name: step for step in after.steps}
    came_from = _renamed(
        [step for step in old.values() if step.name not in new],
        [step for step in new.values() if step.name not in old],
    )
    changes = []
    for step in new.values():
        earlier = old.get(step.name) or came_from.get(step.name)
        if earlier is None:
            changes.append(StepChange(step=step.name, change="added"))
            continue
        fields = list(_paths(_fields(earlier), _fields(step)))
        if earlier.name != step.name:
            changes.append(StepChange(step=step.name, change="renamed", before=earlier.name, fields=fields))
        elif fields:
            changes.append(StepChange(step=step.name, change="changed", fields=fields))
    gone = set(old) - set(new) - {step.name for step in came_from.values()}
    return changes + [StepChange(step=name, change="removed") for name in old if name in gone]


def _fields(step: StepForm) -> dict[str, Any]:
    return step.model_dump(exclude={"name"})


def _renamed(gone: list[StepForm], come: list[StepForm]) -> dict[str, StepForm]:
    """New name → the step as it was, for steps that are the same but for their name, or nearly so."""
    pairs = sorted(
        ((_likeness(old, new), position, old, new) for position, old in enumerate(gone) for new in come),
        key=lambda pair: (-pair[0], pair[1]),
    )
    found: dict[str, StepForm] = {}
    taken: set[str] = set()
    for likeness, _, old, new in pairs:
        if likeness >= _ALIKE_FIELDS and new.name not in found and old.name not in taken:
            found[new.name] = old
            taken.add(old.name)
    return found


def _likeness(one: StepForm, other: StepForm) -> int:
    mine, its = _fields(one), _fields(other)
    says_something = any(mine[name] and mine[name] == its[name] for name in ("value", "inputs", "outputs"))
    # Most steps expect nothing, which makes them no more alike.
    fields = [name for name in mine if name != "expectations"]
    return sum(identical(mine[name], its[name]) for name in fields) if says_something else 0


def _paths(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """The paths of the fields that differ, each as deep as both sides have mappings."""
    if identical(before, after):
        return
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)) or set(before) == set(after) == set():
        yield path
        return
    missing = object()
    differing = [
        name
        for name in dict.fromkeys([*before, *after])
        if not identical(before.get(name, missing), after.get(name, missing))
    ]
    if not differing:
        # The same keys in another order.
        yield path
    for name in differing:
        yield from _paths(before.get(name), after.get(name), f"{path}.{name}" if path else name)
