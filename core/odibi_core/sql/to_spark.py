"""DuckDB's SQL read into a tree, and rewritten until Spark (4, ANSI mode) gives what DuckDB documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.sql import spark_list_calls, spark_lists, spark_numbers, spark_texts, spark_times
from odibi_core.sql.kinds import Types, is_fraction
from odibi_core.sql.spark_brackets import rewrite_bracket, rewrite_slice
from odibi_core.sql.spark_casts import rewrite_cast, warn_of_text
from odibi_core.sql.spark_gaps import refuse, refused_call
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
    "LIST_MAX": "ARRAY_MAX($1)",
    "LIST_MIN": "ARRAY_MIN($1)",
    "STRING_TO_ARRAY": "SPLIT($1, CONCAT('\\\\Q', $2, '\\\\E'))",
    "REGEXP_SPLIT_TO_ARRAY": "SPLIT($1, $2)",
    "MAKE_TIMESTAMP": "TIMESTAMP_MICROS($1)",
    **spark_texts.CALLS,
    **spark_list_calls.CALLS,
    **spark_numbers.CALLS,
    **spark_times.CALLS,
}
_UNFAITHFUL = {
    "HASH": "Spark hashes by another algorithm",
}


def _rewrite_call(call: exp.Anonymous, types: Types, warn: Warn) -> None:
    from sqlglot import exp

    name = call.name.upper()
    if name in _UNFAITHFUL:
        warn(f"{name}: {_UNFAITHFUL[name]}")
    rewrites = (spark_list_calls.rewrite_list_call, spark_times.rewrite_time_call)
    if any(rewrite(call, types, warn) for rewrite in rewrites):
        return
    name = call.name.upper()
    if name == "PRINTF":
        rewrite_printf(call, warn)
        return
    if name == "DATE_PART" and len(call.expressions) == 2 and call.expressions[0].is_string:
        rewrite_part_call(call, types, warn)
        return
    if name in ("LIST_SLICE", "ARRAY_SLICE") and len(call.expressions) == 3:
        items, first, last = call.expressions
        if isinstance(first, exp.Null) or isinstance(last, exp.Null):
            refuse(f"{name.lower()}() with NULL", "write l[2:]")
        index = exp.Slice(this=first.copy(), expression=last.copy())
        made = exp.Bracket(this=items.copy(), expressions=[index])
        call.replace(made)
        rewrite_slice(made, index, types, warn)
        return
    refused_call(name)
    template = _CALLS.get(name)
    if template and arity(template) in (-1, len(call.expressions)):
        call.replace(fill(template, call.expressions, warn, dialect="databricks"))


def _to(template: str, *arguments: str) -> Callable[[exp.Expr, Types, Warn], None]:
    """A rewrite that puts the node's operand, and what it has under `arguments`, into a template."""

    def rewrite(node: exp.Expr, _: Types, warn: Warn) -> None:
        given = [node.this, *(node.args[argument] for argument in arguments)]
        node.replace(fill(template, given, warn, dialect="databricks"))

    return rewrite


def _percentile(template: str) -> Callable[[exp.Expr, Types, Warn], None]:
    """QUANTILE_CONT(x, 0.5), and the same as PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x)."""

    def rewrite(node: exp.Expr, _: Types, warn: Warn) -> None:
        from sqlglot import exp

        if node.args.get("expression") is not None:
            node.replace(fill(template, [node.this, node.expression], warn, dialect="databricks"))
            return
        above = node.parent
        if not isinstance(above, exp.WithinGroup) or len(above.expression.expressions) != 1:
            return
        (key,) = above.expression.expressions
        share = node.this.copy()
        if key.args.get("desc"):
            refuse(f"{node.key} of what descends", "take 1 less the share of what ascends")
        above.replace(fill(template, [key.this, share], warn, dialect="databricks"))

    return rewrite


def _sum(node: exp.Expr, types: Types, _: Warn) -> None:
    """DuckDB sums what is true."""
    from sqlglot import exp

    if types.of(node.this) == "BOOLEAN":
        node.set("this", exp.cast(node.this.copy(), "BIGINT"))


def _count(node: exp.Expr, _: Types, __: Warn) -> None:
    """COUNT() is COUNT(*); of different values in a window Spark has a set alone."""
    from sqlglot import exp

    if node.this is None and not node.expressions:
        node.set("this", exp.Star())


def _compared(node: exp.Expr, types: Types, _: Warn) -> None:
    """A truth value beside a number is one."""
    from sqlglot import exp

    for one, other in ((node.this, node.expression), (node.expression, node.this)):
        if isinstance(one, (exp.Any, exp.All)):
            return
        if types.of(one) == "BOOLEAN" and types.of(other) in ("INTEGER", "DECIMAL", "DOUBLE"):
            one.replace(exp.cast(one.copy(), "INT"))
            return


_WRITTEN = ("INTEGER", "DECIMAL", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN")


def _mixed(node: exp.Expr, types: Types, _: Warn) -> None:
    """Beside a text a number is a text; Spark makes numbers of texts there."""
    from sqlglot import exp

    if isinstance(node, exp.Case):
        values = [case.args["true"] for case in node.args["ifs"]]
        values += [value] if (value := node.args.get("default")) is not None else []
    else:
        values = [node.this, *node.expressions]
    _as_texts(values, types)


def _as_texts(values: list[exp.Expr], types: Types) -> None:
    from sqlglot import exp

    kinds = [types.of(value) for value in values]
    # A text that is written out takes the type of what is beside it.
    told = {kind for kind, value in zip(kinds, values, strict=True) if not isinstance(value, exp.Literal)}
    if "VARCHAR" not in (told or set(kinds)):
        return
    for value, kind in zip(values, kinds, strict=True):
        if kind in _WRITTEN:
            value.replace(exp.cast(value.copy(), "TEXT"))


def _united(node: exp.Expr, types: Types, warn: Warn) -> None:
    """Columns of texts on one side make texts of those on the other."""
    from sqlglot import exp

    sides = [side.expressions for side in (node.this, node.expression) if isinstance(side, exp.Select)]
    if (
        len(sides) < 2
        or len(sides[0]) != len(sides[1])
        or any(each.is_star for side in sides for each in side)
    ):
        return
    for columns in list(zip(*sides, strict=True)):
        kinds = [types.of(column.unalias()) for column in columns]
        if "VARCHAR" not in kinds:
            continue
        for column, kind in zip(columns, kinds, strict=True):
            warn_of_text(node, column.unalias(), types, warn)
            if kind in _WRITTEN:
                text, name = exp.cast(column.unalias().copy(), "TEXT"), column.alias_or_name
                column.replace(exp.alias_(text, name, quoted=True) if name else text)


def _grouping(node: exp.Expr, _: Types, __: Warn) -> None:
    """GROUPING of several columns, a bit each."""
    from sqlglot import exp

    keys = node.expressions
    if len(keys) > 1:
        bits = [
            f"GROUPING({key.sql('databricks')}) * {1 << (len(keys) - place - 1)}"
            for place, key in enumerate(keys)
        ]
        node.replace(exp.paren(exp.maybe_parse(" + ".join(bits), dialect="databricks")))


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

    if types.of(node.this) in ("DATE", "TIMESTAMP"):
        refuse("avg() of moments", "take the mean of epoch(x), and to_timestamp() of it")
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
        refuse("negative length of a substring", "count from the end: s[-3:-2]")
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


_UNSIGNED = {"UTINYINT": "SMALLINT", "USMALLINT": "INT", "UINT": "BIGINT"}


def _data_type(node: exp.Expr, _: Types, warn: Warn) -> None:
    from sqlglot import exp

    if node.this == exp.DType.TIMESTAMPTZ:
        node.set("this", exp.DType.TIMESTAMPLTZ)
    elif node.this in (exp.DType.INT128, exp.DType.UINT128, exp.DType.UBIGINT):
        node.replace(exp.DataType.build("DECIMAL(38, 0)", dialect="spark"))
    elif (held := _UNSIGNED.get(node.this.name)) is not None:
        warn(f"{node.sql('duckdb')}: Spark has no unsigned numbers, and takes negative ones too")
        node.replace(exp.DataType.build(held, dialect="spark"))
    elif node.this in (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ):
        node.set("this", exp.DType.TIMESTAMPTZ)


def _length(node: exp.Expr, types: Types, _: Warn) -> None:
    from sqlglot import exp

    if types.of(node.this) == "LIST":
        node.replace(exp.ArraySize(this=node.this.copy()))


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


_NODES: Mapping[str, Callable[[exp.Expr, Types, Warn], None]] = {
    "DayOfWeek": _to("(DAYOFWEEK($1) - 1)"),
    "DayOfWeekIso": _to("(WEEKDAY($1) + 1)"),
    "PercentileCont": _percentile("PERCENTILE($1, $2)"),
    "PercentileDisc": _percentile("PERCENTILE_APPROX($1, $2)"),
    "Quantile": _to("PERCENTILE_APPROX($1, $2)", "quantile"),
    "Div": _division,
    "Sum": _sum,
    "Count": _count,
    **dict.fromkeys(("Coalesce", "Case"), _mixed),
    **dict.fromkeys(("Union", "Except", "Intersect"), _united),
    "Grouping": _grouping,
    "GroupingId": _grouping,
    **dict.fromkeys(("EQ", "NEQ", "LT", "LTE", "GT", "GTE"), _compared),
    "Avg": _mean,
    "Round": _round,
    "Substring": _substring,
    "Like": _like,
    "Sub": _days_between,
    "Week": _to("WEEKOFYEAR($1)"),
    "Cast": rewrite_cast,
    "TryCast": rewrite_cast,
    "IntDiv": _whole_division,
    "DataType": _data_type,
    "Length": _length,
    "Bracket": rewrite_bracket,
    "ToMap": _map,
}
