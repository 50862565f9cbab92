"""The first layout of a pipeline that nobody has laid out: the flow goes from left to right, in columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from odibi_core.graph.steps import StepGraph
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_studio.messages import Layout, Point
from odibi_studio.services.documents import EMPTY_LAYOUT, Content, layout_text

# As the canvas draws steps, in pixels at actual size: frontend/src/model/sizes.ts.
_COLUMN = 256.0
_HEADER, _PORT, _BELOW_PORTS = 48.0, 20.0, 8.0
_GAP = 32.0
_GRID = 8.0
_SWEEPS = 4

Neighbours = Mapping[str, Sequence[str]]


def placed(content: Content) -> Content:
    """The content with a place for each step, where none has one."""
    if content.layout != EMPTY_LAYOUT:
        return content
    return replace(content, layout=layout_text(Layout(positions=first_places(content.pipeline))))


def first_places(pipeline: Pipeline) -> dict[str, Point]:
    """Step → its top left corner: right of what it needs, near the middle of what it is connected to."""
    steps = {step.name: step for step in pipeline.steps}
    graph = StepGraph(steps.values())
    needs: dict[str, list[str]] = {name: [] for name in steps}
    feeds: dict[str, list[str]] = {name: [] for name in steps}
    for edge in graph.edges:
        needs[edge.target].append(edge.source)
        feeds[edge.source].append(edge.target)
    columns = [[name] for name in steps] if graph.cycles() else _columns(graph, feeds)
    heights = {name: _height(step) for name, step in steps.items()}
    middles = dict.fromkeys(steps, 0.0)
    for column in columns:
        _stack(column, dict.fromkeys(column, 0.0), heights, middles)
    for sweep in range(_SWEEPS):
        # Forwards last: steps then stand beside what they read.
        forwards = sweep % 2 == 1
        for column in columns if forwards else reversed(columns):
            _stack(column, _wished(column, needs if forwards else feeds, middles), heights, middles)
    top = min((middles[name] - heights[name] / 2 for name in steps), default=0.0)
    return {
        name: Point(x=number * _COLUMN, y=_on_grid(middles[name] - heights[name] / 2 - top))
        for number, column in enumerate(columns)
        for name in column
    }


def _columns(graph: StepGraph, feeds: Neighbours) -> list[list[str]]:
    """The steps by column: one column left of the first that needs it, where it needs nothing itself."""
    waves = graph.waves()
    number = {name: at for at, wave in enumerate(waves) for name in wave}
    for name in waves[0] if waves else ():
        number[name] = max(0, min((number[it] for it in feeds[name]), default=1) - 1)
    columns: list[list[str]] = [[] for _ in waves]
    for wave in waves:
        for name in wave:
            columns[number[name]].append(name)
    return columns


def _wished(column: Iterable[str], neighbours: Neighbours, middles: Mapping[str, float]) -> dict[str, float]:
    """Where the middle of each step would be best."""
    wished = {}
    for name in column:
        found = [middles[it] for it in neighbours[name]]
        wished[name] = sum(found) / len(found) if found else middles[name]
    return wished


def _stack(
    column: list[str], wished: Mapping[str, float], heights: Mapping[str, float], middles: dict[str, float]
) -> None:
    """Put the steps of a column below each other, as near as possible to where they would be best."""
    column.sort(key=wished.__getitem__)
    bottom, shift = float("-inf"), 0.0
    for name in column:
        top = max(wished[name] - heights[name] / 2, bottom + _GAP)
        middles[name] = top + heights[name] / 2
        shift += wished[name] - middles[name]
        bottom = top + heights[name]
    for name in column:
        middles[name] += shift / len(column)


def _height(step: Step) -> float:
    ports = max(_named(step.inputs), _named(step.outputs))
    return _HEADER + (ports * _PORT + _BELOW_PORTS if ports else 0.0)


def _named(ports: Mapping[str, str]) -> int:
    return 0 if list(ports) == ["data"] else len(ports)


def _on_grid(value: float) -> float:
    return round(value / _GRID) * _GRID
