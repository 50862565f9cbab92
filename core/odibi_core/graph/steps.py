"""The graph of a pipeline: which step needs which, from inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from odibi_core.errors import UnknownNameError
from odibi_core.late_dataclass import dataclass
from odibi_core.step import Step

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, slots=True)
class Edge:
    """A dataset that goes from one step to another."""

    source: str
    target: str
    dataset: str


class StepGraph:
    """Steps as nodes, datasets as edges.

    A pipeline that is wrong still has a graph: an input that nothing makes has no edge, and of two writers of
    one key the first counts. `Pipeline` problems say so.

    Attributes:
        edges: Every dataset on its way, in the order of the steps that take it.
    """

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps = {step.name: step for step in steps}
        made: dict[str, str] = {}
        for step in self._steps.values():
            for key in step.outputs.values():
                made.setdefault(key, step.name)
        self.edges = [
            Edge(made[key], step.name, key)
            for step in self._steps.values()
            for key in step.needs
            if key in made
        ]
        self._needs: dict[str, dict[str, None]] = {name: {} for name in self._steps}
        for edge in self.edges:
            self._needs[edge.target][edge.source] = None

    @cached_property
    def _graph(self) -> nx.DiGraph[str]:
        # Loading networkx takes longer than a short run: what every run asks for does without.
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(self._steps)
        graph.add_edges_from((edge.source, edge.target) for edge in self.edges)
        return graph

    @cached_property
    def _needed_by(self) -> dict[str, dict[str, None]]:
        needed_by: dict[str, dict[str, None]] = {name: {} for name in self._steps}
        for edge in self.edges:
            needed_by[edge.source][edge.target] = None
        return needed_by

    @cached_property
    def _waves(self) -> list[list[str]] | None:
        """The waves; None where steps need each other in a circle."""
        sorter = TopologicalSorter(self._needs)
        try:
            sorter.prepare()
        except CycleError:
            return None
        position = {name: number for number, name in enumerate(self._steps)}
        waves = []
        while sorter.is_active():
            wave = sorter.get_ready()
            sorter.done(*wave)
            waves.append(sorted(wave, key=position.__getitem__))
        return waves

    def cycles(self) -> list[list[str]]:
        """One cycle of every knot of steps that need each other, as names in the order of the data."""
        if self._waves is not None:
            return []
        import networkx as nx

        found = []
        for knot in nx.strongly_connected_components(self._graph):
            if self._is_knot(knot):
                first = next(name for name in self._steps if name in knot)
                part = self._graph.subgraph(knot)
                found.append([source for source, _ in nx.find_cycle(part, source=first)])
        return found

    def waves(self) -> list[list[str]]:
        """Steps that share no dependency, in groups: each group needs only the groups before it.

        Within a wave steps stand in the order of their declaration.

        Raises:
            ValueError: Steps need each other in a circle (see `cycles`).
        """
        if self._waves is None:
            raise ValueError("steps that need each other in a circle have no order")
        return self._waves

    def waves_outside_cycles(self) -> list[list[str]]:
        """The waves without the steps that are in a circle and those that need one of them."""
        if self._waves is not None:
            return self._waves
        import networkx as nx

        knots = [knot for knot in nx.strongly_connected_components(self._graph) if self._is_knot(knot)]
        left_out = set().union(*knots)
        for name in list(left_out):
            left_out |= nx.descendants(self._graph, name)
        return StepGraph(step for name, step in self._steps.items() if name not in left_out).waves()

    def order(self) -> list[str]:
        """Every step after the ones it needs, wave by wave."""
        return [name for wave in self.waves() for name in wave]

    def upstream(self, *names: str) -> set[str]:
        """The steps that one of `names` needs, directly or not, without these themselves.

        Raises:
            UnknownNameError: There is no such step.
        """
        for name in names:
            self._require(name)
        return _reached(names, self._needs)

    def downstream(self, name: str) -> set[str]:
        """The steps that need `name`, directly or not.

        Raises:
            UnknownNameError: There is no such step.
        """
        self._require(name)
        return _reached((name,), self._needed_by)

    def needs(self, name: str) -> list[str]:
        """The steps whose datasets `name` takes."""
        return list(self._needs[name])

    def _is_knot(self, steps: set[str]) -> bool:
        return len(steps) > 1 or any(self._graph.has_edge(name, name) for name in steps)

    def _require(self, name: str) -> None:
        if name not in self._steps:
            raise UnknownNameError.of("step", name, self._steps)


def _reached(starts: Iterable[str], neighbours: Mapping[str, Iterable[str]]) -> set[str]:
    """All that leads on from `starts`, without these."""
    reached, waiting = set(starts), list(starts)
    while waiting:
        new = [name for name in neighbours[waiting.pop()] if name not in reached]
        reached.update(new)
        waiting += new
    return reached.difference(starts)
