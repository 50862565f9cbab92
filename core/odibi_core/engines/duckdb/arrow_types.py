"""What DuckDB calls the types of Arrow, and which columns it takes as they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from odibi_core.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa

_TYPES = {
    "bool": "BOOLEAN",
    "int8": "TINYINT",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "uint16": "USMALLINT",
    "uint32": "UINTEGER",
    "uint64": "UBIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "large_string": "VARCHAR",
    "date32[day]": "DATE",
    "timestamp[us]": "TIMESTAMP",
}


def arrow_columns(table: pa.Table) -> list[tuple[str, str | None]]:
    """The columns of a table, each with DuckDB's name for its type; None where that is not a plain one."""
    return [
        (name, _TYPES.get(str(kind)))
        for name, kind in zip(table.column_names, table.schema.types, strict=True)
    ]


def plain_schema(columns: Sequence[tuple[str, str | None]]) -> Schema | None:
    """The schema of columns, given as name and type; None where only DuckDB can tell.

    DuckDB would tell it of plain columns too, for twenty times the cost.
    """
    return _plain_schema(tuple(columns))


# Most datasets of a run have the columns of another one.
@lru_cache(maxsize=64)
def _plain_schema(columns: tuple[tuple[str, str | None], ...]) -> Schema | None:
    known = tuple((name, type_) for name, type_ in columns if name and type_)
    are_kept = len({name.casefold() for name, _ in known}) == len(columns)
    return Schema(known) if columns and are_kept else None
