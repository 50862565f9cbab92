"""Reading CSV in which some rows are malformed: the good ones into a table, the others aside.

DuckDB's own way of setting rows aside was measured to lose rows: in parallel near values with a misplaced
quote, and everything behind a quote that never closes. So the text is cut into records here, exactly, and
DuckDB is left with what it does right: turning the fields of well-formed records into values, on one thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from odibi_core.errors import SourceError
from odibi_core.formats.base import Rejected, Scan, ScanContext
from odibi_core.formats.csv_options import CsvReadOptions
from odibi_core.formats.csv_records import RECORD_LIMIT_CHARACTERS, Record
from odibi_core.formats.csv_shape import Head, Shape
from odibi_core.formats.sources import Files
from odibi_core.formats.text import open_text, shown
from odibi_core.formats.tolerance import check_bad_rows
from odibi_core.schema import Schema, quote

_FILE, _LINE = "odibi file", "odibi line"
_PREFIX = Schema.of({_FILE: "BIGINT", _LINE: "BIGINT"})

_TYPE_WORDS = {
    "BIGINT": "a whole number",
    "INTEGER": "a whole number",
    "HUGEINT": "a whole number",
    "DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "DATE": "a date",
    "TIMESTAMP": "a date and time",
    "TIMESTAMP WITH TIME ZONE": "a date and time",
    "TIME": "a time of day",
}


def sift(
    source: str,
    files: Files,
    shapes: Sequence[Shape],
    *,
    schema: Schema,
    options: CsvReadOptions,
    context: ScanContext,
) -> Scan:
    """A scan of the good rows, computed now; the others are already aside.

    Raises:
        SourceError: More rows are malformed than the options allow.
    """
    rejected: list[Rejected] = []
    readers, kept = [], 0
    for number, shape in enumerate(shapes):
        paths = []
        for place, head in enumerate(shape.heads):
            clean = _clean_path(context, f"{number}-{place}", head.path)
            kept += _sift_file(head, shape, place, clean, rejected)
            paths.append(str(clean))
        reader = shape.reader_sql(
            Files(tuple(paths), files.partitions),
            options,
            Schema.of([*_PREFIX, *shape.schema]),
            skip=0,
            header=False,
        )
        readers.append(
            f"{reader[:-1]}, new_line='\\n', parallel=false, store_rejects=true, "
            f"rejects_table='{context.name}_rejects_{number}', rejects_scan='{context.name}_scans_{number}')"
        )
    union = " UNION ALL BY NAME ".join(f"SELECT * FROM {reader}" for reader in readers)
    names = ", ".join(quote(name) for name in schema.names)
    table = f"{context.name}_rows"
    context.cursor.execute(f"CREATE OR REPLACE TABLE {quote(table)} AS SELECT {names} FROM ({union})")
    try:
        good = int(context.cursor.sql(f"SELECT count(*) FROM {quote(table)}").fetchall()[0][0])
        misfits = 0
        for number, shape in enumerate(shapes):
            found = list(_misfits(f"{context.name}_rejects_{number}", shape, context))
            misfits += len(found)
            rejected += found
        if good + misfits != kept:
            raise SourceError(
                f"{kept} rows were found, and {good} read and {misfits} set aside: the file is too irregular",
                where=source,
                fix="say its delimiter, quote and escape",
            )
        rejected.sort(key=lambda row: (row.source, row.line or 0))
        check_bad_rows(source, rejected, options.bad_rows_allowed, good + len(rejected))
    except BaseException:
        # Nobody else knows the table before the scan is given back.
        context.cursor.execute(f"DROP TABLE IF EXISTS {quote(table)}")
        raise
    return Scan(quote(table), schema, good, rejects=lambda: rejected, tables=(table,))


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
    if match is None:
        return message.splitlines()[0]
    kind = _TYPE_WORDS.get(type_)
    return f"{match[1]!r} is not {kind} ({type_})" if kind else f"{match[1]!r} is not of type {type_}"
