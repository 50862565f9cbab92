"""What is known of results that streamed through a region and were not held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from odibi_core.dataset import SAMPLE_ROWS, CountScope, Snapshot, sample_rows
from odibi_core.engines.base import Outcome, Task
from odibi_core.engines.duckdb.datasets import QueryDataset
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.origin import Origin
from odibi_core.engines.duckdb.samples import Rows, table_samples, table_schemas
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Scan
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from odibi_core.formats.base import Scan as FormatScan

HEAD_ROWS = 2_048
"""Samples of streamed results are computed from this many rows of the region's sources."""


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
    sources: Mapping[str, Fragment],
    outcomes: Mapping[str, Outcome],
    counts: Mapping[str, tuple[int, CountScope]],
) -> None:
    """Complete the outcomes of streamed tasks: row counts, and samples.

    A sample is computed from the first rows of the region's sources.
    """
    looks = _look(cursor, session, streamed, sources)
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
    sources: Mapping[str, Fragment],
) -> dict[str, tuple[Schema, Rows]]:
    """Columns and first rows of each streamed result, computed from the first rows of the sources.

    The head of each goes into a table of the same name, in a schema that is looked into first: a query then
    stands on the heads of those before it. One query for each, from the sources on, would take time that
    grows with the square of the region's length. Nothing where a step fails on these rows alone.
    """
    import duckdb

    heads = session.new_name("heads")
    cursor.execute(f"CREATE SCHEMA {heads}")
    try:
        for name, source in sources.items():
            source.register(cursor)
            cursor.execute(f"CREATE TABLE {heads}.{name} AS {source.sql()} LIMIT {HEAD_ROWS}")
        cursor.execute(f"SET search_path = '{heads},main'")
        made = set(sources)
        for each in streamed.values():
            each.fragment.register(cursor)
            for name, query in each.fragment.ctes.items():
                if name not in made:
                    made.add(name)
                    cursor.execute(f"CREATE TABLE {heads}.{name} AS FROM (\n{query}\n) LIMIT {HEAD_ROWS}")
        schemas = table_schemas(cursor)
        tables = {name: each.fragment.name.strip('"') for name, each in streamed.items()}
        samples = dict(table_samples(cursor, [(table, schemas[table]) for table in tables.values()]))
        looks = {}
        for name, table in tables.items():
            if table not in samples:
                first = cursor.sql(f"FROM {heads}.{quote(table)} LIMIT {SAMPLE_ROWS}")
                samples[table] = sample_rows(first.to_arrow_table())
            looks[name] = (schemas[table], samples[table])
    except duckdb.Error:
        return {}
    else:
        return looks
    finally:
        cursor.execute(f"DROP SCHEMA {heads} CASCADE")
