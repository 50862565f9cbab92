"""Filters of a query as SQLAlchemy's, which each dialect has its own words for."""

from __future__ import annotations

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.formats.pushed import Compared, same_meaning

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlglot import exp

_NUMBER = re.compile(r"\d+(\.\d+)?([eE][+-]?\d+)?")


def conditions(
    filters: Sequence[exp.Expr], columns: Mapping[str, Compared], place: Callable[[str], Any]
) -> list[sa.ColumnElement[bool]]:
    """The conditions for the database: those of the filters that mean the same there.

    Args:
        filters: All are met by every row that is wanted.
        columns: Name → how far it compares.
        place: Gives the column of a name.
    """
    found = []
    for each in same_meaning(filters, columns):
        try:
            found.append(_condition(each, place))
        except ValueError:
            # A constant that Python has no value for, such as an endless date.
            continue
    return found


def _condition(filter_: exp.Expr, place: Callable[[str], Any]) -> Any:
    import sqlalchemy as sa
    from sqlglot import exp

    match filter_:
        case exp.Paren():
            return _condition(filter_.this, place)
        case exp.And():
            return sa.and_(_condition(filter_.left, place), _condition(filter_.right, place))
        case exp.Or():
            return sa.or_(_condition(filter_.left, place), _condition(filter_.right, place))
        case exp.Not():
            return sa.not_(_condition(filter_.this, place))
        case exp.Column():
            return place(filter_.name) == sa.true()
        case exp.Is():
            return place(filter_.this.name).is_(None)
        case exp.In():
            return sa.or_(*(_column(filter_.this, place) == _value(each) for each in filter_.expressions))
        case exp.Between():
            column = _column(filter_.this, place)
            return sa.and_(column >= _value(filter_.args["low"]), column <= _value(filter_.args["high"]))
    return _COMPARISONS[type(filter_).__name__](_column(filter_.this, place), _value(filter_.expression))


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "EQ": operator.eq,
    "NEQ": operator.ne,
    "GT": operator.gt,
    "GTE": operator.ge,
    "LT": operator.lt,
    "LTE": operator.le,
}


def _column(expression: exp.Expr, place: Callable[[str], Any]) -> Any:
    from sqlglot import exp

    # What a cast rounds, it would have to round there in the same way.
    if isinstance(expression, exp.Cast):
        raise ValueError(str(expression))
    return place(expression.name)


def _value(expression: exp.Expr) -> Any:
    import sqlalchemy as sa
    from sqlglot import exp

    if isinstance(expression, exp.Boolean):
        return sa.true() if expression.this else sa.false()
    if isinstance(expression, exp.Neg):
        return sa.literal_column(f"-{_number(expression.this)}")
    if isinstance(expression, exp.Cast):
        text, kind = str(expression.this.this), expression.to.this
        if kind == exp.DataType.Type.DATE:
            return sa.literal(dt.date.fromisoformat(text), sa.Date())
        has_zone = kind == exp.DataType.Type.TIMESTAMPTZ
        moment = dt.datetime.fromisoformat(text)
        if has_zone != (moment.tzinfo is not None):
            raise ValueError(text)
        return sa.literal(moment, sa.DateTime(timezone=has_zone))
    if expression.is_string:
        return sa.literal(str(expression.this), sa.Unicode())
    return sa.literal_column(_number(expression))


def _number(expression: exp.Expr) -> str:
    text = str(expression.this)
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return text
