"""Values as JSON can hold them and a grid shows them: nothing is rounded, and long texts are cut."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_TEXT = 2_000
_EXACT = 2**53


def cells(table: pa.Table) -> list[list[Any]]:
    """The rows of a table."""
    columns = [[_value(scalar) for scalar in column] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def cell(value: Any) -> Any:
    """One value; what JSON lacks, or would round, as text."""
    match value:
        case None | bool():
            return value
        case int():
            return value if -_EXACT <= value <= _EXACT else str(value)
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "…"
        case dt.datetime():
            return value.isoformat(sep=" ")
        case dt.date() | dt.time():
            return value.isoformat()
        case Decimal():
            return format(value, "f")
        case bytes():
            shown = value[:LONGEST_TEXT]
            return "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02X}" for byte in shown)
        case Mapping():
            return {str(key): cell(item) for key, item in value.items()}
        case list() | tuple():
            return [cell(item) for item in value]
    return str(value)


def _value(scalar: pa.Scalar[Any]) -> Any:
    try:
        return cell(scalar.as_py())
    except (OverflowError, ValueError):
        # Python's calendar ends with the year 9999; Arrow's does not.
        import pyarrow as pa

        return str(scalar.cast(pa.string()).as_py())
