"""The graph of a run as a drawing: steps with their outcome, edges with their row counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from odibi_core.events import NodeState
from odibi_core.story import wording
from odibi_core.story.bands import Dimensions
from odibi_core.story.curves import Point
from odibi_core.story.layout import Layout, Route, lay_out
from odibi_core.story.lineage import EdgeRecord, Lineage, StepRecord

COMPACT_ABOVE_STEPS = 60

_DETAILED = Dimensions(node_width=244, node_height=78, column_gap=76, row_gap=22, max_rows=12, max_columns=6)
_COMPACT = Dimensions(node_width=168, node_height=30, column_gap=64, row_gap=9, max_rows=24, max_columns=7)
_NAMED_LAYERS = ("bronze", "silver", "gold")
_LAYER_COLOURS = 6
_WIDEST_EDGE = 6
_PLACE_WIDTH = 32
_LABELLED_ONCE_ABOVE = 2


class Node(NamedTuple):
    """A step in the drawing; the numbers are pixels."""

    id: int
    x: float
    y: float
    name: str
    place: str
    layer_class: str
    kind: str
    status: str
    rows: str
    duration: str
    summary: str


class Line(NamedTuple):
    """An edge in the drawing."""

    path: str
    label: str
    x: float
    y: float
    weight: int
    is_idle: bool
    summary: str


class Graph(NamedTuple):
    """The whole drawing.

    Attributes:
        is_compact: Whether the steps show no more than their names.
        layers: Name of each layer → the class that gives its colour, in order of appearance.
    """

    width: float
    height: float
    dimensions: Dimensions
    is_compact: bool
    nodes: list[Node]
    lines: list[Line]
    layers: dict[str, str]


def draw_graph(lineage: Lineage) -> Graph:
    """The graph of a run.

    Raises:
        OdibiError: The edges go round in a circle.
    """
    steps = lineage.steps
    ids = {step.step_name: index for index, step in enumerate(steps)}
    is_compact = len(steps) > COMPACT_ABOVE_STEPS
    dimensions = _COMPACT if is_compact else _DETAILED
    layout = lay_out(len(steps), [(ids[edge.source], ids[edge.target]) for edge in lineage.edges], dimensions)
    layers = layer_classes(steps)
    return Graph(
        width=layout.width,
        height=layout.height,
        dimensions=dimensions,
        is_compact=is_compact,
        nodes=[
            _node(index, step, corner, layers[step.layer], name_width=20 if is_compact else 24)
            for index, (step, corner) in enumerate(zip(steps, layout.corners, strict=True))
        ],
        lines=[
            _line(edge, route, label, steps[ids[edge.source]], steps[ids[edge.target]])
            for edge, route, label in zip(
                lineage.edges, layout.routes, _labels(lineage, layout, dimensions, ids), strict=True
            )
        ],
        layers=layers,
    )


def layer_classes(steps: Sequence[StepRecord]) -> dict[str, str]:
    """Name of each layer → the class that gives its colour, in order of appearance."""
    classes: dict[str, str] = {}
    for step in steps:
        if step.layer not in classes:
            others = sum(layer.casefold() not in _NAMED_LAYERS for layer in classes)
            name = step.layer.casefold()
            own = name if name in _NAMED_LAYERS else str(others % _LAYER_COLOURS + 1)
            classes[step.layer] = f"layer-{own}"
    return classes


def step_rows(step: StepRecord) -> str:
    """How many rows a step gave or wrote, in words; "" where it did not run or has no rows."""
    if not step.has_run or step.kind == "connect":
        return ""
    snapshot = step.after_snapshot
    if step.outputs or not step.written:
        if snapshot is None:
            return ""
        how = wording.how_counted(snapshot.row_count_scope)
        return wording.rows(snapshot.row_count) + (f" ({how})" if how else "")
    return wording.rows(step.written_rows) + " written"


def step_duration(step: StepRecord) -> str:
    """How long a step took, in words; "" where it did not run."""
    if step.duration_ms is None or step.status in (NodeState.SKIPPED, NodeState.PENDING, NodeState.READY):
        return ""
    return wording.duration(step.duration_ms) + (" region" if step.duration_scope == "region" else "")


def _node(
    index: int, step: StepRecord, corner: tuple[float, float], layer_class: str, name_width: int
) -> Node:
    rows, duration = step_rows(step), step_duration(step)
    status = wording.STATUS_WORDS[step.status]
    kind = step.kind or "step"
    return Node(
        id=index,
        x=corner[0],
        y=corner[1],
        name=wording.fit(step.step_name, name_width),
        place=wording.fit(
            " · ".join(dict.fromkeys(part for part in (step.layer, kind) if part)),
            _PLACE_WIDTH - len(duration),
        ),
        layer_class=layer_class,
        kind=kind,
        status=step.status.value,
        rows=rows,
        duration=duration,
        summary=", ".join(
            part for part in (step.step_name, step.layer, kind, status, rows, duration) if part
        ),
    )


def _labels(
    lineage: Lineage, layout: Layout, dimensions: Dimensions, ids: Mapping[str, int]
) -> list[Point | None]:
    """Where each edge bears its row count: a dataset that many steps read bears it once, where it leaves."""
    readers = Counter((edge.source, edge.dataset) for edge in lineage.edges)
    labelled = set()
    labels: list[Point | None] = []
    for edge, route in zip(lineage.edges, layout.routes, strict=True):
        dataset = (edge.source, edge.dataset)
        if readers[dataset] <= _LABELLED_ONCE_ABOVE:
            labels.append(route.label)
        elif dataset in labelled:
            labels.append(None)
        else:
            labelled.add(dataset)
            x, y = layout.corners[ids[edge.source]]
            labels.append(
                (x + dimensions.node_width + dimensions.column_gap * 0.3, y + dimensions.node_height / 2)
            )
    return labels


def _line(
    edge: EdgeRecord, route: Route, label: Point | None, source: StepRecord, target: StepRecord
) -> Line:
    x, y = label or route.label
    return Line(
        path=route.path,
        label=wording.short_count(edge.row_count) if label else "",
        x=x,
        y=y,
        weight=min(_WIDEST_EDGE, len(str(edge.row_count or ""))),
        is_idle=not (source.has_run and target.start_time),
        summary=_edge_summary(edge, source),
    )


def _edge_summary(edge: EdgeRecord, source: StepRecord) -> str:
    how = ""
    for name, key in source.outputs.items():
        snapshot = source.output_snapshots.get(name)
        if key == edge.dataset and snapshot is not None:
            how = how or wording.how_counted(snapshot.row_count_scope)
    rows = wording.rows(edge.row_count) + (f" ({how})" if how else "")
    return f"{edge.dataset or 'data'}: {edge.source} → {edge.target}, {rows}"
