"""What Spark makes of a SQL step that is written in DuckDB's words, told before anything runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from odibi_core.errors import Problem, Severity, SqlError
from odibi_core.schema import Schema
from odibi_core.sql.compose import Dialect
from odibi_core.sql.dialect import translate

_TEXTS = re.compile(r"UUID|JSON|BIT|INTERVAL|TIME(_NS)?|TIME WITH TIME ZONE|ENUM\(.*\)", re.DOTALL)
_Inputs = tuple[tuple[str, Schema | None], ...]


def spark_problems(step: str, sql: str, inputs: Mapping[str, Schema | None]) -> Iterator[Problem]:
    """What can't be said in Spark's words, and what may come out otherwise.

    Args:
        step: The step's name.
        sql: Its text, in DuckDB's words.
        inputs: Alias → columns; None where only a run can tell: then nothing is sure before it.
    """
    warnings, refusal = _translated(sql, tuple(inputs.items()))
    is_sure = all(schema is not None for schema in inputs.values())
    if refusal is not None:
        severity = Severity.ERROR if is_sure else Severity.WARNING
        field = f"value, {refusal.where}" if refusal.where else "value"
        yield Problem(
            refusal.what, step, field, refusal.fix, severity, line=refusal.line, column=refusal.column
        )
    elif is_sure:
        yield from (Problem(warning, step, "value", severity=Severity.WARNING) for warning in warnings)


def lacking_types(step: str, schema: Schema | None) -> Iterator[Problem]:
    """What becomes of columns of a source whose types Spark has not."""
    for name, type_ in schema or ():
        if _TEXTS.fullmatch(type_):
            told = f"Spark has no {type_.partition('(')[0]}: the column {name!r} is a text there"
        elif type_ in ("TIMESTAMP_NS", "TIMESTAMPTZ_NS"):
            told = f"Spark has no nanoseconds: the column {name!r} is rounded to microseconds there"
        else:
            continue
        yield Problem(told, step, "value", severity=Severity.WARNING)


# The designer asks again after each change of any step.
@lru_cache(maxsize=4_096)
def _translated(sql: str, inputs: _Inputs) -> tuple[tuple[str, ...], SqlError | None]:
    try:
        return translate(sql, Dialect.DUCKDB, Dialect.SPARK, inputs=dict(inputs)).warnings, None
    except SqlError as error:
        return (), error
