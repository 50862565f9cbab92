"""What DuckDB calls the types of Arrow."""

from __future__ import annotations

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


def plain_schema(table: pa.Table) -> Schema | None:
    """The schema of a table whose columns are all of plain types; None where only DuckDB can tell.

    DuckDB would tell these too, for twenty times the cost.
    """
    names = table.column_names
    types = [_TYPES.get(str(kind)) for kind in table.schema.types]
    are_kept = all(names) and len({name.casefold() for name in names}) == len(names)
    if not names or None in types or not are_kept:
        return None
    return Schema.of((name, str(type_)) for name, type_ in zip(names, types, strict=True))
