"""Columns and first rows of many tables with few queries: a query a table would cost as much as making it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import SAMPLE_ROWS, json_value
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Rows = tuple[dict[str, Any], ...]

_TABLES_AT_ONCE = 50
_WHOLE_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_PLAIN_TYPES = frozenset([*_WHOLE_NUMBERS, "HUGEINT", "FLOAT", "DOUBLE", "BOOLEAN", "VARCHAR", "DATE"])


def table_schemas(cursor: DuckDBPyConnection) -> dict[str, Schema]:
    """The columns of every table of the cursor's own schema, by the table's name."""
    columns: dict[str, list[tuple[str, str]]] = {}
    rows = cursor.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE schema_name = current_schema() ORDER BY table_name, column_index"
    )
    for table, name, type_ in rows.fetchall():
        columns.setdefault(table, []).append((name, type_))
    return {table: Schema.of(pairs) for table, pairs in columns.items()}


def table_samples(
    cursor: DuckDBPyConnection, tables: Sequence[tuple[str, Schema]]
) -> Iterator[tuple[str, Rows]]:
    """The first rows of tables, by name, of those whose types need no closer look.

    The optimizer of the cursor stays off: nothing in these queries can be optimized, and trying takes a third
    of their time.
    """
    alike: dict[tuple[str, ...], list[tuple[str, Schema]]] = {}
    for table, schema in tables:
        if _is_plain(schema):
            alike.setdefault(tuple(type_ for _, type_ in schema), []).append((table, schema))
    cursor.execute("PRAGMA disable_optimizer")
    for group in alike.values():
        for start in range(0, len(group), _TABLES_AT_ONCE):
            yield from _samples_alike(cursor, group[start : start + _TABLES_AT_ONCE])


def _samples_alike(
    cursor: DuckDBPyConnection, tables: Sequence[tuple[str, Schema]]
) -> Iterator[tuple[str, Rows]]:
    """The first rows of tables whose columns have the same types."""
    query = " UNION ALL ".join(
        f"(SELECT {position}, {_values(schema)} FROM {quote(table)} LIMIT {SAMPLE_ROWS})"
        for position, (table, schema) in enumerate(tables)
    )
    samples: list[list[dict[str, Any]]] = [[] for _ in tables]
    names = [schema.names for _, schema in tables]
    for position, *values in cursor.execute(query).fetchall():
        samples[position].append(dict(zip(names[position], map(json_value, values), strict=True)))
    for (table, _), sample in zip(tables, samples, strict=True):
        yield table, tuple(sample)


def _is_plain(schema: Schema) -> bool:
    """Whether a row of DuckDB's has every value in the form that samples have."""
    return len(schema) > 0 and all(
        type_ in _PLAIN_TYPES or (type_.startswith("DECIMAL(") and type_.endswith(")")) for _, type_ in schema
    )


def _values(schema: Schema) -> str:
    # As text where Python's own types hold less: dates end with the year 9999.
    return ", ".join(
        f"{quote(name)}{'::VARCHAR' if type_.startswith(('DATE', 'DECIMAL', 'HUGEINT')) else ''}"
        for name, type_ in schema
    )
