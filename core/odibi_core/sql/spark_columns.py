"""Which columns there are where a query stands: of inputs, of common tables, of the queries within."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from odibi_core.schema import Schema
from odibi_core.sql.spark_gaps import GRAMMAR_WORDS

if TYPE_CHECKING:
    from sqlglot import exp

Names = tuple[str, ...]
Inputs = Mapping[str, Schema | None]


class Columns:
    """The columns of the sources of queries, as far as they are known.

    Args:
        inputs: Alias → schema; None where it is unknown.
    """

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = {
            alias.casefold(): None if schema is None else tuple(schema.names)
            for alias, schema in inputs.items()
        }

    def sources(self, select: exp.Select) -> list[tuple[str, exp.Expr, Names | None]]:
        """What stands behind FROM and JOIN: its alias, the node, its columns."""
        source, joins = select.args.get("from_"), select.args.get("joins") or []
        nodes = [*([source.this] if source is not None else []), *(join.this for join in joins)]
        return [(node.alias_or_name, node, self.of_source(node)) for node in nodes]

    def of_source(self, node: exp.Expr) -> Names | None:
        """The columns of what stands behind FROM; None where they are not known."""
        from sqlglot import exp

        alias = node.args.get("alias")
        if alias is not None and alias.columns:
            return tuple(column.name for column in alias.columns)
        if node.args.get("pivots"):
            return None
        if isinstance(node, exp.Table):
            return self._of_table(node)
        if isinstance(node, (exp.Subquery, exp.Lateral)):
            return self.of_query(node.this)
        return None

    def _of_table(self, table: exp.Table) -> Names | None:
        from sqlglot import exp

        name, above = table.name.casefold(), table.parent
        while above is not None:
            with_ = above.args.get("with_")
            for cte in with_.expressions if with_ is not None else ():
                if cte.alias.casefold() == name and cte.this is not _within(table, cte):
                    given = cte.args["alias"].columns
                    return tuple(column.name for column in given) or self.of_query(cte.this)
            above = above.parent
        return self._inputs.get(name) if isinstance(table.this, exp.Identifier) else None

    def of_query(self, query: exp.Expr | None) -> Names | None:
        """The names of the columns that a query gives."""
        from sqlglot import exp

        if isinstance(query, (exp.SetOperation, exp.Subquery, exp.Paren)):
            if query.args.get("by_name"):
                left, right = self.of_query(query.this), self.of_query(query.expression)
                if left is None or right is None:
                    return None
                taken = {name.casefold() for name in left}
                return (*left, *(name for name in right if name.casefold() not in taken))
            return self.of_query(query.this)
        if not isinstance(query, exp.Select):
            return None
        names: list[str] = []
        for projection in query.expressions:
            star = projection.this if isinstance(projection, exp.Column) else projection
            if isinstance(star, exp.Star):
                table = projection.table if isinstance(projection, exp.Column) else ""
                columns = self.of_star(query, table)
                if columns is None:
                    return None
                names += (made for _, _, made in changed(star, columns))
            elif projection.alias_or_name:
                names.append(projection.alias_or_name)
            else:
                return None
        return tuple(names)

    def of_star(self, select: exp.Select, table: str = "") -> list[tuple[str, str]] | None:
        """Alias and name of all that a star stands for; the alias is "" where one of USING is meant."""
        found: list[tuple[str, str]] = []
        joins = {id(join.this): join for join in select.args.get("joins") or []}
        sources = self.sources(select)
        for alias, node, names in sources:
            if table and alias.casefold() != table.casefold():
                continue
            if names is None:
                return None
            join = joins.get(id(node))
            if join is not None and (join.args.get("side") or "").upper() in ("SEMI", "ANTI"):
                continue
            if join is not None and (join.args.get("kind") or "").upper() in ("SEMI", "ANTI"):
                continue
            shared = _shared(join, names, found) if join is not None and not table else set()
            found = [("" if name.casefold() in shared else owner, name) for owner, name in found]
            single = len(sources) == 1 and not table
            found += [("" if single else alias, name) for name in names if name.casefold() not in shared]
        return found if found else None


def _within(node: exp.Expr, above: exp.Expr) -> exp.Expr | None:
    """The query of a common table, where the node stands in it."""
    found: exp.Expr | None = node
    while found is not None:
        if found.parent is above:
            return found
        found = found.parent
    return None


def _shared(join: exp.Expr, names: Names, before: list[tuple[str, str]]) -> set[str]:
    if (using := join.args.get("using")) is not None:
        return {column.name.casefold() for column in using}
    if (join.args.get("method") or "").upper() == "NATURAL":
        return {name.casefold() for name in names} & {name.casefold() for _, name in before}
    return set()


def changed(star: exp.Star, columns: list[tuple[str, str]]) -> Iterator[tuple[exp.Expr | None, str, str]]:
    """What a star with EXCLUDE, REPLACE and RENAME gives.

    Of each column: what stands in its place (None: itself), its alias where it is read, and its name.
    """
    dropped = {column.name.casefold() for column in star.args.get("except_") or ()}
    replaced = {alias.alias.casefold(): alias.this for alias in star.args.get("replace") or ()}
    renamed = {alias.this.name.casefold(): alias.alias for alias in star.args.get("rename") or ()}
    for owner, name in columns:
        key = name.casefold()
        if key in dropped:
            continue
        if key in replaced:
            yield replaced[key].copy(), owner, name
        elif key in renamed:
            yield column_named(name, owner), owner, renamed[key]
        else:
            yield None, owner, name


def column_named(name: str, table: str = "") -> exp.Column:
    """A column as Spark takes its name, whatever is in it."""
    from sqlglot import exp

    found: exp.Column = exp.column(spark_name(name), table=spark_name(table) if table else None)
    return found


def spark_name(name: str) -> exp.Identifier:
    """A name, quoted where Spark asks for it."""
    from sqlglot import exp

    is_plain = name.isascii() and name.isidentifier() and name.lower() not in GRAMMAR_WORDS
    found: exp.Identifier = exp.to_identifier(name, quoted=not is_plain)
    return found
