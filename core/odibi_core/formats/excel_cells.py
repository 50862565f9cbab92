"""What the cells of a sheet hold, as columns with types."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from odibi_core.errors import SourceError

EXACT_LIMIT = 10**15
"""Excel's numbers are doubles of which it shows 15 digits: a longer whole number is no longer exact."""


def column_names(cells: Sequence[Any], source: str) -> list[str]:
    """The names in a header; a column without one is called by its place.

    Raises:
        SourceError: Two columns have the same.
    """
    names = [spelled(cell) or f"column{place}" for place, cell in enumerate(cells)]
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise SourceError(
                f"two columns have the name {name!r}",
                where=source,
                fix="name them apart in the sheet, or read without its header: header: false, skip: 1",
            )
        seen.add(name.casefold())
    return names


def is_blank(cell: Any) -> bool:
    """Whether a cell is empty; one with an error such as #N/A counts as empty."""
    return cell is None or cell == ""


def found_types(rows: Iterable[Sequence[Any]], width: int, nulls: frozenset[str]) -> tuple[list[str], int]:
    """The type of each column by all its cells, and the number of rows that are not blank."""
    kinds: list[set[str]] = [set() for _ in range(width)]
    count = 0
    for row in rows:
        is_row = False
        for place, cell in enumerate(row):
            if is_blank(cell):
                continue
            is_row = True
            if not (isinstance(cell, str) and cell in nulls):
                kinds[place].add(_kind(cell))
        count += is_row
    return [_type(found) for found in kinds], count


def _kind(cell: Any) -> str:
    match cell:
        case bool():
            return "bool"
        case int() | float():
            return "int" if float(cell).is_integer() and abs(cell) < EXACT_LIMIT else "float"
        case dt.datetime():
            return "datetime"
        case dt.date():
            return "date"
        case dt.time():
            return "time"
    return "text"


def _type(kinds: set[str]) -> str:
    if kinds and kinds <= {"int", "float"}:
        return "DOUBLE" if "float" in kinds else "BIGINT"
    if kinds and kinds <= {"date", "datetime"}:
        return "TIMESTAMP" if "datetime" in kinds else "DATE"
    return {frozenset({"bool"}): "BOOLEAN", frozenset({"time"}): "TIME"}.get(frozenset(kinds), "VARCHAR")


def spelled(cell: Any) -> str:
    """A cell as text: a whole number without a fraction, a moment in ISO 8601."""
    match cell:
        case None:
            return ""
        case bool():
            return str(cell).lower()
        case float() if cell.is_integer() and abs(cell) < EXACT_LIMIT:
            return str(int(cell))
        case dt.datetime():
            return cell.isoformat(" ")
    return str(cell)


def valued(cell: Any, type_: str, nulls: frozenset[str]) -> Any:
    """A cell as a value that `to_arrow` takes for a type."""
    if is_blank(cell) or (isinstance(cell, str) and cell in nulls):
        return None
    if type_ in ("DOUBLE", "BOOLEAN") and not isinstance(cell, str):
        return cell
    if type_ == "BIGINT" and isinstance(cell, int | float) and float(cell).is_integer():
        return int(cell)
    return spelled(cell)
