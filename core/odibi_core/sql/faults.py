"""What DuckDB says about a step's SQL, as a person would say it: what is wrong, where, how to mend it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING

from odibi_core.errors import SqlError
from odibi_core.schema import Schema
from odibi_core.sql.readings import Fault, read_fault
from odibi_core.sql.statement import error_at

if TYPE_CHECKING:
    import duckdb


def explain_error(
    error: duckdb.Error, sql: str, inputs: Mapping[str, Schema | None], *, prefix: str = ""
) -> SqlError:
    """What `error` means for the person who wrote `sql`.

    Args:
        error: What DuckDB raised, when it bound the SQL or when it ran it.
        sql: The text of the step.
        inputs: Alias → schema, or None where it is unknown.
        prefix: What stood before `sql` in the text that DuckDB was given.
    """
    fault = _take_apart(error, sql, inputs, prefix)
    what, fix = read_fault(fault)
    return SqlError(what, fix=fix) if fault.offset is None else error_at(sql, fault.offset, what, fix)


def _take_apart(error: duckdb.Error, sql: str, inputs: Mapping[str, Schema | None], prefix: str) -> Fault:
    text = _KIND.sub("", str(error))
    offset: int | None = None
    if text.startswith("{"):
        facts = json.loads(text)
        text = facts["exception_message"]
        if "location" in facts:
            start, _ = json.loads(facts["location"])
            offset = _character(prefix + sql, start) - len(prefix)
    else:
        text, offset = _shown_place(text, sql)
    if offset is None or not 0 <= offset <= len(sql):
        offset = _only_place(text, sql)
    return Fault(text, offset, sql, inputs)


def _character(text: str, byte: int) -> int:
    return len(text.encode()[:byte].decode(errors="ignore"))


_KIND = re.compile(r"^(?:\w+ ){1,4}Error: ")
_SHOWN = re.compile(r"\n\nLINE (?P<line>\d+): (?P<text>[^\n]*)\n(?P<space> *)(?P<mark>\^+)\s*$")


def _shown_place(text: str, sql: str) -> tuple[str, int | None]:
    """The message without its "LINE 2: …" part, and the place in `sql` if the shown line is there once."""
    shown = _SHOWN.search(text)
    if shown is None:
        return text, None
    column = len(shown["space"]) - len(f"LINE {shown['line']}: ")
    piece, lead = shown["text"], 0
    if piece.startswith("..."):
        piece, lead = piece[3:], 3
    piece = piece.removesuffix("...")
    message = text[: shown.start()]
    if not piece.strip() or sql.count(piece) != 1:
        return message, None
    return message, sql.index(piece) + _characters(piece, column - lead)


def _characters(text: str, width: int) -> int:
    """How many characters of `text` take `width` places on a terminal: so DuckDB places its mark."""
    for count, character in enumerate(text):
        if width <= 0:
            return count
        wide = unicodedata.east_asian_width(character) in "WF"
        width -= 0 if unicodedata.combining(character) else 2 if wide else 1
    return len(text)


def _only_place(message: str, sql: str) -> int | None:
    """Where the first quoted name of the message stands in the SQL, if it stands there once."""
    name = re.search(r'"([^"]+)"', message)
    places = (
        [found.start() for found in re.finditer(rf"(?<!\w){re.escape(name[1])}(?!\w)", sql)] if name else []
    )
    return places[0] if len(places) == 1 else None
