"""Filling a function template with the arguments of a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from odibi_core.sql.java_patterns import strftime_pattern

if TYPE_CHECKING:
    from sqlglot import exp

Warn = Callable[[str], None]

_MARK = re.compile(r"\$(\d+|\*)(?::(\w+))?")
_SLOT = re.compile(r"slot_(\d+|all)(?:_as_(\w+))?$")
_JAVA_ONLY = re.compile(r"\(\?<?[=!]|\(\?>|\\[1-9]|[*+?}]\+")
_TRUNCATIONS = {
    "YYYY": "year",
    "YY": "year",
    "MM": "month",
    "MON": "month",
    "DD": "day",
}


def arity(template: str) -> int:
    """The number of arguments that a template takes; -1 for any number."""
    marks = [mark[1] for mark in _MARK.finditer(template)]
    return -1 if "*" in marks else max(map(int, marks), default=0)


def fill(template: str, arguments: Sequence[exp.Expr], warn: Warn, *, dialect: str = "duckdb") -> exp.Expr:
    """The template, in the words of `dialect`, with the arguments in their places."""
    from sqlglot import exp

    def put(node: exp.Expr) -> exp.Expr | list[exp.Expr]:
        slot = _SLOT.match(node.name) if isinstance(node, exp.Column) else None
        if slot is None:
            return node
        if slot[1] == "all":
            return [argument.copy() for argument in arguments]
        argument = arguments[int(slot[1]) - 1].copy()
        if slot[2]:
            argument = _CONVERSIONS[slot[2]](argument, warn)
        # An operator inside an argument must not be torn apart by one around it.
        return exp.paren(argument, copy=False) if isinstance(argument, (exp.Binary, exp.Unary)) else argument

    tree = _parsed(template, dialect).copy()
    if _SLOT.match(tree.name) and isinstance(tree, exp.Column):
        return put(tree)  # type: ignore[return-value]
    for column in list(tree.find_all(exp.Column)):
        filled = put(column)
        if isinstance(filled, list):
            holder, key = column.parent, column.arg_key
            assert holder is not None
            assert key is not None
            holder.set(key, [*filled])
        elif filled is not column:
            column.replace(filled)
    return tree


@cache
def _parsed(template: str, dialect: str) -> exp.Expr:
    import sqlglot
    from sqlglot import exp

    def slot(mark: re.Match[str]) -> str:
        number = "all" if mark[1] == "*" else mark[1]
        return f"slot_{number}" + (f"_as_{mark[2]}" if mark[2] else "")

    tree = sqlglot.parse_one(_MARK.sub(slot, template), dialect=dialect)
    for call in tree.find_all(exp.Anonymous):
        call.set("this", call.name.lower().removeprefix("verbatim_"))
    return tree


def _date_pattern(node: exp.Expr, warn: Warn) -> exp.Expr:
    from sqlglot import exp

    if not _is_text(node):
        warn("a date pattern that is not a literal can't be translated")
        return node
    pattern, missing = strftime_pattern(node.name)
    if missing:
        letters = ", ".join(repr(piece) for piece in missing)
        warn(f"the date pattern {node.name!r}: DuckDB has no counterpart of {letters}")
    return exp.Literal.string(pattern)


def _truncation(node: exp.Expr, warn: Warn) -> exp.Expr:
    from sqlglot import exp

    if not _is_text(node):
        warn("a unit that is not a literal can't be translated")
        return node
    return exp.Literal.string(_TRUNCATIONS.get(node.name.upper(), node.name.lower()))


def _unit(node: exp.Expr, _: Warn) -> exp.Expr:
    from sqlglot import exp

    return exp.Literal.string(node.name.lower())


def _regex(node: exp.Expr, warn: Warn) -> exp.Expr:
    if _is_text(node) and (found := _JAVA_ONLY.search(node.name)):
        warn(f"the regular expression {node.name!r}: DuckDB's have no {found.group()!r}")
    return node


def _replacement(node: exp.Expr, warn: Warn) -> exp.Expr:
    from sqlglot import exp

    if not _is_text(node):
        warn("a replacement that is not a literal: $1 would have to be \\1 on DuckDB")
        return node
    text = re.sub(r"\\(.)|\$(\d)|\\", lambda found: _group(found[1], found[2]), node.name)
    return exp.Literal.string(text)


def _group(escaped: str | None, number: str | None) -> str:
    if number is not None:
        return f"\\{number}"
    return "\\\\" if escaped == "\\" else escaped or ""


def _json_schema(node: exp.Expr, warn: Warn) -> exp.Expr:
    import json

    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if not _is_text(node):
        warn("FROM_JSON: a schema that is not a literal can't be translated")
        return node
    text = node.name.strip()
    try:
        built = exp.DataType.build(text, dialect="spark") if "<" in text.split(" ")[0] else None
        type_ = built or exp.DataType.build(f"STRUCT<{text}>", dialect="spark")
    except SqlglotError:
        warn(f"FROM_JSON: the schema {text!r} can't be read")
        return node
    return exp.Literal.string(json.dumps(_structure(type_)))


def _structure(type_: exp.DataType) -> object:
    from sqlglot import exp

    if type_.is_type("struct"):
        return {
            field.name: _structure(field.args["kind"])
            for field in type_.expressions
            if isinstance(field, exp.ColumnDef)
        }
    if type_.is_type("array"):
        return [_structure(type_.expressions[0])]
    if type_.is_type("timestamp", "timestamptz", "timestampltz"):
        return "TIMESTAMP"
    return type_.sql("duckdb")


def _is_text(node: exp.Expr) -> bool:
    from sqlglot import exp

    return isinstance(node, exp.Literal) and bool(node.is_string)


_CONVERSIONS: Mapping[str, Callable[[exp.Expr, Warn], exp.Expr]] = {
    "date_pattern": _date_pattern,
    "truncation": _truncation,
    "unit": _unit,
    "regex": _regex,
    "replacement": _replacement,
    "json_schema": _json_schema,
}
