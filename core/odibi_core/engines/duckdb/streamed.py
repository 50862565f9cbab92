"""What is known of results that streamed through a region and were not held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import SAMPLE_ROWS, CountScope, sample_rows
from odibi_core.engines.base import Outcome, Task
from odibi_core.engines.duckdb.datasets import QueryDataset
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Query
from odibi_core.schema import Schema, quote
from odibi_core.sql.analysis import is_row_preserving

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from odibi_core.formats.base import Scan

HEAD_ROWS = 2_048
"""Samples of streamed results are computed from this many rows of the region's sources."""


class Streamed:
    """One result that was not held.

    Args:
        task: The task that made it.
        session: The run's database.
        fragment: Its query.
        schema: Its columns.
        scan: The source, where the task is a scan.
    """

    def __init__(
        self, task: Task, session: Session, fragment: Fragment, schema: Schema, *, scan: Scan | None
    ) -> None:
        (self.key,) = task.outputs.values()
        self.task, self.fragment, self.scan = task, fragment, scan
        self.dataset = QueryDataset(self.key, session, fragment, schema)


def describe_streamed(
    cursor: DuckDBPyConnection,
    streamed: Mapping[str, Streamed],
    sources: Mapping[str, Fragment],
    outcomes: Mapping[str, Outcome],
    last: Task,
) -> None:
    """Complete the outcomes of streamed tasks: row counts, and samples.

    A count comes from the file's metadata, else from a neighbour where the query in between keeps every row,
    else from a query that counts. A sample is computed from the first rows of the region's sources.
    """
    counts = _counts(cursor, streamed, outcomes, last)
    samples = _samples(cursor, streamed, sources)
    for name, each in streamed.items():
        count, scope = counts[name]
        outcomes[name].row_count, outcomes[name].row_count_scope = count, scope
        each.dataset.describe(count, scope, samples[name])


def _counts(
    cursor: DuckDBPyConnection,
    streamed: Mapping[str, Streamed],
    outcomes: Mapping[str, Outcome],
    last: Task,
) -> dict[str, tuple[int, CountScope]]:
    known: dict[str, tuple[int, CountScope]] = {
        name: (each.scan.row_count, CountScope.EXACT)
        for name, each in streamed.items()
        if each.scan is not None and each.scan.row_count is not None
    }
    makers = {each.key: name for name, each in streamed.items()}
    pairs = [
        (makers[key], task) for task in _tasks(streamed, last) for key in _kept_inputs(task) if key in makers
    ]
    end = outcomes[last.name]
    ends = {last.name: (end.row_count, end.row_count_scope)} if end.row_count is not None else {}
    if end.written.get("skipped"):
        ends = {}
    for source, task in reversed(pairs):
        count = known.get(task.name) or ends.get(task.name)
        if source not in known and count and count[0] is not None:
            known[source] = (count[0], CountScope.INFERRED if task.name in known else CountScope.EXACT)
    for source, task in pairs:
        if task.name in streamed and task.name not in known and source in known:
            known[task.name] = (known[source][0], CountScope.INFERRED)
    missing = [name for name in streamed if name not in known]
    if missing:
        known |= _counted(cursor, streamed, missing)
    return known


def _tasks(streamed: Mapping[str, Streamed], last: Task) -> list[Task]:
    return [*(each.task for each in streamed.values()), last]


def _kept_inputs(task: Task) -> list[str]:
    """The input of which a task keeps every row, once each."""
    if not isinstance(task.operation, Query):
        return list(task.inputs.values())
    is_sure = len(task.inputs) == 1 and is_row_preserving(task.operation.sql, list(task.inputs))
    return list(task.inputs.values()) if is_sure else []


def _counted(
    cursor: DuckDBPyConnection, streamed: Mapping[str, Streamed], names: list[str]
) -> dict[str, tuple[int, CountScope]]:
    ctes: dict[str, str] = {}
    for name in names:
        ctes |= streamed[name].fragment.ctes
        streamed[name].fragment.register(cursor)
    heads = ", ".join(f"{name} AS ({query})" for name, query in ctes.items())
    counts = ", ".join(f"(SELECT count(*) FROM {streamed[name].fragment.name})" for name in names)
    (row,) = cursor.execute(f"WITH {heads} SELECT {counts}").fetchall()
    return {name: (int(count), CountScope.EXACT) for name, count in zip(names, row, strict=True)}


def _samples(
    cursor: DuckDBPyConnection, streamed: Mapping[str, Streamed], sources: Mapping[str, Fragment]
) -> dict[str, tuple[dict[str, Any], ...]]:
    """The first rows of each streamed result, computed from the first rows of the sources.

    An expression of a source's own name stands before the query, and so in the place of the source.
    """
    heads: dict[str, str] = {}
    for name, source in sources.items():
        head = quote(f"head of {name}")
        source.register(cursor)
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {head} AS {source.sql()} LIMIT {HEAD_ROWS}")
        heads[name] = f"SELECT * FROM {head}"
    samples = {}
    for name, each in streamed.items():
        small = Fragment(each.fragment.name, {**heads, **each.fragment.ctes, **heads}, each.fragment.views)
        samples[name] = sample_rows(small.run(cursor, limit=SAMPLE_ROWS).to_arrow_table())
    for name in sources:
        cursor.execute(f"DROP TABLE {quote(f'head of {name}')}")
    return samples
