"""The columns of a step's result as the plan tells them: with the names and types of the other engine.

The engines count, number, add and cut off into other types: Spark's row_number() is an INTEGER and DuckDB's a
BIGINT, a month's first day is a TIMESTAMP of another kind; and what a query gives no name is count(1) for the
one and count_star() for the other. What comes after a step shall not see that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
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
_MOMENTS = {"TIMESTAMP": "timestamp_ntz", "TIMESTAMP WITH TIME ZONE": "timestamp_ltz"}
# The parser spells these in its own way.
_SPELLED = {"INT": "INTEGER", "INT128": "HUGEINT", "REAL": "FLOAT", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}
_SIMPLE = {"VARCHAR": "string", "BLOB": "binary", "BOOLEAN": "boolean", "DATE": "date"}
_DECIMAL = re.compile(r"DECIMAL\(\d+,\d+\)")
_NUMBERS = re.compile(r"\b(?:U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER|BIGNUM|DECIMAL\(\d+,\d+\))")
# Spark has none of these: rows of the other engine come with their texts.
_TEXTS = re.compile(r"\b(?:UUID|JSON|BIT|INTERVAL|TIME_NS|TIME WITH TIME ZONE|ENUM\([^)]*\)|TIME\b(?! ZONE))")


def conformed(
    frame: DataFrame, planned: Schema | None, session: Session, *, is_as_planned: bool = True
) -> DataFrame:
    """The frame with the planned names, and with numbers and moments in the planned types.

    The frame itself where nothing is planned, or another number of columns.

    Args:
        frame: What a step gives.
        planned: The columns that the plan tells; None where only a run can tell.
        session: A database that spells types.
        is_as_planned: Whether the step takes what the plan told; else only the names are sure.
    """
    if planned is None or len(frame.columns) != len(planned):
        return frame
    if frame.columns != list(planned.names):
        frame = frame.toDF(*planned.names)
    if not is_as_planned:
        return frame
    found = duckdb_schema(frame, session)
    if found == planned:
        return frame
    casts = {
        name: type_
        for (name, have), (_, want) in zip(found, planned, strict=True)
        if have != want and (type_ := _cast_type(have, want) or _nested_type(have, want))
    }
    if not casts:
        return frame
    columns = ((quoted(name), casts.get(name)) for name in found.names)
    return frame.selectExpr(
        *(f"CAST({name} AS {type_}) AS {name}" if type_ else name for name, type_ in columns)
    )


def is_planned(found: Schema, planned: Schema | None) -> bool:
    """Whether columns are those of the plan, as far as Spark has their types."""
    return planned is None or (
        found.names == planned.names
        and all(
            _held_number(have) == _held_number(want) or want == '"NULL"'
            for (_, have), (_, want) in zip(found, planned, strict=True)
        )
    )


def _held_number(type_: str) -> str:
    """Spark's type of a number; "" for all others."""
    return _HELD_AS.get(type_, type_.lower()) if _is_number(type_) else ""


def told_apart(found: Schema, planned: Schema | None) -> Iterator[str]:
    """What a step's result has other than the plan tells, in words."""
    if planned is None:
        return
    if len(found) != len(planned):
        ours, theirs = ", ".join(planned.names), ", ".join(found.names)
        yield f"Spark gives the columns {theirs}, and the plan told {ours}"
        return
    for (name, have), (_, want) in zip(found, planned, strict=True):
        if _plainly(have) != _plainly(want):
            yield f"the column {name!r} is {have} on Spark, and {want} by the plan"


def _plainly(type_: str) -> str:
    """A type without the differences that the engines are known for."""
    return _TEXTS.sub("VARCHAR", _NUMBERS.sub("NUMBER", type_.replace('"NULL"', "NUMBER")))


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


def _nested_type(have: str, want: str) -> str:
    """Spark's type for lists and structs that differ in the kind of their numbers; "" where it stays."""
    is_nested = "(" in want or want.endswith("]")
    if not is_nested or '"NULL"' in want or _TEXTS.search(want) or _plainly(have) != _plainly(want):
        return ""
    import sqlglot.expressions as exp

    built = exp.DataType.build(want, dialect="duckdb")
    for node in list(built.find_all(exp.DataType)):
        spelled = node.sql("duckdb")
        own = _SPELLED.get(spelled, spelled)
        if held := _HELD_AS.get(own) or _MOMENTS.get(own):
            node.replace(exp.DataType.build(held, dialect="databricks"))
    return str(built.sql("databricks"))


def _is_number(type_: str) -> bool:
    return type_ in _HELD_AS or _DECIMAL.fullmatch(type_) is not None


def quoted(name: str) -> str:
    """A name as Spark's SQL takes it, whatever is in it."""
    return f"`{name.replace('`', '``')}`"
