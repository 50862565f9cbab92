"""Which column of the graph each step stands in: left of everything that it feeds."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter

from odibi_core.errors import OdibiError

Edge = tuple[int, int]


def place_in_columns(node_count: int, edges: Sequence[Edge], max_rows: int) -> list[list[int]]:
    """The nodes in columns, every edge going from left to right.

    Args:
        node_count: The nodes are 0 … node_count - 1, in the order in which they were declared.
        edges: Pairs of source and target.
        max_rows: A column with more nodes than this is split into several.

    Raises:
        OdibiError: The edges go round in a circle.
    """
    generations = _generations(node_count, edges)
    _pull_sources(generations, edges)
    by_generation: dict[int, list[int]] = defaultdict(list)
    for node in range(node_count):
        by_generation[generations[node]].append(node)
    return [
        part for generation in sorted(by_generation) for part in _split(by_generation[generation], max_rows)
    ]


def _generations(node_count: int, edges: Iterable[Edge]) -> list[int]:
    sorter: TopologicalSorter[int] = TopologicalSorter(dict.fromkeys(range(node_count), ()))
    for source, target in edges:
        sorter.add(target, source)
    try:
        sorter.prepare()
    except CycleError as error:
        raise OdibiError("the edges of the lineage go round in a circle") from error
    generations, generation = [0] * node_count, 0
    while sorter.is_active():
        ready = sorter.get_ready()
        for node in ready:
            generations[node] = generation
        sorter.done(*ready)
        generation += 1
    return generations


def _pull_sources(generations: list[int], edges: Sequence[Edge]) -> None:
    """Move every source next to the first step that reads it: short edges are easy to follow."""
    fed = {target for _, target in edges}
    first_reader: dict[int, int] = {}
    for source, target in edges:
        first_reader[source] = min(first_reader.get(source, generations[target]), generations[target])
    for node, reader in first_reader.items():
        if node not in fed:
            generations[node] = reader - 1


def _split(nodes: list[int], max_rows: int) -> list[list[int]]:
    parts = math.ceil(len(nodes) / max_rows)
    height = math.ceil(len(nodes) / parts)
    return [nodes[start : start + height] for start in range(0, len(nodes), height)]
