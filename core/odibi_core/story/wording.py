"""How a story words counts, durations, moments and names."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from odibi_core.dataset import CountScope
from odibi_core.events import NodeState

MINUS = "\N{MINUS SIGN}"
STATUS_WORDS: Mapping[NodeState, str] = {
    NodeState.SUCCESS: "Succeeded",
    NodeState.CACHED: "Taken from cache",
    NodeState.FAILED: "Failed",
    NodeState.SKIPPED: "Skipped",
    NodeState.CANCELLED: "Cancelled",
    NodeState.PENDING: "Never started",
    NodeState.READY: "Never started",
    NodeState.RUNNING: "Not finished",
}
_NUMERIC_TYPES = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
    "REAL",
    "NUMERIC",
)
_WIDE = ("W", "F")
_WITHOUT_WIDTH = ("Mn", "Me", "Cf", "Cc")


def count(number: int | None) -> str:
    """A count with thousands separators; "not counted" where it is unknown."""
    return "not counted" if number is None else f"{number:,}".replace("-", MINUS)


def rows(number: int | None) -> str:
    """A number of rows: "1 row", "1,204 rows", "rows not counted"."""
    if number is None:
        return "rows not counted"
    return plural(number, "row")


def how_counted(scope: CountScope) -> str:
    """The word that goes with a count that was not taken while the rows came through; else ""."""
    return scope.value if scope in (CountScope.INFERRED, CountScope.RECOUNTED) else ""


def plural(number: int, noun: str, nouns: str = "") -> str:
    """A count with its noun: "1 step", "7 steps"."""
    return f"{count(number)} {noun if number == 1 else nouns or noun + 's'}"


def short_count(number: int | None) -> str:
    """A count that fits on an edge: in full up to seven digits, then "12.3 M"."""
    if number is None:
        return ""
    for limit, unit in ((10**12, "T"), (10**9, "G"), (10**7, "M")):
        if abs(number) >= limit:
            size = 10**6 if unit == "M" else limit
            return f"{number / size:,.1f} {unit}".replace("-", MINUS)
    return count(number)


def delta(difference: int) -> str:
    """A difference with its sign, such as "+1,204"; "±0" where there is none."""
    return f"{difference:+,}".replace("-", MINUS) if difference else "±0"


def per_cent(part: float, whole: float) -> str:
    """A signed share, such as "+6.1 %"; "" where there is nothing to be a share of."""
    if not whole:
        return ""
    share = 100 * part / whole
    if 99.9 < abs(share) < 100:
        share = math.copysign(99.9, share)
    if share and abs(share) < 0.1:
        return f"{'+' if share > 0 else MINUS}<0.1 %"
    return f"{share:+,.1f} %".replace("-", MINUS)


def duration(duration_ms: float | None) -> str:
    """A duration in the unit that a person would choose: "0.4 ms", "1.42 s", "2 min 05 s", "1 h 04 min"."""
    if duration_ms is None:
        return "not measured"
    if duration_ms < 10:
        return f"{duration_ms:.1f} ms"
    if duration_ms < 999.5:
        return f"{duration_ms:.0f} ms"
    seconds = duration_ms / 1000
    if seconds < 59.995:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    minutes, left = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {left:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02} min"


def file_size(size_bytes: int) -> str:
    """A number of bytes in the unit that a person would choose: "512 bytes", "3.4 MiB"."""
    for limit, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size_bytes >= limit:
            return f"{size_bytes / limit:,.1f} {unit}"
    return plural(size_bytes, "byte")


def moment(when: dt.datetime) -> str:
    """A moment in UTC, to the second."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def number(value: float | str) -> str | None:
    """A number with thousands separators, every digit kept; None for what is none.

    Args:
        value: A number, or a decimal as text, the form in which a sample keeps it.
    """
    if isinstance(value, str):
        try:
            value_or_decimal: float | Decimal = Decimal(value)
        except InvalidOperation:
            return None
    else:
        value_or_decimal = value
    return f"{value_or_decimal:,}".replace("-", MINUS)


def is_numeric_type(type_: str) -> bool:
    """Whether a column of this type holds numbers."""
    return type_.upper().partition("(")[0] in _NUMERIC_TYPES


def cut(text: str, length: int) -> str:
    """The text, or its beginning and an ellipsis where it is longer than `length` characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def pixels(length: float) -> str:
    """A length for a drawing, to a tenth of a pixel."""
    return f"{length:.1f}".removesuffix(".0")


def fit(text: str, width: int) -> str:
    """The text on one line, cut so that it takes no more room than `width` narrow characters.

    Wide letters and emoji take two places, and joined marks none, so that none of them is cut in half.
    """
    line = " ".join(text.split()) if any(letter.isspace() for letter in text) else text
    if len(line) <= width and line.isascii():
        return line
    used, end = 0, 0
    for position, letter in enumerate(line):
        used += _places(letter)
        if used > width:
            return line[:end].rstrip() + "…"
        if used < width:
            end = position + 1
    return line


def _places(letter: str) -> int:
    if unicodedata.category(letter) in _WITHOUT_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1
