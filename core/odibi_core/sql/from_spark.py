"""Spark SQL (4, ANSI mode) read into a tree, and rewritten until DuckDB gives what Spark documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from odibi_core.sql.kinds import Types, is_fraction, is_whole
from odibi_core.sql.spark_functions import (
    CAPITALS,
    IGNORED_ARGUMENTS,
    SMALL,
    TEMPLATES,
    UNFAITHFUL,
    UNSEEDED,
)
from odibi_core.sql.spark_rows import rewrite_lateral_views, rewrite_rows
from odibi_core.sql.spark_special import SPECIAL
from odibi_core.sql.templates import Warn, arity, fill

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.dialects.dialect import Dialect as SqlglotDialect


@lru_cache(maxsize=1)
def spark_reader() -> type[SqlglotDialect]:
    """The dialect that leaves the functions of the tables alone: other readings of them lose something."""
    from sqlglot.dialects.databricks import Databricks
    from sqlglot.parsers.databricks import DatabricksParser

    ours = frozenset(TEMPLATES) | frozenset(UNFAITHFUL) | frozenset(SPECIAL)

    class OdibiSpark(Databricks):
        class Parser(DatabricksParser):
            FUNCTIONS: ClassVar = {
                name: read for name, read in DatabricksParser.FUNCTIONS.items() if name not in ours
            }
            FUNCTION_PARSERS: ClassVar = {
                name: read for name, read in DatabricksParser.FUNCTION_PARSERS.items() if name not in ours
            }
            COLON_IS_VARIANT_EXTRACT = False

    return OdibiSpark


def rewrite_for_duckdb(tree: exp.Expr, types: Types, warn: Warn) -> exp.Expr:
    """The tree of a Spark text with DuckDB's words in it. `tree` is changed."""
    from sqlglot import exp

    names = _spark_names(tree)
    # Children come before their parents, so that a parent sees what became of them.
    for node in reversed(list(tree.walk())):
        if isinstance(node, exp.Anonymous):
            _rewrite_call(node, types, warn)
        elif rewrite := _NODES.get(type(node).__name__):
            rewrite(node, types, warn)
    for select, projections in names:
        _keep_names(select, projections)
    return tree


def _rewrite_call(call: exp.Anonymous, types: Types, warn: Warn) -> None:
    name = call.name.upper()
    arguments = call.expressions
    if name in UNFAITHFUL:
        warn(f"{name}: {UNFAITHFUL[name]}")
    if special := SPECIAL.get(name):
        special(call, types, warn)
        return
    templates = TEMPLATES.get(name, ())
    fitting = [template for template in templates if arity(template) in (-1, len(arguments))]
    if not fitting and name in IGNORED_ARGUMENTS and templates:
        fitting = [templates[-1]]
        if name in UNSEEDED:
            warn(f"{name}: DuckDB's random numbers take no seed here")
    if fitting:
        call.replace(fill(fitting[0], arguments, warn))
    elif templates:
        warn(f"{name} with {len(arguments)} arguments has no translation")


def _cast(node: exp.Expr, types: Types, warn: Warn) -> None:
    """Spark cuts the fraction off where DuckDB rounds."""
    from sqlglot import exp

    if not is_whole(node.args["to"]) or isinstance(node.this, exp.Null):
        return
    operand = types.of(node.this)
    if operand is None:
        warn(
            f"CAST({node.this.sql('spark')} AS {node.args['to'].sql('spark')}): "
            "DuckDB rounds a fraction where Spark cuts it off; FLOOR or ROUND says which is meant"
        )
    elif is_fraction(operand):
        node.set("this", exp.Anonymous(this="TRUNC", expressions=[node.this.copy()]))


def _data_type(node: exp.Expr, _: Types, __: Warn) -> None:
    """Spark's TIMESTAMP shows no zone: it is DuckDB's TIMESTAMP."""
    from sqlglot import exp

    assert isinstance(node, exp.DataType)
    if node.this == exp.DType.TIMESTAMPTZ:
        node.set("this", exp.DType.TIMESTAMP)


def _division(node: exp.Expr, _: Types, warn: Warn) -> None:
    """Division by zero is an error in Spark, and infinity in DuckDB."""
    from sqlglot import exp

    divisor = node.expression
    if isinstance(divisor, exp.Literal) and float(divisor.name) != 0:
        return
    guarded = "CASE WHEN $1 = 0 THEN error('Division by zero') ELSE $1 END"
    node.set("expression", fill(guarded, [divisor], warn))


def _whole_division(node: exp.Expr, types: Types, warn: Warn) -> None:
    if any(is_fraction(types.of(side)) for side in (node.this, node.expression)):
        node.replace(fill("CAST(TRUNC($1 / $2) AS BIGINT)", [node.this, node.expression], warn))


def _substring(node: exp.Expr, _: Types, warn: Warn) -> None:
    """Spark counts from 1 and takes 0 for 1."""
    from sqlglot import exp

    start = node.args.get("start")
    if start is None or isinstance(start, exp.Neg):
        return
    if isinstance(start, exp.Literal):
        node.set("start", exp.Literal.number(start.name if start.name != "0" else 1))
        return
    node.set("start", fill("CASE WHEN $1 = 0 THEN 1 ELSE $1 END", [start], warn))


def _interval_sum(node: exp.Expr, types: Types, warn: Warn) -> None:
    """A date and whole days stay a date in Spark, and become a timestamp in DuckDB."""
    from sqlglot import exp

    interval = node.expression
    if not isinstance(interval, exp.Interval) or interval.unit is None:
        return
    unit = interval.unit.name.upper().removesuffix("S")
    moment = types.of(node.this)
    if unit not in ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR") or moment == "TIMESTAMP":
        return
    if moment == "DATE":
        node.replace(exp.cast(node.copy(), "DATE"))
    else:
        warn(
            f"{node.sql('spark')}: for a DATE, DuckDB gives a TIMESTAMP where Spark gives a DATE; "
            "CAST(… AS DATE) makes them the same"
        )


def _extract(node: exp.Expr, _: Types, warn: Warn) -> None:
    part = node.name.upper()
    moment = "CAST($1 AS TIMESTAMP)"
    if part in ("DOW", "DAYOFWEEK"):
        node.replace(fill(f"(dayofweek({moment}) + 1)", [node.expression], warn))
    elif part in ("DOW_ISO", "DAYOFWEEK_ISO"):
        node.replace(fill(f"isodow({moment})", [node.expression], warn))
    elif part in ("SECOND", "SECONDS", "S"):
        parts = f"(microsecond({moment}) / CAST(1000000 AS DECIMAL(8, 0)))"
        node.replace(fill(f"CAST({parts} AS DECIMAL(8, 6))", [node.expression], warn))
    elif part in ("YEAROFWEEK",):
        node.replace(fill(f"isoyear({moment})", [node.expression], warn))


def _rounded(node: exp.Expr, _: Types, __: Warn) -> None:
    """CEIL and FLOOR give whole numbers in Spark, and doubles in DuckDB."""
    from sqlglot import exp

    if not node.args.get("decimals"):
        node.replace(exp.cast(node.copy(), "BIGINT"))


def _like(node: exp.Expr, _: Types, __: Warn) -> None:
    """A backslash escapes in Spark's LIKE, and only where it is said in DuckDB's."""
    from sqlglot import exp

    if isinstance(node.parent, exp.Escape) or not isinstance(node.expression, exp.Literal):
        return
    if "\\" in node.expression.name:
        node.replace(exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")))


def _indexed(node: exp.Expr, types: Types, _: Warn) -> None:
    """The key of a map is no position: the writer would add 1 to it."""
    if types.of(node.this) == "MAP":
        node.set("offset", 1)


def _lambda(node: exp.Expr, _: Types, warn: Warn) -> None:
    """Spark counts the items of a list from 0, DuckDB from 1."""
    from sqlglot import exp

    if len(node.expressions) != 2 or isinstance(node.parent, exp.Reduce):
        return
    index = node.expressions[1].name
    for used in list(node.this.find_all(exp.Identifier)):
        if used.name == index:
            place = used.parent if isinstance(used.parent, exp.Column) else used
            place.replace(fill("($1 - 1)", [exp.to_identifier(index)], warn))


def _capitals(node: exp.Expr, _: Types, warn: Warn) -> None:
    """Spark makes two letters of ß, DuckDB its capital."""
    node.replace(fill(CAPITALS, [node.this], warn))


def _small(node: exp.Expr, _: Types, warn: Warn) -> None:
    """Spark looks at what stands beside a letter."""
    node.replace(fill(SMALL, [node.this], warn))


_NODES: Mapping[str, Callable[[exp.Expr, Types, Warn], None]] = {
    "Cast": _cast,
    "TryCast": _cast,
    "DataType": _data_type,
    "Div": _division,
    "IntDiv": _whole_division,
    "Substring": _substring,
    "Add": _interval_sum,
    "Sub": _interval_sum,
    "Extract": _extract,
    "Ceil": _rounded,
    "Floor": _rounded,
    "Like": _like,
    "ILike": _like,
    "Bracket": _indexed,
    "Lambda": _lambda,
    "Upper": _capitals,
    "Lower": _small,
    "Select": rewrite_rows,
    "Lateral": rewrite_lateral_views,
}


def _spark_names(tree: exp.Expr) -> list[tuple[exp.Select, list[str]]]:
    """The name that Spark gives each expression without one; "" where it has one or gives several columns."""
    from sqlglot import exp

    return [
        (select, [_spark_name(projection) for projection in select.expressions])
        for select in tree.find_all(exp.Select)
    ]


def _spark_name(projection: exp.Expr) -> str:
    from sqlglot import exp

    named = (exp.Alias, exp.Aliases, exp.Column, exp.Star, exp.Dot, exp.Explode, exp.Literal)
    if isinstance(projection, named) or (
        isinstance(projection, exp.Anonymous) and _gives_rows(projection.name)
    ):
        return ""
    bare = projection.transform(lambda node: exp.var(node.name) if _is_text(node) and node.name else node)
    text = bare.sql("spark", normalize_functions="lower").replace("count(*)", "count(1)")
    return f"({text})" if isinstance(projection, exp.Binary) else text


def _is_text(node: exp.Expr) -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Literal) and bool(node.is_string)


def _gives_rows(name: str) -> bool:
    return name.upper().removesuffix("_OUTER") in ("EXPLODE", "POSEXPLODE", "INLINE")


def _keep_names(select: exp.Select, names: list[str]) -> None:
    from sqlglot import exp

    if len(select.expressions) != len(names):
        return
    for projection, name in zip(list(select.expressions), names, strict=True):
        if name and not isinstance(projection, (exp.Alias, exp.Star)):
            projection.replace(exp.alias_(projection.copy(), name, quoted=True))
