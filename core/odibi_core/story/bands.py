"""Bands of the graph: some columns beside one another, and the height at which everything in them stands.

An edge that passes a column gets a place of its own there, a passage, so that it never runs behind a step.
Edges that end at the same step, or begin at it, share their passages.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from odibi_core.story.columns import Edge, place_in_columns

_SWEEPS = 6
_SETTLING_SWEEPS = 2
_PASSAGE_HEIGHT = 10.0


class Dimensions(NamedTuple):
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


class Place(NamedTuple):
    """Where a node stands: which band, and which column of the band."""

    band: int
    column: int


class Band:
    """Some columns beside one another; an item is a node (a number) or a passage.

    Attributes:
        columns: The items of each column from top to bottom.
        passages: Index of an edge inside the band → the passages that it takes.
        middles: Item → the height of its middle, from the top of the band, in pixels.
        height: Of the whole band, in pixels.
    """

    def __init__(self, columns: list[list[Hashable]]) -> None:
        self.columns = columns
        self.passages: dict[int, list[Hashable]] = {}
        self.middles: dict[Hashable, float] = {}
        self.height = 0.0
        self._links: dict[Hashable, dict[Hashable, int]] = defaultdict(dict)

    def add_edge(self, index: int, edge: Edge, ends: tuple[Place, Place], shared: Hashable) -> None:
        """Lead an edge through the columns between its ends, by the passages of all edges that share them."""
        first, last = ends[0].column, ends[1].column
        passages: list[Hashable] = [(shared, column) for column in range(first + 1, last)]
        for column, passage in enumerate(passages, start=first + 1):
            if passage not in self._links:
                items = self.columns[column]
                items.insert(len(items) // 2, passage)
        stops = enumerate([edge[0], *passages, edge[1]], start=first)
        for (left_column, left), (right_column, right) in pairwise(stops):
            self._links[left][right] = right_column
            self._links[right][left] = left_column
        self.passages[index] = passages

    def arrange(self, dimensions: Dimensions) -> None:
        """Give every item its height, near the items that it is linked to.

        The first sweeps order each column by where its neighbours stand, from the left and from the right in
        turn; the last ones only move items towards all their neighbours.
        """
        heights = {
            item: dimensions.node_height if isinstance(item, int) else _PASSAGE_HEIGHT
            for column in self.columns
            for item in column
        }
        for column in self.columns:
            self.middles |= _stack(column, dict.fromkeys(column, 0.0), heights, dimensions.row_gap)
        for sweep in range(_SWEEPS):
            side = 1 if sweep % 2 else -1
            settles = sweep >= _SWEEPS - _SETTLING_SWEEPS
            for index, column in list(enumerate(self.columns))[::-side]:
                wanted = {item: self._wanted(item, None if settles else index + side) for item in column}
                if not settles:
                    column.sort(key=wanted.__getitem__)
                self.middles |= _stack(column, wanted, heights, dimensions.row_gap)
        top = min((self.middles[item] - heights[item] / 2 for item in heights), default=0.0)
        self.middles = {item: middle - top for item, middle in self.middles.items()}
        self.height = max((self.middles[item] + heights[item] / 2 for item in heights), default=0.0)

    def _wanted(self, item: Hashable, column: int | None) -> float:
        """The mean height of the neighbours, of those in one column where `column` is given."""
        neighbours = self._links.get(item, {})
        middles = [self.middles[other] for other, place in neighbours.items() if column in (None, place)]
        return sum(middles) / len(middles) if middles else self.middles[item]


def make_bands(
    node_count: int, edges: Sequence[Edge], dimensions: Dimensions
) -> tuple[list[Band], list[Place]]:
    """The bands of a graph, arranged, and the place of each node.

    Raises:
        OdibiError: The edges go round in a circle.
    """
    columns = place_in_columns(node_count, edges, dimensions.max_rows)
    band_count = math.ceil(len(columns) / dimensions.max_columns) or 1
    width = max(1, math.ceil(len(columns) / band_count))
    bands = [
        Band([list(column) for column in columns[start : start + width]])
        for start in range(0, len(columns), width)
    ]
    found = {node: Place(*divmod(index, width)) for index, column in enumerate(columns) for node in column}
    places = [found[node] for node in range(node_count)]
    leaving = Counter(source for source, _ in edges)
    entering = Counter(target for _, target in edges)
    for index, (source, target) in enumerate(edges):
        if places[source].band == places[target].band:
            shared = ("from", source) if leaving[source] >= entering[target] else ("to", target)
            band = bands[places[source].band]
            band.add_edge(index, (source, target), (places[source], places[target]), shared)
    for band in bands:
        band.arrange(dimensions)
    return bands, places


def _stack(
    column: Sequence[Hashable],
    wanted: Mapping[Hashable, float],
    heights: Mapping[Hashable, float],
    gap: float,
) -> dict[Hashable, float]:
    """The heights of a column's items, as near to where they are wanted as their order and the gaps allow.

    This is isotonic regression by pooling adjacent violators: items that push one another move as one block.
    """
    offsets = [0.0] if column else []
    for above, below in pairwise(column):
        offsets.append(offsets[-1] + (heights[above] + heights[below]) / 2 + gap)
    blocks: list[tuple[float, int]] = []
    for item, offset in zip(column, offsets, strict=True):
        total, size = wanted[item] - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] >= total / size:
            total, size = total + blocks[-1][0], size + blocks[-1][1]
            blocks.pop()
        blocks.append((total, size))
    starts = [total / size for total, size in blocks for _ in range(size)]
    return {item: start + offset for item, start, offset in zip(column, starts, offsets, strict=True)}
