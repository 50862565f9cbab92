"""Casts of DuckDB that Spark carries out otherwise, in Spark's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types, is_fraction, is_whole
from odibi_core.sql.spark_gaps import refuse
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

_PLAIN_NUMBER = re.compile(r"-?\d{1,18}")
_PLAIN_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d{1,6})?)?")
_NESTED = ("LIST", "STRUCT", "MAP")
# Spark takes 1d for a number, blanks about a boolean, and a year for its first day.
_FLOAT_TEXT = "REGEXP_REPLACE($1, '(?<=[0-9.])[dDfF](?= *$)', '!')"
_BOOLEAN_TEXT = "REPLACE($1, ' ', '!')"
_DATE_TEXT = (
    "CASE WHEN $1 RLIKE '^ *([0-9]+(-[0-9]+)?|[0-9]+-[0-9]+-[0-9]+[ T][0-9]+) *$' THEN CONCAT('!', $1) "
    "WHEN $1 RLIKE '^ *[0-9]+/' THEN REPLACE($1, '/', '-') ELSE $1 END"
)
_MOMENT_TEXT = (
    "CASE WHEN $1 RLIKE '^ *([0-9]+(-[0-9]+)?|[0-9]+-[0-9]+-[0-9]+[ T][0-9]+|T?[0-9]+:.*) *$' "
    "THEN CONCAT('!', $1) WHEN $1 RLIKE '^ *[0-9]+/' THEN REPLACE($1, '/', '-') ELSE $1 END"
)


def rewrite_cast(node: exp.Expr, types: Types, warn: Warn) -> None:
    """Have a cast give what DuckDB's gives, or say how it differs."""
    from sqlglot import exp

    target = node.args["to"]
    kind = types.of(node.this)
    if isinstance(node.this, exp.Null):
        return
    if target.is_type(*exp.DataType.TEXT_TYPES):
        _as_text(node, kind, types, warn)
    elif target.is_type(exp.DType.JSON):
        _as_json(node, kind)
    elif kind == "VARCHAR":
        _of_text(node, warn)
    elif is_whole(target):
        _as_whole(node, kind, warn)
    elif kind == "DOUBLE" and target.is_type(exp.DType.DECIMAL):
        # By its binary value, as where it is rounded.
        scale = target.expressions[1].name if len(target.expressions) > 1 else "3"
        power = exp.Literal.number(f"1e{scale}")
        node.set("this", fill("(ROUND($1 * $2) / $2)", [node.this, power], warn, dialect="databricks"))


def warn_of_text(node: exp.Expr, operand: exp.Expr, types: Types, warn: Warn) -> None:
    """Say where a value becomes a text that the engines write otherwise."""
    if types.of(operand) == "DOUBLE":
        warn(f"{node.sql('duckdb')}: great and small floats differ as text, such as 1e+20 and 1.0E20")
    elif types.of(operand) in _NESTED:
        warn(f"{node.sql('duckdb')}: lists, structs and maps differ as text")


def _as_json(node: exp.Expr, kind: str | None) -> None:
    """JSON is a text on Spark."""
    from sqlglot import exp

    if kind == "VARCHAR" or "JSON" in str(kind) or isinstance(node.this, exp.Literal):
        node.replace(exp.paren(node.this.copy()))
    elif kind in _NESTED:
        options = "MAP('ignoreNullFields', 'false')"
        node.replace(
            fill(f"verbatim_to_json($1, {options})", [node.this], lambda _: None, dialect="databricks")
        )
    else:
        refuse("JSON of what is of unknown type", "write to_json(x), or leave it a text")


def _as_text(node: exp.Expr, kind: str | None, types: Types, warn: Warn) -> None:
    warn_of_text(node, node.this, types, warn)
    if kind == "TIMESTAMP" and types.has_zone(node.this):
        node.replace(fill("CONCAT(CAST($1 AS STRING), '+00')", [node.this], warn, dialect="databricks"))


def _as_whole(node: exp.Expr, kind: str | None, warn: Warn) -> None:
    """DuckDB rounds a fraction where Spark cuts it off: a float to the even one of two that are as near."""
    from sqlglot import exp

    if kind is None:
        warn(
            f"CAST({node.this.sql('duckdb')} AS {node.args['to'].sql('duckdb')}): "
            "Spark cuts a fraction off where DuckDB rounds; ROUND or FLOOR says which is meant"
        )
    elif kind == "DOUBLE":
        node.set("this", exp.Anonymous(this="BROUND", expressions=[node.this.copy()]))
    elif is_fraction(kind):
        node.set("this", exp.Round(this=node.this.copy()))


def _of_text(node: exp.Expr, warn: Warn) -> None:
    """A text as a value: Spark takes more for dates, moments and floats, and fewer for whole numbers."""
    from sqlglot import exp

    target, text = node.args["to"], node.this
    if isinstance(text, exp.Literal) and _PLAIN_MOMENT.fullmatch(text.name):
        return
    template = ""
    if is_whole(target):
        if isinstance(text, exp.Literal) and _PLAIN_NUMBER.fullmatch(text.name):
            return
        verb = "TRY_CAST" if isinstance(node, exp.TryCast) else "CAST"
        template = f"ROUND({verb}($1 AS DECIMAL(38, 10)))"
    elif target.is_type(exp.DType.FLOAT, exp.DType.DOUBLE):
        template = _FLOAT_TEXT
    elif target.is_type(exp.DType.BOOLEAN):
        template = _BOOLEAN_TEXT
    elif target.is_type(exp.DType.DATE):
        template = _DATE_TEXT
    elif target.is_type(exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ):
        template = _MOMENT_TEXT
    if template:
        node.set("this", fill(template, [text], warn, dialect="databricks"))
