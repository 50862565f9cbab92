"""Small pictures of graphs: boxes in the colours of their layers, edges in the colour of the text around.

A picture is SVG that takes its colours from the page (`currentColor`, CSS variables), so that one text serves
light and dark. Each colour is one path: five hundred steps are still a few kilobytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from odibi_core.graph.steps import StepGraph
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_studio.messages import Layout, Point
from odibi_studio.services.designs import Designs
from odibi_studio.services.layouts import first_places

WIDTH, HEIGHT = 320.0, 132.0

# Told apart by brightness too, for people who see no difference between red and green. The canvas may set
# the variables; these are what holds where it does not.
LAYER_COLOURS = {
    "connect": "#7c6ff0",
    "ingest": "#2f86d6",
    "bronze": "#b8672f",
    "silver": "#7f8ea3",
    "gold": "#d9a514",
    "transform": "#1fa3a3",
    "store": "#2b9b60",
    "publish": "#c65a9e",
}
_OTHER_COLOURS = ("#5b7bd5", "#a06bc9", "#3f9fb5", "#8a9a3b", "#d07a4a")
_MARGIN = 14.0
_WIDEST, _TALLEST, _SMALLEST = 46.0, 20.0, 1.2
# How large a box is beside the places, in pixels of the canvas.
_BOX = (200.0, 64.0)


class Thumbnails:
    """The pictures of a workspace's designs; each is drawn once a revision.

    Args:
        designs: Whose pictures.
    """

    def __init__(self, designs: Designs) -> None:
        @lru_cache(maxsize=1000)
        def draw(design_id: str, revision: int) -> str:  # noqa: ARG001 - another revision is another picture
            content = designs.content(design_id)
            return thumbnail(content.pipeline, Layout.model_validate_json(content.layout))

        self._draw = draw

    def of(self, design_id: str, revision: int) -> str:
        """The picture of a design, as SVG.

        Raises:
            UnknownNameError: There is no such design.
        """
        return self._draw(design_id, revision)


def thumbnail(pipeline: Pipeline, layout: Layout) -> str:
    """The picture of a pipeline's graph, as SVG.

    Steps stand as they do on the canvas, fitted into the picture; without a place for each they stand as in a
    first layout.
    """
    steps = {step.name: step for step in pipeline.steps}
    graph = StepGraph(steps.values())
    edges = [(edge.source, edge.target) for edge in graph.edges]
    known = {name: layout.positions[name] for name in steps if name in layout.positions}
    grid = _fitted(known if len(known) == len(steps) else first_places(pipeline))
    count = len(pipeline.steps)
    name = " ".join(pipeline.name.split())
    label = f"Graph of {name}: {count} step{'' if count == 1 else 's'}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'aria-label="{escape(label)}" fill="none">{_edges(grid, edges)}{_boxes(grid, steps.values())}</svg>'
    )


def layer_colour(layer: str) -> str:
    """The colour of a layer, as CSS: a variable of the page, or what holds without one."""
    name = layer.strip().lower()
    if name in LAYER_COLOURS:
        return f"var(--odibi-layer-{name}, {LAYER_COLOURS[name]})"
    return _OTHER_COLOURS[hashlib.sha256(name.encode()).digest()[0] % len(_OTHER_COLOURS)]


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where steps stand in the picture: the middle of each box, and the size of all."""

    places: Mapping[str, tuple[float, float]]
    width: float
    height: float


def _fitted(points: Mapping[str, Point]) -> _Grid:
    if not points:
        return _Grid({}, 0, 0)
    width, across = _axis({name: point.x for name, point in points.items()}, _BOX[0], WIDTH, _WIDEST)
    height, down = _axis({name: point.y for name, point in points.items()}, _BOX[1], HEIGHT, _TALLEST)
    return _Grid({name: (across[name], down[name]) for name in points}, width, height)


def _axis(
    values: Mapping[str, float], box: float, room: float, largest: float
) -> tuple[float, dict[str, float]]:
    """The size of a box along one axis, and where each has its middle."""
    first = min(values.values())
    span = max(values.values()) - first
    scale = min((room - 2 * _MARGIN) / (span + box), largest / box)
    start = (room - span * scale) / 2
    return max(_SMALLEST, box * scale), {
        name: start + (value - first) * scale for name, value in values.items()
    }


def _edges(grid: _Grid, edges: Iterable[tuple[str, str]]) -> str:
    parts = []
    for source, target in edges:
        (x1, y1), (x2, y2) = grid.places[source], grid.places[target]
        x1, x2 = x1 + grid.width / 2, x2 - grid.width / 2
        bend = max(abs(x2 - x1) / 2, 4.0)
        parts.append(
            f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        )
    return f'<path d="{"".join(parts)}" stroke="currentColor" stroke-opacity=".35"/>' if parts else ""


def _boxes(grid: _Grid, steps: Iterable[Step]) -> str:
    """One path a colour: rounded boxes with a faint filling."""
    boxes: dict[str, list[str]] = {}
    width, height = grid.width, grid.height
    corner = min(4.0, width / 4, height / 4)
    for step in steps:
        x, y = grid.places[step.name]
        left, top, across, down = x - width / 2, y - height / 2, width - 2 * corner, height - 2 * corner
        arc = f"a{corner:.1f} {corner:.1f} 0 0 1"
        boxes.setdefault(layer_colour(step.layer), []).append(
            f"M{left + corner:.1f} {top:.1f}h{across:.1f}{arc} {corner:.1f} {corner:.1f}v{down:.1f}"
            f"{arc} -{corner:.1f} {corner:.1f}h-{across:.1f}{arc} -{corner:.1f} -{corner:.1f}v-{down:.1f}"
            f"{arc} {corner:.1f} -{corner:.1f}z"
        )
    stroke = max(0.6, min(1.5, height / 10))
    return "".join(
        f'<path d="{"".join(parts)}" stroke-width="{stroke:.1f}" style="stroke:{colour};'
        f'fill:color-mix(in srgb,{colour} 28%,var(--odibi-paper,transparent))"/>'
        for colour, parts in boxes.items()
    )
