"""Texts as values of a type, none of them changed: what a cast would round or cut off is no value of it.

DuckDB's casts of text are lenient: 1.5 becomes the whole number 2, 1.239 the DECIMAL(10,2) 1.24, a moment
with a time of day a date without one. What could be lost so is looked for in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from odibi_core.schema import literal, quote

WHOLE = frozenset(
    f"{sign}{size}" for sign in ("", "U") for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
)
MOMENTS = {
    "DATE": 0,
    "TIME": 6,
    "TIMESTAMP_S": 0,
    "TIMESTAMP_MS": 3,
    "TIMESTAMP": 6,
    "TIMESTAMP WITH TIME ZONE": 6,
    "TIMESTAMP_NS": 9,
}
"""Types of moments, and the digits of a second's fraction that each keeps."""
NUMBER = r"\s*[-+]?(\d[\d_]*\.?\d*|\.\d+)([eE][-+]?\d+)?\s*"
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
SURE_DIGITS = 15
"""Digits of a number that a DOUBLE tells from every other number of so many."""
_POWER = literal(rf"\s*[-+]?[\d.]{{1,{SURE_DIGITS}}}[eE][-+]?\d\d?\s*")
"""A number with an exponent that a DOUBLE tells from others."""
_MOST = f"{10**SURE_DIGITS - 1}"
_BOUNDS = {
    "BIGINT": (f"-{_MOST}", _MOST),
    "UBIGINT": ("0", _MOST),
    **{
        type_: (str(-(2 ** (bits - 1))), str(2 ** (bits - 1) - 1))
        for type_, bits in (("TINYINT", 8), ("SMALLINT", 16), ("INTEGER", 32))
    },
    **{
        type_: ("0", str(2**bits - 1))
        for type_, bits in (("UTINYINT", 8), ("USMALLINT", 16), ("UINTEGER", 32))
    },
}
_WORDS = {
    **dict.fromkeys(WHOLE, "a whole number"),
    "DOUBLE": "a number",
    "FLOAT": "a number",
    "BOOLEAN": "true or false",
    "DATE": "a date",
    "TIME": "a time of day",
    **{type_: "a date and time" for type_ in MOMENTS if type_.startswith("TIMESTAMP")},
}


def is_at_risk(type_: str) -> bool:
    """Whether a cast of text to the type may change a value without a word."""
    return type_ in WHOLE or type_ in MOMENTS or bool(_DECIMAL.fullmatch(type_))


def is_number(type_: str) -> bool:
    """Whether a type that is at risk holds numbers."""
    return type_ not in MOMENTS


def decimal_digits(type_: str) -> tuple[int, int] | None:
    """All digits of a DECIMAL, and those behind the dot; None of another type."""
    found = _DECIMAL.fullmatch(type_)
    return (int(found[1]), int(found[2])) if found else None


def exact_sql(text: str, type_: str) -> str:
    """An expression for the value of a text; null where the type has no such value.

    Args:
        text: An expression for the text, with a dot in decimals and nothing between groups of digits.
        type_: One that is at risk.
    """
    value = f"TRY_CAST({text} AS {type_})"
    if type_ in WHOLE:
        # What is written as the number would be written has lost nothing.
        return f"CASE WHEN CAST({value} AS VARCHAR) = {text} OR {_is_whole(text)} THEN {value} END"
    if found := _DECIMAL.fullmatch(type_):
        return f"CASE WHEN {_has_scale(text, value, int(found[2]))} THEN {value} END"
    if type_ == "DATE":
        moment = exact_sql(text, "TIMESTAMP")
        return f"CASE WHEN CAST({value} AS VARCHAR) = {text} OR {moment} = {value} THEN {value} END"
    dot, digits = f"strpos({text}, '.')", MOMENTS[type_]
    is_exact = f"regexp_full_match({text}, {literal(_moment_pattern(type_, digits))})"
    if type_ == "TIMESTAMP WITH TIME ZONE":
        is_exact = f"{dot} = 0 OR strlen({text}) - {dot} <= {digits} OR {is_exact}"
    return f"CASE WHEN {is_exact} THEN {value} END"


def checked_sql(column: str, type_: str, failure: str) -> str:
    """An expression for a value of the type from a DOUBLE; null stays null.

    Args:
        column: An expression for the number.
        type_: One that `is_told_by_double`.
        failure: What is evaluated where the type does not hold the number as it is.
    """
    if type_ in _BOUNDS:
        least, most = _BOUNDS[type_]
        is_wrong = f"trunc({column}) <> {column} OR {column} NOT BETWEEN {least} AND {most}"
        return f"CASE WHEN {is_wrong} THEN {failure} ELSE CAST({column} AS {type_}) END"
    value = f"TRY_CAST({column} AS {type_})"
    is_kept = f"{column} IS NULL OR CAST({value} AS DOUBLE) = {column}"
    return f"CASE WHEN {is_kept} THEN {value} ELSE {failure} END"


def is_told_by_double(type_: str) -> bool:
    """Whether a DOUBLE tells the values of a type from all others of no more than fifteen digits."""
    found = _DECIMAL.fullmatch(type_)
    return int(found[1]) <= SURE_DIGITS if found else type_ in _BOUNDS


def select_sql(reader: str, names: Iterable[str], values: Mapping[str, str]) -> str:
    """A table expression of columns, with expressions in the place of some."""
    if not values:
        return reader
    columns = (f"{values[name]} AS {quote(name)}" if name in values else quote(name) for name in names)
    return f"(SELECT {', '.join(columns)} FROM {reader})"


def why_not(text: str, type_: str) -> str:
    """Why a text is no value of a type, as a sentence."""
    if type_ in WHOLE and re.fullmatch(r"\s*[-+]?\d+\s*", text):
        return f"{text!r} is out of the range of {type_}"
    if _DECIMAL.fullmatch(type_):
        is_digits = re.fullmatch(NUMBER, text)
        return (
            f"{text!r} has more digits than {type_} keeps"
            if is_digits
            else f"{text!r} is not a number ({type_})"
        )
    if type_ in MOMENTS and type_ != "DATE" and re.search(r"\d\.\d", text):
        return f"{text!r} is finer than {type_} keeps"
    if type_.startswith("TIMESTAMP") and re.search(r":\d\d[^:]*[-+]\d", text):
        return f"{text!r} is in another time zone, which {type_} does not keep"
    kind = _WORDS.get(type_)
    reason = f"{text!r} is not {kind} ({type_})" if kind else f"{text!r} is not of type {type_}"
    has_time = type_ == "DATE" and re.fullmatch(r"\s*\d+\D\d+\D\d+[ T]\d+:.*", text)
    return f"{reason}: it has a time of day" if has_time else reason


def _moment_pattern(type_: str, digits: int) -> str:
    """What a type of moments with a time keeps whole: no finer fraction, no zone that it has not."""
    time = rf"\d{{1,2}}:\d\d?(:\d\d?(\.\d{{0,{digits}}}0*)?)?"
    if type_ == "TIME":
        return rf"\s*{time}\s*"
    zone = r"([^.\d][^.]*)?" if type_ == "TIMESTAMP WITH TIME ZONE" else r"\s*([zZ]|UTC|[-+]00(:?00)?)?\s*"
    return rf"[^:]*|[^:]*[ T]{time}{zone}"


def _is_whole(text: str) -> str:
    plain = literal(r"\s*([-+]?[\d_]*\.?0*|0[xX][\da-fA-F_]+|0[bB][01_]+)\s*")
    number = f"TRY_CAST({text} AS DOUBLE)"
    return (
        f"regexp_full_match({text}, {plain}) "
        f"OR (regexp_full_match({text}, {_POWER}) AND trunc({number}) = {number})"
    )


def _has_scale(text: str, value: str, scale: int) -> str:
    plain = literal(rf"\s*[-+]?[\d_]*(\.\d{{0,{scale}}}0*)?\s*")
    equal = f"CAST({value} AS DOUBLE) = TRY_CAST({text} AS DOUBLE)"
    return f"regexp_full_match({text}, {plain}) OR (regexp_full_match({text}, {_POWER}) AND {equal})"
