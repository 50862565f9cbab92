"""What is known of the type of an expression: enough to tell where two dialects part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from odibi_core.schema import Schema

if TYPE_CHECKING:
    from sqlglot import exp

_WHOLE = frozenset({"TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "HUGEINT"})
_WHOLE_UNSIGNED = frozenset({"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"})
_FLOAT = frozenset({"FLOAT", "DOUBLE"})

_LIKE_OPERAND = frozenset({"Paren", "Neg", "Abs", "Max", "Min", "Sum", "Window", "Filter", "TimestampTrunc"})
_TEXTS = ("Upper", "Lower", "Trim", "Substring", "Concat", "DPipe", "TimeToStr", "ArrayToString")
_LISTS = frozenset(
    {"Array", "ArrayAgg", "ArrayCompact", "ArrayConcat", "ArrayDistinct", "ArrayFilter", "Flatten"}
    | {"ArraySlice", "GenerateSeries", "SortArray", "Split", "Transform"}
)
_SAME_ITEMS = frozenset(
    {"ArrayCompact", "ArrayConcat", "ArrayDistinct", "ArrayFilter", "ArraySlice", "Paren", "Reverse"}
    | {"SortArray"}
)
_RESULTS = {
    **dict.fromkeys(("Div", "Avg", "Ln", "Sqrt", "Pow"), "DOUBLE"),
    **dict.fromkeys(("Count", "Length", "IntDiv", "Extract", "RowNumber", "Round", "DateDiff"), "INTEGER"),
    **dict.fromkeys(_TEXTS, "VARCHAR"),
    **dict.fromkeys(("VarMap", "Map", "ToMap"), "MAP"),
    **dict.fromkeys(("CurrentDate", "LastDay"), "DATE"),
    **dict.fromkeys(("CurrentTimestamp", "StrToTime"), "TIMESTAMP"),
    **dict.fromkeys(_LISTS, "LIST"),
    "Boolean": "BOOLEAN",
}


class Types:
    """The kinds of expressions, as far as the columns of the inputs tell them.

    Args:
        inputs: Alias → schema; None where it is unknown.
    """

    def __init__(self, inputs: Mapping[str, Schema | None]) -> None:
        self._given: dict[str, set[str | None]] = {}
        self._zoned: dict[str, set[bool]] = {}
        self._items: dict[str, set[str]] = {}
        for schema in inputs.values():
            for name, type_ in schema or ():
                self._given.setdefault(name.casefold(), set()).add(_kind(type_))
                self._zoned.setdefault(name.casefold(), set()).add(_has_zone(type_))
                if type_.endswith("]"):
                    self._items.setdefault(name.casefold(), set()).add(_kind(type_[: type_.rindex("[")]))
        self._columns = self._given

    def learn(self, tree: exp.Expr) -> None:
        """Know the kinds of what the queries within a query name."""
        from sqlglot import exp

        inner = [select for select in tree.find_all(exp.Select) if select.parent is not None]
        given = {name: set(kinds) for name, kinds in self._given.items()}
        for values in tree.find_all(exp.Values):
            for name, kind in self._listed(values):
                given.setdefault(name.casefold(), set()).add(kind)
        self._columns = given
        named = [each for select in inner for each in select.expressions if isinstance(each, exp.Alias)]
        # What one names is made of what others do: as often as they may stand in each other, within reason.
        for _ in range(min(len(inner), 4)):
            found = {name: set(kinds) for name, kinds in given.items()}
            for alias in named:
                found.setdefault(alias.alias.casefold(), set()).add(self.of(alias.this))
            self._columns = found

    def _listed(self, values: exp.Values) -> Iterator[tuple[str, str | None]]:
        """The columns of VALUES, as far as their rows are of one kind each."""
        from sqlglot import exp

        names = values.args["alias"].columns if values.args.get("alias") else []
        rows = [row.expressions for row in values.expressions]
        for place, name in enumerate(names):
            held = [row[place] for row in rows if place < len(row)]
            kinds = {self.of(value) for value in held if not isinstance(value, exp.Null)}
            yield name.name, kinds.pop() if len(kinds) == 1 else None

    def has_zone(self, node: exp.Expr) -> bool:
        """Whether a moment surely has a zone."""
        from sqlglot import exp

        if isinstance(node, exp.Column):
            return self._zoned.get(node.name.casefold()) == {True}
        if isinstance(node, exp.Cast):
            return bool(node.args["to"].is_type(exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ))
        inner = node.this if isinstance(node, (exp.Paren, exp.TimestampTrunc, exp.Add, exp.Sub)) else None
        return inner is not None and self.has_zone(inner)

    def item(self, node: exp.Expr) -> str | None:
        """The kind of what is in a list; None if unknown."""
        from sqlglot import exp

        if isinstance(node, exp.Column):
            kinds: set[str | None] = {*self._items.get(node.name.casefold(), set())}
        elif isinstance(node, exp.Array):
            kinds = {self.of(each) for each in node.expressions if not isinstance(each, exp.Null)}
        elif isinstance(node, exp.Transform) and isinstance(node.expression, exp.Lambda):
            kinds = {self.of(node.expression.this)}
        elif isinstance(node, exp.Split):
            kinds = {"VARCHAR"}
        elif isinstance(node, exp.GenerateSeries):
            kinds = {self.of(node.args["start"])}
        elif type(node).__name__ in _SAME_ITEMS:
            return self.item(node.this)
        else:
            return None
        return kinds.pop() if len(kinds) == 1 else None

    def _of_parameter(self, node: exp.Identifier) -> str | None:
        """The kind of a lambda's parameter: an item of the list, or its position."""
        from sqlglot import exp

        above = node.find_ancestor(exp.Lambda)
        while above is not None:
            names = [each.name.casefold() for each in above.expressions]
            if node.name.casefold() in names:
                call = above.parent
                is_each = isinstance(call, (exp.Transform, exp.ArrayFilter))
                place = names.index(node.name.casefold())
                return ("INTEGER" if place else self.item(call.this)) if is_each and call else None
            above = above.find_ancestor(exp.Lambda)
        return None

    def of(self, node: exp.Expr) -> str | None:
        """INTEGER, DECIMAL, DOUBLE, VARCHAR, DATE, TIMESTAMP, BOOLEAN, MAP, LIST, …; None if unknown."""
        from sqlglot import exp

        if isinstance(node, exp.Column):
            kinds = self._columns.get(node.name.casefold(), set())
            return next(iter(kinds)) if len(kinds) == 1 else None
        if isinstance(node, exp.Identifier):
            return self._of_parameter(node)
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
        if isinstance(node, exp.Case):
            results = [case.args["true"] for case in node.args["ifs"]]
            if (default := node.args.get("default")) is not None:
                results.append(default)
            parts = {self.of(result) for result in results if not isinstance(result, exp.Null)}
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


def _has_zone(type_: str) -> bool:
    return type_.upper() in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


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
