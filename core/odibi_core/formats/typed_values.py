"""Python values of one column as Arrow, for readers whose files have few types of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from typing import TYPE_CHECKING, Any

from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pyarrow as pa


def arrow_type(type_: str) -> pa.DataType:
    """The Arrow type that values of a type are read as; text for those that DuckDB then casts."""
    import pyarrow as pa

    if type_.startswith("DECIMAL("):
        width, scale = re.findall(r"\d+", type_)
        return pa.decimal128(int(width), int(scale))
    kinds = {
        "BOOLEAN": pa.bool_(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "BLOB": pa.binary(),
        "DATE": pa.date32(),
        "TIME": pa.time64("us"),
        "TIMESTAMP": pa.timestamp("us"),
        "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
    }
    return kinds.get(type_, pa.string())


def to_arrow(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """The values of one column.

    Raises:
        ValueError: One is not of the type; pyarrow's errors are ValueErrors or TypeErrors.
        TypeError: The same.
    """
    import pyarrow as pa

    is_ = pa.types
    if is_.is_boolean(kind):
        if any(value not in (0, 1, None) for value in values):
            raise ValueError("a value is neither 0 nor 1")
        return pa.array([None if value is None else bool(value) for value in values], kind)
    if is_.is_time(kind):
        return pa.array([None if value is None else time.fromisoformat(value) for value in values], kind)
    if is_.is_temporal(kind):
        return pa.array(values, pa.string()).cast(kind)
    if is_.is_decimal(kind):
        # A double is the decimal whose shortest spelling it has.
        return pa.array([None if value is None else str(value) for value in values], pa.string()).cast(kind)
    if is_.is_string(kind) and any(isinstance(value, int | float) for value in values):
        return pa.array([str(value) if isinstance(value, int | float) else value for value in values], kind)
    return pa.array(values, kind)


def cast_sql(schema: Schema, view: str) -> str:
    """What stands behind FROM to read a view of `arrow_type`s as the types of a schema."""
    import pyarrow as pa

    casts = ", ".join(
        f"CAST({quote(name)} AS {type_}) AS {quote(name)}"
        for name, type_ in schema
        if pa.types.is_string(arrow_type(type_)) and type_ != "VARCHAR"
    )
    return f"(SELECT * REPLACE ({casts}) FROM {quote(view)})" if casts else quote(view)
