"""JSON lines of which some are malformed: the good ones into a clean copy, the others aside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.formats.base import Rejected
from odibi_core.formats.exact_values import SURE_DIGITS, exact_sql, is_at_risk
from odibi_core.formats.json_exact import FLOATS
from odibi_core.formats.text import open_text, shown
from odibi_core.formats.types import child_types, types_of
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from duckdb.sqltypes import DuckDBPyType


_INFINITY = re.compile(r"\s*[-+]?inf(inity)?\s*", re.IGNORECASE)
EMPTY_KEY = "a key that is empty, which can't name a column"
HEAD_LINES = 2_000
"""Lines of a file that are looked at before all are read."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank.

    Attributes:
        number: From 1.
        text: Without the line end.
        fault: Why it is malformed, or "".
    """

    number: int
    text: str
    fault: str


def read_lines(path: str, codec: str, *, is_named: bool = False) -> Iterator[Line]:
    """The lines of a file, each judged.

    Args:
        path: The file.
        codec: Its encoding.
        is_named: Whether the columns are named by the step: then a key that can't name one is passed over.
    """
    with open_text(path, codec) as text:
        for number, raw in enumerate(text, 1):
            line = raw.strip("\r\n")
            if line.strip():
                yield Line(number, line, _fault(line, is_named=is_named))


def head_lines(path: str, codec: str) -> Iterator[Line]:
    """The first lines of a file, each judged."""
    return islice(read_lines(path, codec), HEAD_LINES)


def _fault(line: str, *, is_named: bool) -> str:
    try:
        value = json.loads(line)
        # Escapes can name half a character, which no reader of UTF-8 takes.
        if "\\u" in line or not line.isascii():
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return f"it is not JSON at column {error.colno}: {error.msg}"
    except UnicodeEncodeError:
        return "the text is not in the encoding that is read; say which it is, such as encoding: latin-1"
    except RecursionError:
        return "it is nested too deeply"
    if not isinstance(value, dict):
        return "it is not an object"
    return f"it has {EMPTY_KEY}" if "" in value and not is_named else ""


def sift_file(
    path: str, codec: str, clean: Path, rejected: list[Rejected], *, is_named: bool = False
) -> list[int]:
    """The line numbers of the good lines, which are written to `clean`; as `read_lines` judges them."""
    kept = []
    with clean.open("w", encoding="utf-8", newline="") as file:
        for line in read_lines(path, codec, is_named=is_named):
            if line.fault:
                rejected.append(Rejected(path, line.number, "", line.fault, shown(line.text)))
            else:
                kept.append(line.number)
                file.write(f"{line.text}\n")
    return kept


def misfits(
    path: str, clean: Path, numbers: Sequence[int], schema: Schema, cursor: DuckDBPyConnection
) -> Iterator[tuple[int, Rejected]]:
    """The lines with a value that is not of its column's type: their places in `clean`, and why."""
    types = types_of(schema, cursor)
    nested = [name for name, type_ in types.items() if type_.id in ("list", "struct", "map", "array")]
    columns = ", ".join(f"{literal(name)}: 'JSON'" for name in schema.names)
    doubts = " OR ".join(_doubt(name, type_, name in nested) for name, type_ in schema if type_ != "JSON")
    if not doubts:
        return
    layout = "format='newline_delimited', records=true"
    reader = f"read_json([{literal(str(clean))}], {layout}, columns={{{columns}}})"
    query = (
        f"SELECT place, {', '.join(map(quote, schema.names))} "
        f"FROM (SELECT row_number() OVER () - 1 AS place, * FROM {reader}) WHERE {doubts} ORDER BY place"
    )
    with clean.open(encoding="utf-8", newline="\n") as file:
        lines = enumerate(file)
        for place, *texts in cursor.execute(query).fetchall():
            line = next(line for number, line in lines if number == place)
            # As texts, numbers have all of their digits.
            values = json.loads(line, parse_float=str, parse_constant=str)
            for name, text in zip(schema.names, texts, strict=True):
                if text is not None and not fits(values.get(name), types[name], cursor):
                    reason = f"{text[:80]} is not of type {schema.as_dict()[name]}"
                    yield int(place), Rejected(path, numbers[place], name, reason, "")
                    break


def _doubt(name: str, type_: str, is_nested: bool) -> str:
    column = quote(name)
    if is_nested:
        return f"({column} IS NOT NULL AND json_type({column}) <> 'NULL')"
    text = f"({column} ->> '$')"
    value = exact_sql(text, type_) if is_at_risk(type_) else f"TRY_CAST({text} AS {type_})"
    doubt = f"{value} IS NULL"
    if type_ in FLOATS:
        doubt = f"{doubt} OR isinf({value})"
    elif is_at_risk(type_):
        # DuckDB gives a long number by the DOUBLE that is nearest to it.
        doubt = f"{doubt} OR strlen({text}) > {SURE_DIGITS}"
    return f"({column} IS NOT NULL AND json_type({column}) <> 'NULL' AND ({doubt}))"


def fits(value: Any, type_: DuckDBPyType, cursor: DuckDBPyConnection) -> bool:
    """Whether a JSON value can be of a type, inside lists and objects too."""
    if value is None:
        return True
    match type_.id:
        case "list" | "array":
            inner = child_types(type_)[0][1]
            return isinstance(value, list) and all(fits(item, inner, cursor) for item in value)
        case "map":
            return isinstance(value, dict) and all(
                fits(item, child_types(type_)[1][1], cursor) for item in value.values()
            )
        case "struct":
            return isinstance(value, dict) and all(
                fits(value.get(name), child, cursor) for name, child in child_types(type_)
            )
    if str(type_) in ("VARCHAR", "JSON"):
        return True
    if isinstance(value, list | dict):
        return False
    text = str(value).lower() if isinstance(value, bool) else str(value)
    kind = str(type_)
    if kind in FLOATS:
        is_infinite = cursor.execute(f"SELECT isinf(TRY_CAST({literal(text)} AS {kind}))").fetchall()[0][0]
        return is_infinite is not None and (not is_infinite or bool(_INFINITY.fullmatch(text)))
    cast = exact_sql(literal(text), kind) if is_at_risk(kind) else f"TRY_CAST({literal(text)} AS {kind})"
    return bool(cursor.execute(f"SELECT {cast} IS NOT NULL").fetchall()[0][0])
