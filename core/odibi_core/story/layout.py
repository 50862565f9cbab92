"""Where the steps of the graph stand, and how the edges run between them.

The columns of a deep graph are broken into bands, as words are into lines. Edges inside a band are smooth
curves; edges between bands run in the gutters between them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from odibi_core.story.bands import Band, Dimensions, Place, make_bands
from odibi_core.story.columns import Edge
from odibi_core.story.curves import Point, rounded, smooth

_MARGIN = 12.0
_GUTTER = 44.0
_LANES = 5
_LANE_WIDTH = 4.0
_WIDEST_PORT_GAP = 12.0
_PORTS_SHARE = 0.6


class Route(NamedTuple):
    """The course of one edge: an SVG path, and the middle of the place for its label."""

    path: str
    label: Point


class Layout(NamedTuple):
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


def lay_out(node_count: int, edges: Sequence[Edge], dimensions: Dimensions) -> Layout:
    """A place for each of `node_count` nodes and each edge.

    Raises:
        OdibiError: The edges go round in a circle.
    """
    bands, places = make_bands(node_count, edges, dimensions)
    return _Drawing(bands, places, dimensions).draw(edges)


class _Drawing:
    """Turns the places in bands into pixels."""

    def __init__(self, bands: Sequence[Band], places: Sequence[Place], dimensions: Dimensions) -> None:
        self._bands, self._places, self._dimensions = bands, places, dimensions
        has_gutters = len(bands) > 1
        self._left = _MARGIN + (_GUTTER if has_gutters else 0.0)
        self._tops: list[float] = []
        top = _MARGIN + (_GUTTER / 2 if has_gutters else 0.0)
        for band in bands:
            self._tops.append(top)
            top += band.height + _GUTTER
        self._height = max(top - _GUTTER + _MARGIN, 2 * _MARGIN)
        columns = max((len(band.columns) for band in bands), default=1)
        right = _MARGIN + (dimensions.column_gap / 2 if has_gutters else 0.0)
        self._width = self._x(columns - 1) + dimensions.node_width + right

    def draw(self, edges: Sequence[Edge]) -> Layout:
        """The whole drawing."""
        corners = [
            (self._x(place.column), self._y(node) - self._dimensions.node_height / 2)
            for node, place in enumerate(self._places)
        ]
        leaving = [self._y(source) for source, _ in edges]
        entering = self._ports(edges)
        spread = Counter(source for source, _ in edges)
        routes = []
        for index, (source, target) in enumerate(edges):
            start = (self._x(self._places[source].column) + self._dimensions.node_width, leaving[index])
            end = (self._x(self._places[target].column), entering[index])
            if self._places[source].band == self._places[target].band:
                routes.append(self._inside(index, source, (start, end), label_late=spread[source] > 1))
            else:
                routes.append(self._across(source, target, start, end))
        return Layout(self._width, self._height, corners, routes)

    def _x(self, column: int) -> float:
        return self._left + column * (self._dimensions.node_width + self._dimensions.column_gap)

    def _y(self, node: int) -> float:
        band = self._places[node].band
        return self._tops[band] + self._bands[band].middles[node]

    def _ports(self, edges: Sequence[Edge]) -> list[float]:
        """The height at which each edge enters its target: spread out in the order of their sources."""
        at: dict[int, list[int]] = defaultdict(list)
        for index, (_, target) in enumerate(edges):
            at[target].append(index)
        ports = [0.0] * len(edges)
        for target, indexes in at.items():
            indexes.sort(key=lambda index: self._y(edges[index][0]))
            gap = min(_WIDEST_PORT_GAP, self._dimensions.node_height * _PORTS_SHARE / len(indexes))
            for position, index in enumerate(indexes):
                ports[index] = self._y(target) + gap * (position - (len(indexes) - 1) / 2)
        return ports

    def _inside(self, index: int, source: int, ends: tuple[Point, Point], *, label_late: bool) -> Route:
        place = self._places[source]
        band, top = self._bands[place.band], self._tops[place.band]
        points = [ends[0]]
        for column, passage in enumerate(band.passages[index], start=place.column + 1):
            x, y = self._x(column), top + band.middles[passage]
            points += [(x, y), (x + self._dimensions.node_width, y)]
        return Route(*smooth([*points, ends[1]], label_late=label_late))

    def _across(self, source: int, target: int, start: Point, end: Point) -> Route:
        lane = (source % _LANES - _LANES // 2) * _LANE_WIDTH
        gap = self._dimensions.column_gap
        above, below = self._places[source].band, self._places[target].band
        under = self._tops[above] + self._bands[above].height + _GUTTER / 2 + lane
        over = self._tops[below] - _GUTTER / 2 + lane
        right, left = start[0] + gap / 2 + lane, end[0] - gap / 2 + lane
        points = [start, (right, start[1]), (right, under)]
        if below != above + 1:
            margin = _MARGIN + _GUTTER / 2 + lane
            points += [(margin, under), (margin, over)]
        path = rounded([*points, (left, over), (left, end[1]), end])
        return Route(path, (start[0] + 0.3 * gap, start[1]))
