"""The joins of a SELECT, and a query for each that counts how well its two sides meet."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from odibi_core.errors import SqlError
from odibi_core.late_dataclass import dataclass
from odibi_core.sql.analysis import is_volatile, read_query

if TYPE_CHECKING:
    from sqlglot import exp

_JOIN = re.compile(r"\bjoin\b | \bfrom\b[^();]*,[^();]*\bwhere\b", re.IGNORECASE | re.VERBOSE)
_COUNTED = frozenset(["", "INNER", "OUTER", "SEMI", "ANTI"])


@dataclass(frozen=True, slots=True)
class Join:
    """A join of a SELECT.

    Attributes:
        told: The join as it is written, for people: "LEFT JOIN c USING (id)".
        kind: "inner", "left", "right", "full", "semi" or "anti".
        left: The step's input that is the left side; "" where it is none of them as it is.
        right: The same of the right side.
        sql: A query over the step's inputs that gives one row, for `JoinCounts.of`; "" where there is none.
        why: Why it can't be counted, or "".
    """

    told: str
    kind: str
    left: str
    right: str
    sql: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class JoinCounts:
    """How the two sides of a join meet.

    Attributes:
        told: The join as it is written.
        kind: "inner", "left", "right", "full", "semi" or "anti".
        left: The step's input that is the left side, or "".
        right: The same of the right side.
        left_rows: Rows of the left side.
        right_rows: Rows of the right side.
        left_matched: Left rows that find a partner.
        right_matched: Right rows that find a partner.
        pairs: Pairs of rows that meet.
        why: Why nothing is counted, or "": then all counts are None.
    """

    told: str
    kind: str
    left: str
    right: str
    left_rows: int | None = None
    right_rows: int | None = None
    left_matched: int | None = None
    right_matched: int | None = None
    pairs: int | None = None
    why: str = ""

    @classmethod
    def of(cls, join: Join, counts: Sequence[int]) -> JoinCounts:
        """The join with what its query gave."""
        left, right, left_matched, right_matched, pairs = map(int, counts)
        return cls(
            join.told, join.kind, join.left, join.right, left, right, left_matched, right_matched, pairs
        )

    @classmethod
    def unknown(cls, join: Join, why: str) -> JoinCounts:
        """The join, uncounted."""
        return cls(join.told, join.kind, join.left, join.right, why=why)

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> JoinCounts:
        """What `as_dict` gave; what another version knows besides is left out."""
        known = {name: told[name] for name in cls.__slots__ if name in told}
        return cls(**{"told": "", "kind": "inner", "left": "", "right": "", **known})

    @property
    def fan_out(self) -> float | None:
        """Partners of a left row that has any, on average."""
        return self.pairs / self.left_matched if self.pairs is not None and self.left_matched else None

    @property
    def left_rate(self) -> float | None:
        """The share of left rows that find a partner."""
        return (
            self.left_matched / self.left_rows if self.left_matched is not None and self.left_rows else None
        )

    @property
    def right_rate(self) -> float | None:
        """The share of right rows that find a partner."""
        return (
            self.right_matched / self.right_rows
            if self.right_matched is not None and self.right_rows
            else None
        )

    @property
    def left_dropped(self) -> int | None:
        """Left rows that the join loses."""
        match self.kind:
            case "inner" | "right" | "semi":
                return _less(self.left_rows, self.left_matched)
            case "anti":
                return self.left_matched
        return 0 if self.left_rows is not None else None

    @property
    def right_dropped(self) -> int | None:
        """Right rows that the join loses; None of a semi or anti join, which shows none."""
        match self.kind:
            case "inner" | "left":
                return _less(self.right_rows, self.right_matched)
            case "right" | "full":
                return 0 if self.right_rows is not None else None
        return None

    @property
    def left_nulls(self) -> int | None:
        """Rows that come out with nulls in the place of the left side's columns."""
        if self.kind in ("right", "full"):
            return _less(self.right_rows, self.right_matched)
        return 0 if self.left_rows is not None else None

    @property
    def right_nulls(self) -> int | None:
        """Rows that come out with nulls in the place of the right side's columns."""
        if self.kind in ("left", "full"):
            return _less(self.left_rows, self.left_matched)
        return 0 if self.right_rows is not None else None

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON holds them."""
        return asdict(self)


def has_join(sql: str) -> bool:
    """Whether the text may hold a join: it has the word, or a list of tables. No parser is loaded for it."""
    return _JOIN.search(sql) is not None


def find_joins(sql: str, inputs: Collection[str]) -> list[Join]:
    """The joins of a SELECT that compare something, inner queries first; none where the text can't be read.

    Args:
        sql: One SELECT in DuckDB's dialect.
        inputs: The names of the step's inputs in it.
    """
    if not has_join(sql):
        return []
    try:
        tree = read_query(sql)
    except SqlError:
        return []
    folded = {name.casefold(): name for name in inputs}
    why = "the SQL draws by chance" if is_volatile(sql) else ""
    found = []
    for select, heads in _selects(tree, []):
        _compare_listed_tables(select)
        found += [
            _join(select, place, heads, folded, why)
            for place, join in enumerate(select.args.get("joins") or [])
            if _compares(join)
        ]
    return found


def _compare_listed_tables(select: exp.Select) -> None:
    """Have tables in a list be joins of what WHERE asks to be equal, where it names their tables."""
    from sqlglot import exp

    where, from_ = select.args.get("where"), select.args.get("from_")
    if where is None or from_ is None:
        return
    conditions = list(where.this.flatten()) if isinstance(where.this, exp.And) else [where.this]
    known = {from_.this.alias_or_name.casefold()}
    for join in select.args.get("joins") or []:
        name = join.this.alias_or_name.casefold()
        is_listed = not any(join.args.get(key) for key in ("on", "using", "method", "side", "kind"))
        equal = [it for it in conditions if isinstance(it, exp.EQ) and _meet(it, name, known)]
        if is_listed and equal:
            join.set("on", exp.and_(*(it.copy() for it in equal)))
            join.set("kind", "INNER")
        known.add(name)


def _meet(condition: exp.Expr, name: str, others: Collection[str]) -> bool:
    from sqlglot import exp

    tables = {column.table.casefold() for column in condition.find_all(exp.Column)}
    return name in tables and len(tables) > 1 and tables - {name} <= set(others)


def _selects(node: exp.Expr | None, heads: Sequence[exp.CTE]) -> Iterator[tuple[exp.Select, list[exp.CTE]]]:
    """Every SELECT behind WITH and FROM, with the common table expressions that it may name."""
    from sqlglot import exp

    if node is None:
        return
    known = [*heads]
    with_ = node.args.get("with_")
    for head in with_.expressions if with_ is not None else ():
        yield from _selects(head.this, known)
        known.append(head)
    if isinstance(node, exp.SetOperation):
        yield from _selects(node.this, known)
        yield from _selects(node.expression, known)
    elif isinstance(node, exp.Subquery):
        yield from _selects(node.this, known)
    elif isinstance(node, exp.Select):
        from_ = node.args.get("from_")
        for relation in [from_, *(node.args.get("joins") or [])]:
            if relation is not None:
                yield from _selects(relation.this, known)
        yield node, known


def _compares(join: exp.Join) -> bool:
    from sqlglot import exp

    on = join.args.get("on")
    is_trivial = isinstance(on, exp.Boolean)
    return (
        bool(join.args.get("using")) or (on is not None and not is_trivial) or bool(join.args.get("method"))
    )


def _join(select: exp.Select, place: int, heads: Sequence[exp.CTE], inputs: dict[str, str], why: str) -> Join:
    joins = select.args["joins"]
    join = joins[place]
    side, kind = (join.args.get("side") or "").upper(), (join.args.get("kind") or "").upper()
    name = (side or (kind if kind in ("SEMI", "ANTI") else "INNER")).lower()
    own = {head.alias.casefold() for head in heads}
    left = _input_of(select.args["from_"].this, inputs, own) if place == 0 else ""
    right = _input_of(join.this, inputs, own)
    told = join.sql("duckdb").strip()
    method = (join.args.get("method") or "").upper()
    if method or kind not in _COUNTED:
        return Join(told, name, left, right, "", f"a {method or kind} JOIN is not counted")
    if why:
        return Join(told, name, left, right, "", why)
    return Join(told, name, left, right, _counting(select, place, heads))


def _counting(select: exp.Select, place: int, heads: Sequence[exp.CTE]) -> str:
    joins = select.args["joins"]
    join = joins[place]
    first = select.args["from_"].this.sql("duckdb")
    left = " ".join([first, *(earlier.sql("duckdb") for earlier in joins[:place])])
    grouped = f"({left})" if place else left
    right = join.this.sql("duckdb")
    using = ", ".join(name.sql("duckdb") for name in join.args.get("using") or [])
    on = f"USING ({using})" if using else f"ON {join.args['on'].sql('duckdb')}"
    counts = ", ".join(
        f"(SELECT count(*) FROM {relation})"
        for relation in (
            left,
            right,
            f"{left} SEMI JOIN {right} {on}",
            f"{right} SEMI JOIN {grouped} {on}",
            f"{left} JOIN {right} {on}",
        )
    )
    clause = f"WITH {', '.join(head.sql('duckdb') for head in heads)} " if heads else ""
    return f"{clause}SELECT {counts}"


def _input_of(node: exp.Expr, inputs: dict[str, str], own: Collection[str]) -> str:
    from sqlglot import exp

    if not isinstance(node, exp.Table) or node.args.get("pivots") or node.args.get("joins"):
        return ""
    name = node.name.casefold()
    return "" if name in own else inputs.get(name, "")


def _less(rows: int | None, matched: int | None) -> int | None:
    return rows - matched if rows is not None and matched is not None else None
