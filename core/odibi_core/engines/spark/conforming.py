"""The columns of a step's result in the types that the plan tells: those that the other engine gives.

The engines count, number, add and cut off into other types: Spark's row_number() is an INTEGER and DuckDB's a
BIGINT, a month's first day is a TIMESTAMP of another kind. What comes after a step shall not see that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.spark.staging import duckdb_schema
from odibi_core.schema import Schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_HELD_AS = {
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "int",
    "UINTEGER": "bigint",
    "UBIGINT": "decimal(20,0)",
    "HUGEINT": "decimal(38,0)",
    "UHUGEINT": "decimal(38,0)",
    "FLOAT": "float",
    "DOUBLE": "double",
}
_MOMENTS = {"TIMESTAMP": "timestamp_ntz", "TIMESTAMP WITH TIME ZONE": "timestamp"}
_SIMPLE = {"VARCHAR": "string", "BLOB": "binary", "BOOLEAN": "boolean", "DATE": "date"}
_DECIMAL = re.compile(r"DECIMAL\(\d+,\d+\)")


def conformed(frame: DataFrame, planned: Schema | None, session: Session) -> DataFrame:
    """The frame with numbers and moments in the planned types; the frame itself where nothing is planned.

    Args:
        frame: What a step gives.
        planned: The columns that the plan tells; None where only a run can tell.
        session: A database that spells types.
    """
    if planned is None:
        return frame
    found = duckdb_schema(frame, session)
    if found.names != planned.names or found == planned:
        return frame
    casts = {
        name: type_
        for (name, have), (_, want) in zip(found, planned, strict=True)
        if have != want and (type_ := _cast_type(have, want))
    }
    if not casts:
        return frame
    columns = [frame[quoted(name)] for name in found.names]
    return frame.select(
        *(
            column.cast(casts[name]).alias(name) if name in casts else column
            for name, column in zip(found.names, columns, strict=True)
        )
    )


def spark_type(type_: str) -> str:
    """Spark's name of a simple type that DuckDB spells so."""
    return _SIMPLE.get(type_) or _MOMENTS.get(type_) or _HELD_AS.get(type_, type_.lower())


def _cast_type(have: str, want: str) -> str:
    """Spark's type for a column that is planned as another one; "" where it stays as it is."""
    if _is_number(have) and _is_number(want):
        held = _HELD_AS.get(want, want.lower())
        return "" if held == _HELD_AS.get(have, have.lower()) else held
    if have in ("DATE", *_MOMENTS) and want in _MOMENTS:
        return _MOMENTS[want]
    return ""


def _is_number(type_: str) -> bool:
    return type_ in _HELD_AS or _DECIMAL.fullmatch(type_) is not None


def quoted(name: str) -> str:
    """A name as Spark's SQL takes it, whatever is in it."""
    return f"`{name.replace('`', '``')}`"
