"""Datasets, columns, and what comes from what."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class DatasetName:
    """A dataset: a place that pipelines share, or one inside a pipeline.

    Attributes:
        pipeline: The pipeline that it is inside of; "" for a file, folder, table or address.
        name: The place, relative to the workspace where it lies there, or the dataset's key.
    """

    pipeline: str
    name: str

    @property
    def is_place(self) -> bool:
        """Whether other pipelines can see it."""
        return not self.pipeline

    def __str__(self) -> str:
        return self.name if self.is_place else f"{self.pipeline} · {self.name}"


@dataclass(frozen=True, slots=True, order=True)
class ColumnName:
    """A column of a dataset."""

    dataset: DatasetName
    column: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A step that makes one dataset of others.

    Attributes:
        pipeline: The step's pipeline.
        step: The step's name.
        source: What it takes.
        target: What it makes.
    """

    pipeline: str
    step: str
    source: DatasetName
    target: DatasetName


@dataclass(slots=True)
class LineageMap:
    """What comes from what in a workspace.

    Attributes:
        columns: Dataset → its columns with their types; None where only a run can tell.
        flows: Steps that make a dataset of another.
        origins: Column → the columns that its values are made of, with the step; none: a constant or count.
        unknown: Columns and datasets whose origin can't be told → why.
        problems: Pipelines that can't be read → why.
    """

    columns: dict[DatasetName, dict[str, str] | None] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    origins: dict[ColumnName, list[tuple[ColumnName, str]]] = field(default_factory=dict)
    unknown: dict[ColumnName | DatasetName, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def datasets(self) -> list[DatasetName]:
        """Every dataset, places first."""
        return sorted(self.columns)

    def trace(self, start: ColumnName, *, forward: bool) -> Trace:
        """Everything that a column's values are made of, or that is made of them.

        Args:
            start: The column.
            forward: Whether to what it feeds, else back to its sources.
        """
        edges = self._forward() if forward else self.origins
        seen, queue, found = {start}, deque([start]), list[tuple[ColumnName, ColumnName, str]]()
        while queue:
            column = queue.popleft()
            for other, step in edges.get(column, ()):
                found.append((column, other, step) if forward else (other, column, step))
                if other not in seen:
                    seen.add(other)
                    queue.append(other)
        reasons = {column: self._why(column) for column in seen if self._why(column)}
        if forward:
            reasons = self._unknown_beyond(seen)
        return Trace(start, tuple(found), tuple(sorted(seen)), reasons)

    def _forward(self) -> Mapping[ColumnName, list[tuple[ColumnName, str]]]:
        edges: dict[ColumnName, list[tuple[ColumnName, str]]] = {}
        for column, origins in self.origins.items():
            for origin, step in origins:
                edges.setdefault(origin, []).append((column, step))
        return edges

    def _why(self, column: ColumnName) -> str:
        return self.unknown.get(column) or self.unknown.get(column.dataset) or ""

    def _unknown_beyond(self, columns: Iterable[ColumnName]) -> dict[ColumnName, str]:
        """Columns whose dataset goes into a step of which nobody can say what it makes of them."""
        reasons: dict[ColumnName, str] = {}
        for column in columns:
            for flow in self.flows:
                why = self.unknown.get(flow.target)
                if flow.source == column.dataset and why:
                    reasons[column] = f"goes into {flow.target}: {why}"
        return reasons


@dataclass(frozen=True, slots=True)
class Trace:
    """Where a column comes from, or goes to.

    Attributes:
        start: The column.
        edges: Column, the column made of it, and the step.
        columns: Every column on the way.
        unknown: Columns at which the way is lost → why.
    """

    start: ColumnName
    edges: tuple[tuple[ColumnName, ColumnName, str], ...]
    columns: tuple[ColumnName, ...]
    unknown: dict[ColumnName, str]

    @property
    def ends(self) -> list[ColumnName]:
        """Columns of places at which it begins or ends, but for the start."""
        return [column for column in self.columns if column.dataset.is_place and column != self.start]
