"""The inputs of a query under the names of views, so that no common table expression stands for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


def name_inputs(tree: exp.Expr, views: Mapping[str, str]) -> bool:
    """Whether all inputs that a query names could be replaced by views, under the names that they had.

    It is left as it is where one of the query's own common table expressions has an input's name, and where
    it can't be said where the name would have to stand.

    Args:
        tree: The query; it is changed.
        views: Alias → the view's name.
    """
    from sqlglot import exp

    names = {alias.casefold(): view for alias, view in views.items()}
    if any(cte.alias.casefold() in names for cte in tree.find_all(exp.CTE)):
        return False
    named = (table for table in tree.find_all(exp.Table) if isinstance(table.this, exp.Identifier))
    tables = [table for table in named if table.name.casefold() in names]
    if not all(map(_is_plain, tables)):
        return False
    for table in tables:
        known_as = table.args.get("alias") or exp.TableAlias()
        if not known_as.this:
            known_as.set("this", exp.to_identifier(table.name, quoted=True))
        table.set("this", exp.to_identifier(names[table.name.casefold()]))
        table.set("alias", known_as)
    return True


def _is_plain(table: exp.Table) -> bool:
    """Whether nothing belongs to a table but its alias and what it is joined with."""
    said = {name for name, value in table.args.items() if value}
    return said <= {"this", "alias", "joins"}
