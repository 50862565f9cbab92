"""What few values are like, found out in Python as DuckDB says it, but for last digits of fractions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from odibi_core.dataset import SAMPLE_TEXT_LENGTH
from odibi_core.health.columns import MOST_COUNTED, SHARES, column_facts
from odibi_core.plain_frame import PlainColumn, first_values
from odibi_core.schema import Schema

_SPELLED: dict[str, Callable[[Any], str]] = {
    "BOOLEAN": lambda value: "true" if value else "false",
    "DOUBLE": repr,
    "VARCHAR": lambda value: value[:SAMPLE_TEXT_LENGTH],
}

_LARGEST = 1e300
"""Numbers beyond may have no sum."""


def few_facts(columns: Sequence[PlainColumn], schema: Schema, row_count: int) -> dict[str, Any] | None:
    """Column → what its values are like, as `column_facts` tells it; None where DuckDB has to say.

    Args:
        columns: All columns of a frame.
        schema: Their names and types.
        row_count: The rows.
    """
    facts: list[Any] = []
    frequent: dict[str, Counter[str]] = {}
    # DuckDB has other names for columns whose own differ in nothing but their case, or are empty.
    for name, column in zip(schema.names, columns, strict=True):
        values = [value for value in first_values(column, row_count) if value is not None]
        if not _is_told_alike(column.type, values):
            return None
        spell = _SPELLED.get(column.type, str)
        distinct = len(set(values))
        low, high = (spell(min(values)), spell(max(values))) if values else (None, None)
        facts += [row_count - len(values), distinct, low, high, *_scale(column.type, values)]
        if 0 < distinct <= MOST_COUNTED:
            frequent[name] = Counter(map(spell, values))
    return column_facts(schema, row_count, facts, frequent)


def _is_told_alike(type_: str, values: Sequence[Any]) -> bool:
    """Whether DuckDB spells and orders the values as Python does."""
    if type_ == "VARCHAR":
        return all(map(str.isascii, values))
    if type_ == "DOUBLE":
        return all(abs(value) < _LARGEST and (value or math.copysign(1, value) > 0) for value in values)
    return type_ != "FLOAT"


def _scale(type_: str, values: Sequence[Any]) -> tuple[float | None, list[float] | None]:
    """The mean of numbers, and below which value which share of them lies."""
    if type_ in ("VARCHAR", "BOOLEAN") or not values:
        return None, None
    numbers = [float(value) for value in values]
    numbers.sort()
    return math.fsum(numbers) / len(numbers), [_quantile(numbers, share) for share in SHARES]


def _quantile(numbers: Sequence[float], share: float) -> float:
    place = (len(numbers) - 1) * share
    low, high, beyond = numbers[math.floor(place)], numbers[math.ceil(place)], place - math.floor(place)
    return low if low == high else low * (1 - beyond) + high * beyond
