"""MySQL's and MariaDB's types in ours, and the other way round."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from odibi_core.late_dataclass import dataclass
from odibi_core.schema import quote

if TYPE_CHECKING:
    import pyarrow as pa

WIDEST = 38
_BINARY = 63
_UNSIGNED = 32
_WHOLE = {1: "TINYINT", 2: "SMALLINT", 3: "INTEGER", 8: "BIGINT", 9: "INTEGER", 13: "SMALLINT"}
_TYPES = {
    4: "FLOAT",
    5: "DOUBLE",
    6: "INTEGER",
    7: "TIMESTAMP WITH TIME ZONE",
    10: "DATE",
    11: "TIME",
    12: "TIMESTAMP",
    14: "DATE",
    16: "BLOB",
    245: "JSON",
    255: "BLOB",
}
_DECIMALS = (0, 246)
_CREATED = {
    "BOOLEAN": "TINYINT(1)",
    "TINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INT",
    "BIGINT": "BIGINT",
    "UTINYINT": "TINYINT UNSIGNED",
    "USMALLINT": "SMALLINT UNSIGNED",
    "UINTEGER": "INT UNSIGNED",
    "UBIGINT": "BIGINT UNSIGNED",
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "FLOAT": "FLOAT",
    "DOUBLE": "DOUBLE",
    "VARCHAR": "LONGTEXT",
    "BIT": "LONGTEXT",
    "BLOB": "LONGBLOB",
    "DATE": "DATE",
    "TIME": "TIME(6)",
    "TIMESTAMP": "DATETIME(6)",
    "TIMESTAMP_S": "DATETIME(6)",
    "TIMESTAMP_MS": "DATETIME(6)",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMP(6) NULL",
    "UUID": "CHAR(36)",
    "JSON": "JSON",
    '"NULL"': "INT",
}
_REFUSED = ("UNION", "TIMESTAMP_NS", "TIME_NS", "GEOMETRY", "VARIANT", "TIMETZ", "INTERVAL")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or query.

    Attributes:
        name: Its name.
        type: The type that it is read as.
        is_asked_as_text: Whether it is asked for as text, for a type that the step wants.
    """

    name: str
    type: str
    is_asked_as_text: bool = False


def column_of(field: Any) -> Column:
    """A column of a result, from what the driver tells of it."""
    name, code = str(field.name), int(field.type_code)
    if code in _WHOLE:
        if code == 1 and field.length == 1:
            return Column(name, "BOOLEAN")
        unsigned = field.flags & _UNSIGNED and code != 13
        return Column(name, f"U{_WHOLE[code]}" if unsigned else _WHOLE[code])
    if code in _DECIMALS:
        scale = int(field.scale)
        # The length counts the sign and the point.
        width = int(field.length) - (1 if scale else 0) - (0 if field.flags & _UNSIGNED else 1)
        width = min(max(width, 1), WIDEST)
        return Column(name, f"DECIMAL({width},{min(scale, width)})")
    if code in _TYPES:
        return Column(name, _TYPES[code])
    return Column(name, "BLOB" if field.charsetnr == _BINARY else "VARCHAR")


def arrow_type(column: Column) -> pa.DataType:
    """The Arrow type in which a column's values are handed on; text for those that DuckDB then casts."""
    import pyarrow as pa

    if column.is_asked_as_text:
        return pa.string()
    if column.type.startswith("DECIMAL("):
        width, scale = map(int, re.findall(r"\d+", column.type))
        return pa.decimal128(width, scale)
    kinds = {
        "BOOLEAN": pa.bool_(),
        "TINYINT": pa.int8(),
        "SMALLINT": pa.int16(),
        "INTEGER": pa.int32(),
        "BIGINT": pa.int64(),
        "UTINYINT": pa.uint8(),
        "USMALLINT": pa.uint16(),
        "UINTEGER": pa.uint32(),
        "UBIGINT": pa.uint64(),
        "FLOAT": pa.float32(),
        "DOUBLE": pa.float64(),
        "BLOB": pa.binary(),
        "DATE": pa.date32(),
        "TIME": pa.time64("us"),
        "TIMESTAMP": pa.timestamp("us"),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
    }
    return kinds.get(column.type, pa.string())


def to_arrow(values: list[Any], kind: pa.DataType) -> pa.Array:
    """The values of one column, which come as texts, or as bytes where they are bytes.

    Raises:
        ValueError: One is not of the type; pyarrow's errors are ValueErrors.
    """
    import datetime as dt

    import pyarrow as pa

    if pa.types.is_binary(kind):
        return pa.array(values, kind)
    if pa.types.is_time(kind):
        return pa.array([None if value is None else dt.time.fromisoformat(value) for value in values], kind)
    texts = pa.array(
        [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values],
        pa.string(),
    )
    if pa.types.is_boolean(kind):
        numbers = texts.cast(pa.int8())
        if any(number not in (0, 1, None) for number in numbers.unique().to_pylist()):
            raise ValueError("a value is neither 0 nor 1")
        return numbers.cast(kind)
    if pa.types.is_timestamp(kind) and kind.tz:
        return texts.cast(pa.timestamp("us")).cast(kind)
    return texts.cast(kind)


def created_type(type_: str) -> str:
    """The type of a new column that holds values of a type; "" where none does."""
    short = type_.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ").replace("TIME WITH TIME ZONE", "TIMETZ")
    if any(re.search(rf"\b{word}\b", re.sub(r'"(?:[^"]|"")*"', "", short)) for word in _REFUSED):
        return ""
    if type_.startswith("DECIMAL(") and not type_.endswith("]"):
        return type_
    if type_.startswith("ENUM(") and not type_.endswith("]"):
        return "LONGTEXT"
    return _CREATED.get(type_, "JSON")


def is_bytes(type_: str) -> bool:
    """Whether values are sent as hexadecimal digits."""
    return type_ == "BLOB"


def sent_sql(column: str, type_: str) -> str:
    """The SQL, for DuckDB, of values as texts that MySQL reads."""
    name = quote(column)
    match type_:
        case "BOOLEAN":
            return f"CAST(CAST({name} AS INTEGER) AS VARCHAR)"
        case "BLOB":
            return f"hex({name})"
        case "TIMESTAMP WITH TIME ZONE":
            return f"strftime(CAST({name} AT TIME ZONE 'UTC' AS TIMESTAMP), '%Y-%m-%d %H:%M:%S.%f')"
        case "JSON" | "VARCHAR":
            return f"CAST({name} AS VARCHAR)"
    if created_type(type_) == "JSON":
        return f"CAST(to_json({name}) AS VARCHAR)"
    return f"CAST({name} AS VARCHAR)"
