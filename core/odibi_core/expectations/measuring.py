"""The SQL of expectations: one query measures all of them, others give the rows that offend.

It is written in DuckDB's dialect over the table `data`, which is the step's output; engines of another
dialect translate it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

from odibi_core.expectations.model import (
    AllowedValues,
    Condition,
    Expectation,
    ForeignKey,
    Freshness,
    NotNull,
    Pattern,
    Range,
    Unique,
)
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, literal, quote

DATA = "data"
ROWS = "odibi_rows"
ROW = "odibi_row"
"""The column that numbers the rows that were set aside, from 1."""
REASONS = "odibi_reasons"
"""The column of quarantined rows that names the expectations which they break."""

_HIT = "odibi_hit"


@dataclass(frozen=True, slots=True)
class Measure:
    """One expectation in SQL.

    Attributes:
        name: The expectation's name.
        value: What is measured in the one pass: a number of rows, or a moment; "" where the columns tell.
        offends: Whether a row offends; "" where it is not about rows.
        joins: What `value` needs beside `data`.
        row_joins: What `offends` needs beside `data`.
        recounts: Whether `value` is above zero where rows offend, but not their number.
    """

    name: str
    value: str = ""
    offends: str = ""
    joins: tuple[str, ...] = ()
    row_joins: tuple[str, ...] = ()
    recounts: bool = False


def measure(
    name: str, number: int, expectation: Expectation, schema: Schema, there: Schema | None = None
) -> Measure:
    """The expectation in SQL.

    Args:
        name: Its name.
        number: Tells its parts of the query from those of others.
        expectation: What is expected.
        schema: The columns of the output.
        there: Those of the dataset that it looks into.
    """
    match expectation:
        case ForeignKey():
            return _foreign_key(name, number, expectation, schema, there or Schema())
        case Unique():
            return _unique(name, number, expectation)
        case Freshness(column=column):
            return Measure(name, _latest(column, _type(schema, column)))
        case Condition(query=str() as query):
            return Measure(name, f"(SELECT count(*) FROM (\n{query}\n) AS offending)")
    offends = _offends(expectation, schema)
    return Measure(name, _counted(offends), offends) if offends else Measure(name)


def measuring_query(measures: Sequence[Measure]) -> str:
    """A query that gives the number of rows as `ROWS`, and each measure's value under `value_column`."""
    values = [f"{each.value} AS {value_column(number)}" for number, each in enumerate(measures) if each.value]
    joins = [join for each in measures for join in each.joins]
    return "\n".join([f"SELECT {', '.join([f'count(*) AS {ROWS}', *values])} FROM {DATA}", *joins])


def value_column(number: int) -> str:
    """The column of a measure's value, by its place among the measures."""
    return f"odibi_{number}"


def recounting_query(measures: Sequence[Measure]) -> str:
    """A query that counts the rows that offend, by their place."""
    values = [f"{_counted(each.offends)} AS {value_column(number)}" for number, each in enumerate(measures)]
    joins = [join for each in measures for join in each.row_joins]
    return "\n".join([f"SELECT {', '.join(values)} FROM {DATA}", *joins])


def examples_query(measure: Measure, limit: int) -> str:
    """A query for some of the rows that offend."""
    return "\n".join(
        [f"SELECT {DATA}.* FROM {DATA}", *measure.row_joins, f"WHERE {measure.offends} LIMIT {limit}"]
    )


def good_query(measures: Sequence[Measure]) -> str:
    """A query for the rows that break none of these."""
    joins = [join for each in measures for join in each.row_joins]
    good = " AND ".join(f"NOT {each.offends}" for each in measures)
    return "\n".join([f"SELECT {DATA}.* FROM {DATA}", *joins, f"WHERE {good}"])


def bad_query(measures: Sequence[Measure]) -> str:
    """A query for the rows that break one of these, with the names of those that they break as `REASONS`."""
    joins = [join for each in measures for join in each.row_joins]
    bad = " OR ".join(each.offends for each in measures)
    reasons = ", ".join(f"CASE WHEN {each.offends} THEN {literal(each.name)} END" for each in measures)
    reason = f"concat_ws('; ', {reasons}) AS {REASONS}"
    return "\n".join([f"SELECT {DATA}.*, {reason} FROM {DATA}", *joins, f"WHERE {bad}"])


def reference_table(key: str) -> str:
    """The name under which queries know a dataset that expectations look into."""
    return f"odibi_at_{key}"


def _offends(expectation: Expectation, schema: Schema) -> str:
    """What is true, and never null, where a row offends."""
    match expectation:
        case NotNull(columns=columns):
            return f"({' OR '.join(f'{_column(column)} IS NULL' for column in columns)})"
        case Range(column=column):
            return _never_null(_outside(expectation, _type(schema, column)))
        case AllowedValues(column=column, values=values):
            listed = ", ".join(_literal(value, _type(schema, column)) for value in values)
            return _never_null(f"{_column(column)} NOT IN ({listed})")
        case Pattern(column=column, regex=regex):
            matches = f"regexp_matches(CAST({_column(column)} AS VARCHAR), {literal(f'^(?:{regex})$')})"
            return _never_null(f"NOT {matches}")
        case Condition(condition=str() as condition):
            return _never_null(f"NOT (\n{condition}\n)")
    return ""


def _outside(expectation: Range, type_: str) -> str:
    column = _column(expectation.column)
    equal = "=" if expectation.strict else ""
    parts = []
    if expectation.min is not None:
        parts.append(f"{column} <{equal} {_literal(expectation.min, type_)}")
    if expectation.max is not None:
        parts.append(f"{column} >{equal} {_literal(expectation.max, type_)}")
    if type_ in ("FLOAT", "DOUBLE"):
        parts.append(f"isnan({column})")
    return " OR ".join(parts)


def _unique(name: str, number: int, expectation: Unique) -> Measure:
    """Two values too few tell that some rows are alike; which, and how many, takes a closer look."""
    columns = [_column(column) for column in expectation.columns]
    filled = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    one = columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
    value = f"count(*) FILTER (WHERE {filled}) - count(DISTINCT {one}) FILTER (WHERE {filled})"
    twin = f"odibi_twins_{number}"
    names = [f"odibi_k{place}" for place in range(len(columns))]
    listed = ", ".join(f"{column} AS {name}" for column, name in zip(columns, names, strict=True))
    same = " AND ".join(f"{column} = {twin}.{name}" for column, name in zip(columns, names, strict=True))
    join = (
        f"LEFT JOIN (SELECT {listed}, TRUE AS {_HIT} FROM {DATA} WHERE {filled} "
        f"GROUP BY {', '.join(columns)} HAVING count(*) > 1) AS {twin} ON {same}"
    )
    return Measure(name, value, f"({twin}.{_HIT} IS NOT NULL)", (), (join,), recounts=True)


def _foreign_key(
    name: str, number: int, expectation: ForeignKey, schema: Schema, there_columns: Schema
) -> Measure:
    columns = [_column(column) for column in expectation.columns]
    there = f"odibi_keys_{number}"
    names = [f"odibi_k{place}" for place in range(len(columns))]
    ours = [_type(schema, column) for column in expectation.columns]
    keys = [(quote(key), _type(there_columns, key)) for key in expectation.keys]
    # As values of the column's own type: keys that differ, such as 1 and 1.0, would else both be found.
    cast = [
        key if type_ == own else f"TRY_CAST({key} AS {own})"
        for (key, type_), own in zip(keys, ours, strict=True)
    ]
    listed = ", ".join(f"{key} AS {name}" for key, name in zip(cast, names, strict=True))
    # One that changes as it is cast, such as 1.5, is none of the column's values.
    kept = " AND ".join(f"{one} = {key}" for one, (key, _) in zip(cast, keys, strict=True) if one != key)
    same = " AND ".join(f"{column} = {there}.{name}" for column, name in zip(columns, names, strict=True))
    join = (
        f"LEFT JOIN (SELECT DISTINCT {listed}, TRUE AS {_HIT} "
        f"FROM {quote(reference_table(expectation.references))}{f' WHERE {kept}' if kept else ''}) "
        f"AS {there} ON {same}"
    )
    filled = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    offends = f"({filled} AND {there}.{_HIT} IS NULL)"
    return Measure(name, _counted(offends), offends, (join,), (join,))


def _latest(column: str, type_: str) -> str:
    """The latest moment that a calendar has: infinity and the days that stand for it tell of no data."""
    # Nanoseconds reach no further than the year 2262.
    own, as_ = (
        (_column(column), type_)
        if not type_.startswith("TIMESTAMP_")
        else (f"CAST({_column(column)} AS TIMESTAMP)", "TIMESTAMP")
    )
    bounds = (f"CAST('{day}' AS {as_})" for day in ("0001-01-02", "9999-12-30"))
    return f"max({own}) FILTER (WHERE {own} BETWEEN {' AND '.join(bounds)})"


def _counted(offends: str) -> str:
    return f"count(*) FILTER (WHERE {offends})"


def _never_null(condition: str) -> str:
    return f"coalesce({condition}, FALSE)"


def _column(name: str) -> str:
    return f"{DATA}.{quote(name)}"


def _type(schema: Schema, column: str) -> str:
    return schema.as_dict().get(column, "")


def _literal(value: Any, type_: str) -> str:
    """The value, of the column's type where it is written as text."""
    match value:
        case bool():
            return str(value).upper()
        case float() if not math.isfinite(value):
            return f"CAST('{value}' AS DOUBLE)"
        case int() | float():
            return repr(value)
        case dt.datetime() | dt.date():
            value = value.isoformat()
    text = literal(str(value))
    return text if type_ in ("", "VARCHAR") else f"CAST({text} AS {type_})"
