"""Whether a SELECT takes each row of some inputs by itself: of a part it makes a part of the whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from odibi_core.errors import SqlError

if TYPE_CHECKING:
    from sqlglot import exp

UNREADABLE = "it can't be read"
"""Why a text that is not of the dialect is not known to take row by row."""

_CLAUSES = {
    "distinct": "it removes duplicates",
    "group": "it groups rows",
    "having": "it groups rows",
    "qualify": "it looks at other rows through a window",
    "limit": "it takes a number of rows",
    "offset": "it takes a number of rows",
    "sample": "it takes a sample",
}
_SOURCES = ("from_", "from", "joins", "with_", "with")
_MACROS_THAT_AGGREGATE = ("wavg", "weighted_avg", "geomean", "geometric_mean")


def why_not_row_wise(sql: str, inputs: Collection[str], *, dialect: str = "duckdb") -> str:
    """Why it does not take each row of these inputs by itself, beginning with "it"; "" where it does.

    Args:
        sql: The SELECT.
        inputs: Those of its tables of which there is only a part; of the others there is the whole.
        dialect: "duckdb" or "spark".
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    from odibi_core.sql.analysis import read_query

    try:
        tree = read_query(sql) if dialect == "duckdb" else sqlglot.parse_one(sql, dialect=dialect)
    except (SqlError, SqlglotError):
        return UNREADABLE
    names = frozenset(name.casefold() for name in inputs)
    if not isinstance(tree, exp.Query) or not _takes(tree, names):
        return "it does not read them as a table"
    return _reason(tree, names)


def _takes(node: exp.Expr, names: frozenset[str]) -> bool:
    from sqlglot import exp

    return any(table.name.casefold() in names for table in node.find_all(exp.Table))


def _reason(query: exp.Expr, names: frozenset[str]) -> str:
    from sqlglot import exp

    if isinstance(query, exp.Query):
        clause = query.args.get("with_") or query.args.get("with")
        for cte in query.ctes:
            if not _takes(cte.this, names):
                names -= {cte.alias.casefold()}
                continue
            if clause is not None and clause.args.get("recursive"):
                return "it repeats itself"
            if reason := _reason(cte.this, names):
                return reason
            names |= {cte.alias.casefold()}
    if isinstance(query, exp.SetOperation):
        return "it puts results together, or takes one from another"
    for name, reason in _CLAUSES.items():
        if query.args.get(name):
            return reason
    if isinstance(query, exp.Subquery):
        return _source(query, names)[1]
    return _of_select(query, names) if isinstance(query, exp.Select) else "it is no plain SELECT"


def _of_select(query: exp.Select, names: frozenset[str]) -> str:
    start = query.args.get("from_") or query.args.get("from")
    if start is None:
        return "it has a query inside that takes them"
    joins = query.args.get("joins") or []
    is_taken, reason = _joined(_source(start.this, names), joins, names)
    if reason:
        return reason
    if not is_taken:
        return "it has a query inside that takes them"
    return next(_of_other_rows(query, joins, names), "")


def _source(node: exp.Expr, names: frozenset[str]) -> tuple[bool, str]:
    """Whether a table, or what stands for one, has only a part of its rows, and why not row by row."""
    from sqlglot import exp

    is_taken, reason = _takes(node, names), ""
    if isinstance(node, exp.Subquery):
        is_taken = _takes(node.this, names)
        if is_taken and isinstance(node.this, exp.Query):
            reason = _reason(node.this, names)
        elif is_taken:
            is_taken, reason = _source(node.this, names)
    elif isinstance(node, exp.Table):
        is_taken = node.name.casefold() in names
    elif is_taken:
        reason = "it has a query inside that takes them"
    if is_taken and not reason and (node.args.get("sample") or node.args.get("pivots")):
        reason = "it takes a sample" if node.args.get("sample") else "it pivots rows"
    return _joined((is_taken, reason), node.args.get("joins") or [], names)


def _joined(left: tuple[bool, str], joins: Sequence[exp.Expr], names: frozenset[str]) -> tuple[bool, str]:
    is_taken, reason = left
    for join in joins:
        is_right_taken, right_reason = _source(join.this, names)
        side, kind, method = (str(join.args.get(name) or "").upper() for name in ("side", "kind", "method"))
        reason = reason or right_reason
        if is_taken and is_right_taken:
            reason = reason or "it joins them with themselves"
        elif is_taken and (side not in ("", "LEFT") or method == "POSITIONAL"):
            reason = reason or f"its {side or method} JOIN keeps other rows too"
        elif is_right_taken and (side not in ("", "RIGHT") or kind in ("SEMI", "ANTI") or method):
            reason = reason or f"its {side or kind or method} JOIN gives rows of another table"
        is_taken = is_taken or is_right_taken
    return is_taken, reason


def _of_other_rows(select: exp.Expr, joins: Sequence[exp.Expr], names: frozenset[str]) -> Iterator[str]:
    """What of its expressions looks at other rows than its own."""
    from sqlglot import exp

    beside = [child for key, value in select.args.items() if key not in _SOURCES for child in _listed(value)]
    left = [*beside, *(join.args["on"] for join in joins if join.args.get("on") is not None)]
    while left:
        node = left.pop()
        if isinstance(node, exp.Query):
            if _takes(node, names):
                yield "it has a query inside that takes them"
            continue
        if isinstance(node, exp.Window):
            yield "it looks at other rows through a window"
        if isinstance(node, exp.AggFunc) or (isinstance(node, exp.Func) and _aggregates(node)):
            yield "it aggregates"
        left += node.iter_expressions()


def _listed(value: object) -> list[exp.Expr]:
    from sqlglot import exp

    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, exp.Expression)]


def _aggregates(call: exp.Func) -> bool:
    from sqlglot import exp

    names = [call.name] if isinstance(call, exp.Anonymous) else call.sql_names()
    return any(name.casefold() in _aggregate_names() for name in names)


@cache
def _aggregate_names() -> frozenset[str]:
    from odibi_core import late_duckdb as duckdb

    with duckdb.connect(":memory:", config={"threads": "1"}) as database:
        found = database.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'"
        ).fetchall()
    return frozenset(name for (name,) in found) | frozenset(_MACROS_THAT_AGGREGATE)
