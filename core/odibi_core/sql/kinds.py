"""What is known of the type of an expression: enough to tell where two dialects part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from odibi_core.schema import Schema

if TYPE_CHECKING:
    from sqlglot import exp

_WHOLE = frozenset({"TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "HUGEINT"})
_WHOLE_UNSIGNED = frozenset({"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"})
_FLOAT = frozenset({"FLOAT", "DOUBLE"})

_LIKE_OPERAND = frozenset({"Paren", "Neg", "Abs", "Max", "Min", "Sum", "Window", "Filter", "TimestampTrunc"})
_RESULTS = {
    **dict.fromkeys(("Div", "Avg", "Ln", "Sqrt", "Pow"), "DOUBLE"),
    **dict.fromkeys(("Count", "Length", "IntDiv", "Extract", "RowNumber", "Round", "DateDiff"), "INTEGER"),
    **dict.fromkeys(("Upper", "Lower", "Trim", "Substring", "Concat", "DPipe", "TimeToStr"), "VARCHAR"),
    **dict.fromkeys(("VarMap", "Map", "ToMap"), "MAP"),
    **dict.fromkeys(("CurrentDate", "LastDay"), "DATE"),
    **dict.fromkeys(("CurrentTimestamp", "StrToTime"), "TIMESTAMP"),
    "Array": "LIST",
    "Boolean": "BOOLEAN",
}


class Types:
    """The kinds of expressions, as far as the columns of the inputs tell them.

    Args:
        inputs: Alias → schema; None where it is unknown.
    """

    def __init__(self, inputs: Mapping[str, Schema | None]) -> None:
        self._columns: dict[str, set[str]] = {}
        for schema in inputs.values():
            for name, type_ in schema or ():
                self._columns.setdefault(name.casefold(), set()).add(_kind(type_))

    def of(self, node: exp.Expr) -> str | None:
        """INTEGER, DECIMAL, DOUBLE, VARCHAR, DATE, TIMESTAMP, BOOLEAN, MAP, LIST, …; None if unknown."""
        from sqlglot import exp

        if isinstance(node, exp.Column):
            kinds = self._columns.get(node.name.casefold(), set())
            return next(iter(kinds)) if len(kinds) == 1 else None
        if isinstance(node, exp.Literal):
            letters = set(node.name)
            number = "DOUBLE" if letters & set("eE") else "DECIMAL" if "." in letters else "INTEGER"
            return "VARCHAR" if node.is_string else number
        if isinstance(node, exp.Cast):
            return _kind(node.args["to"].sql("duckdb"))
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Mod)):
            return self._arithmetic(node)
        if isinstance(node, exp.Coalesce):
            parts = {self.of(part) for part in (node.this, *node.expressions)}
            return parts.pop() if len(parts) == 1 else None
        if type(node).__name__ in _LIKE_OPERAND or (
            isinstance(node, exp.Round) and node.args.get("decimals")
        ):
            return self.of(node.this)
        if isinstance(node, (exp.Predicate, exp.Not)):
            return "BOOLEAN"
        return _RESULTS.get(type(node).__name__)

    def _arithmetic(self, node: exp.Binary) -> str | None:
        left, right = self.of(node.this), self.of(node.expression)
        if left in ("DATE", "TIMESTAMP"):
            return left
        if "DOUBLE" in (left, right):
            return "DOUBLE"
        if {left, right} == {"DECIMAL", "INTEGER"}:
            return "DECIMAL"
        return left if left == right else None


def is_fraction(kind: str | None) -> bool:
    """Whether values of the kind may have a fraction."""
    return kind in ("DECIMAL", "DOUBLE")


def is_whole(type_: exp.DataType) -> bool:
    """Whether a type holds whole numbers only."""
    return _kind(type_.sql("duckdb")) == "INTEGER"


def _kind(type_: str) -> str:
    base = type_.upper().split("(")[0].strip()
    if type_.endswith("]"):
        return "LIST"
    if base in _WHOLE or base in _WHOLE_UNSIGNED:
        return "INTEGER"
    if base in _FLOAT:
        return "DOUBLE"
    if base.startswith("TIMESTAMP"):
        return "TIMESTAMP"
    return "VARCHAR" if base in ("TEXT", "VARCHAR") else base
