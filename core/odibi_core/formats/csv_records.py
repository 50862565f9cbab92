"""Cutting delimited text into records, exactly: every line belongs to a record or is set aside.

This is the slow and careful reader: it looks at a file's head to find its shape, and goes through a whole
file only where the fast reader found rows that it can't read.
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from odibi_core.late_dataclass import dataclass

RECORD_LIMIT_CHARACTERS = 2_000_000
DELIMITERS = (",", ";", "\t", "|")


class Record(NamedTuple):
    """One record of the text: a named tuple, for there are as many as a file has lines.

    Attributes:
        line: Number of its first line, from 1.
        text: As it stands in the file, without the line end.
        width: The number of its fields; 0 where it is malformed.
        fault: Why it is malformed, or "".
    """

    line: int
    text: str
    width: int
    fault: str = ""


@dataclass(frozen=True)
class Dialect:
    """How a text is delimited.

    Attributes:
        delimiter: Between fields.
        quote: Around fields that hold a delimiter or a line end; "" for none.
        escape: Before a quote that is meant; usually the quote itself.
        comment: Begins a line that does not count; "" for none.
    """

    delimiter: str
    quote: str = '"'
    escape: str = '"'
    comment: str = ""

    def records(self, lines: Iterable[str], first_line: int = 1) -> Iterator[Record]:
        """Cut lines into records; blank lines and comments are passed over.

        Where a quote never closes, or text follows a closing quote, only the line it begins in is malformed:
        the next line begins a new record.
        """
        source = iter(lines)
        waiting: deque[str] = deque()
        number = first_line - 1
        quote, delimiter, comment = self.quote, self.delimiter, self.comment
        while True:
            line = waiting.popleft() if waiting else next(source, None)
            if line is None:
                return
            number += 1
            text = line.rstrip("\r\n")
            if not text or (comment and self.is_comment(text)):
                continue
            if not quote or quote not in text:
                counted = self._counted(text) if comment else text
                yield Record(number, text, counted.count(delimiter) + 1)
                continue
            taken = [line]
            width, fault = self._measure(text)
            while fault == _OPEN:
                more = waiting.popleft() if waiting else next(source, None)
                if more is None or sum(map(len, taken)) > RECORD_LIMIT_CHARACTERS:
                    waiting.extendleft(reversed([*taken[1:], *([more] if more is not None else [])]))
                    break
                taken.append(more)
                if quote in more:
                    text = "".join(taken).rstrip("\r\n")
                    width, fault = self._measure(text)
                    if fault and fault != _OPEN:
                        waiting.extendleft(reversed(taken[1:]))
            if fault:
                yield Record(number, taken[0].rstrip("\r\n"), 0, fault)
            else:
                yield Record(number, text, width)
                number += len(taken) - 1

    def is_comment(self, line: str) -> bool:
        """Whether a line does not count."""
        return bool(self.comment) and line.lstrip().startswith(self.comment)

    def fields(self, text: str) -> list[str]:
        """The values of a well-formed record."""
        if not self.quote or self.quote not in text:
            return self._counted(text).split(self.delimiter)
        values, position = [], 0
        while match := self._field.match(text, position):
            values.append(self._value(match[1]))
            position = match.end()
            if not match[2]:
                break
        return values

    def _counted(self, text: str) -> str:
        return text.partition(self.comment)[0] if self.comment else text

    def _value(self, raw: str) -> str:
        if not raw.startswith(self.quote):
            return raw
        return re.sub(re.escape(self.escape) + r"(.)", r"\1", raw[1:-1], flags=re.DOTALL)

    def _measure(self, text: str) -> tuple[int, str]:
        """The number of fields, and what is wrong."""
        position = width = 0
        while True:
            match = self._field.match(text, position)
            if match is None:
                opened = self._opened.match(text, position)
                return 0, _OPEN if opened else "text follows a closing quote"
            width += 1
            position = match.end()
            if not match[2]:
                return width, ""

    @cached_property
    def _field(self) -> re.Pattern[str]:
        """A whole field, and the delimiter or the end behind it."""
        delimiter, plain = re.escape(self.delimiter), f"(?:(?!{re.escape(self.delimiter)})[^\r\n])*"
        if not self.quote:
            return re.compile(f"({plain})({delimiter}|\\Z)")
        quote = re.escape(self.quote)
        return re.compile(f"({self._inside}{quote}|(?!{quote}){plain})({delimiter}|\\Z)", re.DOTALL)

    @cached_property
    def _opened(self) -> re.Pattern[str]:
        """A quoted field that the text ends in."""
        return re.compile(f"{self._inside}(?:{re.escape(self.escape)})?\\Z", re.DOTALL)

    @property
    def _inside(self) -> str:
        quote, escape = re.escape(self.quote), re.escape(self.escape)
        if self.quote == self.escape:
            return f"{quote}(?:[^{quote}]|{quote}{quote})*+"
        return f"{quote}(?:[^{quote}{escape}]|{escape}.)*+"


_OPEN = "a quote is opened and never closed"


def likely_delimiter(head: str, quote: str, escape: str, comment: str) -> str:
    """The delimiter that cuts most records of a head into as many fields as its first, else a comma."""
    scores = {
        delimiter: fitness(head, Dialect(delimiter, quote, escape, comment)) for delimiter in DELIMITERS
    }
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best][1] > 1 else ","


def fitness(head: str, dialect: Dialect) -> tuple[float, int]:
    """How well a dialect fits: the share of records as wide as the first, and that width."""
    widths = [record.width for record in dialect.records(io.StringIO(head, newline=""))]
    if not widths or widths[0] < 2:
        return 0.0, 1
    return widths.count(widths[0]) / len(widths), widths[0]
