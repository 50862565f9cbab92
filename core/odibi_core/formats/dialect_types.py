"""The types of SQLAlchemy's dialects in ours.

What a table's columns are, its dialect tells. What those of a query are, only its rows tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from odibi_core.formats.pushed import Compared
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

WIDEST = 38
"""The most digits of a DECIMAL."""

LOOSE = "DECIMAL(38,18)"
"""The type of numbers whose digits nobody declared."""

MYSQL = ("mysql", "mariadb")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DOUBLE")
_WIDE = {"sqlite": "BIGINT", "oracle": "DECIMAL(38,0)"}
"""Dialects whose whole numbers all have one size."""

_SIZES = {
    **{name: name for name in ("SMALLINT", "INTEGER", "BIGINT")},
    **dict.fromkeys(("INT", "MEDIUMINT", "INT4", "INT32"), "INTEGER"),
    **dict.fromkeys(("TINYINT", "INT2", "INT16", "BYTEINT"), "SMALLINT"),
    **dict.fromkeys(("INT128", "HUGEINT"), "DECIMAL(38,0)"),
}
"""Names of types of whole numbers → ours."""
_NAMED = {
    "MONEY": "DECIMAL(19,4)",
    "SMALLMONEY": "DECIMAL(10,4)",
    "DATETIMEOFFSET": "TIMESTAMP WITH TIME ZONE",
    "TINYINT": "SMALLINT",
    "BIT": "BOOLEAN",
    "YEAR": "SMALLINT",
}


def is_firebird(dialect: Dialect) -> bool:
    """Whether a database is Firebird, whose dialect has its driver in its name."""
    return dialect.name.partition(".")[0] == "firebird"


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
    named = next((name for kind, name in type_.items() if isinstance(found, kind)), "")
    # Some dialects have types of their own, which are SQLAlchemy's by name alone; of others nothing tells
    # how large their numbers are.
    named = named or _SIZES.get(str(found.__visit_name__).upper(), "BIGINT")
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
    type_ = _told_type(told, dialect) if not kinds else _found_type(kinds, values, told)
    return Column(name, type_, compared=_compared(type_, None, dialect))


def _found_type(kinds: set[type], values: Sequence[Any], told: Sequence[Any]) -> str:
    import datetime as dt
    from uuid import UUID

    if kinds == {int}:
        bounds = [value for value in values if value is not None]
        is_small = min(bounds, default=0) >= -(2**63) and max(bounds, default=0) < 2**63
        return "BIGINT" if is_small else "DECIMAL(38,0)"
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


def _told_type(told: Sequence[Any], dialect: Dialect) -> str:
    code, driver = told[1], dialect.dbapi
    if isinstance(code, type):
        # SQL Server's driver tells types of Python.
        return _found_type({code}, (), told)
    for name, type_ in (("NUMBER", "DOUBLE"), ("DATETIME", "TIMESTAMP"), ("BINARY", "BLOB")):
        if code is not None and getattr(driver, name, None) == code:
            return type_
    return "VARCHAR"
