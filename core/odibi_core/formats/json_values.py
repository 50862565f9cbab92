"""Values that JSON can't hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.formats.types import child_types
from odibi_core.schema import literal, quote

if TYPE_CHECKING:
    from duckdb.sqltypes import DuckDBPyType

NOT_FINITE = "holds NaN or infinity, for which JSON has no number"


def finite_sql(value: str, type_: DuckDBPyType, column: str, depth: int = 0) -> str:
    """An expression of the same value that fails on NaN and infinity, inside lists and structs too."""
    item = f"x{depth}"
    match type_.id:
        case "float" | "double":
            fault = literal(f"column {column!r} {NOT_FINITE}")
            return f"CASE WHEN isfinite({value}) OR {value} IS NULL THEN {value} ELSE error({fault}) END"
        case "list":
            inner = finite_sql(item, child_types(type_)[0][1], column, depth + 1)
            return value if inner == item else f"list_transform({value}, lambda {item}: {inner})"
        case "map":
            inner = finite_sql(item, child_types(type_)[1][1], column, depth + 1)
            if inner == item:
                return value
            checked = f"list_transform(map_values({value}), lambda {item}: {inner})"
            return f"CASE WHEN {value} IS NOT NULL THEN map(map_keys({value}), {checked}) END"
        case "struct":
            fields = [
                (name, f"{value}.{quote(name)}", finite_sql(f"{value}.{quote(name)}", child, column, depth))
                for name, child in child_types(type_)
            ]
            if all(plain == checked for _, plain, checked in fields):
                return value
            packed = ", ".join(f"{quote(name)} := {checked}" for name, _, checked in fields)
            return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({packed}) END"
    return value
