"""Dates and times of DuckDB in Spark's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.sql.java_patterns import java_pattern
from odibi_core.sql.kinds import Types
from odibi_core.sql.spark_gaps import refuse
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

Rewrite = Callable[["exp.Expr", Types, Warn], None]

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
_DATE_UNITS = ("YEAR", "QUARTER", "MONTH", "WEEK", "DAY")
_MICROS = "UNIX_MICROS(CAST($1 AS TIMESTAMP_LTZ))"
_YEARS = {
    "DECADE": "CAST(FLOOR(YEAR($1) / 10) AS BIGINT)",
    "CENTURY": "(CASE WHEN YEAR($1) > 0 THEN (YEAR($1) + 99) DIV 100 ELSE YEAR($1) DIV 100 - 1 END)",
    "MILLENNIUM": "(CASE WHEN YEAR($1) > 0 THEN (YEAR($1) + 999) DIV 1000 ELSE YEAR($1) DIV 1000 - 1 END)",
}
_PARTS = {
    "DOW": "(DAYOFWEEK($1) - 1)",
    "DAYOFWEEK": "(DAYOFWEEK($1) - 1)",
    "WEEKDAY": "(DAYOFWEEK($1) - 1)",
    # Spark's have a fraction.
    **dict.fromkeys(("SECOND", "SECONDS"), "verbatim_second($1)"),
    **dict.fromkeys(("MILLISECOND", "MILLISECONDS", "MS"), f"PMOD({_MICROS} DIV 1000, 60000)"),
    **dict.fromkeys(("MICROSECOND", "MICROSECONDS", "US"), f"PMOD({_MICROS}, 60000000)"),
    "EPOCH": f"({_MICROS} / CAST(1000000 AS DOUBLE))",
    "ISOYEAR": "EXTRACT(YEAROFWEEK FROM $1)",
    "YEARWEEK": "(EXTRACT(YEAROFWEEK FROM $1) * 100 + WEEKOFYEAR($1))",
    "JULIAN": "",
    "ERA": "",
    "TIMEZONE": "",
    "TIMEZONE_HOUR": "",
    "TIMEZONE_MINUTE": "",
    **_YEARS,
}


def rewrite_part(node: exp.Expr, _: Types, warn: Warn) -> None:
    """EXTRACT of what the engines count otherwise."""
    from sqlglot import exp

    part = node.name.upper()
    if part == "ISODOW":
        node.set("this", exp.var("DOW_ISO"))
    elif part in _PARTS:
        if isinstance(node.expression, exp.Interval) or not _PARTS[part]:
            refuse(f"EXTRACT({part} …)", "reckon with other parts of it")
        node.replace(fill(_PARTS[part], [node.expression], warn, dialect="databricks"))


def _part_function(part: str) -> Rewrite:
    return lambda node, _, warn: _put(node, _PARTS[part], [node.this], warn)


def _put(node: exp.Expr, text: str, given: list[exp.Expr], warn: Warn) -> None:
    node.replace(fill(text, given, warn, dialect="databricks"))


def _written(node: exp.Expr, _: Types, warn: Warn) -> None:
    """STRFTIME, whose two arguments may stand in either order."""
    from sqlglot import exp

    moment, pattern = node.this, node.args["format"]
    if isinstance(moment, exp.Literal) and moment.is_string and not isinstance(pattern, exp.Literal):
        moment, pattern = pattern, moment
    text = _java(pattern, "strftime()", reads=False)
    _put(node, "verbatim_date_format($1, $2)", [moment, exp.Literal.string(text)], warn)


def _read(node: exp.Expr, _: Types, warn: Warn) -> None:
    """STRPTIME by a pattern, or by the first of several that fits."""
    from sqlglot import exp

    given = node.args["format"]
    patterns = given.expressions if isinstance(given, exp.Array) else [given]
    texts = [exp.Literal.string(_java(pattern, "strptime()", reads=True)) for pattern in patterns]
    tries = [f"TRY_TO_TIMESTAMP($1, ${place + 2})" for place in range(len(texts) - 1)]
    last = f"verbatim_to_timestamp($1, ${len(texts) + 1})"
    text = f"COALESCE({', '.join([*tries, last])})" if tries else last
    _put(node, f"CAST({text} AS TIMESTAMP_NTZ)", [node.this, *texts], warn)


def _java(pattern: exp.Expr, what: str, *, reads: bool) -> str:
    from sqlglot import exp

    if not isinstance(pattern, exp.Literal):
        refuse(f"{what} by a pattern of the rows", "write the pattern as a text")
    text, missing = java_pattern(pattern.name, reads=reads)
    if reads and "y" not in text:
        refuse(f"{what} without a year", "put a year before the text")
    if missing:
        refuse(f"counterpart of {', '.join(missing)} in {what}", "leave it out, or make it of other parts")
    return text


def rewrite_time_call(call: exp.Anonymous, types: Types, warn: Warn) -> bool:
    """Rewrite a function of moments that depends on what it is given; False if it is none."""
    from sqlglot import exp

    name, given = call.name.upper(), call.expressions
    if name in _INTERVALS and len(given) == 1:
        unit, factor = _INTERVALS[name]
        times = f" * {factor}" if factor != 1 else ""
        _put(call, f"($1{times} * INTERVAL '1' {unit})", given, warn)
    elif name in ("DATE_SUB", "DATESUB") and len(given) == 3 and isinstance(given[0], exp.Literal):
        unit = given[0].name.upper().removesuffix("S")
        if unit in _UNKNOWN_UNITS:
            refuse(f"date_sub() in units of {unit.lower()}", "count years")
        _put(call, f"verbatim_timestampdiff({unit}, $1, $2)", given[1:], warn)
    elif name == "TIMEZONE" and len(given) == 2:
        made = exp.AtTimeZone(this=given[1].copy(), zone=given[0].copy())
        call.replace(made)
        _at_time_zone(made, types, warn)
    elif name == "TRY_STRPTIME" and len(given) == 2:
        patterns = given[1].expressions if isinstance(given[1], exp.Array) else [given[1]]
        texts = [exp.Literal.string(_java(each, "try_strptime()", reads=True)) for each in patterns]
        tries = [f"TRY_TO_TIMESTAMP($1, ${place + 2})" for place in range(len(texts))]
        text = f"COALESCE({', '.join(tries)})" if len(tries) > 1 else tries[0]
        _put(call, f"CAST({text} AS TIMESTAMP_NTZ)", [given[0], *texts], warn)
    else:
        return False
    return True


_INTERVALS = {
    "TO_YEARS": ("YEAR", 1),
    "TO_QUARTERS": ("MONTH", 3),
    "TO_MONTHS": ("MONTH", 1),
    "TO_WEEKS": ("DAY", 7),
    "TO_DAYS": ("DAY", 1),
    "TO_HOURS": ("HOUR", 1),
    "TO_MINUTES": ("MINUTE", 1),
    "TO_SECONDS": ("SECOND", 1),
}


def _interval(node: exp.Expr, _: Types, warn: Warn) -> None:
    """INTERVAL (i) DAY as i times a day."""
    from sqlglot import exp

    unit = node.args.get("unit")
    is_column = isinstance(node.parent, (exp.Alias, exp.Select))
    if is_column and unit is not None and unit.name.upper().removesuffix("S") in ("MONTH", "QUARTER", "YEAR"):
        refuse("column of months", "keep their number")
    if not isinstance(node.this, exp.Literal) and unit is not None:
        name = unit.name.upper().removesuffix("S")
        text = "($1 * INTERVAL '7' DAY)" if name == "WEEK" else f"($1 * INTERVAL '1' {name})"
        _put(node, text, [node.this], warn)


def _days(node: exp.Expr, _: Types, warn: Warn) -> None:
    _put(node, "($1 * INTERVAL '1' DAY)", [node.this], warn)


def _added(node: exp.Expr, _: Types, __: Warn) -> None:
    """DATE_ADD(day, INTERVAL …) is a sum."""
    from sqlglot import exp

    if isinstance(node.expression, exp.Interval) and node.args.get("unit") is None:
        node.replace(exp.Add(this=node.this.copy(), expression=node.expression.copy()))


def _of_epoch(node: exp.Expr, types: Types, warn: Warn) -> None:
    """EPOCH_MS of a moment is a number, and of a number a moment."""
    scale = node.args.get("scale")
    if scale is None or scale.name != "3":
        return
    if types.of(node.this) in ("DATE", "TIMESTAMP"):
        _put(node, "UNIX_MILLIS(CAST($1 AS TIMESTAMP_LTZ))", [node.this], warn)
    else:
        _put(node, "CAST(TIMESTAMP_MILLIS($1) AS TIMESTAMP_NTZ)", [node.this], warn)


CALLS = {
    "EPOCH_US": _MICROS,
    "EPOCH_NS": f"({_MICROS} * 1000)",
    "ISOYEAR": _PARTS["ISOYEAR"],
    "YEARWEEK": _PARTS["YEARWEEK"],
    "MILLISECOND": _PARTS["MILLISECOND"],
    "MICROSECOND": _PARTS["MICROSECOND"],
    **_YEARS,
}


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
    if name in _UNKNOWN_UNITS:
        refuse(f"date_diff() in units of {name.lower()}", "count years")
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


def _truncation(node: exp.Expr, _: Types, __: Warn) -> None:
    unit = node.args.get("unit")
    if unit is not None and unit.name.upper() in _UNKNOWN_UNITS:
        refuse(
            f"date_trunc() to the {unit.name.lower()}",
            "write make_date(year(x) // 10 * 10, 1, 1)",
        )


def _named(pattern: str) -> Callable[[exp.Expr, Types, Warn], None]:
    def rewrite(node: exp.Expr, _: Types, warn: Warn) -> None:
        template = f"verbatim_date_format($1, '{pattern}')"
        node.replace(fill(template, [node.this], warn, dialect="databricks"))

    return rewrite


NODES: Mapping[str, Callable[[exp.Expr, Types, Warn], None]] = {
    "Extract": rewrite_part,
    "TimeToStr": _written,
    "StrToTime": _read,
    "TimeToUnix": _part_function("EPOCH"),
    "UnixToTime": _of_epoch,
    "ToDays": _days,
    "Interval": _interval,
    "DateAdd": _added,
    "DateDiff": _difference,
    "AtTimeZone": _at_time_zone,
    "TimestampTrunc": _truncation,
    "DateTrunc": _truncation,
    "Monthname": _named("MMMM"),
    "Dayname": _named("EEEE"),
}
