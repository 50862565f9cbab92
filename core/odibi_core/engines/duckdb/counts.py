"""How many rows each step gave that streamed through a region, in the same pass where that can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import CountScope
from odibi_core.engines.base import Outcome, Task
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.markers import joins, profiled, pushed_filters, rows_through
from odibi_core.engines.duckdb.streamed import Streamed
from odibi_core.engines.operations import Query
from odibi_core.sql.analysis import is_row_preserving, reads_once

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Count = tuple[int, CountScope]

_TRIES = 8
"""How many sets of markers are looked at: each costs the optimizer's work on the query."""


class RegionCounts:
    """The row counts of the steps that stream through one region.

    A count comes from the file's metadata, else from a neighbour where the query in between keeps every row,
    else from a marker in the query that carries the rows. Where a marker would keep a filter from reaching a
    file, or its count is not sure, it comes from a second pass that counts.

    Args:
        streamed: The steps, each after those that it takes from.
        last: The task that the region ends with.
    """

    def __init__(self, streamed: Mapping[str, Streamed], last: Task) -> None:
        self._streamed, self._last = streamed, last
        self._known: dict[str, Count] = {
            name: (each.scan.row_count, CountScope.EXACT)
            for name, each in streamed.items()
            if each.scan is not None and each.scan.row_count is not None
        }
        makers = {each.key: name for name, each in streamed.items()}
        self._pairs = [
            (makers[key], task)
            for task in [*(each.task for each in streamed.values()), last]
            for key in _kept_inputs(task)
            if key in makers
        ]
        self._marks: tuple[str, ...] = ()

    def mark(
        self, cursor: DuckDBPyConnection, fragment: Fragment, planned: Fragment, *, has_filters: bool
    ) -> Fragment:
        """The region's query, with a marker on every step whose count nothing else tells.

        Args:
            cursor: The one that will run it.
            fragment: The region's query.
            planned: The same over what stands in for sources while filters are looked for.
            has_filters: Whether sources from outside the region have use for filters.
        """
        wanted = self._wanted()
        if not wanted:
            return fragment
        plans: list[tuple[Fragment, Callable[[DuckDBPyConnection, str], list[str]]]] = []
        # Of the sources, only those that tell their counts have use for filters.
        if self._known or has_filters:
            plans.append((planned, pushed_filters))
        if any(_may_join(task) for task in [*(each.task for each in self._streamed.values()), self._last]):
            plans.append((fragment, joins))
        for query, _ in plans:
            query.register(cursor)
        plain = [look(cursor, query.sql()) for query, look in plans]
        for start in range(min(len(wanted), _TRIES)):
            names = self._names(wanted[start:])
            if [look(cursor, query.marked(names).sql()) for query, look in plans] == plain:
                self._marks = wanted[start:]
                return fragment.marked(names)
        return fragment

    def watch(self, cursor: DuckDBPyConnection) -> AbstractContextManager[None]:
        """Within it, the region's query runs on the cursor, and `read` is called."""
        return profiled(cursor) if self._marks else nullcontext()

    def read(self, cursor: DuckDBPyConnection) -> None:
        """Take what the markers counted; the region's query must be the last that the cursor ran."""
        rows = rows_through(cursor, len(self._marks)) if self._marks else None
        for name, count in zip(self._marks, rows or (), strict=False):
            self._known[name] = (count, CountScope.EXACT)

    def settle(
        self, cursor: DuckDBPyConnection, end: Outcome, narrowed: Callable[[Fragment], Fragment]
    ) -> dict[str, Count]:
        """Name → count, of every streamed step.

        Args:
            cursor: For a second pass.
            end: What the last task did.
            narrowed: Gives the query over sources that read no more than it needs.
        """
        known = dict(self._known)
        if end.row_count is not None and not end.written.get("skipped"):
            known[self._last.name] = (end.row_count, end.row_count_scope)
        self._spread(known)
        missing = [name for name in self._streamed if name not in known]
        if missing:
            known |= self._counted(cursor, missing, narrowed)
        return known

    def _wanted(self) -> tuple[str, ...]:
        """The steps to mark, each upstream of the next."""
        known = {**self._known, self._last.name: (0, CountScope.EXACT)}
        self._spread(known)
        wanted: list[str] = []
        for name, each in self._streamed.items():
            is_in_line = not wanted or self._streamed[wanted[-1]].fragment.name in each.fragment.ctes
            if name not in known and is_in_line:
                wanted.append(name)
                known[name] = (0, CountScope.EXACT)
                self._spread(known)
        return tuple(wanted)

    def _names(self, marks: tuple[str, ...]) -> frozenset[str]:
        return frozenset(self._streamed[name].fragment.name for name in marks)

    def _spread(self, known: dict[str, Count]) -> None:
        """Add the counts that follow from others: a query that keeps every row has as many as its input."""
        for source, task in reversed(self._pairs):
            if source not in known and task.name in known:
                is_end = task.name == self._last.name
                known[source] = (known[task.name][0], CountScope.EXACT if is_end else CountScope.INFERRED)
        for source, task in self._pairs:
            if task.name not in known and source in known:
                known[task.name] = (known[source][0], CountScope.INFERRED)

    def _counted(
        self, cursor: DuckDBPyConnection, names: list[str], narrowed: Callable[[Fragment], Fragment]
    ) -> dict[str, Count]:
        ctes: dict[str, str] = {}
        views: dict[str, Any] = {}
        for name in names:
            ctes |= self._streamed[name].fragment.ctes
            views |= self._streamed[name].fragment.views
        counts = ", ".join(f"(SELECT count(*) FROM {self._streamed[name].fragment.name})" for name in names)
        query = narrowed(Fragment("odibi_counts", {**ctes, "odibi_counts": f"SELECT {counts}"}, views))
        query.register(cursor)
        (row,) = cursor.execute(query.sql()).fetchall()
        return {name: (int(count), CountScope.RECOUNTED) for name, count in zip(names, row, strict=True)}


def _may_join(task: Task) -> bool:
    return isinstance(task.operation, Query) and not reads_once(task.operation.sql)


def _kept_inputs(task: Task) -> list[str]:
    """The input of which a task keeps every row, once each."""
    if not isinstance(task.operation, Query):
        return list(task.inputs.values())
    is_sure = len(task.inputs) == 1 and is_row_preserving(task.operation.sql, list(task.inputs))
    return list(task.inputs.values()) if is_sure else []
