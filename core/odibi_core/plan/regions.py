"""Which steps run as one streaming query, and where such a region ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from odibi_core.engines.operations import Call, Query, Scan, Send, Write
from odibi_core.formats.base import WriteMode
from odibi_core.formats.registry import format_named
from odibi_core.late_dataclass import dataclass
from odibi_core.nodes.base import Node
from odibi_core.nodes.settings import IngestSettings, TransformSettings
from odibi_core.plan.model import Region, Tracking
from odibi_core.sql.analysis import has_pivot, is_volatile
from odibi_core.step import Step

MAX_REGION_STEPS = 32
"""Binding a chain of common table expressions takes time that grows with the square of its length."""

MAX_READERS = 3
"""Reading a Parquet file takes about half the time of making a table of it, and no memory."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a step's result.

    Attributes:
        is_kept: Whether it is computed and held.
        reason: Why, or what it streams into.
        written_by: The write whose file may hold it for the others that take it, if there is one.
    """

    is_kept: bool
    reason: str
    written_by: Write | None = None


def divide(
    steps: Sequence[Step], nodes: Mapping[str, Node], tracking: Tracking
) -> tuple[tuple[Region, ...], dict[str, Fate]]:
    """The regions of a pipeline in an order in which they can run, and what becomes of each step's result.

    Args:
        steps: Every step after the ones it needs.
        nodes: Name → compiled step.
        tracking: `exact` makes every step a region of its own.
    """
    takers = _takers(steps)
    # Rows keep how their texts are compared in a table, and lose it in a file.
    collates = any(_collates(node) for node in nodes.values())
    fates: dict[str, Fate] = {}
    home: dict[str, str] = {}
    size: Counter[str] = Counter()
    for step in reversed(steps):
        fate, taker = _fate(step, nodes, takers, tracking)
        if taker is not None and size[home[taker]] >= MAX_REGION_STEPS:
            fate, taker = Fate(True, f"a region holds at most {MAX_REGION_STEPS} steps"), None
        fates[step.name] = replace(fate, written_by=None) if fate.written_by and collates else fate
        home[step.name] = home[taker] if taker is not None else step.name
        size[home[step.name]] += 1
    return _regions(steps, home), fates


def _takers(steps: Sequence[Step]) -> dict[str, list[Step]]:
    takers: dict[str, list[Step]] = {}
    for step in steps:
        for key in (*step.inputs.values(), *step.references):
            takers.setdefault(key, []).append(step)
    return takers


def _fate(
    step: Step, nodes: Mapping[str, Node], takers: Mapping[str, list[Step]], tracking: Tracking
) -> tuple[Fate, str | None]:
    node = nodes[step.name]
    match node.operation:
        case Write() | Send():
            return Fate(False, "writes its input"), None
        case Call():
            return Fate(True, "a Python function gives a whole frame"), None
        case Scan() | Query():
            pass
        case None:
            return Fate(False, "what it does is known when a run fills in its placeholders"), None
        case _:
            return Fate(False, "has no result"), None
    if node.expectations:
        return Fate(True, "its expectations look at all of its rows before anything takes them"), None
    settings = node.settings
    if isinstance(settings, TransformSettings | IngestSettings) and settings.materialize:
        return Fate(True, "the step asks for it: materialize is true"), None
    taken_by = [taker for key in step.outputs.values() for taker in takers.get(key, [])]
    if not taken_by:
        return Fate(True, "no step takes it: it is a result of the run"), None
    if tracking is Tracking.EXACT:
        if _is_read_by_each(step, taken_by, nodes):
            return Fate(False, "exact tracking copies no such file: its takers read it"), None
        return Fate(True, "exact tracking times every step by itself"), None
    kept_for = _cut(step, taken_by, nodes)
    if kept_for:
        return Fate(True, kept_for, _written_by(node, taken_by, nodes)), None
    if len(taken_by) > 1:
        return Fate(False, f"{len(taken_by)} steps take it: each reads what it needs of the file"), None
    return Fate(False, f"streams into {taken_by[0].name!r}"), taken_by[0].name


def _cut(step: Step, takers: Sequence[Step], nodes: Mapping[str, Node]) -> str:
    """Why a region ends between a step and those that take its result; "" where it streams on."""
    if len(takers) > 1 and _is_read_by_each(step, takers, nodes):
        return ""
    if len(takers) > 1:
        names = {taker.name for taker in takers}
        what = f"{len(names)} steps take it" if len(names) > 1 else f"{takers[0].name!r} takes it twice"
        return f"{what}: it is computed once"
    (taker,) = takers
    if set(step.outputs.values()).intersection(taker.references):
        return f"the expectations of {taker.name!r} look into it"
    node, next_node = nodes[step.name], nodes[taker.name]
    if _pivots(node):
        return "a pivot finds its columns in the data"
    if _pivots(next_node):
        return f"the pivot of {taker.name!r} finds its columns in the data"
    if isinstance(next_node.operation, Send):
        return "rows that are sent must be the same at a retry"
    if isinstance(node.operation, Query) and is_volatile(node.operation.sql):
        return "it gives other rows each time that it runs: it is computed once"
    if node.settings.timeout_s or next_node.settings.timeout_s:
        return "a step with a time limit runs by itself"
    if isinstance(next_node.operation, Call):
        return f"the function of {taker.name!r} needs a whole frame"
    return f"{taker.name!r} runs on another engine" if taker.engine != step.engine else ""


def _written_by(node: Node, takers: Sequence[Step], nodes: Mapping[str, Node]) -> Write | None:
    """The one write among them, where it makes a file of this machine that others may read meanwhile."""
    if _pivots(node):
        return None
    writes = [operation for taker in takers if isinstance(operation := nodes[taker.name].operation, Write)]
    if len(takers) == 1 or len(writes) != 1:
        return None
    (write,) = writes
    is_file = write.mode is WriteMode.OVERWRITE and not write.partition_by and not write.server
    return write if is_file else None


def _is_read_by_each(step: Step, takers: Sequence[Step], nodes: Mapping[str, Node]) -> bool:
    """Whether the steps that take it rather read the source each."""
    operation = nodes[step.name].operation
    return (
        isinstance(operation, Scan)
        and len({taker.name for taker in takers}) == len(takers) <= MAX_READERS
        and format_named(operation.format).is_read_cheaply
        and not nodes[step.name].settings.timeout_s
        and not any(
            taker.engine != step.engine
            or nodes[taker.name].settings.timeout_s
            or _pivots(nodes[taker.name])
            or isinstance(nodes[taker.name].operation, Send)
            or set(step.outputs.values()).intersection(taker.references)
            for taker in takers
        )
    )


def _pivots(node: Node) -> bool:
    return isinstance(node.operation, Query) and has_pivot(node.operation.sql)


def _collates(node: Node) -> bool:
    return isinstance(node.operation, Query) and "COLLATE" in node.operation.sql.upper()


def _regions(steps: Sequence[Step], home: Mapping[str, str]) -> tuple[Region, ...]:
    members: dict[str, list[Step]] = {}
    makers: dict[str, str] = {}
    for step in steps:
        members.setdefault(home[step.name], []).append(step)
        for key in step.outputs.values():
            makers[key] = home[step.name]
    ordered = [name for name in (step.name for step in steps) if name in members]
    return tuple(
        Region(
            name,
            tuple(step.name for step in members[name]),
            tuple(
                dict.fromkeys(
                    makers[key]
                    for step in members[name]
                    for key in step.needs
                    if makers.get(key, name) != name
                )
            ),
        )
        for name in ordered
    )
