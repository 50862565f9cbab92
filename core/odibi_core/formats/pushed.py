"""Filters of a query in the words of a database, as far as they mean the same there.

A filter that is left out only costs time: DuckDB applies all of them once more to what comes. One that drops
a row which DuckDB would keep is a wrong result, so that only plain comparisons with constants go, and of
texts only equality: databases order texts by rules of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp


class Compared(StrEnum):
    """How far the values of a column compare in the database as they do here."""

    NOT = "not"
    EQUAL = "equal"
    ORDERED = "ordered"
    NUMBER = "number"


_IN_ORDER = (Compared.ORDERED, Compared.NUMBER)
_ALL = (Compared.EQUAL, *_IN_ORDER)


def pushed_sql(filters: Sequence[exp.Expr], columns: Mapping[str, Compared], dialect: str) -> str:
    """The condition for the database; "" where no filter can go.

    Args:
        filters: All are met by every row that is wanted.
        columns: Name → how far it compares.
        dialect: The database's dialect, as sqlglot calls it.
    """
    kept = same_meaning(filters, columns)
    return " AND ".join(f"({_quoted(each).sql(dialect=dialect)})" for each in kept)


def same_meaning(filters: Sequence[exp.Expr], columns: Mapping[str, Compared]) -> list[exp.Expr]:
    """The filters that mean the same in the database.

    Args:
        filters: All are met by every row that is wanted.
        columns: Name → how far it compares.
    """
    return [each for each in filters if _means_the_same(each, columns)]


def _means_the_same(filter_: exp.Expr, columns: Mapping[str, Compared]) -> bool:
    from sqlglot import exp

    match filter_:
        case exp.Paren():
            return _means_the_same(filter_.this, columns)
        case exp.And() | exp.Or():
            return all(_means_the_same(side, columns) for side in (filter_.left, filter_.right))
        case exp.Not():
            inner = filter_.this.unnest()
            return isinstance(inner, exp.Is | exp.Column) and _means_the_same(inner, columns)
        case exp.Column():
            return columns.get(filter_.name) is Compared.ORDERED
        case exp.Is():
            # What a cast makes null is not null there.
            is_column = isinstance(filter_.this, exp.Column) and filter_.this.name in columns
            return is_column and isinstance(filter_.expression, exp.Null)
        case exp.EQ():
            return _compares(filter_.left, filter_.right, columns, _ALL)
        case exp.NEQ() | exp.GT() | exp.GTE() | exp.LT() | exp.LTE():
            return _compares(filter_.left, filter_.right, columns, _IN_ORDER)
        case exp.In():
            return bool(filter_.expressions) and all(
                _compares(filter_.this, value, columns, _ALL) for value in filter_.expressions
            )
        case exp.Between():
            ends = (filter_.args["low"], filter_.args["high"])
            return all(_compares(filter_.this, end, columns, _IN_ORDER) for end in ends)
    return False


def _compares(
    column: exp.Expr,
    value: exp.Expr,
    columns: Mapping[str, Compared],
    wanted: tuple[Compared, ...],
) -> bool:
    from sqlglot import exp

    if isinstance(column, exp.Cast) and isinstance(column.this, exp.Column):
        # Numbers of two types meet in one that holds both.
        kinds = (exp.DataType.Type.DECIMAL, exp.DataType.Type.BIGINT, exp.DataType.Type.DOUBLE)
        if column.to.this not in kinds or columns.get(column.this.name) is not Compared.NUMBER:
            return False
        column = column.this
    is_known = isinstance(column, exp.Column) and columns.get(column.name) in wanted
    return is_known and _is_constant(value)


def _is_constant(value: exp.Expr) -> bool:
    from sqlglot import exp

    if isinstance(value, exp.Cast):
        kinds = (exp.DataType.Type.DATE, exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPTZ)
        return value.to.this in kinds and isinstance(value.this, exp.Literal)
    if isinstance(value, exp.Neg):
        value = value.this
    return isinstance(value, exp.Literal | exp.Boolean)


def _quoted(filter_: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    copy = filter_.copy()
    for column in copy.find_all(exp.Column):
        column.this.set("quoted", True)
    return copy
