"""Parquet, read and written by DuckDB."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from odibi_core.bound_columns import bound_schema
from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.base import (
    COMMON_TYPES,
    Abilities,
    FileForm,
    LateOptions,
    ReadyFiles,
    Rows,
    Scan,
    ScanContext,
    Target,
)
from odibi_core.formats.copied import CopiedFormat
from odibi_core.formats.ledger import Identity, identity
from odibi_core.formats.sources import Files, find_files
from odibi_core.formats.types import check_types, converted_type, uses_type
from odibi_core.model import Field
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


_FAST_ZSTD = "zstd, COMPRESSION_LEVEL 1"
"""Files are one part in a hundred larger than at DuckDB's own level, and are written sooner."""
_DICTIONARY_VALUES = 8_192
"""Columns with more values in a row group get no dictionary: DuckDB would try three times as many, for a
quarter of the time of writing, which saves next to nothing behind zstd."""

_COMES_BACK = re.compile(
    r"BOOLEAN|U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|VARCHAR|BLOB|UUID|DATE|TIME"
    r"|TIMESTAMP|TIMESTAMP WITH TIME ZONE|TIMESTAMP_NS"
)
"""Types whose values are the same again when a file is read, without a cast."""

ROW_GROUP_ROWS = 122_880
"""Rows in a group where nobody says otherwise: as many as DuckDB takes at a time."""


class ParquetReadOptions(LateOptions):
    """How Parquet is read."""

    union_by_name: bool = Field(
        default=True,
        description="Match the columns of several files by name, with null where a file lacks one; "
        "otherwise all files must have the first one's columns.",
    )


class ParquetWriteOptions(LateOptions):
    """How Parquet is written."""

    compression: Literal["zstd", "snappy", "gzip", "lz4", "brotli", "none"] = Field(
        default="snappy",
        description="snappy is written soonest and read by every tool, zstd makes the smallest files.",
    )
    parquet_version: Literal["v1", "v2"] = Field(
        default="v1",
        description="v2 makes smaller files sooner, whose floating-point columns Spark can't read.",
    )
    row_group_size: int = Field(
        default=ROW_GROUP_ROWS,
        ge=2_048,
        description="Rows in a group; readers skip whole groups by their statistics.",
    )
    ordered: bool = Field(
        default=True,
        description="Whether rows are written in their order; false lets each thread write when it is ready.",
    )


class ParquetFormat(CopiedFormat[ParquetReadOptions, ParquetWriteOptions]):
    """Apache Parquet.

    DuckDB types that Parquet lacks are converted: HUGEINT to DECIMAL(38,0), BIT and ENUM to text. INTERVAL
    and UNION are refused, because Parquet would lose part of them.
    """

    name: ClassVar[str] = "parquet"
    extensions: ClassVar[tuple[str, ...]] = (".parquet", ".pq")
    abilities: ClassVar[Abilities] = Abilities(
        compressions=("zstd", "snappy", "gzip", "lz4", "brotli", "none"),
        keeps_types=COMMON_TYPES
        | {"TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
        | {"TIME", "TIMESTAMP_NS", "UUID", "JSON"},
    )
    read_options = ParquetReadOptions
    write_options = ParquetWriteOptions
    is_read_cheaply: ClassVar[bool] = True

    def probe(self, source: str, options: ParquetReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns, from the metadata of the files."""
        return self.columns(find_files(source, self.extensions), source, options, cursor)

    def columns(
        self, files: Files, source: str, options: ParquetReadOptions, cursor: DuckDBPyConnection
    ) -> Schema:
        """The columns of files wherever they are, from their metadata.

        Raises:
            SourceError: One is not Parquet.
        """
        return self._describe(self._table(files, options), source, cursor)

    def scan_files(
        self, files: Files, source: str, options: ParquetReadOptions, cursor: DuckDBPyConnection
    ) -> Scan:
        """Files wherever they are, ready to be read.

        Raises:
            SourceError: One is not Parquet.
        """
        table = self._table(files, options)
        return Scan(table, self._describe(table, source, cursor), row_count=_row_count(files, cursor))

    def scan(self, source: str, options: ParquetReadOptions, context: ScanContext) -> Scan:
        """The source, ready to be read; the row count is in the metadata."""
        files = find_files(source, self.extensions)

        def state() -> dict[str, Identity | None]:
            return {path: identity(Path(path)) for path in find_files(source, self.extensions).paths}

        return replace(self.scan_files(files, source, options, context.cursor), state=state)

    def count_rows(self, source: str, cursor: DuckDBPyConnection) -> int | None:
        """The number of rows, from the metadata of the files."""
        from odibi_core import late_duckdb as duckdb

        try:
            return _row_count(find_files(source, self.extensions), cursor)
        except duckdb.Error as error:
            raise _damaged(error, source) from error

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError where the file is not Parquet, is cut off or damaged."""
        if isinstance(error, SourceError) or not any(sign in str(error) for sign in _DAMAGE_SIGNS):
            return error
        return _damaged(error, source)

    def copy_options(self, options: ParquetWriteOptions, path: Path) -> str:  # noqa: ARG002
        """The options of a COPY statement."""
        compression = {"none": "uncompressed", "lz4": "lz4_raw", "zstd": _FAST_ZSTD}
        return (
            f"FORMAT parquet, COMPRESSION {compression.get(options.compression, options.compression)}, "
            f"ROW_GROUP_SIZE {options.row_group_size}, DICTIONARY_SIZE_LIMIT {_DICTIONARY_VALUES}, "
            f"PARQUET_VERSION {options.parquet_version}{'' if options.ordered else ', PRESERVE_ORDER false'}"
        )

    def existing_schema(
        self,
        files: Files,
        options: ParquetWriteOptions,  # noqa: ARG002
        cursor: DuckDBPyConnection,
    ) -> Schema:
        """The columns of files that are there."""
        return self._describe(
            f"read_parquet({files.sql}, hive_partitioning=false)", ", ".join(files.paths), cursor
        )

    def existing_sql(self, files: Files, schema: Schema, options: ParquetWriteOptions) -> str:  # noqa: ARG002
        """A SELECT of the old rows."""
        return f"SELECT * FROM read_parquet({files.sql}, hive_partitioning=false)"

    def checked_sql(self, rows: Rows, options: ParquetWriteOptions, path: Path) -> str:  # noqa: ARG002
        """The rows with the types that Parquet has."""
        columns = []
        for name, type_ in rows.schema:
            lossy = next((kind for kind in ("INTERVAL", "UNION") if uses_type(type_, kind)), None)
            if lossy:
                raise TargetError(
                    f"column {name!r} is of type {type_}, which Parquet can't hold without loss",
                    where=str(path),
                    fix="turn it into text or numbers in a step before, such as "
                    f"CAST({quote(name)} AS VARCHAR)",
                )
            columns.append(converted_type(type_, _CONVERTED))
        if columns == [type_ for _, type_ in rows.schema]:
            return rows.sql
        casts = ", ".join(
            f"CAST({quote(name)} AS {type_}) AS {quote(name)}"
            for name, type_ in zip(rows.schema.names, columns, strict=True)
        )
        return f"SELECT {casts} FROM ({rows.sql})"

    def ready_files(self, rows: Rows, target: Target, options: ParquetWriteOptions) -> ReadyFiles | None:
        """Files that hold the rows as they are to be written."""
        form = _usual_form(options)
        if form is None or self.checked_sql(rows, options, target.path) != rows.sql:
            return None
        return rows.ready_files(target.partition_by, form)

    def held_form(self, schema: Schema, options: ParquetWriteOptions) -> FileForm | None:
        """How a file of these columns is written that may stand for a table of them, if one may."""
        comes_back = options.ordered and all(_COMES_BACK.fullmatch(type_) for _, type_ in schema)
        return _usual_form(options) if comes_back else None

    def check_types(self, old: Schema, new: Schema, cursor: DuckDBPyConnection, where: str) -> None:
        """Refuse new columns whose types the old ones can't hold."""
        stored = Schema.of((name, converted_type(type_, _CONVERTED)) for name, type_ in new)
        check_types(old, stored, cursor, where)

    def _table(self, files: Files, options: ParquetReadOptions) -> str:
        by_name = str(options.union_by_name and len(files.paths) > 1).lower()
        return f"read_parquet({files.sql}, union_by_name={by_name}, {files.hive_sql})"

    def _describe(self, table: str, source: str, cursor: DuckDBPyConnection) -> Schema:
        from odibi_core import late_duckdb as duckdb

        try:
            return bound_schema(cursor, f"SELECT * FROM {table}")
        except duckdb.Error as error:
            raise _damaged(error, source) from error


_DAMAGE_SIGNS = ("No magic bytes", "arquet", "TProtocolException", "don't know what type", "Snappy", "ZSTD")
_CONVERTED = {"HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)", "BIT": "VARCHAR"}


def _usual_form(options: ParquetWriteOptions) -> FileForm | None:
    """How files are written whose options change no more than the packing."""
    usual = ParquetWriteOptions(compression=options.compression, ordered=options.ordered)
    return FileForm("parquet", options.compression, ".parquet") if options == usual else None


def _row_count(files: Files, cursor: DuckDBPyConnection) -> int:
    counted = cursor.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata({files.sql})").fetchall()
    return int(counted[0][0])


def _damaged(error: Exception, source: str) -> SourceError:
    first_line = str(error).splitlines()[0]
    reason = first_line.partition("Error: ")[2] or first_line
    return SourceError(
        f"the file is not Parquet, or it is cut off or damaged: {reason}",
        where=source,
        fix="write it again, or say its real format with source_type",
    )
