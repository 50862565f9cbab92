"""What the values of a dataset's columns are like: SQL that asks, and what its answer says."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from odibi_core.dataset import SAMPLE_TEXT_LENGTH
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Of a column's numbers or moments it is told below which value these shares of them lie."""
MOST_FREQUENT = 20
MOST_COUNTED = 256
"""Up to so many different values it is counted how often each comes."""
_COUNTED_EXACTLY = 100_000
"""Up to so many rows what is told is exact; beyond them different values and shares are estimated."""
_NUMBER = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\)")
_MOMENT = re.compile(r"DATE|TIMESTAMP(_S|_MS|_NS)?( WITH TIME ZONE)?")
_PLAIN = re.compile(r"VARCHAR|BOOLEAN|TIME|UUID")


@dataclass(frozen=True, slots=True)
class Subject:
    """A column in SQL.

    Attributes:
        value: Its values, of a type that can be compared.
        scale: Its values as numbers on an axis; "" where there is none.
        is_moment: Whether these are seconds since 1970.
    """

    value: str
    scale: str
    is_moment: bool

    @classmethod
    def of(cls, name: str, type_: str) -> Subject:
        """A column of that name and type."""
        column = quote(name)
        if _NUMBER.fullmatch(type_):
            return cls(column, f"CAST({column} AS DOUBLE)", False)
        if _MOMENT.fullmatch(type_):
            return cls(column, f"CASE WHEN isfinite({column}) THEN epoch({column}) END", True)
        return cls(column if _PLAIN.fullmatch(type_) else f"CAST({column} AS VARCHAR)", "", False)


def facts_select(schema: Schema, row_count: int) -> str:
    """A SELECT without its FROM: one row, in which each column has nulls, distinct, low, high, mean, shares.

    Args:
        schema: The columns.
        row_count: The rows: many are not counted as closely as few.
    """
    is_exact = row_count <= _COUNTED_EXACTLY
    distinct = "count(DISTINCT {})" if is_exact else "approx_count_distinct({})"
    quantile = "quantile_cont" if is_exact else "approx_quantile"
    shares = ", ".join(map(str, SHARES))
    texts = []
    for name, type_ in schema:
        subject = Subject.of(name, type_)
        value, scale = subject.value, subject.scale
        finite = f"FILTER (WHERE isfinite({scale}))"
        texts += [
            f"count(*) - count({value})",
            distinct.format(value),
            _shown(f"min({value})"),
            _shown(f"max({value})"),
            f"avg({scale}) {finite}" if scale else "NULL",
            f"{quantile}({scale}, [{shares}]) {finite}" if scale else "NULL",
        ]
    return f"SELECT {', '.join(texts)}"


def frequent_select(schema: Schema, facts: Sequence[Any]) -> tuple[str, list[str]]:
    """A SELECT without its FROM that counts how often values come, and the columns that it asks for.

    Args:
        schema: The columns.
        facts: The row that `facts_select` gave.
    """
    few = [name for at, name in enumerate(schema.names) if 0 < facts[6 * at + 1] <= MOST_COUNTED]
    types = dict(schema)
    texts = [f"histogram({_shown(Subject.of(name, types[name]).value)})" for name in few]
    return f"SELECT {', '.join(texts)}", few


def column_facts(
    schema: Schema, row_count: int, facts: Sequence[Any], frequent: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, Any]]:
    """Column → what its values are like, in the form that lineage keeps.

    Args:
        schema: The columns.
        row_count: The rows.
        facts: The row that `facts_select` gave.
        frequent: Column → value → how often it comes, as `frequent_select` gave it.
    """
    found = {}
    for at, (name, type_) in enumerate(schema):
        nulls, distinct, low, high, mean, shares = facts[6 * at : 6 * at + 6]
        counts = sorted(frequent.get(name, {}).items(), key=lambda pair: (-pair[1], pair[0]))
        found[name] = {
            "nulls": nulls,
            "distinct": min(distinct, row_count - nulls),
            "is_estimated": row_count > _COUNTED_EXACTLY,
            "low": low,
            "high": high,
            "mean": mean,
            "shares": list(shares) if shares else None,
            "is_moment": Subject.of(name, type_).is_moment,
            "frequent": [list(pair) for pair in counts[:MOST_FREQUENT]],
        }
    return found


def axis_text(number: float, *, is_moment: bool) -> str:
    """A number of a `Subject.scale` as a person reads it."""
    if not is_moment:
        return f"{number:.6g}" if math.isfinite(number) else str(number)
    try:
        moment = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=number)
    except OverflowError:
        return f"{number:.6g} s since 1970"
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def _shown(value: str) -> str:
    return f"left(CAST({value} AS VARCHAR), {SAMPLE_TEXT_LENGTH})"
