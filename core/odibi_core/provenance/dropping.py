"""The places of a SELECT at which a row can be lost, in the order in which the rows come to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from odibi_core.errors import SqlError
from odibi_core.late_dataclass import dataclass
from odibi_core.provenance.rewriting import UntraceableError, trace_tree
from odibi_core.sql.analysis import read_query

if TYPE_CHECKING:
    from sqlglot import exp


@dataclass(frozen=True, slots=True)
class Place:
    """A place at which a row can be lost.

    Attributes:
        told: The piece of SQL, for people: "WHERE amount > 10".
        sql: The traced text in which everything up to this place holds, and nothing after it.
    """

    told: str
    sql: str


@dataclass(frozen=True, slots=True)
class _Part:
    told: str
    lift: Callable[[], object]


def places_of_loss(sql: str) -> list[Place]:
    """Where a row can be lost; the first text in which it is no source of any row names the reason.

    The first place is the start: there nothing is lost yet, and `told` is "".

    Args:
        sql: One SELECT in DuckDB's dialect.

    Raises:
        UntraceableError: Where its rows come from can't be told.
    """
    try:
        tree = read_query(sql)
    except SqlError as error:
        raise UntraceableError("the SQL is not a plain SELECT, so that its rows can't be followed") from error
    told = ["", *(part.told for part in _parts(tree))]
    found = []
    for number, text in enumerate(told):
        variant = tree.copy()
        for part in list(_parts(variant))[number:]:
            part.lift()
        found.append(Place(text, trace_tree(variant).sql))
    return found


def _parts(node: exp.Expr | None) -> Iterator[_Part]:
    """The parts of a query that lose rows: those of its inner queries come first."""
    from sqlglot import exp

    if node is None:
        return
    heads = node.args.get("with_")
    for head in heads.expressions if heads is not None else ():
        yield from _parts(head.this)
    if isinstance(node, exp.SetOperation):
        yield from _parts(node.this)
        yield from _parts(node.expression)
    elif isinstance(node, exp.Subquery | exp.Lateral):
        yield from _parts(node.this)
    elif isinstance(node, exp.Select):
        yield from _parts_behind_from(node)
        for key in ("where", "having", "qualify"):
            for condition in _conditions(node.args.get(key)):
                yield _Part(f"{key.upper()} {condition.sql('duckdb')}", partial(_lift, condition))
        distinct = node.args.get("distinct")
        if distinct is not None and (on := distinct.args.get("on")) is not None:
            yield _Part(f"DISTINCT ON {on.sql('duckdb')}", lambda: node.set("distinct", None))
    if isinstance(node, exp.Query):
        cuts = [cut for key in ("limit", "offset") if (cut := node.args.get(key)) is not None]
        if cuts:
            told = " ".join(cut.sql("duckdb").strip() for cut in cuts)
            yield _Part(told, lambda: [cut.pop() for cut in cuts])


def _parts_behind_from(node: exp.Expr) -> Iterator[_Part]:
    from sqlglot import exp

    from_ = node.args.get("from_")
    if from_ is not None:
        yield from _parts(from_.this)
        yield from _parts_behind_from(from_.this)
    for join in node.args.get("joins") or []:
        yield from _parts(join.this)
        if isinstance(join.this, exp.Unnest):
            continue
        kind, side = (join.args.get("kind") or "").upper(), (join.args.get("side") or "").upper()
        if kind in ("SEMI", "ANTI"):
            yield _Part(join.sql("duckdb").strip(), join.pop)
        elif side != "FULL" and (join.args.get("on") or join.args.get("using")):
            yield _Part(join.sql("duckdb").strip(), partial(_widen, join))


def _widen(join: exp.Join) -> None:
    """Have a join keep the rows that find no partner."""
    join.set("side", "FULL" if not join.args.get("method") else "LEFT")
    join.set("kind", None)


def _conditions(clause: exp.Expr | None) -> list[exp.Expr]:
    from sqlglot import exp

    if clause is None:
        return []
    return list(clause.this.flatten()) if isinstance(clause.this, exp.And) else [clause.this]


def _lift(condition: exp.Expr) -> None:
    """Have a condition hold for every row. It stays there: QUALIFY needs a window function in it."""
    from sqlglot import exp

    condition.replace(exp.paren(exp.or_(condition.copy(), exp.true())))
