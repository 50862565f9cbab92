"""The shape of CSV files, found out from their heads: dialect, header, names and types.

It is found out once, and then said explicitly to the reader: so that every query of a run sees the same
types, and none pays for finding them out again.
"""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.bound_columns import bound_schema
from odibi_core.errors import SourceError, did_you_mean
from odibi_core.formats.csv_options import CsvReadOptions
from odibi_core.formats.csv_records import DELIMITERS, Dialect, Record, fitness, likely_delimiter
from odibi_core.formats.sources import Files, bare
from odibi_core.formats.text import codec_of, open_text, shown
from odibi_core.formats.types import known_type
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HEAD_RECORDS = 200
_SNIFFED_FILES = 10
_FINE = re.compile(r":\d\d\.(\d{6}\d*[1-9])")
"""A second's fraction that is finer than a microsecond."""


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of one file.

    Attributes:
        path: The file.
        codec: Its encoding.
        skip: Lines before the first record.
        reader_skip: The same as DuckDB's reader counts them, which is without comments.
        records: The first records.
    """

    path: str
    codec: str
    skip: int
    reader_skip: int
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Files that have the same columns in the same order.

    Attributes:
        heads: The files.
        dialect: How they are delimited.
        has_header: Whether their first record holds names.
        schema: The columns.
        declared: The columns whose types the step says; those of the others were found out.
        date_format: Of the dates, or "" for ISO 8601.
        timestamp_format: Of the timestamps, or "" for ISO 8601.
    """

    heads: tuple[Head, ...]
    dialect: Dialect
    has_header: bool
    schema: Schema
    declared: frozenset[str]
    date_format: str
    timestamp_format: str

    def reader_sql(
        self,
        files: Files,
        options: CsvReadOptions,
        columns: Schema,
        *,
        skip: int,
        header: bool,
        buffer_bytes: int | None = None,
    ) -> str:
        """A call of DuckDB's reader that leaves nothing to be found out.

        Args:
            files: The files.
            options: How they are read.
            columns: Name → type.
            skip: Lines before the header.
            header: Whether there is one.
            buffer_bytes: How much is read at a time; DuckDB's own 32 MB where None.
        """
        dialect = self.dialect
        nulls = ", ".join(literal(text) for text in ("", *options.null_values))
        types = ", ".join(f"{literal(name)}: {literal(type_)}" for name, type_ in columns)
        arguments = [
            files.sql,
            "auto_detect=false",
            f"header={str(header).lower()}",
            f"skip={skip}",
            f"delim={literal(dialect.delimiter)}",
            f"quote={literal(dialect.quote)}",
            f"escape={literal(dialect.escape if dialect.quote else '')}",
            f"comment={literal(dialect.comment)}",
            f"columns={{{types}}}",
            f"nullstr=[{nulls}]",
            f"allow_quoted_nulls={str(options.quoted_nulls).lower()}",
            f"decimal_separator={literal(options.decimal_separator)}",
            files.hive_sql,
        ]
        if options.thousands_separator:
            arguments.append(f"thousands={literal(options.thousands_separator)}")
        if self.date_format:
            arguments.append(f"dateformat={literal(self.date_format)}")
        if self.timestamp_format:
            arguments.append(f"timestampformat={literal(self.timestamp_format)}")
        if buffer_bytes:
            arguments.append(f"buffer_size={buffer_bytes}")
        return f"read_csv({', '.join(arguments)})"


def find_shapes(
    source: str, files: Files, options: CsvReadOptions, cursor: DuckDBPyConnection, head_rows: int
) -> list[Shape]:
    """The shapes of a source's files; one where all have the same columns.

    Args:
        source: As the step names it.
        files: The files; those without a record are passed over.
        options: What the step says.
        cursor: For DuckDB's sniffer.
        head_rows: Records of the head to look at.

    Raises:
        SourceError: All files are empty, or the columns are not clear.
    """
    dialect = _dialect(files.paths, options)
    share = max(1, head_rows // min(len(files.paths), _SNIFFED_FILES))
    rows = [share if place < _SNIFFED_FILES else 1 for place in range(len(files.paths))]
    found = (_head(path, options, dialect, count) for path, count in zip(files.paths, rows, strict=True))
    heads = [head for head in found if head.records]
    if not heads:
        lines = f" after {options.skip} skipped lines" if options.skip else ""
        raise SourceError(
            f"the file is empty{lines}"
            if len(files.paths) == 1
            else f"all {len(files.paths)} files are empty",
            where=source,
            fix="check what should have written it",
        )
    if _said_delimiter(files.paths, options):
        _check_delimiter(source, heads[0], options, dialect)
    groups: dict[tuple[object, ...], list[Head]] = {}
    for head in heads:
        first = head.records[0]
        names = tuple(dialect.fields(first.text)) if options.header is not False and not first.fault else ()
        key = (names, first.width) if options.columns is None else (first.width,)
        if options.header == "auto" and len(heads) > 1 and not _looks_like_names(names):
            key = (first.width,)
        groups.setdefault((*key, head.reader_skip), []).append(head)
    return [_shape(source, tuple(group), options, dialect, cursor) for group in groups.values()]


def _looks_like_names(names: Sequence[str]) -> bool:
    return bool(names) and not any(re.fullmatch(r"\s*[-+]?\d+([.,]\d+)?\s*|", name) for name in names)


def _dialect(paths: Sequence[str], options: CsvReadOptions) -> Dialect:
    escape = options.escape or options.quote
    if said := _said_delimiter(paths, options):
        return Dialect(said, options.quote, escape, options.comment)
    for path in paths:
        probe = _head(path, options, Dialect("\0", "", "", options.comment), _HEAD_RECORDS)
        if probe.records:
            head = "\n".join(record.text for record in probe.records)
            delimiter = likely_delimiter(head, options.quote, escape, options.comment)
            return Dialect(delimiter, options.quote, escape, options.comment)
    return Dialect(",", options.quote, escape, options.comment)


def _said_delimiter(paths: Sequence[str], options: CsvReadOptions) -> str:
    """The delimiter that the step says, else the tab that the names of the files say; "" where none does."""
    is_tsv = bool(paths) and all(bare(path).endswith(".tsv") for path in paths)
    return options.delimiter or ("\t" if is_tsv else "")


def _head(path: str, options: CsvReadOptions, dialect: Dialect, rows: int) -> Head:
    codec = codec_of(path, options.encoding)
    with open_text(path, codec) as text:
        before = [line for _, line in zip(range(options.skip), text, strict=False)]
        lead: list[str] = []
        for line in text:
            lead.append(line)
            if line.strip("\r\n") and not dialect.is_comment(line):
                break
        records = tuple(
            itertools.islice(
                dialect.records(itertools.chain(lead[-1:], text), options.skip + len(lead)), rows + 1
            )
        )
    passed = [*before, *lead[:-1]]
    counted = sum(not dialect.is_comment(line) for line in passed)
    return Head(path, codec, len(passed), counted, records)


def _check_delimiter(source: str, head: Head, options: CsvReadOptions, dialect: Dialect) -> None:
    """Refuse a delimiter that was said and is nowhere, where another one fits."""
    first = head.records[0]
    if first.width != 1 or options.columns or options.column_types:
        return
    text = "\n".join(record.text for record in head.records[:_HEAD_RECORDS])
    for other in DELIMITERS:
        share, _ = fitness(text, Dialect(other, dialect.quote, dialect.escape, dialect.comment))
        if share > 0.5:
            raise SourceError(
                f"with the delimiter {dialect.delimiter!r} the file has one column, {first.text[:80]!r}, and "
                f"with {other!r} several",
                where=source,
                fix=f"did you mean delimiter {other!r}? If it is one column, name it with `columns`",
            )


def _shape(
    source: str,
    heads: tuple[Head, ...],
    options: CsvReadOptions,
    dialect: Dialect,
    cursor: DuckDBPyConnection,
) -> Shape:
    first = heads[0].records[0]
    if first.fault:
        raise SourceError(
            f"line {first.line} can't be read: {first.fault}",
            where=heads[0].path,
            fix="mend the line, or set `quote` to the character that is around the fields, or to '' for none",
        )
    sniffed = _sniff(heads, options, dialect, first.width, cursor)
    has_header = options.header if isinstance(options.header, bool) else sniffed.has_header
    # Of many files, the one at fault is told.
    names = _names(heads[0].path, dialect.fields(first.text) if has_header else None, first.width, options)
    types = dict(zip(names, _finer(heads, sniffed.types, dialect), strict=True))
    for name, type_ in (options.column_types or {}).items():
        if name not in types:
            raise SourceError(
                f"the schema names a column that the file does not have: {name!r}",
                where=source,
                fix=did_you_mean(name, names),
            )
        types[name] = known_type(type_, name, cursor)
    return Shape(
        heads,
        dialect,
        has_header,
        Schema.of(types),
        frozenset(options.column_types or ()),
        options.date_format or sniffed.date_format,
        options.timestamp_format or sniffed.timestamp_format,
    )


def _finer(heads: Sequence[Head], types: Sequence[str], dialect: Dialect) -> list[str]:
    """The types that the sniffer found, with such in the place of some as keep all digits of a second."""
    finer = list(types)
    places = [place for place, type_ in enumerate(types) if type_.startswith("TIME")]
    if not places:
        return finer
    for record in itertools.chain.from_iterable(head.records for head in heads):
        if record.width != len(types) or not _FINE.search(record.text):
            continue
        fields = dialect.fields(record.text)
        for place in places:
            if digits := _FINE.search(fields[place]):
                is_kept = finer[place].startswith("TIMESTAMP") and finer[place] != "TIMESTAMP WITH TIME ZONE"
                finer[place] = "TIMESTAMP_NS" if is_kept and len(digits[1]) <= 9 else "VARCHAR"
    return finer


def _names(source: str, header: list[str] | None, width: int, options: CsvReadOptions) -> list[str]:
    schema = options.column_types or {}
    if options.columns is not None:
        if len(options.columns) != width:
            raise SourceError(
                f"`columns` has {len(options.columns)} names, the file {width} columns",
                where=source,
                fix="name every column, in order",
            )
        names = list(options.columns)
    elif header is not None:
        _check_encoding(source, header)
        names = [name if name.strip() else f"column{place}" for place, name in enumerate(header)]
    elif len(schema) == width:
        names = list(schema)
    else:
        names = [f"column{place}" for place in range(width)]
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(name.casefold(), name) if name.casefold() in seen else None
        seen.setdefault(name.casefold(), name)
        if twin is not None:
            same = f"{name!r}" if twin == name else f"{twin!r} and {name!r}, which SQL does not tell apart"
            raise SourceError(
                f"two columns have the name {same}",
                where=source,
                fix="name the columns in the file apart, or give all their names, in order, with `columns`",
            )
    return names


def _check_encoding(source: str, header: Sequence[str]) -> None:
    for name in header:
        if not name.isascii() and shown(name) != name:
            raise SourceError(
                f"the name of the column '{shown(name)[:80]}' is not in the encoding that is read",
                where=source,
                fix="say which it is, such as encoding: latin-1, or name the columns with `columns`",
            )


@dataclass(frozen=True, slots=True)
class _Sniffed:
    has_header: bool
    types: list[str]
    date_format: str
    timestamp_format: str


def _sniff(
    heads: Sequence[Head], options: CsvReadOptions, dialect: Dialect, width: int, cursor: DuckDBPyConnection
) -> _Sniffed:
    """What DuckDB's sniffer finds in the well-formed records of the heads, the dialect being known."""
    from odibi_core import late_duckdb as duckdb

    texts = [heads[0].records[0].text]
    for head in heads[:_SNIFFED_FILES]:
        texts += [record.text for record in head.records[1:] if record.width == width]
    nulls = ", ".join(literal(text) for text in ("", *options.null_values))
    arguments = [
        f"delim={literal(dialect.delimiter)}",
        f"quote={literal(dialect.quote)}",
        f"escape={literal(dialect.escape if dialect.quote else '')}",
        f"comment={literal(dialect.comment)}",
        f"nullstr=[{nulls}]",
        f"decimal_separator={literal(options.decimal_separator)}",
        "sample_size=-1",
    ]
    if options.thousands_separator:
        arguments.append(f"thousands={literal(options.thousands_separator)}")
    if options.header != "auto":
        arguments.append(f"header={str(options.header).lower()}")
    for name, text in (("dateformat", options.date_format), ("timestampformat", options.timestamp_format)):
        if text:
            arguments.append(f"{name}={literal(text)}")
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder, "head.csv")
        sample.write_bytes("".join(f"{text}\n" for text in texts).encode("utf-8", "replace"))
        query = (
            "SELECT Columns, HasHeader, DateFormat, TimestampFormat "
            f"FROM sniff_csv({literal(str(sample))}, {', '.join(arguments)})"
        )
        try:
            columns, has_header, date_format, timestamp_format = cursor.execute(query).fetchall()[0]
        except duckdb.Error:
            columns = []
    if len(columns) != width:
        return _Sniffed(options.header is not False, ["VARCHAR"] * width, "", "")
    if len(texts) == 1 and options.header is True:
        return _Sniffed(True, ["VARCHAR"] * width, "", "")
    types = [str(column["type"]) for column in columns]
    return _Sniffed(bool(has_header), types, date_format or "", timestamp_format or "")


def merged_schema(
    shapes: Sequence[Shape], partitions: Mapping[str, str], sql: str, cursor: DuckDBPyConnection
) -> Schema:
    """The columns of the whole source: of its shapes together, and of its folders' names."""
    if len(shapes) == 1:
        return Schema.of({**shapes[0].schema.as_dict(), **dict(sorted(partitions.items()))})
    return bound_schema(cursor, f"SELECT * FROM {sql}")
