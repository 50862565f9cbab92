"""Spark's functions whose translation depends on what stands around them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

Rewrite = Callable[["exp.Anonymous", Types, Warn], None]


def _first_or_last(call: exp.Anonymous, _: Types, warn: Warn) -> None:
    from sqlglot import exp

    is_first = call.name.upper() in ("FIRST", "FIRST_VALUE", "ANY_VALUE")
    value, *flags = call.expressions
    around = call.parent if isinstance(call.parent, exp.IgnoreNulls) else call
    ignores = around is not call or any(isinstance(flag, exp.Boolean) and flag.this for flag in flags)
    if isinstance(around.parent, exp.Window):
        kind = exp.FirstValue if is_first else exp.LastValue
        made: exp.Expr = kind(this=value.copy())
        if ignores:
            made = exp.IgnoreNulls(this=made)
    elif not ignores:
        made = fill("first($1)" if is_first else "last($1)", [value], warn)
    else:
        made = fill("any_value($1)" if is_first else "last($1) FILTER (WHERE $1 IS NOT NULL)", [value], warn)
    around.replace(made)


def _collect(call: exp.Anonymous, _: Types, warn: Warn) -> None:
    """A list without nulls; empty, not null, where there is nothing to collect."""
    from sqlglot import exp

    (value,) = call.expressions
    is_distinct = call.name.upper() == "COLLECT_SET" or isinstance(value, exp.Distinct)
    if isinstance(value, exp.Distinct):
        (value,) = value.expressions
    kind = "DISTINCT " if is_distinct else ""
    filter_ = call.parent if isinstance(call.parent, exp.Filter) else None
    where = [value, filter_.expression.this] if filter_ is not None else [value]
    condition = "$1 IS NOT NULL" + (" AND $2" if filter_ is not None else "")
    around = filter_ or call
    text = f"list({kind}$1) FILTER (WHERE {condition})"
    around.replace(
        fill(text if isinstance(around.parent, exp.Window) else f"COALESCE({text}, [])", where, warn)
    )


def _size(call: exp.Anonymous, types: Types, warn: Warn) -> None:
    (value,) = call.expressions
    text = "CAST(cardinality($1) AS INTEGER)" if types.of(value) == "MAP" else "len($1)"
    call.replace(fill(text, [value], warn))


def _exists(call: exp.Anonymous, _: Types, warn: Warn) -> None:
    from sqlglot import exp

    if len(call.expressions) == 1:
        (query,) = call.expressions
        call.replace(exp.Exists(this=query.copy()))
        return
    call.replace(fill("(len(list_filter($1, $2)) > 0)", call.expressions, warn))


def _forall(call: exp.Anonymous, _: Types, warn: Warn) -> None:
    call.replace(fill("(len(list_filter($1, $2)) = len($1))", call.expressions, warn))


def _date_part(call: exp.Anonymous, _: Types, __: Warn) -> None:
    from sqlglot import exp

    part, moment = call.expressions
    call.replace(exp.Extract(this=exp.var(part.name), expression=exp.cast(moment.copy(), "TIMESTAMP")))


def _add_units(call: exp.Anonymous, types: Types, warn: Warn) -> None:
    """DATEADD(unit, n, moment), or DATE_ADD's two arguments under its other name."""
    if len(call.expressions) == 2:
        call.replace(fill("(CAST($1 AS DATE) + CAST($2 AS INTEGER))", call.expressions, warn))
        return
    unit, number, moment = call.expressions
    name = unit.name.lower().removesuffix("s")
    text = f"(CAST($2 AS TIMESTAMP) + $1 * INTERVAL 1 {name})"
    if types.of(moment) == "DATE" and name in ("day", "week", "month", "quarter", "year"):
        text = f"CAST({text} AS DATE)"
    call.replace(fill(text, [number, moment], warn))


def _unit_difference(call: exp.Anonymous, _: Types, warn: Warn) -> None:
    if len(call.expressions) == 2:
        text = "date_diff('day', CAST($2 AS DATE), CAST($1 AS DATE))"
    else:
        text = "date_sub($1:unit, CAST($2 AS TIMESTAMP), CAST($3 AS TIMESTAMP))"
    call.replace(fill(text, call.expressions, warn))


def _split(call: exp.Anonymous, _: Types, warn: Warn) -> None:
    if len(call.expressions) > 2 and call.expressions[2].sql() not in ("-1", "0"):
        warn("SPLIT: DuckDB takes no limit; every piece is given")
    call.replace(fill("str_split_regex($1, $2:regex)", call.expressions[:2], warn))


def _sha2(call: exp.Anonymous, _: Types, warn: Warn) -> None:
    value, *bits = call.expressions
    width = bits[0].name if bits else "256"
    if width in ("256", "0"):
        call.replace(fill("sha256($1)", [value], warn))
    else:
        warn(f"SHA2 with {width} bits: DuckDB has 256 only")


def _generated(_: exp.Anonymous, __: Types, ___: Warn) -> None:
    """EXPLODE and its kin are rewritten with the SELECT that they stand in."""


SPECIAL: Mapping[str, Rewrite] = {
    "FIRST": _first_or_last,
    "FIRST_VALUE": _first_or_last,
    "LAST": _first_or_last,
    "LAST_VALUE": _first_or_last,
    "ANY_VALUE": _first_or_last,
    "COLLECT_LIST": _collect,
    "COLLECT_SET": _collect,
    "ARRAY_AGG": _collect,
    "SIZE": _size,
    "CARDINALITY": _size,
    "EXISTS": _exists,
    "FORALL": _forall,
    "DATE_PART": _date_part,
    "DATEPART": _date_part,
    "DATEADD": _add_units,
    "TIMESTAMPADD": _add_units,
    "DATEDIFF": _unit_difference,
    "DATE_DIFF": _unit_difference,
    "TIMESTAMPDIFF": _unit_difference,
    "SPLIT": _split,
    "SHA2": _sha2,
    "EXPLODE": _generated,
    "EXPLODE_OUTER": _generated,
    "POSEXPLODE": _generated,
    "POSEXPLODE_OUTER": _generated,
    "INLINE": _generated,
    "INLINE_OUTER": _generated,
}
