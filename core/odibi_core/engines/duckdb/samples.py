"""Columns and first rows of many tables with few queries: a query a table would cost as much as making it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import SAMPLE_ROWS, json_value
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Rows = tuple[dict[str, Any], ...]

_TABLES_AT_ONCE = 50
_WHOLE_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
# Rows of all tables come from one query: the columns of each kind stand together, filled up to as many as the
# widest table has. As text goes what Python's own types hold less of: dates end with the year 9999.
_KINDS = ("whole", "number", "boolean", "text", "moment")
_KIND_OF = {
    **dict.fromkeys(_WHOLE_NUMBERS, "whole"),
    **dict.fromkeys(("FLOAT", "DOUBLE"), "number"),
    "BOOLEAN": "boolean",
    **dict.fromkeys(("VARCHAR", "HUGEINT", "DATE"), "text"),
    "TIMESTAMP": "moment",
}


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
    plain = [(table, schema) for table, schema in tables if is_plain(schema)]
    cursor.execute("PRAGMA disable_optimizer")
    for start in range(0, len(plain), _TABLES_AT_ONCE):
        some = plain[start : start + _TABLES_AT_ONCE]
        query = first_rows_query([(quote(table), schema) for table, schema in some])
        samples = read_first_rows(cursor.execute(query).fetchall(), [schema for _, schema in some])
        yield from zip((table for table, _ in some), samples, strict=True)


def is_plain(schema: Schema) -> bool:
    """Whether `first_rows_query` can ask for rows of these columns."""
    return len(schema) > 0 and all(_kind_of(type_) for _, type_ in schema)


def first_rows_query(relations: Sequence[tuple[str, Schema]]) -> str:
    """A query for the first rows of relations, each given as it stands behind FROM and with plain columns."""
    schemas = {schema for _, schema in relations}
    widths = _widths(schemas)
    selected = {schema: _selected(schema, widths) for schema in schemas}
    return " UNION ALL ".join(
        f"(SELECT {position}, {selected[schema]} FROM {relation} LIMIT {SAMPLE_ROWS})"
        for position, (relation, schema) in enumerate(relations)
    )


def read_first_rows(rows: Iterable[Sequence[Any]], schemas: Sequence[Schema]) -> list[Rows]:
    """What `first_rows_query` gave: the first rows of each relation."""
    widths = _widths(schemas)
    places = {schema: _places(schema, widths) for schema in set(schemas)}
    samples: list[list[dict[str, Any]]] = [[] for _ in schemas]
    for row in rows:
        position = row[0]
        samples[position].append(
            {
                name: _moment(row[at]) if is_moment else json_value(row[at])
                for name, at, is_moment in places[schemas[position]]
            }
        )
    return [tuple(sample) for sample in samples]


def _by_kind(schema: Schema) -> dict[str, list[tuple[str, str]]]:
    columns: dict[str, list[tuple[str, str]]] = {kind: [] for kind in _KINDS}
    for name, type_ in schema:
        columns[_kind_of(type_)].append((name, type_))
    return columns


def _widths(schemas: Iterable[Schema]) -> dict[str, int]:
    """Kind → columns of it in the widest of the schemas."""
    widths = dict.fromkeys(_KINDS, 0)
    for schema in set(schemas):
        for kind, columns in _by_kind(schema).items():
            widths[kind] = max(widths[kind], len(columns))
    return widths


def _moment(text: str | None) -> str | None:
    """A moment as Python writes it; as DuckDB does where Python has none such, after the year 9999."""
    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text).isoformat()
    except ValueError:
        return text


def _places(schema: Schema, widths: Mapping[str, int]) -> list[tuple[str, int, bool]]:
    """Each column's name, its place in a row (the relation's position is first), and if it is a moment."""
    starts = dict(zip(_KINDS, accumulate(widths.values(), initial=1), strict=False))
    place = {
        name: (starts[kind] + number, kind == "moment")
        for kind, columns in _by_kind(schema).items()
        for number, (name, _) in enumerate(columns)
    }
    return [(name, *place[name]) for name in schema.names]


def _selected(schema: Schema, widths: Mapping[str, int]) -> str:
    texts: list[str] = []
    for kind, columns in _by_kind(schema).items():
        texts += (
            f"{quote(name)}::VARCHAR" if kind in ("text", "moment") and type_ != "VARCHAR" else quote(name)
            for name, type_ in columns
        )
        texts += ["NULL"] * (widths[kind] - len(columns))
    return ", ".join(texts)


def _kind_of(type_: str) -> str:
    if type_.startswith("DECIMAL(") and type_.endswith(")"):
        return "text"
    return _KIND_OF.get(type_, "")
