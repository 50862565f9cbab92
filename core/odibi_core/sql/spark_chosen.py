"""COLUMNS(…) and stars with a pattern, written out as the columns that DuckDB chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from odibi_core.sql.spark_columns import Columns, changed, column_named
from odibi_core.sql.spark_gaps import refuse

if TYPE_CHECKING:
    from sqlglot import exp

_PATTERNS = ("Like", "ILike", "Glob", "SimilarTo", "Not", "NotLike", "RegexpLike", "RegexpFullMatch")
_UNKNOWN = ("COLUMNS(…) over unknown columns", "name the columns")


def write_choices_out(select: exp.Select, columns: Columns) -> None:
    """Write out what chooses columns among the SELECT's projections and in its WHERE. It is changed."""
    from sqlglot import exp

    made: list[exp.Expr] = []
    for projection in select.expressions:
        if _is_matched_star(projection):
            made += _of_pattern(projection, select, columns)
        elif (choice := _choice(projection)) is not None:
            made += _each(projection, choice, select, columns)
        else:
            made.append(projection)
    select.set("expressions", made)
    where = select.args.get("where")
    if where is not None and (choice := _choice(where.this)) is not None:
        conditions = [exp.paren(each) for each in _each(where.this, choice, select, columns)]
        where.set("this", exp.and_(*conditions, copy=False))


def _is_matched_star(projection: exp.Expr) -> bool:
    """Whether it is * LIKE 'a%' or one of its kin."""
    from sqlglot import exp

    node = projection
    while type(node).__name__ in (*_PATTERNS, "Escape"):
        node = node.this
    return node is not projection and isinstance(node, exp.Star) and not any(node.args.values())


def _of_pattern(projection: exp.Expr, select: exp.Select, columns: Columns) -> list[exp.Expr]:
    from sqlglot import exp

    known = columns.of_star(select)
    if known is None:
        refuse("star with a pattern over unknown columns", "name the columns")
    condition = projection.copy()
    for each in condition.find_all(exp.Star):
        each.replace(exp.column("c"))
    kept = _asked(f"list_filter($1, lambda c: {condition.sql('duckdb')})", [name for _, name in known])
    return [column_named(name, owner) for owner, name in known if name in kept]


def _choice(node: exp.Expr) -> exp.Columns | None:
    """The first COLUMNS(…) of an expression, but for those of queries within."""
    from sqlglot import exp

    found = [
        each for each in node.find_all(exp.Columns) if each.find_ancestor(exp.Select) is node.parent_select
    ]
    return found[0] if found else None


def _each(projection: exp.Expr, choice: exp.Columns, select: exp.Select, columns: Columns) -> list[exp.Expr]:
    """The expression once for every column that is chosen."""
    from sqlglot import exp

    known = columns.of_star(select)
    if known is None:
        refuse(*_UNKNOWN)
    kept = set(chosen_names(choice, [name for _, name in known]))
    chosen = [(owner, name) for owner, name in known if name in kept]
    if not chosen:
        refuse("column that COLUMNS(…) fits", "look at the pattern")
    if choice.args.get("unpack"):
        copy = projection.copy()
        (spread,) = copy.find_all(exp.Columns)
        _spread(spread, [column_named(name, owner) for owner, name in chosen])
        return [copy]
    made = []
    for owner, name in chosen:
        copy = projection.copy()
        inner = copy.this if isinstance(copy, exp.Alias) else copy
        column = column_named(name, owner)
        if isinstance(inner, exp.Columns):
            made.append(exp.alias_(column, _renamed(copy, choice, name), quoted=True))
            continue
        for each in list(copy.find_all(exp.Columns)):
            each.replace(column.copy())
        if isinstance(copy, exp.Alias):
            copy.set("alias", exp.to_identifier(_renamed(copy, choice, name), quoted=True))
        made.append(copy)
    return made


def _spread(spread: exp.Expr, columns: list[exp.Column]) -> None:
    """Put columns where one argument of a function stands."""
    holder = spread.parent
    assert holder is not None
    rest = [part for each in holder.expressions for part in (columns if each is spread else [each])]
    if holder.this is spread:
        holder.set("this", columns[0])
        rest = [*columns[1:], *rest]
    holder.set("expressions", rest)


def _renamed(projection: exp.Expr, choice: exp.Columns, name: str) -> str:
    r"""The name that AS 'c_\1' gives a column that a pattern chose."""
    pattern = choice.this
    if not projection.alias or not getattr(pattern, "is_string", False):
        return projection.alias or name
    (made,) = _asked(f"[regexp_replace($1[1], {pattern.sql('duckdb')}, $2[1])]", [name], [projection.alias])
    return made


def chosen_names(choice: exp.Expr, names: Sequence[str]) -> list[str]:
    """The names that COLUMNS(…), or a star, chooses of `names`."""
    from sqlglot import exp

    what = choice.this if isinstance(choice, exp.Columns) else choice
    if isinstance(what, exp.Star):
        return [made for _, _, made in changed(what, [("", name) for name in names])]
    if isinstance(what, exp.Lambda):
        return _asked(f"list_filter($1, {what.sql('duckdb')})", names)
    if isinstance(what, exp.Array):
        given = {each.name.casefold() for each in what.expressions}
        return [name for name in names if name.casefold() in given]
    if not isinstance(what, exp.Literal):
        refuse("COLUMNS(…) of this kind", "name the columns")
    return _asked(f"list_filter($1, lambda c: regexp_matches(c, {what.sql('duckdb')}))", names)


def _asked(sql: str, *given: Sequence[str]) -> list[str]:
    """What DuckDB makes of lists of names."""
    from odibi_core import late_duckdb as duckdb

    with duckdb.connect(":memory:", config={"threads": "1", "enable_external_access": "false"}) as database:
        (row,) = database.execute(f"SELECT {sql}", [list(each) for each in given]).fetchall()
    return list(row[0])
