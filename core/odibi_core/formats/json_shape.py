"""How JSON files are laid out, and what is wrong with those that can't be read."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from odibi_core.errors import SourceError
from odibi_core.formats.json_lines import EMPTY_KEY, head_lines
from odibi_core.formats.json_options import JsonReadOptions
from odibi_core.formats.sources import Files
from odibi_core.formats.text import open_text
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LINES, ARRAY, OBJECTS = "newline_delimited", "array", "unstructured"
NO_RECORDS = "json_read expected records"
"""What DuckDB says of values that are no objects, and of objects without a key."""


@dataclass(frozen=True, slots=True)
class Part:
    """Files of one layout."""

    layout: str
    files: Files
    codecs: tuple[str, ...]


def layout(path: str, codec: str, options: JsonReadOptions) -> str:
    """How a file is laid out; "" where there is nothing in it."""
    with open_text(path, codec) as text:
        for line in text:
            begin = line.strip()
            if not begin:
                continue
            if options.lines is True:
                return LINES
            if begin.startswith("["):
                return ARRAY
            if options.lines is False:
                return OBJECTS
            # An object over several lines begins with a line that is none; a malformed first line looks
            # the same, unless the next line begins an object of its own.
            following = next((later.strip() for later in text if later.strip()), "{")
            return LINES if _is_json(begin) or following.startswith("{") else OBJECTS
    return ""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        return False
    return True


def check_renamed(source: str, schema: Schema, files: Files, layout: str, cursor: DuckDBPyConnection) -> None:
    """Refuse keys that differ only by case, which the reader would rename without a word."""
    folded = {name.casefold() for name in schema.names}
    for name in schema.names:
        match = re.fullmatch(r"(.+)_\d+", name)
        if match is None or match[1].casefold() not in folded:
            continue
        keys = (
            f"SELECT 1 FROM (SELECT unnest(json_keys(json)) AS k FROM read_json_objects({files.sql}, "
            f"format='{layout}')) WHERE k = {literal(name)} LIMIT 1"
        )
        if not cursor.execute(keys).fetchall():
            raise SourceError(
                f"two keys differ only by case, which SQL does not tell apart: {match[1]!r}",
                where=source,
                fix="rename one of them where the file is made",
            )


def lines_error(part: Part) -> SourceError | None:
    """What is wrong with files of lines of which none can be read; None where one can."""
    told = None
    for path, codec in zip(part.files.paths, part.codecs, strict=True):
        for line in head_lines(path, codec):
            if not line.fault:
                return None
            told = told or SourceError(
                f"no line can be read; line {line.number}: {line.fault}",
                where=path,
                fix="write an object a line, or say `lines: false` where objects take several",
            )
    return told


def no_columns(path: str, what: str) -> SourceError:
    """What is wrong with a file of objects that don't say its columns."""
    return SourceError(f"{what}, so that nothing says its columns", where=path, fix="give them with `schema`")


def array_error(part: Part, message: str) -> SourceError:
    """Where exactly a file that is not lines stops being JSON."""
    for path, codec in zip(part.files.paths, part.codecs, strict=True):
        with open_text(path, codec) as text:
            try:
                value = json.loads(text.read())
            except json.JSONDecodeError as error:
                return SourceError(
                    f"line {error.lineno}, column {error.colno} is not JSON: {error.msg}",
                    where=path,
                    fix="mend the file; to keep malformed rows aside, write it as lines",
                )
            if not isinstance(value, list | dict) or any(not isinstance(item, dict) for item in value):
                return SourceError(
                    "the file holds no list of objects", where=path, fix='wrap the values: [{"value": …}, …]'
                )
            if any("" in item for item in value):
                return SourceError(
                    f"an object has {EMPTY_KEY}",
                    where=path,
                    fix="rename the key where the file is made",
                )
            if not any(value):
                return no_columns(path, "the list is empty" if value == [] else "no object has a key")
    return SourceError(f"the file is not JSON: {message.splitlines()[0]}", where=part.files.paths[0])
