"""Values in the place of placeholders in SQL: always a value, never code, whichever dialect reads the text.

A text may be read as DuckDB's SQL or as Spark's, and they part over quotes: `''` is a quote for the one and
two neighbouring strings for the other, and a backslash escapes for the other alone. So no value is written
with a quote or a backslash in it; `chr(39)` and `chr(92)` say the same to both.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterator
from typing import Any

from odibi_core.errors import ParameterError
from odibi_core.late_dataclass import dataclass

Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class Placed:
    """One placeholder, and what stands in its place.

    Attributes:
        start: Its first character in the text.
        end: The character behind it.
        text: What took its place.
    """

    start: int
    end: int
    text: str


_OPENING = re.compile(r"'|\"|`|--|/\*|\$[A-Za-z_]*\$")
_SPECIAL = re.compile(r"['\\]")
_COMMENTS = ("--", "/*")


def place_values(
    sql: str,
    placeholder: re.Pattern[str],
    value: Callable[[Match], Any],
    own_text: Callable[[Match], str | None],
    noted: list[Placed] | None = None,
) -> str:
    """The SQL with a value in the place of every placeholder; comments stay as they are.

    Outside of quotes a value becomes a literal of its type; inside a quoted text it becomes a part of it.

    Args:
        sql: The text.
        placeholder: Finds the placeholders.
        value: Gives what one stands for.
        own_text: Gives the text that one that is no placeholder (`{{name}}`) stands for, else None.
        noted: Takes down what was put where.

    Raises:
        ParameterError: A value can't stand where its placeholder does.
    """
    parts = []
    begin = 0
    for opening, piece in _pieces(sql):
        if opening not in _COMMENTS and opening in ("'", '"') and "\\" in piece and placeholder.search(sql):
            _refuse_escaped_quote(sql, piece)

        def placed(match: Match, opening: str = opening, begin: int = begin) -> str:
            text = own_text(match)
            if text is None:
                given = value(match)
                text = sql_literal(given) if not opening else _inside(given, opening, match[0])
            if noted is not None:
                noted.append(Placed(begin + match.start(), begin + match.end(), text))
            return text

        parts.append(piece if opening in _COMMENTS else placeholder.sub(placed, piece))
        begin += len(piece)
    return "".join(parts)


def sql_literal(value: Any) -> str:
    """A value as SQL of both dialects: numbers and booleans as such, dates typed, anything else as text."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if not math.isfinite(value):
            return f"CAST('{value}' AS DOUBLE)"
        case int() | float():
            # A minus before a negative number would begin a comment.
            text = repr(value)
            return f"({text})" if text.startswith("-") else text
        case dt.datetime():
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        case dt.date():
            return f"DATE '{value.isoformat()}'"
        case list() | tuple():
            return ", ".join(sql_literal(item) for item in value)
    text = str(value)
    return f"('{_spelt(text)}')" if _SPECIAL.search(text) else f"'{text}'"


def _spelt(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"' || chr({ord(match[0])}) || '", text)


def _inside(value: Any, opening: str, placeholder: str) -> str:
    text = str(value)
    if opening == "'":
        return _spelt(text)
    if any(letter in text for letter in "'\"`\\$\n"):
        raise ParameterError(
            f"the value of {placeholder} holds a quote, backslash, dollar sign or line break, and stands "
            f"inside {opening}…{opening}",
            fix="let the placeholder stand in single quotes, or by itself",
        )
    return text


def _pieces(sql: str) -> Iterator[tuple[str, str]]:
    """Cut SQL where quotes and comments begin and end: pairs of ("" or the opening mark, the text)."""
    position = 0
    while position < len(sql):
        opening = _OPENING.search(sql, position)
        if opening is None:
            yield "", sql[position:]
            return
        yield "", sql[position : opening.start()]
        mark = {"--": "\n", "/*": "*/"}.get(opening[0], opening[0])
        closing = sql.find(mark, opening.end())
        end = len(sql) if closing < 0 else closing + len(mark)
        yield opening[0], sql[opening.start() : end]
        position = end


def _refuse_escaped_quote(sql: str, piece: str) -> None:
    if re.search(r"\\['\"]$", piece):
        raise ParameterError(
            f"the SQL has a backslash before a quote ({piece[-12:]}), which only one dialect reads as an "
            "escape: no placeholder can be placed safely",
            where=f"line {sql.count(chr(10), 0, sql.index(piece)) + 1}",
            fix="write chr(39) for a quote and chr(92) for a backslash",
        )
