"""DuckDB's SQL read into a tree, and rewritten until Spark (4, ANSI mode) gives what DuckDB documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.sql import spark_lists, spark_numbers, spark_texts, spark_times
from odibi_core.sql.kinds import Types, is_fraction
from odibi_core.sql.spark_casts import rewrite_cast
from odibi_core.sql.spark_texts import rewrite_printf
from odibi_core.sql.spark_times import rewrite_part_call
from odibi_core.sql.templates import Warn, arity, fill

if TYPE_CHECKING:
    from sqlglot import exp


def rewrite_for_spark(tree: exp.Expr, types: Types, warn: Warn) -> exp.Expr:
    """The tree of a DuckDB text with Spark's words in it. `tree` is changed."""
    from sqlglot import exp

    types.learn(tree)
    for node in reversed(list(tree.walk())):
        if isinstance(node, exp.Anonymous):
            _rewrite_call(node, types, warn)
            continue
        for rewrites in (_NODES, *(part.NODES for part in _PARTS)):
            if rewrite := rewrites.get(type(node).__name__):
                rewrite(node, types, warn)
    return tree


_PARTS = (spark_texts, spark_lists, spark_numbers, spark_times)
_CALLS = {
    "WEEKDAY": "(DAYOFWEEK($1) - 1)",
    "ROUND_EVEN": "BROUND($1, $2)",
    "KURTOSIS_POP": "KURTOSIS($1)",
    "LIST_POSITION": "NULLIF(ARRAY_POSITION($1, $2), 0)",
    "LIST_HAS_ANY": "ARRAYS_OVERLAP($1, $2)",
    "LIST_MAX": "ARRAY_MAX($1)",
    "LIST_MIN": "ARRAY_MIN($1)",
    "STRING_TO_ARRAY": "SPLIT($1, CONCAT('\\\\Q', $2, '\\\\E'))",
    "REGEXP_SPLIT_TO_ARRAY": "SPLIT($1, $2)",
    "EPOCH_MS": "UNIX_MILLIS($1)",
    "MAKE_TIMESTAMP": "TIMESTAMP_MICROS($1)",
    **spark_texts.CALLS,
    **spark_lists.CALLS,
    **spark_numbers.CALLS,
}
_UNFAITHFUL = {
    "TIME_BUCKET": "Spark has no such function; use DATE_TRUNC or WINDOW",
    "HASH": "Spark hashes by another algorithm",
}


def _rewrite_call(call: exp.Anonymous, types: Types, warn: Warn) -> None:
    name = call.name.upper()
    if name in _UNFAITHFUL:
        warn(f"{name}: {_UNFAITHFUL[name]}")
    if name == "TRY_STRPTIME" and len(call.expressions) == 2:
        call.replace(_tried_moment(call))
        return
    if name == "PRINTF":
        rewrite_printf(call, warn)
        return
    if name == "DATE_PART" and len(call.expressions) == 2 and call.expressions[0].is_string:
        rewrite_part_call(call, types, warn)
        return
    template = _CALLS.get(name)
    if template and len(call.expressions) == arity(template):
        call.replace(fill(template, call.expressions, warn, dialect="databricks"))


_WRITTEN_PATTERN = re.compile(r"TO_TIMESTAMP\(x, '([^']*)'\)")


def _tried_moment(call: exp.Anonymous) -> exp.Expr:
    """A text that may be a moment, with the pattern as Spark writes it."""
    import sqlglot
    from sqlglot import exp

    text, pattern = call.expressions
    made = sqlglot.parse_one(f"strptime(x, {pattern.sql('duckdb')})", dialect="duckdb").sql("spark")
    written = _WRITTEN_PATTERN.fullmatch(made)
    spark_pattern = exp.Literal.string(written[1]) if written is not None else pattern.copy()
    return exp.Anonymous(this="TRY_TO_TIMESTAMP", expressions=[text.copy(), spark_pattern])


def _to(template: str, *arguments: str) -> Callable[[exp.Expr, Types, Warn], None]:
    """A rewrite that puts the node's operand, and what it has under `arguments`, into a template."""

    def rewrite(node: exp.Expr, _: Types, warn: Warn) -> None:
        given = [node.this, *(node.args[argument] for argument in arguments)]
        node.replace(fill(template, given, warn, dialect="databricks"))

    return rewrite


def _regexp_replace(node: exp.Expr, _: Types, warn: Warn) -> None:
    from sqlglot import exp

    modifiers = node.args.get("modifiers")
    if "g" not in (modifiers.name if modifiers is not None else ""):
        warn("REGEXP_REPLACE: without 'g' DuckDB replaces the first match, Spark every one")
    replacement = node.args.get("replacement")
    if isinstance(replacement, exp.Literal):
        text = re.sub(r"\\(\d)", r"$\1", replacement.name.replace("$", "\\$"))
        node.set("replacement", exp.Literal.string(text))
    node.set("modifiers", None)


def _division(node: exp.Expr, types: Types, warn: Warn) -> None:
    """DuckDB divides as floats, and gives infinity or NaN for a division by zero."""
    from sqlglot import exp

    sides = [node.this.copy(), node.expression.copy()]
    kinds = [types.of(side) for side in sides]
    if "DOUBLE" not in kinds and kinds != ["INTEGER", "INTEGER"]:
        sides[0] = exp.cast(sides[0], "DOUBLE")
    divisor = node.expression
    is_number = isinstance(divisor, exp.Literal) and not divisor.is_string
    if is_number and float(divisor.name) != 0:
        node.replace(exp.Div(this=sides[0], expression=sides[1]))
        return
    guarded = "CASE WHEN $2 = 0 THEN $1 * CAST('Infinity' AS DOUBLE) ELSE $1 / $2 END"
    node.replace(exp.paren(fill(guarded, sides, warn, dialect="databricks"), copy=False))


def _whole_division(node: exp.Expr, types: Types, warn: Warn) -> None:
    """Of fractions // is a division as any other in DuckDB."""
    if any(is_fraction(types.of(side)) for side in (node.this, node.expression)):
        _division(node, types, warn)


def _mean(node: exp.Expr, types: Types, _: Warn) -> None:
    """DuckDB's mean of DECIMALs is a float."""
    from sqlglot import exp

    if types.of(node.this) in ("DECIMAL", None) and not isinstance(node.this, exp.Distinct):
        node.set("this", exp.cast(node.this.copy(), "DOUBLE"))


def _round(node: exp.Expr, types: Types, warn: Warn) -> None:
    """DuckDB rounds a float by its binary value, Spark by its decimal text."""
    from sqlglot import exp

    digits = node.args.get("decimals")
    if types.of(node.this) != "DOUBLE" or not isinstance(digits, exp.Literal) or digits.name == "0":
        return
    power = exp.Literal.number(f"1e{digits.name}")
    node.replace(fill("(ROUND($1 * $2) / $2)", [node.this, power], warn, dialect="databricks"))


def _substring(node: exp.Expr, _: Types, warn: Warn) -> None:
    """Position 0 is before the first character in DuckDB, and the first one in Spark."""
    from sqlglot import exp

    start, length = node.args.get("start"), node.args.get("length")
    if isinstance(length, exp.Neg):
        warn(
            f"{node.sql('duckdb')}: a negative length counts backwards in DuckDB, and gives nothing in Spark"
        )
    is_sure = isinstance(start, exp.Neg) or (isinstance(start, exp.Literal) and start.name != "0")
    if start is None or length is None or is_sure:
        return
    parts = [node.this, start, length]
    if isinstance(start, exp.Literal):
        template = "SUBSTRING($1, 1, $3 - 1)"
    else:
        template = "CASE WHEN $2 = 0 THEN SUBSTRING($1, 1, $3 - 1) ELSE SUBSTRING($1, $2, $3) END"
    node.replace(fill(template, parts, warn, dialect="databricks"))


def _like(node: exp.Expr, _: Types, __: Warn) -> None:
    """A backslash in a pattern is a character in DuckDB, and an escape in Spark."""
    from sqlglot import exp

    pattern = node.expression
    if isinstance(pattern, exp.Literal) and not isinstance(node.parent, exp.Escape):
        node.set("expression", exp.Literal.string(pattern.name.replace("\\", "\\\\")))


def _days_between(node: exp.Expr, types: Types, warn: Warn) -> None:
    """A date less another is a number of days in DuckDB."""
    if types.of(node.this) == types.of(node.expression) == "DATE":
        node.replace(fill("DATEDIFF($1, $2)", [node.this, node.expression], warn, dialect="databricks"))


def _data_type(node: exp.Expr, _: Types, __: Warn) -> None:
    from sqlglot import exp

    if node.this == exp.DType.TIMESTAMPTZ:
        node.set("this", exp.DType.TIMESTAMPLTZ)
    elif node.this in (exp.DType.INT128, exp.DType.UINT128, exp.DType.UBIGINT):
        node.replace(exp.DataType.build("DECIMAL(38, 0)", dialect="spark"))
    elif node.this in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ):
        node.set("this", exp.DType.TIMESTAMPTZ)


def _length(node: exp.Expr, types: Types, _: Warn) -> None:
    from sqlglot import exp

    if types.of(node.this) == "LIST":
        node.replace(exp.ArraySize(this=node.this.copy()))


def _bracket(node: exp.Expr, types: Types, warn: Warn) -> None:
    """Positions from the end exist in Spark's ELEMENT_AT alone, positions in texts in none."""
    from sqlglot import exp

    (index,) = node.expressions[:1]
    if isinstance(index, exp.Slice):
        _slice(node, index, types, warn)
        return
    if types.of(node.this) == "VARCHAR" and index.is_int and isinstance(index, exp.Literal):
        # The reader has taken 1 off already, as for lists.
        place = exp.Literal.number(int(index.name) + 1)
        node.replace(fill("SUBSTRING($1, $2, 1)", [node.this, place], warn, dialect="databricks"))
        return
    if isinstance(index, exp.Neg) and index.this.is_int and index.this.name != "1":
        # The reader has taken 1 off already, for lists that begin at 0.
        place = exp.Literal.number(1 - int(index.this.name))
        node.replace(exp.Anonymous(this="TRY_ELEMENT_AT", expressions=[node.this.copy(), place]))
    elif types.of(node.this) == "LIST" and (index.is_int or isinstance(index, exp.Neg)):
        # Where there is none, brackets are an error.
        node.replace(exp.Anonymous(this="GET", expressions=[node.this.copy(), index.copy()]))


def _slice(node: exp.Expr, index: exp.Expr, types: Types, warn: Warn) -> None:
    """From one position to another, both within; negative ones count from the end."""
    kind = types.of(node.this)
    if kind not in ("VARCHAR", "LIST") or index.args.get("step"):
        warn(f"{node.sql('duckdb')}: Spark has no slices in brackets; use SLICE or SUBSTRING")
        return
    count = "LENGTH($1)" if kind == "VARCHAR" else "SIZE($1)"
    first, last = _position(index.this), _position(index.expression)
    begin = _place(first, "$2", count) if index.this else "1"
    end = _place(last, "$3", count) if index.expression else count
    if index.this and (first is None or first < 1):
        begin = f"GREATEST({begin}, 1)"
    width = f"GREATEST({end} - {begin} + 1, 0)"
    if first is not None and first > 0 and last is not None and last > 0:
        width = str(max(last - first + 1, 0))
    text = f"SUBSTRING($1, {begin}, {width})" if kind == "VARCHAR" else f"SLICE($1, {begin}, {width})"
    # GREATEST passes over nulls.
    told = [("$2", index.this, first), ("$3", index.expression, last)]
    known = [f"{given} IS NOT NULL" for given, side, position in told if side and position is None]
    if known:
        text = f"CASE WHEN {' AND '.join(known)} THEN {text} END"
    given = [node.this, index.this or node.this, index.expression or node.this]
    node.replace(fill(text, given, warn, dialect="databricks"))


def _position(node: exp.Expr | None) -> int | None:
    """The position that a side of a slice names; None where it is left out, or a row tells it."""
    from sqlglot import exp

    is_negative = isinstance(node, exp.Neg)
    number = node.this if is_negative and node is not None else node
    if not isinstance(number, exp.Literal) or not number.is_int:
        return None
    return -int(number.name) if is_negative else int(number.name)


def _place(position: int | None, given: str, count: str) -> str:
    """A side of a slice, counted from the beginning; `given` stands for what a row tells it by."""
    if position is None:
        given = f"CAST({given} AS INT)"
        return f"CASE WHEN {given} < 0 THEN {count} + {given} + 1 ELSE {given} END"
    return str(position) if position >= 0 else f"({count} - {-position - 1})"


def _map(node: exp.Expr, _: Types, __: Warn) -> None:
    from sqlglot import exp

    if isinstance(node.this, exp.Struct):
        pairs = [(entry.this, entry.expression) for entry in node.this.expressions]
        keys = [
            exp.Literal.string(key.name) if isinstance(key, exp.Identifier) else key.copy()
            for key, _ in pairs
        ]
        arguments = [
            part for key, (_, value) in zip(keys, pairs, strict=True) for part in (key, value.copy())
        ]
        node.replace(exp.Anonymous(this="MAP", expressions=arguments))


def _join(node: exp.Expr, _: Types, warn: Warn) -> None:
    if (method := (node.args.get("method") or "").upper()) in ("ASOF", "POSITIONAL"):
        warn(f"{method} JOIN: Spark has none")


def _simple_pivot(node: exp.Expr, _: Types, warn: Warn) -> None:
    if node.args.get("this") is not None and not node.args.get("fields"):
        verb = "UNPIVOT" if node.args.get("unpivot") else "PIVOT"
        warn(f"{verb} as a statement: Spark has it behind FROM only, with the values named")


def _columns(_: exp.Expr, __: Types, warn: Warn) -> None:
    warn("COLUMNS: Spark can't choose columns by a pattern; name them")


def _star(node: exp.Expr, _: Types, warn: Warn) -> None:
    if node.args.get("replace") or node.args.get("replace_"):
        warn("* REPLACE: Spark has none; name the columns")


def _by_name(node: exp.Expr, _: Types, warn: Warn) -> None:
    if node.args.get("by_name"):
        warn("UNION BY NAME: Spark has it in its DataFrames only; name the columns in one order")


_NODES: Mapping[str, Callable[[exp.Expr, Types, Warn], None]] = {
    "DayOfWeek": _to("(DAYOFWEEK($1) - 1)"),
    "DayOfWeekIso": _to("(WEEKDAY($1) + 1)"),
    "PercentileCont": _to("PERCENTILE($1, $2)", "expression"),
    "RegexpFullMatch": _to("($1 RLIKE CONCAT('^(?:', $2, ')$'))", "expression"),
    "PercentileDisc": _to("PERCENTILE_APPROX($1, $2)", "expression"),
    "Columns": _columns,
    "Quantile": _to("PERCENTILE_APPROX($1, $2)", "quantile"),
    "RegexpReplace": _regexp_replace,
    "Div": _division,
    "Avg": _mean,
    "Round": _round,
    "Substring": _substring,
    "Like": _like,
    "Sub": _days_between,
    "Week": _to("WEEKOFYEAR($1)"),
    "ArrayContains": _to(
        "CASE WHEN $1 IS NOT NULL THEN COALESCE(ARRAY_CONTAINS($1, $2), FALSE) END", "expression"
    ),
    "Cast": rewrite_cast,
    "TryCast": rewrite_cast,
    "IntDiv": _whole_division,
    "DataType": _data_type,
    "Length": _length,
    "Bracket": _bracket,
    "ToMap": _map,
    "Join": _join,
    "Pivot": _simple_pivot,
    "Star": _star,
    "Union": _by_name,
}
