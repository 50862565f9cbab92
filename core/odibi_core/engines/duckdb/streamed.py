"""What is known of results that streamed through a region and were not held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from odibi_core.dataset import CountScope, Snapshot
from odibi_core.engines.base import Outcome, Task
from odibi_core.engines.duckdb.datasets import QueryDataset
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.looks import Looks, look_at_heads
from odibi_core.engines.duckdb.origin import Origin
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Query, Scan
from odibi_core.schema import Schema
from odibi_core.sql.analysis import reads_once

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from odibi_core.formats.base import Scan as FormatScan


class Streamed:
    """One result that was not held.

    Args:
        task: The task that made it.
        session: The run's database.
        fragment: Its query.
        scan: The source, where the task is a scan.
    """

    def __init__(self, task: Task, session: Session, fragment: Fragment, *, scan: FormatScan | None) -> None:
        (self.key,) = task.outputs.values()
        self.task, self.fragment, self.scan = task, fragment, scan
        self.dataset = QueryDataset(self.key, session, fragment, origin=_origin(task, scan))


def _origin(task: Task, scan: FormatScan | None) -> Origin | None:
    if scan is None or scan.state is None or not isinstance(task.operation, Scan):
        return None
    return Origin(task.operation.source, task.operation.format, scan.state, scan.state())


def describe_streamed(
    cursor: DuckDBPyConnection,
    session: Session,
    streamed: Mapping[str, Streamed],
    sources: Mapping[str, tuple[str, Fragment]],
    outcomes: Mapping[str, Outcome],
    counts: Mapping[str, tuple[int, CountScope]],
    tasks: Sequence[Task],
) -> None:
    """Complete the outcomes of streamed tasks: row counts, and samples.

    A sample is computed from the first rows of the region's sources.

    Args:
        cursor: The region's.
        session: The run's database.
        streamed: Step → its result.
        sources: Name in queries → dataset key and query of what the region reads.
        outcomes: Step → what it did; completed here.
        counts: Step → rows, and how they are known.
        tasks: The tasks of the region.
    """
    looks = _look(cursor, session, streamed, sources, tasks)
    for name, each in streamed.items():
        count, scope = counts[name]
        outcomes[name].row_count, outcomes[name].row_count_scope = count, scope
        if name in looks:
            schema, sample = looks[name]
            snapshot = Snapshot(schema, count, scope, sample, "computed from the first rows of the source")
        else:
            snapshot = Snapshot(each.dataset.schema, count, scope, (), "the source's first rows alone fail")
        each.dataset.describe(snapshot)


def give_up_describing(
    streamed: Mapping[str, Streamed], outcomes: Mapping[str, Outcome], last: Task, error: Exception
) -> None:
    """Complete the outcomes where `describe_streamed` failed: nothing is known, and a warning says so."""
    names = ", ".join(repr(name) for name in streamed)
    why = str(error).partition("\n")[0]
    outcomes[last.name].warnings.append(f"row counts and samples of {names} could not be taken: {why}")
    for name, each in streamed.items():
        outcomes[name].row_count, outcomes[name].row_count_scope = None, CountScope.UNKNOWN
        try:
            schema = each.dataset.schema
        except Exception:  # noqa: BLE001 - the query's source may be gone by now
            schema = Schema.of([])
        each.dataset.describe(Snapshot(schema, None, CountScope.UNKNOWN, (), f"could not be taken: {why}"))


def _look(
    cursor: DuckDBPyConnection,
    session: Session,
    streamed: Mapping[str, Streamed],
    sources: Mapping[str, tuple[str, Fragment]],
    tasks: Sequence[Task],
) -> Looks:
    schemas = {key: schema for task in tasks for key, schema in task.schemas.items()}
    planned = {name: schemas.get(key) for name, (key, _) in sources.items()}
    planned |= {each.fragment.name: schemas.get(each.key) for each in streamed.values()}
    queries = [each.task.operation for each in streamed.values() if isinstance(each.task.operation, Query)]
    return look_at_heads(
        cursor,
        session,
        {name: each.fragment for name, each in streamed.items()},
        {name: fragment for name, (_, fragment) in sources.items()},
        planned,
        are_simple=all(reads_once(query.sql) for query in queries),
    )
