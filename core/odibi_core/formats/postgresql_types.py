"""PostgreSQL's types in ours, and the other way round.

Values go both ways in the server's binary form, which the driver makes of Arrow's: so each column is asked
for, and sent, as the Arrow type whose binary form is that of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from odibi_core.formats.types import converted_type
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import literal, quote

if TYPE_CHECKING:
    import pyarrow as pa

WIDEST = 38
"""The most digits of a DECIMAL."""

LOOSE_SCALE = 18
"""The fraction digits of a column that is declared as numeric and nothing else."""

_DAYS_1970_2000 = 10_957
_DAY_US = 86_400_000_000

_NATIVE = {
    "bool": "BOOLEAN",
    "int2": "SMALLINT",
    "int4": "INTEGER",
    "int8": "BIGINT",
    "float4": "FLOAT",
    "float8": "DOUBLE",
    "text": "VARCHAR",
    "varchar": "VARCHAR",
    "bpchar": "VARCHAR",
    "name": "VARCHAR",
    "bytea": "BLOB",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "interval": "INTERVAL",
    "json": "JSON",
    "jsonb": "JSON",
    "uuid": "UUID",
}
_IN_ARRAYS = frozenset(_NATIVE) - {"json", "jsonb", "uuid", "interval"}
_CAST = {
    "oid": ("int8", "BIGINT"),
    "money": ("numeric(19,2)", "DECIMAL(19,2)"),
    "timetz": ("text", "TIME WITH TIME ZONE"),
}

SENT_AS = {
    **{name: name for name in ("bool", "int2", "int4", "int8", "float4", "float8")},
    **{name: name for name in ("bytea", "date", "time", "timestamp", "timestamptz", "interval")},
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "json"), "text"),
    **{name: name for name in ("uuid", "jsonb", "numeric")},
}
"""Types whose binary form can be sent → how."""

_ARROW_CASTS = {
    "bool": "CAST({} AS BOOLEAN)",
    "int2": "CAST({} AS SMALLINT)",
    "int4": "CAST({} AS INTEGER)",
    "int8": "CAST({} AS BIGINT)",
    "float4": "CAST({} AS FLOAT)",
    "float8": "CAST({} AS DOUBLE)",
    "text": "CAST({} AS VARCHAR)",
    "bytea": "CAST({} AS BLOB)",
    "date": "CAST({} AS DATE)",
    "time": "CAST({} AS TIME)",
    "timestamp": "CAST({} AS TIMESTAMP)",
    "timestamptz": "CAST({} AS TIMESTAMP WITH TIME ZONE)",
    "interval": "CAST({} AS INTERVAL)",
    # Sixteen bytes, and for jsonb the number of the form before its text.
    "uuid": "unhex(replace(CAST({} AS VARCHAR), '-', ''))",
    "jsonb": "'\\x01'::BLOB || encode(CAST({} AS VARCHAR))",
}
_REFUSED = ("UNION", "TIMESTAMP_NS", "TIME_NS", "GEOMETRY", "VARIANT", "TIMETZ")
_CREATED = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "SMALLINT": "smallint",
    "USMALLINT": "integer",
    "INTEGER": "integer",
    "UINTEGER": "bigint",
    "BIGINT": "bigint",
    "UBIGINT": "numeric(20,0)",
    "HUGEINT": "numeric(38,0)",
    "UHUGEINT": "numeric(38,0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "BLOB": "bytea",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "INTERVAL": "interval",
    "UUID": "uuid",
    "JSON": "jsonb",
    "BIT": "text",
    '"NULL"': "integer",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or query.

    Attributes:
        name: Its name.
        native: The server's name of its type, "_int4" for an array of int4.
        select: The SQL that asks for its values.
        type: The type that they are read as.
    """

    name: str
    native: str
    select: str
    type: str

    @property
    def is_plain(self) -> bool:
        """Whether it is asked for as it is, so that it can be compared there as here."""
        return self.select == quote(self.name)


def columns_of(schema: pa.Schema) -> list[Column]:
    """The columns of a query, from the schema that the driver tells."""
    return [_column(field) for field in schema]


def _column(field: pa.Field) -> Column:
    told = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    native, name = told.get("POSTGRESQL:type", ""), quote(field.name)
    if native in _NATIVE:
        return Column(field.name, native, name, _NATIVE[native])
    if native == "numeric":
        return Column(field.name, native, name, _decimal(int(told.get("POSTGRESQL:typmod", -1))))
    if native in _CAST:
        cast, type_ = _CAST[native]
        return Column(field.name, native, f"{name}::{cast} AS {name}", type_)
    if native.startswith("_") and native[1:] in _IN_ARRAYS:
        return Column(field.name, native, _flat(field.name, native[1:]), f"{_NATIVE[native[1:]]}[]")
    if native == "_numeric":
        type_ = _decimal(int(told.get("POSTGRESQL:typmod", -1)))
        return Column(field.name, native, _flat(field.name, "text"), f"{type_}[]")
    if native.startswith("_"):
        inner = {"_json": "JSON", "_jsonb": "JSON", "_uuid": "UUID"}.get(native, "VARCHAR")
        return Column(field.name, native, _flat(field.name, "text"), f"{inner}[]")
    return Column(field.name, native, f"{name}::text AS {name}", "VARCHAR")


def _flat(column: str, element: str) -> str:
    """The SQL that asks for lists, and fails of arrays of arrays: the driver would flatten them."""
    name = quote(column)
    what = literal(f"column {column} holds an array of more dimensions than one: ")
    refused = f"ARRAY[({what} || array_ndims({name}))::int]::text[]::{element}[]"
    return f"CASE WHEN array_ndims({name}) > 1 THEN {refused} ELSE {name}::{element}[] END AS {name}"


def without_wraps(array: pa.Array) -> pa.Array:
    """Dates and timestamps with the ends of time that DuckDB has, in the place of the driver's.

    PostgreSQL keeps an endless time as the largest or the smallest number. The driver counts from another
    year, without regard to that.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    is_date = pa.types.is_date32(array.type)
    if not is_date and not pa.types.is_timestamp(array.type):
        return array
    plain = pa.int32() if is_date else pa.int64()
    numbers = array.view(plain)
    shift, bits = (_DAYS_1970_2000, 32) if is_date else (_DAYS_1970_2000 * _DAY_US, 64)
    last = -(1 << bits - 1) + shift
    smallest = pc.min(numbers).as_py()
    if smallest is None or smallest > last:
        return array
    end = pa.scalar((1 << bits - 1) - 1, plain)
    numbers = pc.if_else(pc.equal(numbers, pa.scalar(last - 1, plain)), end, numbers)
    begin = pa.scalar(-(1 << bits - 1) + 1, plain)
    return pc.if_else(pc.equal(numbers, pa.scalar(last, plain)), begin, numbers).view(array.type)


def _decimal(modifier: int) -> str:
    if modifier < 4:
        return f"DECIMAL({WIDEST},{LOOSE_SCALE})"
    precision, scale = (modifier - 4) >> 16 & 0xFFFF, (modifier - 4) & 0x7FF
    # Of eleven bits with a sign: numeric(5,-2) rounds to hundreds.
    scale = scale - 2048 if scale >= 1024 else scale
    precision, scale = max(precision - min(scale, 0), scale), max(scale, 0)
    return f"DECIMAL({min(precision, WIDEST)},{min(scale, WIDEST)})"


def arrow_type(column: Column, told: pa.DataType) -> pa.DataType:
    """The Arrow type in which a column's values are handed on; `told` is the one in which they come."""
    import pyarrow as pa

    type_ = column.type
    if type_.startswith("DECIMAL(") and not type_.endswith("]") and not pa.types.is_string(told):
        width, scale = map(int, re.findall(r"\d+", type_))
        return pa.decimal128(width, scale)
    return _plain(told)


def _plain(told: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if isinstance(told, pa.BaseExtensionType) and str(told.extension_name) == "arrow.json":
        return pa.string()
    if isinstance(told, pa.BaseExtensionType):
        return told if told.extension_name == "arrow.uuid" else told.storage_type
    return told


def created_type(type_: str) -> str:
    """The type of a new column that holds values of a type; "" where none does."""
    short = type_.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ").replace("TIME WITH TIME ZONE", "TIMETZ")
    if any(re.search(rf"\b{word}\b", re.sub(r'"(?:[^"]|"")*"', "", short)) for word in _REFUSED):
        return ""
    plain = converted_type(type_, {})
    if plain.startswith("DECIMAL(") and not plain.endswith("]"):
        return plain.replace("DECIMAL", "numeric")
    if plain in _CREATED:
        return _CREATED[plain]
    inner = re.sub(r"\[\d*\]$", "", plain)
    if inner in _CREATED and inner not in ("JSON", "INTERVAL", "BIT", '"NULL"'):
        return f"{_CREATED[inner]}[]"
    if inner != plain and inner.startswith("DECIMAL(") and not inner.endswith("]"):
        return inner.replace("DECIMAL", "numeric") + "[]"
    return "jsonb"


def as_stored(column: str, type_: str) -> str:
    """The SQL, for DuckDB, of values as the type that `created_type` names has them: nested ones as JSON."""
    name, created = quote(column), created_type(type_)
    if created == "jsonb" and type_ != "JSON":
        return f"to_json({name})"
    if type_ in ("UBIGINT", "HUGEINT", "UHUGEINT"):
        return f"CAST({name} AS DECIMAL({20 if type_ == 'UBIGINT' else WIDEST},0))"
    if type_ == '"NULL"':
        return f"CAST({name} AS INTEGER)"
    if type_ == "BIT" or type_.startswith("ENUM"):
        return f"CAST({name} AS VARCHAR)"
    return name


def sent_sql(expression: str, type_: str, native: str) -> str | None:
    """The SQL, for DuckDB, of values in the form in which a column takes them; None where there is none.

    Args:
        expression: Gives the values.
        type_: Their type here.
        native: The column's type there.
    """
    if native == "numeric":
        if type_.startswith("DECIMAL(") and not type_.endswith("]"):
            return expression
        is_whole = type_ in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
        return f"CAST({expression} AS DECIMAL(19,0))" if is_whole else None
    if native in ("date", "timestamp", "timestamptz"):
        # The driver would make a time of it that has an end.
        fault = literal("an endless date or time can't be written: replace it in a step before")
        cast = _ARROW_CASTS[native].format(expression)
        return f"CASE WHEN isinf({cast}) THEN error({fault}) ELSE {cast} END"
    if native in SENT_AS:
        return _ARROW_CASTS[SENT_AS[native]].format(expression)
    if native.startswith("_") and native[1:] in ("int2", "int4", "int8", "float4", "float8", "text", "bool"):
        return f"CAST({expression} AS {_NATIVE[native[1:]]}[])"
    return None
