"""What DuckDB writes short and Spark asks to be written out: stars with changes, unions by name, samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from odibi_core.schema import Schema

if TYPE_CHECKING:
    from sqlglot import exp

Inputs = Mapping[str, Schema | None]
_UNORDERED = ("RowNumber", "Rank", "DenseRank", "PercentRank", "CumeDist", "Ntile", "Lag", "Lead")


def write_out(tree: exp.Expr, inputs: Inputs) -> exp.Expr:
    """The tree of a DuckDB text with what Spark lacks written out, as far as columns are known.

    Args:
        tree: It is changed.
        inputs: Alias → schema; None where it is unknown.
    """
    from sqlglot import exp

    known = {alias.casefold(): schema.names for alias, schema in inputs.items() if schema is not None}
    for window in tree.find_all(exp.Window):
        _give_order(window)
    for select in list(tree.find_all(exp.Select)):
        _write_stars_out(select, known)
    for union in reversed(list(tree.find_all(exp.Union))):
        if union.args.get("by_name"):
            _unite_by_position(union, known)
    for select in list(tree.find_all(exp.Select)):
        for rewrite in (_sample, _qualify):
            made = rewrite(select)
            if made is select:
                continue
            if select is tree:
                tree = made
            else:
                select.replace(made)
            break
    return tree


def _give_order(window: exp.Window) -> None:
    """Spark numbers rows only in an order; without one any will do."""
    from sqlglot import exp

    if type(window.this).__name__ in _UNORDERED and not window.args.get("order"):
        window.set("order", exp.Order(expressions=[exp.Ordered(this=exp.Null(), nulls_first=True)]))


def _write_stars_out(select: exp.Select, known: Mapping[str, tuple[str, ...]]) -> None:
    from sqlglot import exp

    made: list[exp.Expr] = []
    for projection in select.expressions:
        star = projection.this if isinstance(projection, exp.Column) else projection
        # Of these Spark has EXCEPT alone.
        changes = isinstance(star, exp.Star) and (star.args.get("replace") or star.args.get("rename"))
        table = projection.table if isinstance(projection, exp.Column) else ""
        columns = _columns_of(select, table, known) if changes else None
        if columns is None:
            made.append(projection)
        else:
            made += _changed(cast("exp.Star", star), columns, table)
    select.set("expressions", made)


def _columns_of(
    select: exp.Select, table: str, known: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...] | None:
    """The columns that a star stands for; None where they are not known."""
    from sqlglot import exp

    source = select.args.get("from_")
    joins = select.args.get("joins") or []
    if source is None or (joins and not table):
        return None
    for each in (source.this, *(join.this for join in joins)):
        if not table or each.alias_or_name.casefold() == table.casefold():
            is_plain = isinstance(each, exp.Table) and not each.args.get("pivots")
            return known.get(each.name.casefold()) if is_plain else None
    return None


def _changed(star: exp.Star, columns: tuple[str, ...], table: str) -> Iterator[exp.Expr]:
    dropped = {column.name.casefold() for column in star.args.get("except_") or ()}
    replaced = {alias.alias.casefold(): alias for alias in star.args.get("replace") or ()}
    renamed = {alias.this.name.casefold(): alias.alias for alias in star.args.get("rename") or ()}
    for name in columns:
        key = name.casefold()
        if key in dropped:
            continue
        if key in replaced:
            yield _named(replaced[key].this.copy(), name)
            continue
        column = _column(name, table)
        yield _named(column, renamed[key]) if key in renamed else column


def _unite_by_position(union: exp.Union, known: Mapping[str, tuple[str, ...]]) -> None:
    from sqlglot import exp

    sides = [union.this, union.expression]
    named = [_names_of(side, known) for side in sides]
    left, right = named
    if left is None or right is None:
        return
    names = [*left, *(name for name in right if _key(name) not in {_key(other) for other in left})]
    for place, side, has in zip(("this", "expression"), sides, (left, right), strict=True):
        columns = {_key(name) for name in has}
        given = [_column(name) if _key(name) in columns else _named(exp.Null(), name) for name in names]
        union.set(place, exp.select(*given).from_(side.copy().subquery("_side")))
    union.set("by_name", None)


def _names_of(query: exp.Expr, known: Mapping[str, tuple[str, ...]]) -> list[str] | None:
    """The names of the columns that a query gives; None where they are not known."""
    from sqlglot import exp

    if isinstance(query, (exp.Union, exp.Subquery, exp.Paren)):
        return _names_of(query.this, known)
    if not isinstance(query, exp.Select):
        return None
    names: list[str] = []
    for projection in query.expressions:
        if isinstance(projection, exp.Star) and not any(projection.args.values()):
            columns = _columns_of(query, "", known)
            if columns is None:
                return None
            names += columns
        elif projection.alias_or_name and projection.alias_or_name != "*":
            names.append(projection.alias_or_name)
        else:
            return None
    return names


def _column(name: str, table: str = "") -> exp.Column:
    from sqlglot import exp

    return exp.column(name, table=table or None, quoted=not name.isidentifier())


def _named(value: exp.Expr, name: str) -> exp.Expr:
    from sqlglot import exp

    return exp.alias_(value, name, quoted=not name.isidentifier())


def _key(name: str) -> str:
    return name.casefold()


def _sample(select: exp.Select) -> exp.Expr:
    """A sample of a result: Spark samples tables alone, and of a number of rows takes the first."""
    from sqlglot import exp

    sample = select.args.get("sample")
    if sample is None:
        return select
    seed = sample.args.get("seed")
    chance = exp.Anonymous(this="RAND", expressions=[seed.copy()] if seed is not None else [])
    whole = select.copy()
    whole.set("sample", None)
    outer = exp.select("*").from_(whole.subquery("_all"))
    if (size := sample.args.get("size")) is not None:
        return outer.order_by(chance).limit(size.copy())
    if (percent := sample.args.get("percent")) is not None:
        share = exp.Div(this=percent.copy(), expression=exp.Literal.number(100))
        return outer.where(exp.LT(this=chance, expression=share))
    return select


def _qualify(select: exp.Select) -> exp.Expr:
    """QUALIFY as a condition on a query around; the column that it needs is not among the result's."""
    from sqlglot import exp, transforms

    if not select.args.get("qualify"):
        return select
    before = {projection.alias_or_name for projection in select.expressions}
    made = transforms.eliminate_qualify(select.copy())
    inner = made.args["from_"].this.this
    added = [each.alias for each in inner.expressions if each.alias and each.alias not in before]
    for star in made.expressions:
        if isinstance(star, exp.Star):
            star.set("except_", [exp.column(name) for name in added])
    return made
