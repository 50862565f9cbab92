"""Lists and maps of DuckDB in Spark's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.spark_gaps import refuse
from odibi_core.sql.spark_series import rewrite_series
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

MAPS = (
    "CASE WHEN $1 IS NULL THEN COALESCE($2, MAP()) WHEN $2 IS NULL THEN $1 ELSE verbatim_map_concat("
    "TRANSFORM_VALUES($1, (k, v) -> "
    "CASE WHEN MAP_CONTAINS_KEY($2, k) THEN TRY_ELEMENT_AT($2, k) ELSE v END), "
    "MAP_FILTER($2, (k, v) -> NOT MAP_CONTAINS_KEY($1, k))) END"
)
Rewrite = Callable[["exp.Expr", Types, Warn], None]

_BOTH = "verbatim_concat(COALESCE($1, ARRAY()), COALESCE($2, ARRAY()))"
KNOWN = "FILTER($1, x -> x IS NOT NULL)"
_AROUND = ("Filter", "Window", "WithinGroup", "IgnoreNulls")


def _to(template: str) -> Rewrite:
    def rewrite(node: exp.Expr, _: Types, warn: Warn) -> None:
        node.replace(fill(template, [node.this], warn, dialect="databricks"))

    return rewrite


def _to_both(template: str) -> Rewrite:
    def rewrite(node: exp.Expr, _: Types, warn: Warn) -> None:
        node.replace(fill(template, [node.this, node.expression], warn, dialect="databricks"))

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


NESTED = ("LIST", "STRUCT", "MAP")


def _sorted_nested(node: exp.Expr, types: Types, warn: Warn) -> None:
    """Of lists and structs that differ in a null, DuckDB takes that with it for the greater."""
    if types.of(node.this) in NESTED:
        text = node.sql("duckdb")
        warn(f"{text}: a null within lists and structs is the greatest in DuckDB, the least in Spark")


def _exploded(node: exp.Expr, types: Types, _: Warn) -> None:
    if types.of(node.this) == "STRUCT":
        refuse("unnest() of a struct", "write s.*")


def _group(node: exp.Expr, types: Types, warn: Warn) -> None:
    if any(types.of(key) == "MAP" for key in node.expressions):
        warn("GROUP BY a map: Spark takes no value for 0")


def _json(_: exp.Expr, __: Types, ___: Warn) -> None:
    refuse("JSON as a value (->, json_extract())", "read texts: x ->> 'a', or json_extract_string()")


def _untyped(node: exp.Expr, _: Types, __: Warn) -> None:
    """A list of nothing has a type that others can read."""
    from sqlglot import exp

    is_column = isinstance(node.parent, (exp.Alias, exp.Select))
    if is_column and all(isinstance(each, exp.Null) for each in node.expressions):
        node.replace(exp.cast(node.copy(), exp.DataType.build("INT[]", dialect="duckdb")))


def rewrite_lambda(node: exp.Expr, _: Types, warn: Warn) -> None:
    """DuckDB counts the items of a list from 1, Spark from 0."""
    from sqlglot import exp

    if len(node.expressions) != 2 or not isinstance(node.parent, (exp.Transform, exp.ArrayFilter)):
        return
    place = node.expressions[1].name
    for used in list(node.this.find_all(exp.Identifier)):
        if used.name == place:
            spot = used.parent if isinstance(used.parent, exp.Column) else used
            spot.replace(
                fill("(CAST($1 AS BIGINT) + 1)", [exp.to_identifier(place)], warn, dialect="databricks")
            )


def _overlap(node: exp.Expr, _: Types, warn: Warn) -> None:
    text = "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN COALESCE(ARRAYS_OVERLAP($1, $2), FALSE) END"
    node.replace(fill(text, [node.this, node.expression], warn, dialect="databricks"))


def _contains_all(first: str, second: str) -> Rewrite:
    text = f"(SIZE(ARRAY_EXCEPT({KNOWN.replace('$1', second)}, {first})) = 0)"
    return lambda node, _, warn: put(node, text, [node.this, node.expression], warn)


def put(node: exp.Expr, text: str, given: list[exp.Expr], warn: Warn) -> None:
    """Replace the node by a template with what is given in it."""
    node.replace(fill(text, given, warn, dialect="databricks"))


def _contains(node: exp.Expr, _: Types, warn: Warn) -> None:
    from sqlglot import exp

    if isinstance(node.expression, exp.Null):
        refuse("search for NULL in a list", "write len(list_filter(l, lambda x: x IS NULL)) > 0")
    text = "CASE WHEN $1 IS NOT NULL THEN COALESCE(ARRAY_CONTAINS($1, $2), FALSE) END"
    put(node, text, [node.this, node.expression], warn)


def _in_list(node: exp.Expr, _: Types, warn: Warn) -> None:
    """X IN l, where l is a list."""
    from sqlglot import exp

    if (held := node.args.get("field")) is not None:
        if isinstance(node.this, exp.Null):
            refuse("search for NULL in a list", "write len(list_filter(l, lambda x: x IS NULL)) > 0")
        text = "CASE WHEN $1 IS NOT NULL AND $2 IS NOT NULL THEN COALESCE(ARRAY_CONTAINS($1, $2), FALSE) END"
        put(node, text, [held, node.this], warn)


def _first_of(place: int) -> Rewrite:
    """FIRST and LAST in an order that is said."""

    def rewrite(node: exp.Expr, types: Types, warn: Warn) -> None:
        from sqlglot import exp

        if not isinstance(node.this, exp.Order) or type(node.parent).__name__ in _AROUND:
            return
        collected = exp.ArrayAgg(this=node.this.copy())
        node.replace(exp.Anonymous(this="TRY_ELEMENT_AT", expressions=[collected, exp.Literal.number(place)]))
        _collected(collected, types, warn)

    return rewrite


def _map_concat(node: exp.Expr, _: Types, warn: Warn) -> None:
    """Of two values of a key the last counts; no map is an empty one."""
    given = node.expressions
    if len(given) != 2:
        refuse("map_concat() of more than two maps", "put two together at a time")
    put(node, MAPS, given, warn)


NODES: Mapping[str, Rewrite] = {
    "JSONExtract": _json,
    "MapConcat": _map_concat,
    "Explode": _exploded,
    **dict.fromkeys(("Ordered", "Max", "Min", "LT", "LTE", "GT", "GTE"), _sorted_nested),
    "Array": _untyped,
    "Lambda": rewrite_lambda,
    "GenerateSeries": rewrite_series,
    "ArrayOverlaps": _overlap,
    "ArrayContainsAll": _contains_all("$1", "$2"),
    "ArrayContainedBy": _contains_all("$2", "$1"),
    "ArrayContains": _contains,
    "ArrayPosition": _to_both("NULLIF(verbatim_array_position($1, $2), 0)"),
    "In": _in_list,
    "First": _first_of(1),
    "Last": _first_of(-1),
    "ArrayAgg": _collected,
    "ArrayConcat": _concatenated,
    "ArrayDistinct": _distinct,
    "Flatten": _to("verbatim_flatten(FILTER($1, x -> x IS NOT NULL))"),
    "ArgMax": _best,
    "ArgMin": _best,
    "Join": _unnested,
    "Group": _group,
}
