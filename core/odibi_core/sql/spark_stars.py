"""What DuckDB writes short and Spark asks to be written out: stars with changes, unions by name, samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.sql.spark_chosen import write_choices_out
from odibi_core.sql.spark_clauses import plain_clauses
from odibi_core.sql.spark_columns import Columns, Inputs, changed, column_named, spark_name
from odibi_core.sql.spark_gaps import refuse
from odibi_core.sql.spark_pivots import write_pivots_out

if TYPE_CHECKING:
    from sqlglot import exp

_UNORDERED = ("RowNumber", "Rank", "DenseRank", "PercentRank", "CumeDist", "Ntile", "Lag", "Lead")


def write_out(tree: exp.Expr, inputs: Inputs) -> exp.Expr:
    """The tree of a DuckDB text with what Spark lacks written out, as far as columns are known.

    Args:
        tree: It is changed.
        inputs: Alias → schema; None where it is unknown.

    Raises:
        SqlError: Spark has no word for something, or it depends on columns that are not known.
    """
    from sqlglot import exp

    columns = Columns(inputs)
    tree = write_pivots_out(tree, columns)
    plain_clauses(tree, columns)
    for select in reversed(list(tree.find_all(exp.Select))):
        write_choices_out(select, columns)
        _write_stars_out(select, columns)
    for window in tree.find_all(exp.Window):
        _give_order(window)
    for union in reversed(list(tree.find_all(exp.Union))):
        if union.args.get("by_name"):
            _unite_by_position(union, columns)
    for select in list(tree.find_all(exp.Select)):
        for rewrite in (_sample, _qualify, _distinct_on):
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


def _write_stars_out(select: exp.Select, columns: Columns) -> None:
    from sqlglot import exp

    made: list[exp.Expr] = []
    for projection in select.expressions:
        star = projection.this if isinstance(projection, exp.Column) else projection
        # Of these Spark has EXCEPT alone.
        if not (isinstance(star, exp.Star) and (star.args.get("replace") or star.args.get("rename"))):
            made.append(projection)
            continue
        table = projection.table if isinstance(projection, exp.Column) else ""
        known = columns.of_star(select, table)
        if known is None:
            refuse("* REPLACE and * RENAME over unknown columns", "name the columns")
        for value, owner, name in changed(star, known):
            made.append(column_named(name, owner) if value is None else _named(value, name))
    select.set("expressions", made)


def _unite_by_position(union: exp.Union, columns: Columns) -> None:
    from sqlglot import exp

    sides = [union.this, union.expression]
    left, right = (columns.of_query(side) for side in sides)
    if left is None or right is None:
        refuse("UNION BY NAME of unknown columns", "name the columns in one order")
    names = [*left, *(name for name in right if _key(name) not in {_key(other) for other in left})]
    for place, side, has in zip(("this", "expression"), sides, (left, right), strict=True):
        held = {_key(name) for name in has}
        given = [column_named(name) if _key(name) in held else _named(exp.Null(), name) for name in names]
        union.set(place, exp.select(*given).from_(side.copy().subquery("_side")))
    union.set("by_name", None)


def _named(value: exp.Expr, name: str) -> exp.Expr:
    from sqlglot import exp

    return exp.alias_(value, spark_name(name))


def _key(name: str) -> str:
    return name.casefold()


def _sample(select: exp.Select) -> exp.Expr:
    """A sample of a result: Spark samples tables alone, and of a number of rows takes the first."""
    from sqlglot import exp

    sample = select.args.get("sample")
    if sample is None:
        return select
    seed = sample.args.get("seed")
    chance = exp.Anonymous(this="RAND", expressions=[seed.copy()] if seed else [])
    whole = select.copy()
    whole.set("sample", None)
    outer = exp.select("*").from_(whole.subquery("_all"))
    if (size := sample.args.get("size")) is not None:
        return outer.order_by(chance).limit(size.copy())
    if (percent := sample.args.get("percent")) is not None:
        share = exp.Div(this=percent.copy(), expression=exp.Literal.number(100))
        return outer.where(exp.LT(this=chance, expression=share))
    return select


def _distinct_on(select: exp.Select) -> exp.Expr:
    """DISTINCT ON as the first of each; the number that it needs is not among the result's columns."""
    from sqlglot import exp, transforms

    distinct = select.args.get("distinct")
    if distinct is None or not distinct.args.get("on"):
        return select
    made = transforms.eliminate_distinct_on(select.copy())
    for star in made.expressions:
        if isinstance(star, exp.Star):
            star.set("except_", [exp.column("_row_number")])
    return made


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
