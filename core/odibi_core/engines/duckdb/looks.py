"""Columns and first rows of results that stream through a region, from the first rows of its sources.

Where the plan knows every column, one query gives the rows of all steps. Else the head of each step goes into
a table of its own, which tells its columns, for three times the cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from odibi_core.bound_columns import bound_schema
from odibi_core.dataset import SAMPLE_ROWS, sample_rows
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.samples import (
    Rows,
    first_rows_query,
    is_plain,
    read_first_rows,
    table_samples,
    table_schemas,
)
from odibi_core.engines.duckdb.session import Session
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HEAD_ROWS = 2_048
"""Samples of streamed results are computed from this many rows of the region's sources."""

Looks = dict[str, tuple[Schema, Rows]]


def look_at_heads(
    cursor: DuckDBPyConnection,
    session: Session,
    fragments: Mapping[str, Fragment],
    sources: Mapping[str, Fragment],
    planned: Mapping[str, Schema | None],
    *,
    are_simple: bool,
) -> Looks:
    """Columns and first rows of each streamed result; nothing where a step fails on these rows alone.

    Args:
        cursor: The region's; its settings are changed.
        session: The run's database.
        fragments: Step → query, each after those that it stands on.
        sources: Name in queries → what the region reads.
        planned: Name in queries → columns of sources and steps, as far as the plan knows them.
        are_simple: Whether no step joins: an optimizer is of no use then, and takes half of the time.
    """
    from odibi_core import late_duckdb as duckdb

    heads = session.new_name("heads")
    cursor.execute(f"CREATE SCHEMA {heads}")
    try:
        for name, source in sources.items():
            source.register(cursor)
            cursor.execute(f"CREATE TABLE {heads}.{name} AS {source.sql()} LIMIT {HEAD_ROWS}")
        cursor.execute(f"SET search_path = '{heads},main'")
        for fragment in fragments.values():
            fragment.register(cursor)
        if are_simple:
            cursor.execute("PRAGMA disable_optimizer")
        schemas = _certain_schemas(cursor, fragments, sources, planned)
        if schemas is not None:
            return _look_at_once(cursor, fragments, sources, schemas)
        return _look_one_by_one(cursor, heads, fragments, sources)
    except duckdb.Error:
        return {}
    finally:
        cursor.execute(f"DROP SCHEMA {heads} CASCADE")


def _certain_schemas(
    cursor: DuckDBPyConnection,
    fragments: Mapping[str, Fragment],
    sources: Mapping[str, Fragment],
    planned: Mapping[str, Schema | None],
) -> dict[str, Schema] | None:
    """Step → columns; None where the plan does not know them all, saw other sources, or one is not plain."""
    known = {name: schema for name, schema in planned.items() if schema is not None}
    queries = {name for fragment in fragments.values() for name in fragment.ctes} - set(sources)
    if not queries <= set(known):
        return None
    if any(known.get(name) != _columns(cursor, name) for name in sources):
        return None
    wanted = {step: known[fragment.name] for step, fragment in fragments.items()}
    return wanted if all(map(is_plain, wanted.values())) else None


def _columns(cursor: DuckDBPyConnection, table: str) -> Schema:
    # The tables of a new database are listed by making all views of DuckDB's own first, which takes 10 ms.
    return bound_schema(cursor, f"FROM {table}")


def _look_at_once(
    cursor: DuckDBPyConnection,
    fragments: Mapping[str, Fragment],
    sources: Mapping[str, Fragment],
    schemas: Mapping[str, Schema],
) -> Looks:
    ctes = {
        name: f"{name} AS MATERIALIZED (FROM (\n{query}\n) LIMIT {HEAD_ROWS})"
        for fragment in fragments.values()
        for name, query in fragment.ctes.items()
        if name not in sources
    }
    wanted = [(fragment.name, schemas[step]) for step, fragment in fragments.items()]
    clause = f"WITH {', '.join(ctes.values())} " if ctes else ""
    rows = cursor.execute(clause + first_rows_query(wanted)).fetchall()
    samples = read_first_rows(rows, [schema for _, schema in wanted])
    return {step: (schemas[step], sample) for step, sample in zip(fragments, samples, strict=True)}


def _look_one_by_one(
    cursor: DuckDBPyConnection, heads: str, fragments: Mapping[str, Fragment], sources: Mapping[str, Fragment]
) -> Looks:
    """One query for each, from the sources on, would take time that grows with the square of the length."""
    made = set(sources)
    for fragment in fragments.values():
        for name, query in fragment.ctes.items():
            if name not in made:
                made.add(name)
                cursor.execute(f"CREATE TABLE {heads}.{name} AS FROM (\n{query}\n) LIMIT {HEAD_ROWS}")
    schemas = table_schemas(cursor)
    tables = {step: _bare(fragment.name) for step, fragment in fragments.items()}
    samples = dict(table_samples(cursor, [(table, schemas[table]) for table in tables.values()]))
    for table in tables.values():
        if table not in samples:
            first = cursor.sql(f"FROM {heads}.{quote(table)} LIMIT {SAMPLE_ROWS}")
            samples[table] = sample_rows(first.to_arrow_table())
    return {step: (schemas[table], samples[table]) for step, table in tables.items()}


def _bare(name: str) -> str:
    return name.strip('"')
