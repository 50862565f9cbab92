"""Where the steps of the graph stand, and how the edges run between them.

The columns of a deep graph are broken into bands, as words are into lines. Inside a band an edge that passes
a column gets a place of its own there, so that it never runs behind a step; edges that end at the same step,
or begin at it, share that place. Edges between bands run in the gutters between them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from odibi_core.story.columns import Edge, place_in_columns
from odibi_core.story.curves import Point, rounded, smooth

_SWEEPS = 6
_MARGIN = 12.0
_GUTTER = 44.0
_LANES = 5
_PASSAGE_HEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Sizes in pixels, and how many steps stand beside one another.

    Attributes:
        node_width: Width of a step.
        node_height: Height of a step.
        column_gap: Room between two columns, for the edges.
        row_gap: Room between two steps of a column.
        max_rows: The most steps that stand in one column.
        max_columns: The most columns that stand in one band.
    """

    node_width: float
    node_height: float
    column_gap: float
    row_gap: float
    max_rows: int
    max_columns: int


@dataclass(frozen=True, slots=True)
class Route:
    """The course of one edge: an SVG path, and the middle of the place for its label."""

    path: str
    label: Point


@dataclass(frozen=True, slots=True)
class Layout:
    """A graph with a place for everything.

    Attributes:
        width: Of the drawing, in pixels.
        height: Of the drawing, in pixels.
        corners: The upper left corner of each node.
        routes: One for each edge, in the order of the edges.
    """

    width: float
    height: float
    corners: list[Point]
    routes: list[Route]


@dataclass(slots=True)
class _Band:
    """Some columns beside one another; an item is a node or the passage of edges through a column."""

    columns: list[list[Hashable]]
    links: dict[Hashable, set[Hashable]] = field(default_factory=lambda: defaultdict(set))
    passages: dict[int, list[Hashable]] = field(default_factory=dict)
    middles: dict[Hashable, float] = field(default_factory=dict)
    height: float = 0.0


def lay_out(node_count: int, edges: Sequence[Edge], dimensions: Dimensions) -> Layout:
    """A place for each of `node_count` nodes and each edge.

    Raises:
        OdibiError: The edges go round in a circle.
    """
    columns = place_in_columns(node_count, edges, dimensions.max_rows)
    per_band = _columns_per_band(len(columns), dimensions.max_columns)
    bands = [
        _Band([list(column) for column in columns[start : start + per_band]])
        for start in range(0, len(columns), per_band)
    ]
    places = {node: divmod(index, per_band) for index, column in enumerate(columns) for node in column}
    _add_edges(bands, edges, places)
    for band in bands:
        _arrange(band, dimensions)
    return _Drawing(bands, places, dimensions, per_band).draw(node_count, edges)


def _columns_per_band(columns: int, max_columns: int) -> int:
    bands = math.ceil(columns / max_columns) or 1
    return max(1, math.ceil(columns / bands))


def _add_edges(bands: Sequence[_Band], edges: Sequence[Edge], places: Mapping[int, tuple[int, int]]) -> None:
    leaving = Counter(source for source, _ in edges)
    entering = Counter(target for _, target in edges)
    for index, (source, target) in enumerate(edges):
        (band_of_source, first), (band_of_target, last) = places[source], places[target]
        if band_of_source != band_of_target:
            continue
        band = bands[band_of_source]
        shared = ("from", source) if leaving[source] >= entering[target] else ("to", target)
        passages: list[Hashable] = [(shared, column) for column in range(first + 1, last)]
        for passage, column in zip(passages, range(first + 1, last), strict=True):
            if passage not in band.links:
                band.columns[column].append(passage)
        chain = [source, *passages, target]
        for left, right in zip(chain, chain[1:], strict=False):
            band.links[left].add(right)
            band.links[right].add(left)
        band.passages[index] = passages


def _arrange(band: _Band, dimensions: Dimensions) -> None:
    """Give every item of a band its height, near the items that it is linked to."""
    heights = {
        item: dimensions.node_height if isinstance(item, int) else _PASSAGE_HEIGHT
        for column in band.columns
        for item in column
    }
    column_of = {item: index for index, column in enumerate(band.columns) for item in column}
    for column in band.columns:
        _stack(column, {item: 0.0 for item in column}, heights, dimensions.row_gap, band.middles)
    count = len(band.columns)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for index in range(count) if forward else reversed(range(count)):
            column = band.columns[index]
            settled = sweep >= _SWEEPS - 2
            wanted = {
                item: _wanted(item, band, column_of, index, -1 if forward else 1, settled) for item in column
            }
            if not settled:
                column.sort(key=lambda item: wanted[item])
            _stack(column, wanted, heights, dimensions.row_gap, band.middles)
    tops = [band.middles[item] - heights[item] / 2 for item in heights]
    top = min(tops, default=0.0)
    band.middles = {item: middle - top for item, middle in band.middles.items()}
    band.height = max((band.middles[item] + heights[item] / 2 for item in heights), default=0.0)


def _wanted(
    item: Hashable,
    band: _Band,
    column_of: Mapping[Hashable, int],
    index: int,
    side: int,
    settled: bool,
) -> float:
    linked = [band.middles[other] for other in band.links[item] if settled or column_of[other] == index + side]
    return sum(linked) / len(linked) if linked else band.middles[item]


def _stack(
    column: Sequence[Hashable],
    wanted: Mapping[Hashable, float],
    heights: Mapping[Hashable, float],
    gap: float,
    middles: dict[Hashable, float],
) -> None:
    """Put a column's items as near to where they are wanted as their order and the gaps allow.

    This is isotonic regression by pooling adjacent violators: items that push one another move as one block.
    """
    offsets, offset = [], 0.0
    for previous, item in zip([None, *column], column, strict=False):
        if previous is not None:
            offset += (heights[previous] + heights[item]) / 2 + gap
        offsets.append(offset)
    blocks: list[tuple[float, int]] = []
    for item, offset in zip(column, offsets, strict=True):
        total, size = wanted[item] - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / size:
            before, count = blocks.pop()
            total, size = total + before, size + count
        blocks.append((total, size))
    starts = [total / size for total, size in blocks for _ in range(size)]
    for item, start, offset in zip(column, starts, offsets, strict=True):
        middles[item] = start + offset


class _Drawing:
    """Turns the places in bands into pixels."""

    def __init__(
        self,
        bands: Sequence[_Band],
        places: Mapping[int, tuple[int, int]],
        dimensions: Dimensions,
        per_band: int,
    ) -> None:
        self._bands, self._places, self._dimensions = bands, places, dimensions
        self._left = _MARGIN + (_GUTTER if len(bands) > 1 else 0.0)
        self._tops: list[float] = []
        top = _MARGIN + (_GUTTER / 2 if len(bands) > 1 else 0.0)
        for band in bands:
            self._tops.append(top)
            top += band.height + _GUTTER
        self._height = max(top - _GUTTER + _MARGIN, 2 * _MARGIN)
        pitch = dimensions.node_width + dimensions.column_gap
        room = dimensions.column_gap / 2 if len(bands) > 1 else 0.0
        self._width = self._left + per_band * pitch - dimensions.column_gap + _MARGIN + room

    def draw(self, node_count: int, edges: Sequence[Edge]) -> Layout:
        corners = [
            (self._x(self._places[node][1]), self._y(node) - self._dimensions.node_height / 2)
            for node in range(node_count)
        ]
        leaving, entering = self._ports(edges, 0), self._ports(edges, 1)
        spread = Counter(source for source, _ in edges)
        routes = []
        for index, (source, target) in enumerate(edges):
            start = (self._x(self._places[source][1]) + self._dimensions.node_width, leaving[index])
            end = (self._x(self._places[target][1]), entering[index])
            if self._places[source][0] == self._places[target][0]:
                routes.append(self._inside(index, source, start, end, late=spread[source] > 1))
            else:
                routes.append(self._across(source, target, start, end))
        return Layout(self._width, self._height, corners, routes)

    def _x(self, column: int) -> float:
        return self._left + column * (self._dimensions.node_width + self._dimensions.column_gap)

    def _y(self, item: int) -> float:
        band = self._places[item][0]
        return self._tops[band] + self._bands[band].middles[item]

    def _ports(self, edges: Sequence[Edge], end: int) -> list[float]:
        """The height at which each edge leaves its source (end 0) or enters its target (end 1)."""
        at: dict[int, list[int]] = defaultdict(list)
        for index, edge in enumerate(edges):
            at[edge[end]].append(index)
        ports = [0.0] * len(edges)
        for node, indexes in at.items():
            indexes.sort(key=lambda index: self._y(edges[index][1 - end]))
            step = min(12.0, self._dimensions.node_height * 0.6 / len(indexes)) if end else 0.0
            for position, index in enumerate(indexes):
                ports[index] = self._y(node) + step * (position - (len(indexes) - 1) / 2)
        return ports

    def _inside(self, index: int, source: int, start: Point, end: Point, *, late: bool) -> Route:
        band_index, first = self._places[source]
        band = self._bands[band_index]
        points = [start]
        for column, passage in enumerate(band.passages[index], start=first + 1):
            x, y = self._x(column), self._tops[band_index] + band.middles[passage]
            points += [(x, y), (x + self._dimensions.node_width, y)]
        points.append(end)
        return Route(*smooth(points, label_late=late))

    def _across(self, source: int, target: int, start: Point, end: Point) -> Route:
        lane = (source % _LANES - _LANES // 2) * 4.0
        middle = self._dimensions.column_gap / 2
        (from_band, _), (to_band, _) = self._places[source], self._places[target]
        under = self._tops[from_band] + self._bands[from_band].height + _GUTTER / 2 + lane
        over = self._tops[to_band] - _GUTTER / 2 + lane
        right, left = start[0] + middle + lane, end[0] - middle + lane
        margin = _MARGIN + _GUTTER / 2 + lane
        points = [start, (right, start[1]), (right, under)]
        if to_band != from_band + 1:
            points += [(margin, under), (margin, over)]
        return Route(rounded([*points, (left, over), (left, end[1]), end]), (left, (over + end[1]) / 2))
