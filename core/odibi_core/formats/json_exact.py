"""Values of JSON as they stand in the file: what DuckDB's reader would change is noticed, inside lists too.

Where a type would be changed to without a word, the reader is asked for a wider one, and the value has to be
the same in both. As text, DuckDB gives a number by the DOUBLE that is nearest to it; as a DECIMAL, by its own
digits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.formats.exact_values import WHOLE, decimal_digits, exact_sql, is_at_risk
from odibi_core.formats.types import child_types
from odibi_core.schema import literal, quote

if TYPE_CHECKING:
    from duckdb.sqltypes import DuckDBPyType

INEXACT = "JSON: a value would be changed"
"""What a strict scan fails with at a value that its column's type does not hold as it is."""
FLOATS = frozenset({"DOUBLE", "FLOAT"})
_MOST_DIGITS = 38


def wider_type(type_: DuckDBPyType) -> str:
    """The type that values are read as, to see whether one would be changed."""
    inside = child_types(type_) if type_.id in ("list", "array", "struct", "map") else []
    match type_.id:
        case "list":
            return f"{wider_type(inside[0][1])}[]"
        case "array":
            return f"{wider_type(inside[0][1])}[{inside[1][1]}]"
        case "map":
            return f"MAP({inside[0][1]}, {wider_type(inside[1][1])})"
        case "struct":
            return f"STRUCT({', '.join(f'{quote(name)} {wider_type(child)}' for name, child in inside)})"
    return _wider(str(type_))


def checked_sql(value: str, type_: DuckDBPyType, column: str, depth: int = 0) -> str:
    """An expression for a value of a type from one of the wider type; an error where it would be changed.

    Args:
        value: An expression for the value.
        type_: Its type.
        column: What errors call it.
        depth: How many lists it is in.
    """
    item, kind = f"x{depth}", str(type_)
    inside = child_types(type_) if type_.id in ("list", "array", "struct", "map") else []
    match type_.id:
        case "list" | "array":
            inner = checked_sql(item, inside[0][1], column, depth + 1)
            if inner == item:
                return value
            items = f"list_transform({value}, lambda {item}: {inner})"
            return f"CAST({items} AS {kind})" if type_.id == "array" else items
        case "map":
            inner = checked_sql(item, inside[1][1], column, depth + 1)
            if inner == item:
                return value
            items = f"list_transform(map_values({value}), lambda {item}: {inner})"
            return f"CASE WHEN {value} IS NOT NULL THEN map(map_keys({value}), {items}) END"
        case "struct":
            fields = [(name, f"{value}.{quote(name)}", child) for name, child in inside]
            checked = {name: checked_sql(field, child, column, depth) for name, field, child in fields}
            if all(checked[name] == field for name, field, _ in fields):
                return value
            packed = ", ".join(f"{quote(name)} := {checked[name]}" for name, _, _ in fields)
            return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({packed}) END"
    failure = f"error({literal(f'{INEXACT}: in column {column!r}, of type {kind}')})"
    if kind in FLOATS:
        return f"CASE WHEN isinf({value}) THEN {failure} ELSE {value} END"
    if not is_at_risk(kind):
        return value
    return f"COALESCE({_exact(value, kind)}, CASE WHEN {value} IS NOT NULL THEN {failure} END)"


def _wider(type_: str) -> str:
    if type_ in WHOLE:
        return "VARCHAR" if type_.endswith("HUGEINT") else "DECIMAL(38,18)"
    if digits := decimal_digits(type_):
        width, scale = digits
        # One that has all digits already is left half of those before the dot; with more of them, the file is
        # read anew, each number by itself.
        spare = _MOST_DIGITS - width or (width - scale) // 2
        return f"DECIMAL(38,{scale + spare})"
    return "VARCHAR" if is_at_risk(type_) else type_


def _exact(value: str, type_: str) -> str:
    """An expression for a value of the type from one of the wider type; null where it would be changed."""
    if not _wider(type_).startswith("DECIMAL"):
        return exact_sql(value, type_)
    cast = f"TRY_CAST({value} AS {type_})"
    return f"CASE WHEN {cast} = {value} THEN {cast} END"
