"""A SELECT rewritten so that each row carries the numbers of the input rows that made it.

The author's text stays as it is as far as possible: every table behind FROM brings a list of numbers under
a name of its own, stars leave these out, and one more column at the end puts them together. Groups and
duplicates put together the lists of all their rows. What comes out must be compared with what the author's
own text gives before anything is concluded from it: see `tracing`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from odibi_core.errors import OdibiError, SqlError
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import quote
from odibi_core.sql.analysis import is_volatile, read_query

if TYPE_CHECKING:
    from sqlglot import exp

SOURCES = "odibi_sources"
"""The column that holds the numbers (BIGINT[]) of the input rows."""
NO_SOURCES = "CAST([] AS BIGINT[])"

_RANKS = frozenset(["RowNumber", "Rank", "DenseRank", "Ntile", "PercentRank", "CumeDist"])


class UntraceableError(OdibiError):
    """From which rows of its inputs a row comes can't be told by rewriting the SQL; the text says why."""


@dataclass(frozen=True, slots=True)
class TracedSql:
    """A SELECT whose rows carry where they come from.

    Attributes:
        sql: The text. Every input must have a column `SOURCES`; the last column of the result is one too.
        notes: What the lists leave out, for people.
    """

    sql: str
    notes: tuple[str, ...]


def trace_sql(sql: str) -> TracedSql:
    """The text with where its rows come from.

    Args:
        sql: One SELECT in DuckDB's dialect.

    Raises:
        UntraceableError: It can't be told.
    """
    if is_volatile(sql):
        raise UntraceableError("the SQL draws by chance: run again, it gives other rows")
    try:
        tree = read_query(sql)
    except SqlError as error:
        raise UntraceableError("the SQL is not a plain SELECT, so that its rows can't be followed") from error
    return trace_tree(tree)


def trace_tree(tree: exp.Query) -> TracedSql:
    """What `trace_sql` gives, of a tree, which is changed.

    Raises:
        UntraceableError: It can't be told.
    """
    tracer = _Tracer()
    made = tracer.query(tree)
    return TracedSql(made.sql("duckdb"), tuple(tracer.notes))


@dataclass(slots=True)
class _Relation:
    """What stands behind FROM: the name that it goes by, and the column with its numbers."""

    name: str
    column: str


@dataclass(slots=True)
class _Tracer:
    notes: dict[str, None] = field(default_factory=dict)
    count: int = 0

    def query(self, node: exp.Expr) -> exp.Query:
        """The query with `SOURCES` as its last column."""
        from sqlglot import exp

        heads = node.args.get("with_")
        if heads is not None:
            if heads.args.get("recursive"):
                raise UntraceableError("a recursive query makes rows from its own rows")
            for head in heads.expressions:
                head.set("this", self.query(head.this))
                if (alias := head.args.get("alias")) is not None and alias.columns:
                    alias.append("columns", exp.to_identifier(SOURCES))
        match node:
            case exp.Select():
                return self._select(node)
            case exp.Union():
                return self._union(node)
            case exp.Subquery() if isinstance(node.this, exp.Query):
                node.set("this", self.query(node.this))
                return node
            case exp.SetOperation():
                raise UntraceableError("rows of INTERSECT and EXCEPT are not followed")
            case exp.Values():
                inner = exp.Subquery(this=node, alias=exp.TableAlias(this=exp.to_identifier("odibi_values")))
                made = _parsed(f"SELECT *, {NO_SOURCES} AS {SOURCES}")
                made.set("from_", exp.From(this=inner))
                return made
        raise UntraceableError(f"{node.key.upper()} is not followed")

    def _select(self, node: exp.Select) -> exp.Query:
        from sqlglot import exp

        self._note_windows(node)
        self._leave_out_in_subqueries(node)
        relations = self._relations(node)
        lists = [exp.column(relation.column) for relation in relations]
        combined = _put_together([column.sql("duckdb") for column in lists])
        if _is_grouped(node):
            combined = f"coalesce(flatten(list({combined})), {NO_SOURCES})"
        for expression in node.expressions:
            _leave_out(expression, relations)
        node.append("expressions", _expression(f"{combined} AS {SOURCES}"))
        distinct = node.args.get("distinct")
        if distinct is None or distinct.args.get("on") is not None:
            return node
        node.set("distinct", None)
        return _without_duplicates(node)

    def _union(self, node: exp.Union) -> exp.Query:
        node.set("this", self.query(node.this))
        node.set("expression", self.query(node.expression))
        if node.args.get("distinct"):
            node.set("distinct", False)
            return _without_duplicates(node)
        # A union by name puts the columns that only the second has behind the numbers.
        return _around(node, f"SELECT * EXCLUDE ({SOURCES}), {SOURCES}") if node.args.get("by_name") else node

    def _relations(self, node: exp.Expr) -> list[_Relation]:
        """What stands behind FROM, each rewritten in its place."""
        found: list[_Relation] = []
        from_ = node.args.get("from_")
        if from_ is not None:
            from_.set("this", self._relation(from_.this, found))
        self._joins(node, found)
        return found

    def _joins(self, node: exp.Expr, found: list[_Relation]) -> None:
        for join in node.args.get("joins") or []:
            joined: list[_Relation] = []
            join.set("this", self._relation(join.this, joined))
            # A semi or anti join shows no column of what it compares with.
            if (join.args.get("kind") or "").upper() not in ("SEMI", "ANTI"):
                found += joined

    def _relation(self, node: exp.Expr, found: list[_Relation]) -> exp.Expr:
        from sqlglot import exp

        made: exp.Expr
        pivots = node.args.get("pivots") or []
        if any(not pivot.args.get("unpivot") for pivot in pivots):
            raise UntraceableError("rows of a PIVOT are not followed")
        match node:
            case exp.Table() if isinstance(node.this, exp.Identifier):
                alias = node.args.get("alias") or exp.TableAlias(this=node.this.copy())
                inner = f"FROM {exp.Table(this=node.this.copy()).sql('duckdb')}"
                made = self._renamed(inner, alias, found)
                for part in ("joins", "pivots", "sample"):
                    made.set(part, node.args.get(part))
            case exp.Subquery() if isinstance(node.this, exp.Query):
                inner = f"FROM ({self.query(node.this).sql('duckdb')})"
                made = self._renamed(inner, node.args.get("alias"), found)
                for part in ("joins", "pivots", "sample"):
                    made.set(part, node.args.get(part))
            case exp.Subquery() if isinstance(node.this, exp.Table):
                node.set("this", self._relation(node.this, found))
                made = node
            case exp.Lateral() if isinstance(node.this, exp.Subquery):
                node.set("this", self._relation(node.this, []))
                column = f"{SOURCES}_{self.count}"
                found.append(_Relation(node.alias_or_name, column))
                made = node
            case exp.Table() | exp.Unnest() | exp.Values() | exp.Lateral():
                made = node
            case _:
                raise UntraceableError(f"{node.key.upper()} behind FROM is not followed")
        self._joins(made, found)
        return made

    def _renamed(self, inner: str, alias: exp.Expr | None, found: list[_Relation]) -> exp.Subquery:
        """A table with its numbers under a name of their own, so that no two of them meet."""
        from sqlglot import exp

        self.count += 1
        column = f"{SOURCES}_{self.count}"
        select = _parsed(f"SELECT * RENAME ({SOURCES} AS {column}) {inner}")
        found.append(_Relation(alias.name if alias is not None else "", column))
        return exp.Subquery(this=select, alias=alias)

    def _leave_out_in_subqueries(self, node: exp.Select) -> None:
        """Tables in conditions and values show no numbers; what is compared with there is not followed."""
        from sqlglot import exp

        for query in _inner_queries(node):
            self.notes["rows that a subquery looks at are not followed"] = None
            own = {head.alias.casefold() for head in query.find_all(exp.CTE)}
            for table in list(query.find_all(exp.Table)):
                if not isinstance(table.this, exp.Identifier) or table.name.casefold() in own:
                    continue
                alias = table.args.get("alias") or exp.TableAlias(this=table.this.copy())
                bare = exp.Table(this=table.this.copy()).sql("duckdb")
                select = _parsed(f"SELECT * EXCLUDE ({SOURCES}) FROM {bare}")
                made = exp.Subquery(this=select, alias=alias, joins=table.args.get("joins"))
                table.replace(made)

    def _note_windows(self, node: exp.Select) -> None:
        from sqlglot import exp

        for expression in node.expressions:
            for window in expression.find_all(exp.Window):
                if type(window.this).__name__ not in _RANKS:
                    name = expression.alias_or_name
                    self.notes[f"the value of {name!r} is made of other rows of its window too"] = None


def _inner_queries(node: exp.Select) -> Iterator[exp.Query]:
    """The queries in the expressions of a SELECT: none within another, none behind FROM."""
    from sqlglot import exp

    for key, value in node.args.items():
        if key in ("from_", "with_", "laterals"):
            continue
        for part in value if isinstance(value, list) else [value]:
            if key == "joins":
                yield from _outermost(part.args.get("on"))
            elif isinstance(part, exp.Expr):
                yield from _outermost(part)


def _outermost(node: exp.Expr | None) -> Iterator[exp.Query]:
    from sqlglot import exp

    if node is None:
        return
    if isinstance(node, exp.Query):
        yield node
        return
    for child in list(node.iter_expressions()):
        yield from _outermost(child)


def _put_together(lists: Sequence[str]) -> str:
    if not lists:
        return NO_SOURCES
    first, *others = (f"coalesce({each}, {NO_SOURCES})" for each in lists)
    for other in others:
        first = f"list_concat({first}, {other})"
    return first


def _leave_out(expression: exp.Expr, relations: Sequence[_Relation]) -> None:
    """Have the stars of an output column show no numbers."""
    from sqlglot import exp

    match expression:
        case exp.Star():
            _exclude(expression, relations)
        case exp.Column() if isinstance(expression.this, exp.Star):
            table = expression.table.casefold()
            _exclude(expression.this, [each for each in relations if each.name.casefold() == table])
        case exp.Query():
            return
        case _:
            for columns in expression.find_all(exp.Columns):
                if isinstance(columns.this, exp.Star):
                    _exclude(columns.this, relations)


def _exclude(star: exp.Expr, relations: Sequence[_Relation]) -> None:
    from sqlglot import exp

    for relation in relations:
        star.append("except_", exp.column(relation.column))


def _without_duplicates(node: exp.Query) -> exp.Query:
    """The rows of a query, each once, with the numbers of all that are equal."""
    return _around(node, f"SELECT * EXCLUDE ({SOURCES}), flatten(list({SOURCES})) AS {SOURCES} GROUP BY ALL")


def _around(node: exp.Query, select: str) -> exp.Query:
    """A SELECT from a query, which takes over the query's order and limits."""
    from sqlglot import exp

    moved = {part: node.args.get(part) for part in ("order", "limit", "offset")}
    for part in moved:
        node.set(part, None)
    alias = exp.TableAlias(this=exp.to_identifier("odibi_rows"))
    outer = _parsed(select)
    outer.set("from_", exp.From(this=exp.Subquery(this=node, alias=alias)))
    for part, value in moved.items():
        if value is not None:
            for column in value.find_all(exp.Column):
                column.set("table", None)
            outer.set(part, value)
    return outer


def _is_grouped(node: exp.Select) -> bool:
    parts = [*node.expressions, node.args.get("having"), node.args.get("qualify"), node.args.get("order")]
    return node.args.get("group") is not None or any(_has_aggregate(part) for part in parts)


def _has_aggregate(node: exp.Expr | None) -> bool:
    from sqlglot import exp

    if node is None or isinstance(node, exp.Query):
        return False
    if isinstance(node, exp.Window):
        call = node.this
        while isinstance(call, exp.Filter | exp.IgnoreNulls | exp.RespectNulls | exp.WithinGroup):
            call = call.this
        rest = [child for child in node.iter_expressions() if child is not node.this]
        return any(_has_aggregate(child) for child in [*call.iter_expressions(), *rest])
    if isinstance(node, exp.AggFunc):
        return True
    if isinstance(node, exp.Anonymous) and node.name.casefold() in _aggregates():
        return True
    return any(_has_aggregate(child) for child in node.iter_expressions())


@cache
def _aggregates() -> frozenset[str]:
    from odibi_core import late_duckdb as duckdb

    with duckdb.connect(":memory:", config={"threads": "1"}) as database:
        rows = database.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type = 'aggregate'"
        ).fetchall()
    return frozenset(name for (name,) in rows)


def _parsed(sql: str) -> exp.Select:
    import sqlglot
    from sqlglot import exp

    made = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(made, exp.Select)
    return made


def _expression(sql: str) -> exp.Expr:
    made: exp.Expr = _parsed(f"SELECT {sql}").expressions[0]
    return made


def input_relation(table: str, row: str) -> str:
    """A table as an input of a traced text: what stands behind FROM.

    Args:
        table: What stands behind FROM for the table, which has both columns.
        row: The column with each row's own number.
    """
    return f"(SELECT * EXCLUDE ({SOURCES}, {row}), [{quote(row)}] AS {SOURCES} FROM {table})"
