"""Brackets of DuckDB, s[1] and l[2:3], in Spark's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.spark_gaps import refuse
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp


def rewrite_bracket(node: exp.Expr, types: Types, warn: Warn) -> None:
    """Positions from the end exist in Spark's ELEMENT_AT alone, positions in texts in none."""
    from sqlglot import exp

    (index,) = node.expressions[:1]
    if isinstance(index, exp.Slice):
        rewrite_slice(node, index, types, warn)
        return
    if types.of(node.this) == "VARCHAR" and index.is_int and isinstance(index, exp.Literal):
        # The reader has taken 1 off already, as for lists.
        place = exp.Literal.number(int(index.name) + 1)
        node.replace(fill("SUBSTRING($1, $2, 1)", [node.this, place], warn, dialect="databricks"))
        return
    if types.of(node.this) == "VARCHAR" and isinstance(index, exp.Neg) and index.this.name == "1":
        node.replace(fill("SUBSTRING($1, 1, 0)", [node.this], warn, dialect="databricks"))
        return
    if types.of(node.this) == "VARCHAR" and not index.is_int and not isinstance(index, exp.Neg):
        refuse("character at a position of the rows", "write substring(s, i, 1)")
    if isinstance(index, exp.Neg) and index.this.is_int and index.this.name != "1":
        # The reader has taken 1 off already, for lists that begin at 0.
        place = exp.Literal.number(1 - int(index.this.name))
        if types.of(node.this) == "VARCHAR":
            node.replace(fill("SUBSTRING($1, $2, 1)", [node.this, place], warn, dialect="databricks"))
            return
        node.replace(exp.Anonymous(this="TRY_ELEMENT_AT", expressions=[node.this.copy(), place]))
    elif types.of(node.this) == "LIST" and (index.is_int or isinstance(index, exp.Neg)):
        # Where there is none, brackets are an error.
        node.replace(exp.Anonymous(this="GET", expressions=[node.this.copy(), index.copy()]))


def rewrite_slice(node: exp.Expr, index: exp.Expr, types: Types, warn: Warn) -> None:
    """From one position to another, both within; negative ones count from the end."""
    kind = types.of(node.this)
    if kind not in ("VARCHAR", "LIST") or index.args.get("step"):
        refuse(f"slice {node.sql('duckdb')} of what is of unknown type", "cast it: x::VARCHAR[2:3]")
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
