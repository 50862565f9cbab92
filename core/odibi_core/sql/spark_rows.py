"""What makes rows in Spark: EXPLODE and its kin in SELECT, LATERAL VIEW; and clauses that DuckDB lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.sql.kinds import Types
from odibi_core.sql.templates import Warn, fill

if TYPE_CHECKING:
    from sqlglot import exp

_GENERATORS = ("EXPLODE", "POSEXPLODE", "INLINE")


def rewrite_rows(select: exp.Expr, types: Types, warn: Warn) -> None:
    """Rewrite generators among the columns, WITH ROLLUP, SORT BY and its kin, and hints."""
    from sqlglot import exp

    assert isinstance(select, exp.Select)
    if any(_generator(projection) is not None for projection in select.expressions):
        columns: list[exp.Expr] = []
        for projection in select.expressions:
            call = _generator(projection)
            columns += [projection] if call is None else _columns(call, _names(projection), types, warn)
        select.set("expressions", columns)
    select.set("hint", None)
    _group(select)
    _order(select)


def rewrite_lateral_views(lateral: exp.Expr, types: Types, warn: Warn) -> None:
    """Make a LATERAL VIEW a join with what it unnests."""
    from sqlglot import exp

    call, select = lateral.this, lateral.parent
    if not lateral.args.get("view") or not isinstance(select, exp.Select) or _generator(call) is None:
        return
    alias = lateral.args.get("alias")
    names = [column.name for column in alias.columns] if alias else []
    outer = bool(lateral.args.get("outer"))
    columns = _columns(call, names, types, warn)
    rows = exp.Lateral(
        this=exp.Subquery(this=exp.Select(expressions=columns)),
        alias=exp.TableAlias(this=exp.to_identifier(alias.name if alias and alias.name else "exploded")),
    )
    join = exp.Join(this=rows, side="LEFT", on=exp.true()) if outer else exp.Join(this=rows, kind="CROSS")
    # Views are met from the last to the first; each goes before those met already.
    joins = select.args.get("joins") or []
    position = len(joins) - select.meta.get("lateral_views", 0)
    select.set("joins", [*joins[:position], join, *joins[position:]])
    select.meta["lateral_views"] = select.meta.get("lateral_views", 0) + 1
    select.set("laterals", [other for other in select.args["laterals"] if other is not lateral])


def _generator(projection: exp.Expr) -> exp.Anonymous | None:
    from sqlglot import exp

    node = projection.this if isinstance(projection, (exp.Alias, exp.Aliases)) else projection
    if isinstance(node, exp.Anonymous) and node.name.upper().removesuffix("_OUTER") in _GENERATORS:
        return node
    return None


def _names(projection: exp.Expr) -> list[str]:
    from sqlglot import exp

    if isinstance(projection, exp.Aliases):
        return [name.name for name in projection.expressions]
    return [projection.alias] if isinstance(projection, exp.Alias) else []


def _columns(call: exp.Anonymous, names: list[str], types: Types, warn: Warn) -> list[exp.Expr]:
    """The columns that a generator makes, under the names given to them, else under Spark's."""
    from sqlglot import exp

    (items,) = call.expressions
    function = call.name.upper().removesuffix("_OUTER")
    is_map = function != "INLINE" and (
        types.of(items) == "MAP" or len(names) == (3 if function[0] == "P" else 2)
    )
    outer = call.name.upper().endswith("_OUTER")
    if function == "INLINE":
        if outer:
            warn("INLINE_OUTER: a row whose list is empty is left out on DuckDB")
        return [fill("unnest($1, max_depth := 2)", [items], warn)]
    templates = {"col": "unnest($1)"}
    if is_map:
        templates = {"key": "unnest(map_keys($1))", "value": "unnest(map_values($1))"}
    elif outer:
        templates = {"col": "unnest(CASE WHEN len($1) > 0 THEN $1 ELSE [NULL] END)"}
    if is_map and outer:
        templates = {
            "key": "unnest(CASE WHEN cardinality($1) > 0 THEN map_keys($1) ELSE [NULL] END)",
            "value": "unnest(CASE WHEN cardinality($1) > 0 THEN map_values($1) ELSE [NULL] END)",
        }
    if function == "POSEXPLODE":
        counted = "map_keys($1)" if is_map else "$1"
        templates = {"pos": f"unnest(range(len({counted})))", **templates}
    given = names if len(names) == len(templates) else list(templates)
    return [
        exp.alias_(fill(template, [items], warn), name, quoted=True)
        for name, template in zip(given, templates.values(), strict=True)
    ]


def _group(select: exp.Select) -> None:
    """GROUP BY a WITH ROLLUP is GROUP BY ROLLUP (a)."""
    group = select.args.get("group")
    if group is None:
        return
    for kind in ("rollup", "cube"):
        for clause in group.args.get(kind) or []:
            if not clause.expressions:
                clause.set("expressions", group.expressions)
                group.set("expressions", [])


def _order(select: exp.Select) -> None:
    """On one machine, SORT BY and CLUSTER BY sort everything; DISTRIBUTE BY changes nothing."""
    from sqlglot import exp

    for clause in ("sort", "cluster"):
        if (given := select.args.get(clause)) and not select.args.get("order"):
            keys = [
                key if isinstance(key, exp.Ordered) else exp.Ordered(this=key, nulls_first=True)
                for key in given.expressions
            ]
            select.set("order", exp.Order(expressions=keys))
        select.set(clause, None)
    select.set("distribute", None)
