"""Functions of lists and maps of DuckDB that its parser knows by their names alone, in Spark's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.spark_gaps import refuse
from odibi_core.sql.spark_lists import KNOWN, MAPS, NESTED, put, rewrite_lambda
from odibi_core.sql.templates import Warn

if TYPE_CHECKING:
    from sqlglot import exp

_TOTAL = (
    "CASE WHEN SIZE({0}) > 0 THEN verbatim_aggregate({0}, CAST(0 AS {1}), (a, x) -> CAST(a + x AS {1})) END"
)
_WHOLE, _FLOAT = "DECIMAL(38, 0)", "DOUBLE"
_TRANSFORMS = {
    **dict.fromkeys(("LIST_APPLY", "ARRAY_APPLY", "ARRAY_TRANSFORM", "LIST_TRANSFORM"), False),
    **dict.fromkeys(("ARRAY_FILTER", "LIST_FILTER"), True),
}
_PLAIN_JSON = ("INTEGER", "BOOLEAN")


def rewrite_list_call(call: exp.Anonymous, types: Types, warn: Warn) -> bool:
    """Rewrite a call whose translation depends on the kind of what is in the list; False if it is none."""
    from sqlglot import exp

    name = call.name.upper()
    if name in _TRANSFORMS and len(call.expressions) == 2:
        call_of = exp.ArrayFilter if _TRANSFORMS[name] else exp.Transform
        made = call_of(this=call.expressions[0].copy(), expression=call.expressions[1].copy())
        call.replace(made)
        if isinstance(made.expression, exp.Lambda):
            rewrite_lambda(made.expression, types, warn)
        return True
    if name in ("LIST_REDUCE", "ARRAY_REDUCE") and len(call.expressions) == 3:
        whole = types.item(call.expressions[0]) == "INTEGER" == types.of(call.expressions[2])
        text = "verbatim_aggregate($1, CAST($3 AS BIGINT), $2)" if whole else "verbatim_aggregate($1, $3, $2)"
        if whole and isinstance(call.expressions[1], exp.Lambda):
            body = call.expressions[1].this
            body.replace(exp.cast(body.copy(), "BIGINT"))
        put(call, text, call.expressions, warn)
        return True
    if name in ("LIST_AGGREGATE", "ARRAY_AGGREGATE", "LIST_AGGR", "ARRAY_AGGR"):
        wanted = call.expressions[1] if len(call.expressions) > 1 else None
        if not isinstance(wanted, exp.Literal):
            refuse("list_aggregate() of this kind", "unnest the list and aggregate in a GROUP BY")
        name = f"LIST_{wanted.name.upper()}"
        call.set("this", name)
        call.set("expressions", [call.expressions[0], *call.expressions[2:]])
    if name == "TO_JSON" and (kind := types.of(call.expressions[0])) not in (None, *NESTED):
        if kind not in _PLAIN_JSON:
            refuse("to_json() of one value", "leave it a text, or write to_json([x])")
        put(call, "CAST($1 AS STRING)", call.expressions, warn)
        return True
    if name in ("LIST_SUM", "LIST_AVG"):
        kind = types.item(call.expressions[0])
        if kind not in ("INTEGER", "DOUBLE"):
            refuse(f"{name.lower()}() of this list", "unnest it and aggregate in a GROUP BY")
        held = _FLOAT if kind == "DOUBLE" or name == "LIST_AVG" else _WHOLE
        text = _TOTAL.format(KNOWN, held)
        if name == "LIST_AVG":
            text = text.replace(" END", f" / SIZE({KNOWN}) END")
        put(call, text, call.expressions, warn)
        return True
    return False


_EXTRACTED = (
    "CASE WHEN MAP_CONTAINS_KEY($1, $2) THEN ARRAY(verbatim_element_at($1, $2)) "
    "WHEN $1 IS NOT NULL THEN ARRAY() END"
)
_APPENDED, _PREPENDED = (
    "verbatim_array_append(COALESCE($1, ARRAY()), $2)",
    "verbatim_array_prepend(COALESCE($2, ARRAY()), $1)",
)
_FOUND = "NULLIF(verbatim_array_position($1, $2), 0)"
_ALL = f"(SIZE(ARRAY_EXCEPT({KNOWN.replace('$1', '$2')}, $1)) = 0)"
_JOINED = "CASE WHEN SIZE({0}) > 0 THEN ARRAY_JOIN({0}, {1}) END"
CALLS = {
    "ELEMENT_AT": _EXTRACTED,
    "MAP_CONCAT": MAPS,
    "MAP_EXTRACT": _EXTRACTED,
    "MAP_EXTRACT_VALUE": "TRY_ELEMENT_AT($1, $2)",
    "MAP_CONTAINS": "MAP_CONTAINS_KEY($1, $2)",
    "MAP_CONTAINS_VALUE": "COALESCE(ARRAY_CONTAINS(MAP_VALUES($1), $2), FALSE)",
    "TO_JSON": "verbatim_to_json($1, MAP('ignoreNullFields', 'false'))",
    "LIST_REVERSE": "REVERSE($1)",
    "ARRAY_REVERSE": "REVERSE($1)",
    "LIST_EXTRACT": "TRY_ELEMENT_AT($1, $2)",
    "ARRAY_EXTRACT": "TRY_ELEMENT_AT($1, $2)",
    "LIST_FIRST": "TRY_ELEMENT_AT($1, 1)",
    "LIST_LAST": "TRY_ELEMENT_AT($1, -1)",
    "LIST_ANY_VALUE": f"TRY_ELEMENT_AT({KNOWN}, 1)",
    "LIST_COUNT": f"SIZE({KNOWN})",
    "LIST_UNIQUE": f"SIZE(ARRAY_DISTINCT({KNOWN}))",
    "ARRAY_UNIQUE": f"SIZE(ARRAY_DISTINCT({KNOWN}))",
    "LIST_STRING_AGG": _JOINED.format(KNOWN, "','"),
    "LIST_BOOL_AND": f"CASE WHEN SIZE({KNOWN}) > 0 THEN FORALL({KNOWN}, x -> x) END",
    "LIST_BOOL_OR": f"CASE WHEN SIZE({KNOWN}) > 0 THEN EXISTS({KNOWN}, x -> x) END",
    "ARRAY_PUSH_BACK": _APPENDED,
    "ARRAY_PUSH_FRONT": "verbatim_array_prepend(COALESCE($1, ARRAY()), $2)",
    "ARRAY_POP_BACK": "SLICE($1, 1, GREATEST(SIZE($1) - 1, 0))",
    "ARRAY_POP_FRONT": "SLICE($1, 2, GREATEST(SIZE($1) - 1, 0))",
    "LIST_POSITION": _FOUND,
    "LIST_INDEXOF": _FOUND,
    "ARRAY_INDEXOF": _FOUND,
    "LIST_HAS_ALL": _ALL,
    "ARRAY_HAS_ALL": _ALL,
    "LIST_SELECT": "CASE WHEN $1 IS NOT NULL THEN TRANSFORM($2, p -> TRY_ELEMENT_AT($1, p)) END",
    "LIST_PACK": "ARRAY($*)",
    "LIST_REDUCE": "verbatim_aggregate(SLICE($1, 2, SIZE($1)), $1[0], $2)",
    "ARRAY_REDUCE": "verbatim_aggregate(SLICE($1, 2, SIZE($1)), $1[0], $2)",
}
