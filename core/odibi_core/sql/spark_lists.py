"""Lists and maps of DuckDB in Spark's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

Rewrite = Callable[["exp.Expr", Types, Warn], None]

_BOTH = (
    "CASE WHEN $1 IS NOT NULL OR $2 IS NOT NULL "
    "THEN verbatim_concat(COALESCE($1, ARRAY()), COALESCE($2, ARRAY())) END"
)
_AROUND = ("Filter", "Window", "WithinGroup", "IgnoreNulls")


def _to(template: str) -> Rewrite:
    def rewrite(node: exp.Expr, _: Types, warn: Warn) -> None:
        node.replace(fill(template, [node.this], warn, dialect="databricks"))

    return rewrite


def _distinct(node: exp.Expr, _: Types, warn: Warn) -> None:
    """The values of a list, without null; their order is the engine's."""
    if type(node.parent).__name__ not in ("SortArray", "ArraySize", "Length"):
        warn(f"{node.sql('duckdb')}: the engines give the values in different orders")
    text = "ARRAY_COMPACT(verbatim_array_distinct($1))"
    node.replace(fill(text, [node.this], warn, dialect="databricks"))


def _concatenated(node: exp.Expr, _: Types, warn: Warn) -> None:
    """No list is an empty one, beside another."""
    if len(node.expressions) == 1:
        node.replace(fill(_BOTH, [node.this, node.expressions[0]], warn, dialect="databricks"))
    else:
        warn(f"{node.sql('duckdb')}: no list is an empty one in DuckDB, and null in Spark")


def _collected(node: exp.Expr, _: Types, warn: Warn) -> None:
    """A list of all values in their order, nulls too; null where there are no rows."""
    from sqlglot import exp

    if type(node.parent).__name__ in _AROUND:
        warn(f"{node.sql('duckdb')}: Spark's COLLECT_LIST leaves nulls out, DuckDB's list keeps them")
        return
    value, keys = node.this, list[exp.Expr]()
    if isinstance(value, exp.Order):
        keys, value = value.expressions, value.this
    is_distinct = isinstance(value, exp.Distinct)
    if is_distinct:
        (value,) = value.expressions
    # In a struct a null is no null.
    fields = ["'v', $1", *(f"'k{place}', ${place + 2}" for place in range(len(keys)))]
    packed = f"NAMED_STRUCT({', '.join(fields)})"
    held = f"{'verbatim_collect_set' if is_distinct else 'verbatim_collect_list'}({packed})"
    if keys:
        held = f"verbatim_array_sort({held}, (a, b) -> {_order(keys)})"
    text = f"CASE WHEN COUNT(*) > 0 THEN TRANSFORM({held}, s -> s.v) END"
    given = [value, *(key.this if isinstance(key, exp.Ordered) else key for key in keys)]
    node.replace(fill(text, given, warn, dialect="databricks"))


def _order(keys: list[exp.Expr]) -> str:
    """What tells which of two structs, a and b, comes first."""
    cases = []
    for place, key in enumerate(keys):
        one, other = f"a.k{place}", f"b.k{place}"
        less, null = (1 if key.args.get("desc") else -1), (-1 if key.args.get("nulls_first") else 1)
        cases += [
            f"WHEN {one} IS NULL AND {other} IS NOT NULL THEN {null}",
            f"WHEN {one} IS NOT NULL AND {other} IS NULL THEN {-null}",
            f"WHEN {one} < {other} THEN {less}",
            f"WHEN {one} > {other} THEN {-less}",
        ]
    return f"CASE {' '.join(cases)} ELSE 0 END"


def _best(node: exp.Expr, _: Types, warn: Warn) -> None:
    """Rows without a value don't count."""
    given = [node.this, node.expression]
    node.set("expression", fill("CASE WHEN $1 IS NOT NULL THEN $2 END", given, warn, dialect="databricks"))


def _unnested(node: exp.Expr, _: Types, warn: Warn) -> None:
    """A LEFT JOIN with the items of a list keeps rows without items."""
    from sqlglot import exp

    items = node.this
    if (node.args.get("side") or "").upper() != "LEFT" or not isinstance(items, exp.Unnest):
        return
    condition = node.args.get("on")
    if condition is not None and not (isinstance(condition, exp.Boolean) and condition.this):
        warn("LEFT JOIN UNNEST: Spark takes no condition")
    kept = "CASE WHEN SIZE($1) > 0 THEN $1 ELSE ARRAY(NULL) END"
    items.set("expressions", [fill(kept, [each], warn, dialect="databricks") for each in items.expressions])


def _group(node: exp.Expr, types: Types, warn: Warn) -> None:
    if any(types.of(key) == "MAP" for key in node.expressions):
        warn("GROUP BY a map: Spark takes no value for 0")


NODES: Mapping[str, Rewrite] = {
    "ArrayAgg": _collected,
    "ArrayConcat": _concatenated,
    "ArrayDistinct": _distinct,
    "Flatten": _to("verbatim_flatten(FILTER($1, x -> x IS NOT NULL))"),
    "ArgMax": _best,
    "ArgMin": _best,
    "Join": _unnested,
    "Group": _group,
}
CALLS = {
    "ELEMENT_AT": "CASE WHEN MAP_CONTAINS_KEY($1, $2) THEN ARRAY(verbatim_element_at($1, $2)) "
    "WHEN $1 IS NOT NULL THEN ARRAY() END",
    "TO_JSON": "verbatim_to_json($1, MAP('ignoreNullFields', 'false'))",
    "LIST_REVERSE": "REVERSE($1)",
    "LIST_EXTRACT": "TRY_ELEMENT_AT($1, $2)",
}
