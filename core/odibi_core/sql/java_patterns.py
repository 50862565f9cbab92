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


_CODES = {
    "Y": "yyyy",
    "y": "yy",
    "m": "MM",
    "-m": "M",
    "d": "dd",
    "-d": "d",
    "H": "HH",
    "-H": "H",
    "I": "hh",
    "-I": "h",
    "M": "mm",
    "-M": "m",
    "S": "ss",
    "-S": "s",
    "f": "SSSSSS",
    "g": "SSS",
    "p": "a",
    "a": "EEE",
    "A": "EEEE",
    "b": "MMM",
    "B": "MMMM",
    "j": "DDD",
    "-j": "D",
}
_WHOLE = {"%x": "%Y-%m-%d", "%X": "%H:%M:%S", "%c": "%Y-%m-%d %H:%M:%S", "%D": "%m/%d/%y", "%T": "%H:%M:%S"}
_READ = {"MM": "M", "dd": "d", "HH": "H", "hh": "h", "mm": "m", "ss": "s", "DDD": "D"}
_ADJACENT = re.compile(r"%-?[A-Za-z]%-?[A-Za-z]")
_CODE = re.compile(r"%(-?[A-Za-z]|%)|([A-Za-z']+)|([\[\]{}#]+)|([^%A-Za-z'\[\]{}#]+)|(%)")


def java_pattern(pattern: str, *, reads: bool = False) -> tuple[str, list[str]]:
    """The Java date pattern of a strftime pattern, and the codes that have no counterpart.

    Args:
        pattern: As in "%Y-%m-%d".
        reads: Whether texts are read by it: then numbers may be shorter than they are written.
    """
    missing: list[str] = []
    # Where nothing stands between two numbers, only their widths tell them apart.
    reads = reads and _ADJACENT.search(pattern) is None
    for code, whole in _WHOLE.items():
        pattern = pattern.replace(code, whole)

    def piece(found: re.Match[str]) -> str:
        if found[1] == "%":
            return "%"
        if found[1]:
            letters = _CODES.get(found[1])
            if letters is None:
                missing.append(f"%{found[1]}")
                return ""
            return _READ.get(letters, letters) if reads else letters
        if found[5]:
            missing.append("%")
            return ""
        text = found[2] or found[3]
        return "'" + text.replace("'", "''") + "'" if text else found[4]

    return _CODE.sub(piece, pattern), missing
