"""Functions of numbers of DuckDB in Spark's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

Rewrite = Callable[["exp.Expr", Types, Warn], None]

_LOGARITHM = (
    "CASE WHEN $1 > 0 THEN {} WHEN $1 = 0 THEN CAST('-Infinity' AS DOUBLE) "
    "WHEN $1 < 0 THEN CAST('NaN' AS DOUBLE) END"
)
"""Spark's are null of what has no logarithm."""
# Beyond, every float is whole; Spark's CEIL and FLOOR give a BIGINT, which holds no NaN.
_WHOLE = "CASE WHEN ABS($1) < 4503599627370496 THEN CAST({} AS DOUBLE) ELSE $1 END"


def _ln(node: exp.Expr, _: Types, warn: Warn) -> None:
    node.replace(fill(_LOGARITHM.format("verbatim_ln($1)"), [node.this], warn, dialect="databricks"))


def _log(node: exp.Expr, _: Types, warn: Warn) -> None:
    """LOG of one argument is the logarithm to the base of 10 in DuckDB, the natural one in Spark."""
    base, value = node.this, node.args.get("expression")
    if value is None:
        template, given = "verbatim_log10($1)", [base]
    else:
        template, given = "verbatim_log($2, $1)", [value, base]
    node.replace(fill(_LOGARITHM.format(template), given, warn, dialect="databricks"))


def _whole(verb: str) -> Rewrite:
    def rewrite(node: exp.Expr, types: Types, warn: Warn) -> None:
        if types.of(node.this) == "DOUBLE" and not node.args.get("decimals"):
            node.replace(fill(_WHOLE.format(verb), [node.this], warn, dialect="databricks"))

    return rewrite


def _is_nan(node: exp.Expr, _: Types, warn: Warn) -> None:
    text = "CASE WHEN $1 IS NOT NULL THEN verbatim_isnan($1) END"
    node.replace(fill(text, [node.this], warn, dialect="databricks"))


def _is_infinite(node: exp.Expr, _: Types, warn: Warn) -> None:
    node.replace(fill("(ABS($1) = CAST('Infinity' AS DOUBLE))", [node.this], warn, dialect="databricks"))


def _median(node: exp.Expr, types: Types, warn: Warn) -> None:
    if types.of(node.this) == "DECIMAL":
        warn(f"{node.sql('duckdb')}: what is between two DECIMALs is cut off in DuckDB and rounded in Spark")


def _of_a_sample(name: str) -> Rewrite:
    told = f"{name}: DuckDB gives that of a sample, Spark of the population"
    return lambda _node, _types, warn: warn(told)


NODES: Mapping[str, Rewrite] = {
    "Ln": _ln,
    "Log": _log,
    "Ceil": _whole("verbatim_ceil($1)"),
    "Floor": _whole("verbatim_floor($1)"),
    "Trunc": _whole("CAST($1 AS BIGINT)"),
    "IsNan": _is_nan,
    "IsInf": _is_infinite,
    "Median": _median,
    "Skewness": _of_a_sample("SKEWNESS"),
    "Kurtosis": _of_a_sample("KURTOSIS"),
}
CALLS = {
    "ISFINITE": "(ABS($1) < CAST('Infinity' AS DOUBLE))",
    "FSUM": "SUM($1)",
    "KAHAN_SUM": "SUM($1)",
    "SUMKAHAN": "SUM($1)",
    "FAVG": "AVG($1)",
    "PRODUCT": "CASE WHEN COUNT($1) > 0 THEN verbatim_aggregate(verbatim_collect_list(CAST($1 AS DOUBLE)), "
    "CAST(1 AS DOUBLE), (a, x) -> a * x) END",
    "ERROR": "RAISE_ERROR($1)",
}
