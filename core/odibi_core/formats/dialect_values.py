"""Values of SQLAlchemy's drivers as Arrow, and Arrow's as values that drivers take."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from odibi_core.formats import typed_values

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Dialect


def arrow_type(type_: str) -> pa.DataType:
    """The Arrow type in which values of a type are handed on; text for those that DuckDB then casts."""
    import pyarrow as pa

    short = {"SMALLINT": pa.int16(), "INTEGER": pa.int32(), "FLOAT": pa.float32()}
    return short.get(type_) or typed_values.arrow_type(type_)


def to_arrow(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """The values of one column.

    Raises:
        ValueError: One is not of the type; pyarrow's errors are ValueErrors or TypeErrors.
        TypeError: The same.
        ArithmeticError: The same, of a decimal.
    """
    import pyarrow as pa

    is_ = pa.types
    if is_.is_boolean(kind):
        if any(value not in (0, 1, None) for value in values):
            raise ValueError("a value is neither 0 nor 1")
        return pa.array([None if value is None else bool(value) for value in values], kind)
    make: Callable[[Any], Any]
    if is_.is_string(kind):
        make = _text
    elif is_.is_binary(kind):
        make = bytes
    elif is_.is_floating(kind):
        make = float
    elif is_.is_decimal(kind):
        make = _decimal
    elif is_.is_date(kind):
        make = _date
    elif is_.is_time(kind):
        make = _time
    elif is_.is_timestamp(kind):
        make = _moment if kind.tz else _timestamp
    else:
        return pa.array(values, kind)
    return pa.array([None if value is None else make(value) for value in values], kind)


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, str) else str(value)


def _decimal(value: Any) -> Decimal:
    # A double is the decimal whose shortest spelling it has.
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _date(value: Any) -> Any:
    import datetime as dt

    if isinstance(value, dt.datetime):
        return value.date()
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def _time(value: Any) -> Any:
    import datetime as dt

    if isinstance(value, dt.timedelta):
        if not dt.timedelta(0) <= value < dt.timedelta(days=1):
            raise ValueError(f"{value} is no time of day")
        return (dt.datetime.min + value).time()
    return dt.time.fromisoformat(value) if isinstance(value, str) else value


def _timestamp(value: Any) -> Any:
    import datetime as dt

    found = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    if isinstance(found, dt.datetime) and found.tzinfo is not None:
        return found.astimezone(dt.UTC).replace(tzinfo=None)
    return found


def _moment(value: Any) -> Any:
    import datetime as dt

    found = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    # Connections have their sessions in UTC where a database gives times without their zone.
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def taken(values: pa.Array, type_: str, dialect: Dialect) -> list[Any]:
    """The values of one column as the driver takes them.

    Raises:
        ValueError: One is of no type of Python, such as a date after the year 9999.
    """
    import datetime as dt
    from uuid import UUID

    found: list[Any] = values.to_pylist()
    if type_ == "UUID" and dialect.supports_native_uuid:
        return [None if value is None else UUID(value) for value in found]
    if type_ == "TIMESTAMP WITH TIME ZONE":
        moments = [None if value is None else value.astimezone(dt.UTC) for value in found]
        if dialect.name == "sqlite":
            return [None if value is None else value.isoformat(" ") for value in moments]
        if dialect.name in ("mysql", "mariadb"):
            return [None if value is None else value.replace(tzinfo=None) for value in moments]
        return moments
    return found
