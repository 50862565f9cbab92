"""The types of SQLAlchemy's dialects in ours, and the other way round.

What a table's columns are, its dialect tells. What those of a query are, only its rows tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from odibi_core.formats.pushed import Compared
from odibi_core.formats.types import uses_type
from odibi_core.schema import literal, quote

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

WIDEST = 38
"""The most digits of a DECIMAL."""

LOOSE = "DECIMAL(38,18)"
"""The type of numbers whose digits nobody declared."""

MYSQL = ("mysql", "mariadb")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DOUBLE")
_REFUSED = ("UNION", "TIMESTAMP_NS", "TIME_NS", "GEOMETRY", "VARIANT", "TIMETZ", "INTERVAL")
_WIDE = {"sqlite": "BIGINT", "oracle": "DECIMAL(38,0)"}
"""Dialects whose whole numbers all have one size."""

_NAMED = {
    "MONEY": "DECIMAL(19,4)",
    "SMALLMONEY": "DECIMAL(10,4)",
    "DATETIMEOFFSET": "TIMESTAMP WITH TIME ZONE",
    "TINYINT": "SMALLINT",
    "BIT": "BOOLEAN",
    "YEAR": "SMALLINT",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or query.

    Attributes:
        name: Its name.
        type: The type that it is read as.
        is_asked_as_text: Whether it is asked for as text.
        compared: How far its values compare there as they do here.
    """

    name: str
    type: str
    is_asked_as_text: bool = False
    compared: Compared = Compared.NOT


def column_of(name: str, found: TypeEngine[Any], dialect: Dialect) -> Column:
    """A column of a table, from the type that its dialect tells."""
    type_ = read_type(found, dialect)
    if type_ is None:
        return Column(name, "VARCHAR", is_asked_as_text=True)
    # Drivers make objects of JSON, in which numbers lose digits.
    if type_ == "JSON" and dialect.name == "postgresql":
        return Column(name, type_, is_asked_as_text=True)
    return Column(name, type_, compared=_compared(type_, found, dialect))


def read_type(found: TypeEngine[Any], dialect: Dialect) -> str | None:
    """The type that values of a dialect's type are read as; None where only their text can be read."""
    import sqlalchemy as sa

    called = str(found.__visit_name__).upper()
    if called in ("BIT", "MONEY") and dialect.name != "mssql":
        return None
    if dialect.name in MYSQL and called == "TINYINT" and getattr(found, "display_width", None) == 1:
        return "BOOLEAN"
    if called in _NAMED:
        return _NAMED[called]
    if isinstance(found, sa.Float):
        is_short = called == "REAL" or (found.precision or WIDEST) <= 24
        return "FLOAT" if is_short and dialect.name not in ("sqlite", *MYSQL) else "DOUBLE"
    # Oracle's NUMBER is a whole number, too.
    if isinstance(found, sa.Numeric):
        return _decimal(found.precision, found.scale)
    if isinstance(found, sa.Integer):
        return _whole(found, dialect)
    if isinstance(found, sa.DateTime):
        is_moment = found.timezone or (called == "TIMESTAMP" and dialect.name in MYSQL)
        return "TIMESTAMP WITH TIME ZONE" if is_moment else "TIMESTAMP"
    if isinstance(found, sa.Time) and found.timezone:
        return None
    others = (
        (sa.Boolean, "BOOLEAN"),
        (sa.Uuid, "UUID"),
        (sa.JSON, "JSON"),
        (sa.Date, "DATE"),
        (sa.Time, "TIME"),
        (sa.types._Binary, "BLOB"),
        (sa.String, "VARCHAR"),
    )
    return next((type_ for kind, type_ in others if isinstance(found, kind)), None)


def _whole(found: TypeEngine[Any], dialect: Dialect) -> str:
    import sqlalchemy as sa

    if dialect.name in _WIDE:
        return _WIDE[dialect.name]
    type_ = {sa.SmallInteger: "SMALLINT", sa.BigInteger: "BIGINT"}
    named = next((name for kind, name in type_.items() if isinstance(found, kind)), "INTEGER")
    if getattr(found, "unsigned", False):
        return {"SMALLINT": "INTEGER", "INTEGER": "BIGINT", "BIGINT": "DECIMAL(20,0)"}[named]
    return named


def _decimal(precision: int | None, scale: int | None) -> str:
    if precision is None:
        return LOOSE
    scale = scale or 0
    # numeric(5,-2) rounds to hundreds.
    precision, scale = max(precision - min(scale, 0), scale), max(scale, 0)
    return f"DECIMAL({min(precision, WIDEST)},{min(scale, WIDEST)})"


def _compared(type_: str, found: TypeEngine[Any] | None, dialect: Dialect) -> Compared:
    import sqlalchemy as sa

    if type_ in _NUMBERS or (type_.startswith("DECIMAL(") and dialect.name != "sqlite"):
        return Compared.NUMBER
    ordered = {
        "postgresql": ("BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"),
        "mssql": ("BOOLEAN", "DATE"),
        **dict.fromkeys(MYSQL, ("DATE", "TIMESTAMP")),
    }
    if type_ in ordered.get(dialect.name, ()):
        return Compared.ORDERED
    is_text = isinstance(found, sa.String) and not isinstance(found, sa.CHAR | sa.NCHAR | sa.Enum)
    is_long = isinstance(found, sa.Text) and dialect.name in ("mssql", "oracle")
    return Compared.EQUAL if is_text and not is_long else Compared.NOT


def sampled_column(name: str, values: Sequence[Any], told: Sequence[Any], dialect: Dialect) -> Column:
    """A column of a query, from its first values; without any, from what the driver tells.

    Args:
        name: Its name.
        values: Its values in the first rows.
        told: What DB-API's description has of it.
        dialect: The query's.
    """
    kinds = {type(value) for value in values if value is not None}
    type_ = _told_type(told[1], dialect) if not kinds else _found_type(kinds, values, told)
    return Column(name, type_, compared=_compared(type_, None, dialect))


def _found_type(kinds: set[type], values: Sequence[Any], told: Sequence[Any]) -> str:
    import datetime as dt
    from uuid import UUID

    if kinds == {int}:
        bounds = [value for value in values if value is not None]
        return "BIGINT" if min(bounds) >= -(2**63) and max(bounds) < 2**63 else "DECIMAL(38,0)"
    if kinds == {dt.datetime}:
        has_zone = {value.tzinfo is not None for value in values if value is not None}
        return "TIMESTAMP WITH TIME ZONE" if has_zone == {True} else "TIMESTAMP"
    if kinds == {Decimal}:
        width, scale = (*told, None, None, None, None)[4:6]
        is_told = isinstance(width, int) and isinstance(scale, int) and 0 <= scale <= width <= WIDEST
        return f"DECIMAL({width},{scale})" if is_told and width else LOOSE
    if kinds <= {int, float, Decimal}:
        return "DOUBLE"
    if kinds <= {bytes, bytearray, memoryview}:
        return "BLOB"
    if kinds <= {dict, list}:
        return "JSON"
    (kind, *others) = kinds
    simple: dict[type, str] = {
        bool: "BOOLEAN",
        dt.date: "DATE",
        dt.time: "TIME",
        dt.timedelta: "TIME",
        UUID: "UUID",
    }
    return "VARCHAR" if others else simple.get(kind, "VARCHAR")


def _told_type(code: Any, dialect: Dialect) -> str:
    driver: Any = dialect.dbapi
    for name, type_ in (("NUMBER", "DOUBLE"), ("DATETIME", "TIMESTAMP"), ("BINARY", "BLOB")):
        if code is not None and getattr(driver, name, None) == code:
            return type_
    return "VARCHAR"


def created(type_: str, dialect: Dialect) -> TypeEngine[Any] | None:
    """The type of a new column that holds values of a type; None where none does."""
    import sqlalchemy as sa

    short = type_.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ").replace("TIME WITH TIME ZONE", "TIMETZ")
    if any(uses_type(short, word) for word in _REFUSED):
        return None
    name = dialect.name
    plain = short.partition("(")[0] if not short.endswith("]") else "JSON"
    if plain == "DECIMAL":
        width, scale = map(int, re.findall(r"\d+", type_))
        # SQLite would make a double of it.
        return sa.String() if name == "sqlite" else sa.Numeric(width, scale)
    simple: dict[str, TypeEngine[Any]] = {
        "BOOLEAN": sa.Boolean(),
        "TINYINT": sa.SmallInteger(),
        "UTINYINT": sa.SmallInteger(),
        "SMALLINT": sa.SmallInteger(),
        "USMALLINT": sa.Integer(),
        "INTEGER": sa.Integer(),
        '"NULL"': sa.Integer(),
        "UINTEGER": sa.BigInteger(),
        "BIGINT": sa.BigInteger(),
        "FLOAT": sa.Double() if name in ("sqlite", *MYSQL) else sa.Float(24),
        "DOUBLE": sa.Double(),
        "DATE": sa.Date(),
        "BLOB": _bytes(name),
        "TIME": _time(name),
        **dict.fromkeys(("UBIGINT",), sa.String() if name == "sqlite" else sa.Numeric(20, 0)),
        **dict.fromkeys(("HUGEINT", "UHUGEINT"), sa.String() if name == "sqlite" else sa.Numeric(38, 0)),
        **dict.fromkeys(("VARCHAR", "ENUM", "BIT"), _text(dialect)),
        **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS"), _timestamp(name)),
        "TIMESTAMPTZ": _moment(name),
        "UUID": sa.Uuid() if dialect.supports_native_uuid else sa.String(36),
    }
    return simple.get(plain) or _json(dialect)


def _text(dialect: Dialect) -> TypeEngine[Any]:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mysql

    if dialect.name in MYSQL:
        return mysql.LONGTEXT()
    # NVARCHAR(max), and a text that Oracle compares.
    return {"mssql": sa.Unicode(), "oracle": sa.String(4000)}.get(dialect.name, sa.Text())


def _bytes(name: str) -> TypeEngine[Any]:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mssql, mysql

    if name in MYSQL:
        return mysql.LONGBLOB()
    return mssql.VARBINARY("max") if name == "mssql" else sa.LargeBinary()  # type: ignore[no-untyped-call]


def _time(name: str) -> TypeEngine[Any]:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mssql, mysql

    if name in MYSQL:
        return mysql.TIME(fsp=6)
    return mssql.TIME(6) if name == "mssql" else sa.Time()  # type: ignore[no-untyped-call]


def _timestamp(name: str) -> TypeEngine[Any]:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mssql, mysql

    if name in MYSQL:
        return mysql.DATETIME(fsp=6)
    if name == "mssql":
        return mssql.DATETIME2(6)  # type: ignore[no-untyped-call]
    return sa.TIMESTAMP() if name == "oracle" else sa.DateTime()


def _moment(name: str) -> TypeEngine[Any]:
    import sqlalchemy as sa
    from sqlalchemy.dialects import mssql, mysql

    if name in MYSQL:
        return mysql.TIMESTAMP(fsp=6)
    if name == "mssql":
        return mssql.DATETIMEOFFSET(6)  # type: ignore[no-untyped-call]
    return sa.String() if name == "sqlite" else sa.TIMESTAMP(timezone=True)


def _json(dialect: Dialect) -> TypeEngine[Any]:
    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.exc import CompileError

    if dialect.name == "postgresql":
        return postgresql.JSONB()
    if dialect.name == "mssql" or getattr(dialect, "is_mariadb", False):
        return _text(dialect)
    try:
        dialect.type_compiler_instance.process(sa.JSON())
    except CompileError:
        return _text(dialect)
    return sa.JSON()


def stored_type(type_: str, dialect: Dialect) -> str:
    """The type as which a new column comes back that was made for a type."""
    made = created(type_, dialect)
    assert made is not None
    return read_type(made, dialect) or "VARCHAR"


def sent_sql(column: str, type_: str, dialect: Dialect) -> str:
    """The SQL, for DuckDB, of values as the driver takes them."""
    name = quote(column)
    if type_ in ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS"):
        cast = name if not type_.startswith("TIMESTAMP_") else f"CAST({name} AS TIMESTAMP)"
        fault = literal("an endless date or time can't be written: replace it in a step before")
        return f"CASE WHEN isinf({cast}) THEN error({fault}) ELSE {cast} END"
    if type_ in ("FLOAT", "DOUBLE") and dialect.name == "sqlite":
        fault = literal("a NaN can't be written, which SQLite would turn into null")
        return f"CASE WHEN isnan({name}) THEN error({fault}) ELSE {name} END"
    if type_ in ("UBIGINT", "HUGEINT", "UHUGEINT"):
        return f"CAST({name} AS DECIMAL(38,0))"
    made = created(type_, dialect)
    known = read_type(made, dialect) if made is not None else None
    if known == "UUID" or (known in ("VARCHAR", "JSON", None) and type_ in ("JSON", "BIT", "UUID")):
        return f"CAST({name} AS VARCHAR)"
    if known in ("VARCHAR", "JSON", None):
        is_nested = type_.endswith("]") or type_.startswith(("STRUCT", "MAP"))
        return f"CAST({f'to_json({name})' if is_nested else name} AS VARCHAR)"
    return f"CAST({name} AS INTEGER)" if type_ == '"NULL"' else name
