"""CSV, read and written by DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from odibi_core.errors import SourceError
from odibi_core.formats.base import Abilities, ReadyFiles, Rows, Scan, ScanContext, Target
from odibi_core.formats.csv_options import CsvReadOptions, CsvWriteOptions
from odibi_core.formats.csv_shape import Shape, find_shapes, merged_schema
from odibi_core.formats.csv_sieve import sift
from odibi_core.formats.csv_values import (
    StrictColumns,
    names_of,
    strict_sql,
    suspects,
    text_types,
    widened,
)
from odibi_core.formats.exact_values import select_sql
from odibi_core.formats.packed import PackedFormat
from odibi_core.formats.packing import COMPRESSIONS
from odibi_core.formats.sources import Files, bare, find_files, said_by_duckdb
from odibi_core.formats.text import needs_copy, transcode
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HEAD_BYTES = 4 << 20
"""What is read of a file of which some first rows are wanted: twice what DuckDB allows a line to have."""
_PROBED_ROWS = 2_000


class CsvFormat(PackedFormat[CsvReadOptions, CsvWriteOptions]):
    """Delimited text.

    CSV has no types: every value is written as text, lists and structs in DuckDB's notation, bytes with
    hexadecimal escapes. Reading finds the types out again, or takes them from `schema`. Null and an empty
    text are told apart only with `quoted_nulls: false`.
    """

    name: ClassVar[str] = "csv"
    extensions: ClassVar[tuple[str, ...]] = (".csv", ".tsv")
    abilities: ClassVar[Abilities] = Abilities(
        compressions=COMPRESSIONS,
        keeps_types=frozenset(
            {"BOOLEAN", "BIGINT", "HUGEINT", "DOUBLE", "VARCHAR", "DATE", "TIME", "TIMESTAMP"}
            | {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS"}
        ),
    )
    read_options = CsvReadOptions
    write_options = CsvWriteOptions

    def named_as(self, options: CsvWriteOptions, name: str) -> CsvWriteOptions:
        """Of a file that ends in .tsv, the settings with a tab between fields."""
        if "delimiter" in options.model_fields_set or not bare(name).endswith(".tsv"):
            return options
        return options.model_copy(update={"delimiter": "\t"})

    def probe(self, source: str, options: CsvReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns, from the heads of the files."""
        files = find_files(source, self.extensions)
        rows = min(options.sample_size, _PROBED_ROWS)
        shapes = find_shapes(source, files, options, cursor, rows)
        sql = _union(shapes, files, options, _utf8_paths(shapes, None))
        return merged_schema(shapes, files.partitions, sql, cursor)

    def scan(self, source: str, options: CsvReadOptions, context: ScanContext) -> Scan:
        """The source, ready to be read; computed at once where the scan is tolerant."""
        files = find_files(source, self.extensions)
        shapes = find_shapes(source, files, options, context.cursor, options.sample_size)
        if context.tolerant and (scan := self._widened(shapes, files, options, context)):
            return scan
        paths = _utf8_paths(shapes, None if context.tolerant else context)
        sql = _union(shapes, files, options, paths)
        schema = merged_schema(shapes, files.partitions, sql, context.cursor)
        if context.tolerant:
            return sift(source, files, shapes, names=schema.names, options=options, context=context)
        return Scan(sql, schema, head_sql=_union(shapes, files, options, paths, _HEAD_BYTES))

    def _widened(
        self, shapes: list[Shape], files: Files, options: CsvReadOptions, context: ScanContext
    ) -> Scan | None:
        """The rows, computed now, where some columns need a wider type or a closer look and nothing else."""
        from odibi_core import late_duckdb as duckdb

        paths = _utf8_paths(shapes, context)
        cursor, table = context.cursor, f"{context.name}_rows"
        wide, selects = [], []
        try:
            for shape, own in zip(shapes, paths, strict=True):
                texts = _reader(shape, own, files, options, dict.fromkeys(shape.schema.names, "VARCHAR"))
                doubts = suspects(shape, texts, files.partitions, options, cursor)
                wider, doubts = widened(shape, texts, doubts, options, cursor)
                reader = _reader(wider, own, files, options, text_types(wider, doubts))
                values = {name: strict_sql(name, wider, options) for name in doubts}
                wide.append(wider)
                selects.append(select_sql(reader, names_of(wider, files.partitions), values))
            sql = _united(selects)
            schema = merged_schema(wide, files.partitions, sql, cursor)
            made = cursor.execute(f"CREATE OR REPLACE TABLE {quote(table)} AS SELECT * FROM {sql}").fetchall()
        except duckdb.Error as error:
            if not self.is_malformed(error):
                raise
            return None
        return Scan(quote(table), schema, int(made[0][0]), tables=(table,))

    def is_malformed(self, error: Exception) -> bool:
        """Whether the strict reader met a row that it can't read."""
        signs = ("CSV Error on Line", "CSV Parser state machine", "CSV Reader")
        return any(sign in str(error) for sign in signs)

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError for an error of the reader."""
        if isinstance(error, SourceError) or not self.is_malformed(error):
            return error
        return SourceError(
            f"the file can't be read: {said_by_duckdb(error)}",
            where=source,
            fix="say its delimiter, quote and encoding",
        )

    def copy_options(self, options: CsvWriteOptions, path: Path) -> str:
        """The options of a COPY statement."""
        chosen = [
            "FORMAT csv",
            f"HEADER {str(options.header).lower()}",
            f"DELIMITER {literal(options.delimiter)}",
            f"QUOTE {literal(options.quote)}",
            f"ESCAPE {literal(options.escape or options.quote)}",
            f"NULLSTR {literal(options.null_text)}",
            f"COMPRESSION {self.packing_by_duckdb(options, path)}",
        ]
        if not options.ordered:
            chosen.append("PRESERVE_ORDER false")
        if options.quote_all:
            chosen.append("FORCE_QUOTE *")
        if options.date_format:
            chosen.append(f"DATEFORMAT {literal(options.date_format)}")
        if options.timestamp_format:
            chosen.append(f"TIMESTAMPFORMAT {literal(options.timestamp_format)}")
        if options.line_end == "\r\n":
            chosen.append(f"NEW_LINE {literal(options.line_end)}")
        return ", ".join(chosen)

    def ready_files(self, rows: Rows, target: Target, options: CsvWriteOptions) -> ReadyFiles | None:
        """Files that hold the rows as they are to be written."""
        # With a header, files of one folder may have their columns in different orders; and Spark would end
        # lines within texts as rows end.
        usual = CsvWriteOptions(
            delimiter=options.delimiter,
            quote=options.quote,
            quote_all=options.quote_all,
            compression=options.compression,
            ordered=options.ordered,
        )
        return self.ready_files_as(rows, target, options, usual)

    def existing_schema(self, files: Files, options: CsvWriteOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns of files that are there, all as text."""
        if not options.header:
            raise SourceError("without a header nothing says which columns it has")
        shape = self._existing_shape(files, options, cursor)
        return Schema.of((name, "VARCHAR") for name in shape.schema.names)

    def existing_sql(self, files: Files, schema: Schema, options: CsvWriteOptions) -> str:
        """The old rows, every field as the text that it is."""
        reading = _reading(options)
        dialect = reading.delimiter or ","
        columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in schema.names)
        return (
            f"SELECT * FROM read_csv({files.sql}, auto_detect=false, header=true, delim={literal(dialect)}, "
            f"quote={literal(options.quote)}, escape={literal(options.escape or options.quote)}, "
            f"columns={{{columns}}}, nullstr={literal(options.null_text)}, allow_quoted_nulls=false, "
            "hive_partitioning=false)"
        )

    def stored_sql(self, column: str, type_: str, options: CsvWriteOptions) -> str:
        """A new value as the text that it is written as."""
        if type_ == "DATE" and options.date_format:
            return f"strftime({column}, {literal(options.date_format)})"
        if type_.startswith("TIMESTAMP") and options.timestamp_format:
            return f"strftime({column}, {literal(options.timestamp_format)})"
        return f"CAST({column} AS VARCHAR)"

    def key_sql(self, column: str, type_: str, options: CsvWriteOptions) -> str:
        """An old text as a value of a new key's type."""
        if type_ == "DATE" and options.date_format:
            return f"CAST(try_strptime({column}, {literal(options.date_format)}) AS DATE)"
        if type_.startswith("TIMESTAMP") and options.timestamp_format:
            return f"CAST(try_strptime({column}, {literal(options.timestamp_format)}) AS {type_})"
        return f"TRY_CAST({column} AS {type_})"

    def _existing_shape(self, files: Files, options: CsvWriteOptions, cursor: DuckDBPyConnection) -> Shape:
        shapes = find_shapes(", ".join(files.paths), files, _reading(options), cursor, 1)
        if len(shapes) > 1:
            raise SourceError("its files have different columns")
        return shapes[0]


def _reading(options: CsvWriteOptions) -> CsvReadOptions:
    return CsvReadOptions(
        header=True, delimiter=options.delimiter, quote=options.quote, escape=options.escape
    )


def _union(
    shapes: list[Shape],
    files: Files,
    options: CsvReadOptions,
    paths: list[list[str]],
    buffer_bytes: int | None = None,
) -> str:
    """The table expression of the strict scan, which fails at a value that is not of its column's type."""
    selects = []
    for shape, own in zip(shapes, paths, strict=True):
        columns = StrictColumns(shape, files.partitions, options)
        reader = _reader(columns.shape, own, files, options, columns.types, buffer_bytes)
        selects.append(columns.sql(reader))
    return _united(selects)


def _united(selects: list[str]) -> str:
    if len(selects) == 1:
        return selects[0]
    return "(" + " UNION ALL BY NAME ".join(f"SELECT * FROM {select}" for select in selects) + ")"


def _reader(
    shape: Shape,
    paths: list[str],
    files: Files,
    options: CsvReadOptions,
    types: Mapping[str, str],
    buffer_bytes: int | None = None,
) -> str:
    """A call of DuckDB's reader for the files of one shape."""
    return shape.reader_sql(
        Files(tuple(paths), files.partitions),
        options,
        Schema.of(types),
        skip=shape.heads[0].reader_skip,
        header=shape.has_header,
        buffer_bytes=buffer_bytes,
    )


def _utf8_paths(shapes: list[Shape], context: ScanContext | None) -> list[list[str]]:
    """The files of each shape; those in other encodings as UTF-8 copies, where there is a context."""
    paths: list[list[str]] = []
    for number, shape in enumerate(shapes):
        paths.append([])
        for place, head in enumerate(shape.heads):
            path = head.path
            if context is not None and needs_copy(path, head.codec):
                parts = [part for part in Path(path).parts[:-1] if "=" in part]
                folder = context.scratch.joinpath(f"{context.name}-utf8-{number}-{place}", *parts)
                folder.mkdir(parents=True, exist_ok=True)
                path = str(folder / "rows.csv")
                transcode(head.path, head.codec, Path(path))
            paths[-1].append(path)
    return paths
