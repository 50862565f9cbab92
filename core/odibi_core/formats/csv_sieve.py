"""Reading CSV in which some rows are malformed: the good ones into a table, the others aside.

DuckDB's own way of setting rows aside was measured to lose rows: in parallel near values with a misplaced
quote, and everything behind a quote that never closes. So the text is cut into records here, exactly, and
DuckDB is left with what it does right: turning the fields of well-formed records into values, on one thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from odibi_core.bound_columns import bound_schema
from odibi_core.errors import SourceError
from odibi_core.formats.base import Rejected, Scan, ScanContext
from odibi_core.formats.csv_options import CsvReadOptions
from odibi_core.formats.csv_records import RECORD_LIMIT_CHARACTERS, Record
from odibi_core.formats.csv_shape import Head, Shape
from odibi_core.formats.csv_values import names_of, suspects, text_types, value_sql, widened
from odibi_core.formats.exact_values import why_not
from odibi_core.formats.sources import Files
from odibi_core.formats.text import open_text, shown
from odibi_core.formats.tolerance import check_bad_rows
from odibi_core.schema import Schema, quote

_SHAPE, _FILE, _LINE, _FAULT, _TEXT = (f"odibi {what}" for what in ("shape", "file", "line", "fault", "text"))
_PREFIX = {_FILE: "BIGINT", _LINE: "BIGINT"}


def sift(
    source: str,
    files: Files,
    shapes: Sequence[Shape],
    *,
    names: Sequence[str],
    options: CsvReadOptions,
    context: ScanContext,
) -> Scan:
    """A scan of the good rows, with the named columns, computed now; the others are already aside.

    Raises:
        SourceError: More rows are malformed than the options allow.
    """
    rejected: list[Rejected] = []
    selects, wide, risks, kept = [], [], [], 0
    for number, shape in enumerate(shapes):
        paths = []
        for place, head in enumerate(shape.heads):
            clean = _clean_path(context, f"{number}-{place}", head.path)
            kept += _sift_file(head, shape, place, clean, rejected)
            paths.append(str(clean))
        clean_files = Files(tuple(paths), files.partitions)
        texts = f"{_clean_reader(shape, clean_files, options, dict.fromkeys(shape.schema.names, 'VARCHAR'))})"
        doubts = suspects(shape, texts, files.partitions, options, context.cursor)
        wider, doubts = widened(shape, texts, doubts, options, context.cursor)
        reader = (
            f"{_clean_reader(wider, clean_files, options, text_types(wider, doubts))}, store_rejects=true, "
            f"rejects_table='{context.name}_rejects_{number}', rejects_scan='{context.name}_scans_{number}')"
        )
        wide.append(wider)
        risks.append(list(doubts))
        selects.append(_judged_sql(number, wider, reader, list(doubts), files, options))
    table = f"{context.name}_rows"
    context.cursor.execute(f"CREATE OR REPLACE TABLE {quote(table)} AS {' UNION ALL BY NAME '.join(selects)}")
    try:
        misfits = _inexact(table, wide, risks, context)
        for number, shape in enumerate(wide):
            misfits += _misfits(f"{context.name}_rejects_{number}", shape, context)
        rejected += misfits
        good = int(context.cursor.execute(f"SELECT count(*) FROM {quote(table)}").fetchall()[0][0])
        if good + len(misfits) != kept:
            raise SourceError(
                f"{kept} rows were found, and {good} read and {len(misfits)} set aside: "
                "the file is too irregular",
                where=source,
                fix="say its delimiter, quote and escape",
            )
        rejected.sort(key=lambda row: (row.source, row.line or 0))
        check_bad_rows(source, rejected, options.bad_rows_allowed, good + len(rejected))
    except BaseException:
        # Nobody else knows the table before the scan is given back.
        context.cursor.execute(f"DROP TABLE IF EXISTS {quote(table)}")
        raise
    sql = f"(SELECT {', '.join(map(quote, names))} FROM {quote(table)})"
    schema = bound_schema(context.cursor, f"FROM {sql}")
    return Scan(sql, schema, good, rejects=lambda: rejected, tables=(table,))


def _clean_reader(shape: Shape, files: Files, options: CsvReadOptions, types: Mapping[str, str]) -> str:
    """A reader of clean copies, as yet without its closing bracket."""
    columns = Schema.of({**_PREFIX, **types})
    reader = shape.reader_sql(files, options, columns, skip=0, header=False)
    return f"{reader[:-1]}, new_line='\\n', parallel=false"


def _judged_sql(
    number: int, shape: Shape, reader: str, doubts: Sequence[str], files: Files, options: CsvReadOptions
) -> str:
    """A SELECT of a shape's rows, with the place and the text of the first value that is not of its type."""
    hidden = {name: quote(f"odibi value {place}") for place, name in enumerate(doubts)}
    values = "".join(f", {value_sql(name, shape, options)} AS {hidden[name]}" for name in doubts)
    columns = [
        *map(quote, (_FILE, _LINE)),
        *(f"{hidden.get(name, quote(name))} AS {quote(name)}" for name in names_of(shape, files.partitions)),
    ]
    faulty = [(f"{quote(name)} IS NOT NULL AND {hidden[name]} IS NULL", quote(name)) for name in doubts]
    faults = " ".join(f"WHEN {fault} THEN {place}" for place, (fault, _) in enumerate(faulty))
    texts = " ".join(f"WHEN {fault} THEN {text}" for fault, text in faulty)
    return (
        f"SELECT {number} AS {quote(_SHAPE)}, {', '.join(columns)}, "
        f"{f'CASE {faults} END' if faulty else 'NULL::INTEGER'} AS {quote(_FAULT)}, "
        f"{f'CASE {texts} END' if faulty else 'NULL::VARCHAR'} AS {quote(_TEXT)} "
        f"FROM (SELECT *{values} FROM {reader})"
    )


def _inexact(
    table: str, shapes: Sequence[Shape], risks: Sequence[Sequence[str]], context: ScanContext
) -> list[Rejected]:
    """The rows with a value that its column's type would change, which leave the table."""
    is_bad = f"{quote(_FAULT)} IS NOT NULL"
    wanted = ", ".join(map(quote, (_SHAPE, _FILE, _LINE, _FAULT, _TEXT)))
    found = context.cursor.execute(f"SELECT {wanted} FROM {quote(table)} WHERE {is_bad}").fetchall()
    if not found:
        return []
    context.cursor.execute(f"DELETE FROM {quote(table)} WHERE {is_bad}")
    lines: dict[tuple[int, int], set[int]] = {}
    for number, place, line, *_ in found:
        lines.setdefault((number, place), set()).add(line)
    originals = {
        (key, line): text
        for key, numbers in lines.items()
        for line, text in _texts(shapes[key[0]].heads[key[1]], shapes[key[0]], numbers)
    }
    rejected = []
    for number, place, line, fault, text in found:
        shape = shapes[number]
        name = risks[number][fault]
        original = originals[(number, place), line]
        rejected.append(
            Rejected(
                shape.heads[place].path, line, name, why_not(text, shape.schema.as_dict()[name]), original
            )
        )
    return rejected


def _texts(head: Head, shape: Shape, lines: set[int]) -> Iterator[tuple[int, str]]:
    """The records that begin in some lines of a file, as they stand there."""
    last = max(lines)
    with open_text(head.path, head.codec) as text:
        for _ in range(head.skip):
            next(text)
        for record in shape.dialect.records(text, head.skip + 1):
            if record.line in lines:
                yield record.line, record.text
            if record.line >= last:
                return


def _clean_path(context: ScanContext, name: str, original: str) -> Path:
    # The readers take partition columns from the folders' names.
    parts = [part for part in Path(original).parts[:-1] if "=" in part]
    folder = context.scratch.joinpath(f"{context.name}-{name}", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "rows.csv"


def _sift_file(head: Head, shape: Shape, place: int, clean: Path, rejected: list[Rejected]) -> int:
    """The number of well-formed records, written to `clean` behind the numbers of their file and line."""
    delimiter, width = shape.dialect.delimiter.encode(), len(shape.schema)
    kept = 0
    with open_text(head.path, head.codec) as text, clean.open("wb") as file:
        for _ in range(head.skip):
            next(text)
        records = shape.dialect.records(text, head.skip + 1)
        if shape.has_header:
            next(records)
        for record in records:
            fault, encoded = _fault(record, width)
            if fault:
                rejected.append(Rejected(head.path, record.line, "", fault, shown(record.text)))
            else:
                kept += 1
                file.write(b"%d%b%d%b%b\n" % (place, delimiter, record.line, delimiter, encoded))
    return kept


def _fault(record: Record, width: int) -> tuple[str, bytes]:
    if record.fault:
        return record.fault, b""
    try:
        encoded = record.text.encode()
    except UnicodeEncodeError:
        return "the text is not in the encoding that is read; say which it is, such as encoding: latin-1", b""
    if record.width != width:
        few = "too few" if record.width < width else "too many"
        return f"{few} fields: {record.width} in the place of {width}", b""
    if len(encoded) > RECORD_LIMIT_CHARACTERS:
        return f"the row is longer than {RECORD_LIMIT_CHARACTERS:,} bytes", b""
    return "", encoded


def _misfits(table: str, shape: Shape, context: ScanContext) -> Iterator[Rejected]:
    """The rows whose fields are not of their columns' types, one each."""
    found = context.cursor.sql(
        f"SELECT csv_line, column_name, error_message FROM {quote(table)} ORDER BY line, column_idx"
    ).fetchall()
    types, seen = shape.schema.as_dict(), set()
    for text, column, message in found:
        place, line, original = str(text).lstrip("\r\n").split(shape.dialect.delimiter, 2)
        if (place, line) in seen:
            continue
        seen.add((place, line))
        yield Rejected(
            shape.heads[int(place)].path,
            int(line),
            column or "",
            _reason(str(message), types.get(column or "", "")),
            original,
        )


def _reason(message: str, type_: str) -> str:
    match = re.search(r"Could not convert string \"(.*)\" to '", message, re.DOTALL)
    return message.splitlines()[0] if match is None else why_not(match[1], type_)
