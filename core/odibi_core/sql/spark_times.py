"""Dates and times of DuckDB in Spark's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

_BOUNDARY = "verbatim_timestampdiff({0}, DATE_TRUNC('{0}', $2), DATE_TRUNC('{0}', $1))"
_DIFFERENCES = {
    "DAY": "DATEDIFF(CAST($1 AS DATE), CAST($2 AS DATE))",
    "WEEK": "(DATEDIFF(CAST($1 AS DATE), CAST($2 AS DATE)) DIV 7)",
    "MONTH": "((YEAR($1) - YEAR($2)) * 12 + MONTH($1) - MONTH($2))",
    "QUARTER": "((YEAR($1) - YEAR($2)) * 4 + QUARTER($1) - QUARTER($2))",
    "YEAR": "(YEAR($1) - YEAR($2))",
    **{unit: _BOUNDARY.format(unit) for unit in ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")},
}
"""Unit → the boundaries of it from the second moment to the first; weeks are whole ones in both."""
_UNKNOWN_UNITS = ("DECADE", "CENTURY", "MILLENNIUM")


def rewrite_part(node: exp.Expr, _: Types, warn: Warn) -> None:
    """EXTRACT of what the engines count otherwise."""
    from sqlglot import exp

    part = node.name.upper()
    if part in ("DOW", "DAYOFWEEK"):
        node.replace(fill("(DAYOFWEEK($1) - 1)", [node.expression], warn, dialect="databricks"))
    elif part == "ISODOW":
        node.set("this", exp.var("DOW_ISO"))
    elif part in ("SECOND", "SECONDS"):
        # Spark's has a fraction.
        node.replace(fill("verbatim_second($1)", [node.expression], warn, dialect="databricks"))


def rewrite_part_call(call: exp.Anonymous, types: Types, warn: Warn) -> None:
    """DATE_PART('dow', …), which is EXTRACT(dow FROM …)."""
    from sqlglot import exp

    part, moment = call.expressions
    made = exp.Extract(this=exp.var(part.name), expression=moment.copy())
    call.replace(made)
    rewrite_part(made, types, warn)


def _difference(node: exp.Expr, types: Types, warn: Warn) -> None:
    """DuckDB counts the boundaries between, Spark the whole units that have passed."""
    unit = node.args.get("unit")
    name = unit.name.upper().strip("'").removesuffix("S") if unit is not None else "DAY"
    template = _DIFFERENCES.get(name)
    has_times = name == "WEEK" and {types.of(node.this), types.of(node.expression)} != {"DATE"}
    if template is None or has_times:
        warn("DATE_DIFF: DuckDB counts the boundaries between, Spark the whole units that have passed")
        return
    node.replace(fill(template, [node.this, node.expression], warn, dialect="databricks"))


def _at_time_zone(node: exp.Expr, types: Types, warn: Warn) -> None:
    """A moment with a zone loses it, one without gets one."""
    if types.of(node.this) is None:
        warn(f"{node.sql('duckdb')}: taken for a moment with a zone; CAST(… AS TIMESTAMPTZ) says so")
    elif not types.has_zone(node.this):
        moment = [node.this, node.args["zone"]]
        node.replace(fill("verbatim_to_utc_timestamp($1, $2)", moment, warn, dialect="databricks"))


def _truncation(node: exp.Expr, _: Types, warn: Warn) -> None:
    unit = node.args.get("unit")
    if unit is not None and unit.name.upper() in _UNKNOWN_UNITS:
        warn(f"DATE_TRUNC: Spark knows no {unit.name.lower()}, and gives null")


def _named(pattern: str) -> Callable[[exp.Expr, Types, Warn], None]:
    def rewrite(node: exp.Expr, _: Types, warn: Warn) -> None:
        template = f"verbatim_date_format($1, '{pattern}')"
        node.replace(fill(template, [node.this], warn, dialect="databricks"))

    return rewrite


NODES: Mapping[str, Callable[[exp.Expr, Types, Warn], None]] = {
    "Extract": rewrite_part,
    "DateDiff": _difference,
    "AtTimeZone": _at_time_zone,
    "TimestampTrunc": _truncation,
    "DateTrunc": _truncation,
    "Monthname": _named("MMMM"),
    "Dayname": _named("EEEE"),
}
