"""Two tables as bags of rows: what is in one and not in the other, with a tolerance for floats.

Rows are in no order. Of rows that are alike but for their floats, the first by these is compared with the
first, the second with the second; what is left over then is tried each against each.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

Row = dict[str, Any]
Values = tuple[Any, ...]

_FLOATS = ("FLOAT", "DOUBLE")
_WHOLE = re.compile(r"U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL\(\d+,0\)")
_MOST_TRIED = 2_000
"""Left-over rows of a side beyond which they are not tried each against each."""
_SINGLE_PRECISION = 1e-6


@dataclass(frozen=True, slots=True)
class Difference:
    """What two tables do not have in common.

    Attributes:
        counts: How many rows of the first, and of the second, have no counterpart.
        pairs: Some of these, those that are nearly alike side by side; None where there is none.
        columns: The columns in which these rows differ as a whole.
    """

    counts: tuple[int, int]
    pairs: tuple[tuple[Row | None, Row | None], ...]
    columns: tuple[str, ...]


def compare_rows(
    first: pa.Table | Path,
    second: pa.Table | Path,
    schemas: tuple[Schema, Schema],
    *,
    tolerance: float,
    examples: int,
) -> Difference:
    """What the rows of two tables do not have in common, over the columns that both have.

    Args:
        first: The one table, or the Parquet file that holds it.
        second: The other one.
        schemas: Their columns.
        tolerance: How far two floats may be apart, in parts of the larger one (of 1 where that is less).
        examples: How many pairs are given at the most.
    """
    from odibi_core import late_duckdb as duckdb

    names = [name for name in schemas[0].names if name in schemas[1].names]
    types = [_common(schemas[0].as_dict()[name], schemas[1].as_dict()[name]) for name in names]
    tolerances = {
        place: max(tolerance, _SINGLE_PRECISION) if type_ == "FLOAT" else tolerance
        for place, type_ in enumerate(types)
        if type_ in _FLOATS
    }
    with duckdb.connect(":memory:", config={"python_enable_replacements": "false"}) as database:
        database.execute("SET TimeZone = 'UTC'")
        for side, table in (("first", first), ("second", second)):
            if isinstance(table, Path):
                database.execute(f"CREATE VIEW given_{side} AS FROM read_parquet({literal(str(table))})")
            else:
                database.register(f"given_{side}", table)
            columns = [f"CAST({quote(name)} AS {type_})" for name, type_ in zip(names, types, strict=True)]
            _number(database, side, columns, set(tolerances))
        left = [_left_over(database, "first", "second", len(names), tolerances)]
        left.append(_left_over(database, "second", "first", len(names), tolerances))
    ones, others = _without_counterparts(left[0], left[1], len(names), tolerances)
    differing = _differing_columns(ones, others, len(names))
    pairs = _pairs(ones, others, differing, examples)
    named = tuple(
        tuple(None if row is None else dict(zip(names, row, strict=True)) for row in pair) for pair in pairs
    )
    return Difference((len(ones), len(others)), named, tuple(names[place] for place in differing))  # type: ignore[arg-type]


def is_close(one: float | None, other: float | None, tolerance: float) -> bool:
    """Whether two floats count as the same: null is only null, and NaN only NaN."""
    if one is None or other is None:
        return one is other
    if not (math.isfinite(one) and math.isfinite(other)):
        return one == other or (math.isnan(one) and math.isnan(other))
    return abs(one - other) <= tolerance * max(1.0, abs(one), abs(other))


def _common(one: str, other: str) -> str:
    """The type in which values of two types are compared."""
    if one == other:
        is_plain = "[" not in one and not one.startswith(("STRUCT", "MAP", "UNION", "ENUM"))
        return one if is_plain else "VARCHAR"
    numbers = [_WHOLE.fullmatch(each) is not None for each in (one, other)]
    if all(numbers):
        return "HUGEINT"
    if all(
        number or each.startswith((*_FLOATS, "DECIMAL"))
        for number, each in zip(numbers, (one, other), strict=True)
    ):
        return "DOUBLE"
    if one.startswith(("TIMESTAMP", "DATE")) and other.startswith(("TIMESTAMP", "DATE")):
        return "TIMESTAMP"
    return "VARCHAR"


def _number(database: DuckDBPyConnection, side: str, columns: Sequence[str], floats: set[int]) -> None:
    """A table of the rows, each numbered among those that are alike but for their floats."""
    given = ", ".join(f"{column} AS c{place}" for place, column in enumerate(columns))
    exact = ", ".join(f"c{place}" for place in range(len(columns)) if place not in floats)
    loose = ", ".join(f"c{place}" for place in sorted(floats))
    window = " ".join([f"PARTITION BY {exact}" if exact else "", f"ORDER BY {loose}" if loose else ""])
    database.execute(
        f"CREATE TABLE {side} AS SELECT *, row_number() OVER ({window}) AS n "
        f"FROM (SELECT {given} FROM given_{side})"
    )


def _left_over(
    database: DuckDBPyConnection, side: str, other: str, width: int, tolerances: Mapping[int, float]
) -> list[Values]:
    """The rows of a side whose counterpart of the same number is missing or too far off."""
    same = [
        f"a.c{place} IS NOT DISTINCT FROM b.c{place}" for place in range(width) if place not in tolerances
    ]
    close = [_close(f"a.c{place}", f"b.c{place}", tolerance) for place, tolerance in tolerances.items()]
    columns = ", ".join(f"a.c{place}" for place in range(width))
    condition = " AND ".join(["a.n = b.n", *same, *close])
    query = f"SELECT {columns} FROM {side} AS a ANTI JOIN {other} AS b ON {condition}"
    return database.execute(query).fetchall()


def _close(one: str, other: str, tolerance: float) -> str:
    """What `is_close` says, as SQL, in which NaN and infinity are near to everything."""
    far = f"abs({one} - {other}) > {tolerance!r} * greatest(1.0, abs({one}), abs({other}))"
    return (
        f"({one} IS NOT DISTINCT FROM {other} "
        f"OR coalesce(isfinite({one}) AND isfinite({other}) AND NOT {far}, false))"
    )


def _without_counterparts(
    ones: list[Values],
    others: list[Values],
    width: int,
    tolerances: Mapping[int, float],
) -> tuple[list[Values], list[Values]]:
    """What is left where each row is tried against each: numbers by floats may be off by one that is near."""
    if not tolerances or max(len(ones), len(others)) > _MOST_TRIED:
        return ones, others
    exact = [place for place in range(width) if place not in tolerances]
    waiting: dict[str, list[Values]] = {}
    for row in others:
        waiting.setdefault(repr([row[place] for place in exact]), []).append(row)
    alone = []
    for row in ones:
        near = waiting.get(repr([row[place] for place in exact]), [])
        found = next(
            (
                other
                for other in near
                if all(is_close(row[place], other[place], far) for place, far in tolerances.items())
            ),
            None,
        )
        if found is None:
            alone.append(row)
        else:
            near.remove(found)
    return alone, [row for rows in waiting.values() for row in rows]


def _differing_columns(ones: list[Values], others: list[Values], width: int) -> list[int]:
    """The columns in which the rows without counterpart are not the same as a whole."""
    fewer, more = sorted((ones, others), key=len)
    return [
        place
        for place in range(width)
        if Counter(_shown(row[place]) for row in fewer) - Counter(_shown(row[place]) for row in more)
    ]


def _pairs(
    ones: list[Values], others: list[Values], differing: Sequence[int], examples: int
) -> list[tuple[Values | None, Values | None]]:
    """Some rows side by side: those that agree in the columns that do not differ as a whole."""

    def key(row: Values) -> tuple[str, ...]:
        return tuple(_shown(value) for place, value in enumerate(row) if place not in differing)

    waiting: dict[tuple[str, ...], list[Values]] = {}
    for row in others:
        waiting.setdefault(key(row), []).append(row)
    pairs: list[tuple[Values | None, Values | None]] = []
    alone: list[tuple[Values | None, Values | None]] = []
    for row in ones:
        near = waiting.get(key(row), [])
        if near and differing:
            pairs.append((row, near.pop(0)))
        else:
            alone.append((row, None))
    missing = [(None, row) for rows in waiting.values() for row in rows]
    by_turns = [pair for both in zip_longest(alone, missing) for pair in both if pair is not None]
    return [*pairs, *by_turns][:examples]


def _shown(value: Any) -> str:
    """A value as it is told from others; floats that are near are told alike."""
    return f"{value:.9g}" if isinstance(value, float) else repr(value)
