"""Spark writes dates by Java's letters ("yyyy-MM-dd"), DuckDB by strftime's ("%Y-%m-%d")."""

from __future__ import annotations

import re

_RUN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+", re.DOTALL)
_LETTERS = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "y": "%Y",
    "u": "%Y",
    "yy": "%y",
    "uu": "%y",
    "MMMM": "%B",
    "LLLL": "%B",
    "MMM": "%b",
    "LLL": "%b",
    "MM": "%m",
    "LL": "%m",
    "M": "%-m",
    "L": "%-m",
    "dd": "%d",
    "d": "%-d",
    "DDD": "%j",
    "D": "%-j",
    "EEEE": "%A",
    "EEE": "%a",
    "EE": "%a",
    "E": "%a",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSSSSS": "%f",
    "SSS": "%g",
    "a": "%p",
}


def strftime_pattern(pattern: str) -> tuple[str, list[str]]:
    """The strftime pattern of a Java date pattern, and the pieces of it that have no counterpart."""
    missing: list[str] = []

    def piece(run: re.Match[str]) -> str:
        text = run.group()
        if text == "''":
            return "'"
        if run[1] is not None:
            return run[1].replace("''", "'").replace("%", "%%")
        if run[2] is None:
            return text.replace("%", "%%")
        if text not in _LETTERS:
            missing.append(text)
        return _LETTERS.get(text, text)

    return _RUN.sub(piece, pattern), missing
