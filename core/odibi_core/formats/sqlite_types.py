"""SQLite's values in types, and the other way round.

SQLite has five kinds of values, and a column's declared type is a wish. So a column is read as its
declaration says, or as what all its values are where that says nothing. A value of another kind is an error
that names the column.
"""

from __future__ import annotations

import re

from odibi_core.schema import literal, quote

_AFFINITIES = (
    ("INT", "BIGINT"),
    ("CHAR", "VARCHAR"),
    ("CLOB", "VARCHAR"),
    ("TEXT", "VARCHAR"),
    ("BLOB", "BLOB"),
)
_NAMED = {
    "BOOLEAN": "BOOLEAN",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "TIME": "TIME",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP WITH TIME ZONE",
    "UUID": "UUID",
    "JSON": "VARCHAR",
    "STRING": "VARCHAR",
}
_EXACT_DIGITS = 15
"""SQLite keeps a number with a fraction as a double, which holds so many decimal digits."""


def declared_type(declaration: str) -> str:
    """The type that a column's declaration asks for; "" where only its values can tell."""
    name = " ".join(declaration.upper().split())
    if name in _NAMED:
        return _NAMED[name]
    decimal = re.fullmatch(r"(?:DECIMAL|NUMERIC|DECIMAL_TEXT) ?\( ?(\d+) ?(?:, ?(\d+) ?)?\)", name)
    if decimal and int(decimal[1]) <= 38:
        return f"DECIMAL({decimal[1]},{decimal[2] or 0})"
    for part, type_ in _AFFINITIES:
        if part in name:
            return type_
    return "DOUBLE" if any(part in name for part in ("REAL", "FLOA", "DOUB")) else ""


def found_type(kinds: set[str]) -> str:
    """The type of a column whose values are of these kinds, in SQLite's words."""
    kinds = kinds - {"null"}
    if kinds == {"integer"}:
        return "BIGINT"
    if kinds and kinds <= {"integer", "real"}:
        return "DOUBLE"
    return "BLOB" if kinds == {"blob"} else "VARCHAR"


_REFUSED = ("INTERVAL", "UNION", "TIMETZ", "TIMESTAMP_NS", "TIME_NS", "GEOMETRY")


def can_hold(type_: str) -> bool:
    """Whether SQLite can hold the values of a type."""
    short = type_.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ").replace("TIME WITH TIME ZONE", "TIMETZ")
    return not any(re.search(rf"\b{word}\b", short) for word in _REFUSED)


def stored(column: str, type_: str) -> tuple[str, str]:
    """What a column is declared as, and the SQL of its values as SQLite takes them."""
    name = quote(column)
    if type_ == "BOOLEAN":
        return "BOOLEAN", f"CAST({name} AS INTEGER)"
    if type_ in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", '"NULL"'):
        return ("INTEGER" if type_ == '"NULL"' else type_), f"CAST({name} AS BIGINT)"
    if type_ in ("UBIGINT", "HUGEINT", "UHUGEINT"):
        width = 20 if type_ == "UBIGINT" else 38
        return f"DECIMAL_TEXT({width},0)", f"CAST(CAST({name} AS DECIMAL({width},0)) AS VARCHAR)"
    if type_ in ("FLOAT", "DOUBLE"):
        fault = literal(f"column {column!r} holds NaN, which SQLite would turn into null")
        return type_, f"CASE WHEN isnan({name}) THEN error({fault}) ELSE CAST({name} AS DOUBLE) END"
    if type_.startswith("DECIMAL("):
        width = int(re.findall(r"\d+", type_)[0])
        word = type_ if width <= _EXACT_DIGITS else type_.replace("DECIMAL", "DECIMAL_TEXT")
        return word, f"CAST({name} AS VARCHAR)"
    if type_ == "BLOB":
        return "BLOB", name
    if type_ in ("DATE", "TIME", "UUID", "TIMESTAMP WITH TIME ZONE"):
        return type_, f"CAST({name} AS VARCHAR)"
    if type_.startswith("TIMESTAMP"):
        return "TIMESTAMP", f"CAST({name} AS VARCHAR)"
    if type_.endswith("]") or type_.startswith(("STRUCT(", "MAP(")) or type_ == "JSON":
        return "JSON", f"CAST(to_json({name}) AS VARCHAR)"
    return "TEXT", f"CAST({name} AS VARCHAR)"
