"""RANGE and GENERATE_SERIES of DuckDB in Spark's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.spark_gaps import refuse
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

_SERIES = (
    "CASE WHEN ($3 > 0 AND $1 <= $2) OR ($3 < 0 AND $1 >= $2) "
    "THEN SEQUENCE(CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT)) "
    "WHEN $1 IS NOT NULL AND $2 IS NOT NULL AND $3 IS NOT NULL THEN CAST(ARRAY() AS ARRAY<BIGINT>) END"
)
_MOMENTS = (
    "CASE WHEN $1 <= $2 THEN SEQUENCE(CAST($1 AS TIMESTAMP_NTZ), CAST($2 AS TIMESTAMP_NTZ), $3) "
    "WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN CAST(ARRAY() AS ARRAY<TIMESTAMP_NTZ>) END"
)
_DAY = re.compile(r"\d+-\d+-(\d+)")


def rewrite_series(node: exp.Expr, types: Types, warn: Warn) -> None:
    """RANGE and GENERATE_SERIES: of nothing they give an empty list, and BIGINTs."""
    from sqlglot import exp

    start, end = node.args["start"], node.args["end"]
    step = node.args.get("step") or exp.Literal.number(1)
    template = _SERIES
    if isinstance(step, exp.Interval) or types.of(start) in ("DATE", "TIMESTAMP"):
        if not isinstance(step, exp.Interval) or not isinstance(step.this, exp.Literal) or "-" in step.name:
            refuse("range of moments by this step", "write a positive INTERVAL with its unit")
        if step.unit is None or not _steps_evenly(start, step):
            refuse("series of months from any day", "begin on the first day of a month")
        template = _MOMENTS
    if node.args.get("is_end_exclusive"):
        beyond = "x < $2" if template is _MOMENTS else "CASE WHEN $3 > 0 THEN x < $2 ELSE x > $2 END"
        template = f"FILTER({template}, x -> {beyond})"
    node.replace(fill(template, [start, end, step], warn, dialect="databricks"))


def _steps_evenly(start: exp.Expr, step: exp.Expr) -> bool:
    """Whether the step is as long from the first as from the last: DuckDB stays on the 29th once there."""
    from sqlglot import exp

    if step.args["unit"].name.upper().removesuffix("S") not in ("MONTH", "QUARTER", "YEAR"):
        return True
    if isinstance(start, (exp.TimestampTrunc, exp.DateTrunc)):
        return True
    day = (
        _DAY.match(start.this.name)
        if isinstance(start, exp.Cast) and isinstance(start.this, exp.Literal)
        else None
    )
    return day is not None and int(day[1]) < 29
