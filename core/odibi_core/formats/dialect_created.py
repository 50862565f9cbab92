"""Our types in those of SQLAlchemy's dialects: what new columns are, and how values are sent into them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from odibi_core.formats.dialect_types import MYSQL, WIDEST, is_firebird, read_type
from odibi_core.formats.types import uses_type
from odibi_core.schema import literal, quote

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

_LARGE = ("UBIGINT", "HUGEINT", "UHUGEINT")
_REFUSED = ("UNION", "TIMESTAMP_NS", "TIME_NS", "GEOMETRY", "VARIANT", "TIMETZ", "INTERVAL")


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
        if width > _most_digits(dialect):
            return None
        # SQLite would make a double of it.
        return sa.String() if name == "sqlite" else sa.Numeric(width, scale)
    if (plain in _LARGE or plain == "TIMESTAMPTZ") and _most_digits(dialect) < WIDEST:
        return None
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
        "DOUBLE": sa.DOUBLE_PRECISION() if is_firebird(dialect) else sa.Double(),
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


def _most_digits(dialect: Dialect) -> int:
    """The most digits that a NUMERIC has; where they are few, in an old Firebird, there are no zones."""
    is_small = is_firebird(dialect) and (getattr(dialect, "server_version_info", None) or (4,)) < (4,)
    return 18 if is_small else WIDEST


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
        checked = f"WHEN isinf({cast}) THEN error({fault})"
        if is_firebird(dialect) and type_ != "DATE":
            finer = literal(
                f"column {column!r} is finer than the four digits of a second that Firebird keeps"
            )
            checked = f"{checked} WHEN microsecond({cast}) % 100 <> 0 THEN error({finer})"
        return f"CASE {checked} ELSE {cast} END"
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
