"""Three-way merge of documents: both sides' changes in one, where they touch different things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from odibi_core.design.document import identical
from odibi_studio.messages import Document, Group, Layout, Note, PipelineForm, StepForm

V = TypeVar("V")


class _BothError(Exception):
    """Both sides changed one thing, each in its own way."""


def merge(base: Document, mine: Document, theirs: Document) -> Document | None:
    """Both sides' changes in one document; None where both changed the same thing in different ways.

    Steps, parameters, settings, notes and groups are told apart by name, and each is taken whole. Where both
    moved one step on the canvas, mine stays: a position is no work that could be lost.
    """
    try:
        return Document(
            pipeline=_pipeline(base.pipeline, mine.pipeline, theirs.pipeline),
            layout=_layout(base.layout, mine.layout, theirs.layout),
        )
    except _BothError:
        return None


def _pipeline(base: PipelineForm, mine: PipelineForm, theirs: PipelineForm) -> PipelineForm:
    steps = _entries(_by_name(base.steps), _by_name(mine.steps), _by_name(theirs.steps))
    return PipelineForm(
        name=_one(base.name, mine.name, theirs.name),
        description=_one(base.description, mine.description, theirs.description),
        engine=_one(base.engine, mine.engine, theirs.engine),
        parameters=_entries(base.parameters, mine.parameters, theirs.parameters),
        settings=_entries(base.settings, mine.settings, theirs.settings),
        steps=list(steps.values()),
    )


def _layout(base: Layout, mine: Layout, theirs: Layout) -> Layout:
    groups = _entries(_by_id(base.groups), _by_id(mine.groups), _by_id(theirs.groups))
    notes = _entries(_by_id(base.notes), _by_id(mine.notes), _by_id(theirs.notes))
    moved = {name for name, point in mine.positions.items() if point != base.positions.get(name)}
    ours = {name: point for name, point in mine.positions.items() if name in moved}
    return Layout(
        positions={**mine.positions, **theirs.positions, **ours},
        groups=list(groups.values()),
        notes=list(notes.values()),
    )


def _by_name(steps: Iterable[StepForm]) -> dict[str, StepForm]:
    named: dict[str, StepForm] = {}
    for step in steps:
        if step.name in named:
            # Two steps of one name can't be told apart.
            raise _BothError
        named[step.name] = step
    return named


T = TypeVar("T", Group, Note)


def _by_id(items: Iterable[T]) -> dict[str, T]:
    return {item.id: item for item in items}


def _entries(base: Mapping[str, V], mine: Mapping[str, V], theirs: Mapping[str, V]) -> dict[str, V]:
    missing = object()
    kept: dict[str, Any] = {}
    for name in dict.fromkeys([*base, *mine, *theirs]):
        value = _one(*(side.get(name, missing) for side in (base, mine, theirs)))
        if value is not missing:
            kept[name] = value
    return {name: kept[name] for name in _order(list(base), list(mine), list(theirs)) if name in kept}


def _one(base: Any, mine: Any, theirs: Any) -> Any:
    if _is_same(mine, theirs) or _is_same(theirs, base):
        return mine
    if _is_same(mine, base):
        return theirs
    raise _BothError


def _is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same; 1, 1.0 and True are three values."""
    if isinstance(one, BaseModel) and isinstance(other, BaseModel):
        return identical(one.model_dump(), other.model_dump())
    return one is other or identical(one, other)


def _order(base: Sequence[str], mine: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """The order of the side that changed it, of mine where both did; additions stand where they were put."""
    common = set(base) & set(mine) & set(theirs)

    def in_common(names: Iterable[str]) -> list[str]:
        return [name for name in names if name in common]

    lead, other = (theirs, mine) if in_common(mine) == in_common(base) else (mine, theirs)
    order = list(lead)
    for position, name in enumerate(other):
        if name not in order:
            before = next((other[at] for at in range(position - 1, -1, -1) if other[at] in order), None)
            order.insert(order.index(before) + 1 if before is not None else 0, name)
    return order
