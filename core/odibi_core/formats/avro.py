"""Apache Avro, read and written block by block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from odibi_core.formats.arrow_schema import aligned, duckdb_schema, united_schema, with_folders
from odibi_core.formats.avro_blocks import Head, count_rows, read_head
from odibi_core.formats.avro_rows import AvroWriter, read_batches
from odibi_core.formats.avro_schema import Column, read_columns, written_schema
from odibi_core.formats.base import (
    COMMON_TYPES,
    Abilities,
    FileForm,
    Options,
    ReadyFiles,
    Rows,
    Scan,
    ScanContext,
    Target,
)
from odibi_core.formats.batches import BatchFormat
from odibi_core.formats.sources import Files, find_files, folder_values
from odibi_core.formats.streams import BatchSource, told_error
from odibi_core.formats.types import check_types, storable_sql, storable_type
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_CODECS = {"snappy": "snappy", "deflate": "deflate", "zstd": "zstandard", "bzip2": "bzip2", "xz": "xz"}
_CONVERTED = {
    "TINYINT": "INTEGER",
    "SMALLINT": "INTEGER",
    "UTINYINT": "INTEGER",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "BIT": "VARCHAR",
    "JSON": "VARCHAR",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
}
_REFUSED = ("INTERVAL", "UNION", "TIMETZ", "TIMESTAMP_NS", "TIME_NS")


class AvroReadOptions(Options):
    """How Avro is read: the file says everything."""


class AvroWriteOptions(Options):
    """How Avro is written."""

    compression: Literal["snappy", "deflate", "zstd", "bzip2", "xz", "none"] = Field(
        default="snappy",
        description="Every tool reads snappy and deflate, zstd makes smaller files; bzip2 and xz are slow.",
    )


class AvroFormat(BatchFormat[AvroReadOptions, AvroWriteOptions]):
    """Apache Avro.

    Types that Avro lacks are converted: small and unsigned integers and HUGEINT to the next type that holds
    them, ENUM, BIT and JSON to text. Intervals, unions and nanoseconds are refused. A column whose name Avro
    does not allow gets an allowed one in the file, and its own back when it is read.
    """

    name: ClassVar[str] = "avro"
    extensions: ClassVar[tuple[str, ...]] = (".avro",)
    abilities: ClassVar[Abilities] = Abilities(
        compressions=(*_CODECS, "none"), keeps_types=COMMON_TYPES | {"TIME", "UUID"}
    )
    read_options = AvroReadOptions
    write_options = AvroWriteOptions

    def probe(self, source: str, options: AvroReadOptions, cursor: DuckDBPyConnection) -> Schema:  # noqa: ARG002
        """The columns, from the heads of the files."""
        return _Source(find_files(source, self.extensions)).columns(cursor)

    def scan(self, source: str, options: AvroReadOptions, context: ScanContext) -> Scan:  # noqa: ARG002
        """The source, ready to be read; the row count is in front of its blocks."""
        ready = _Source(find_files(source, self.extensions))
        view = f"{context.name}_rows"
        schema = ready.columns(context.cursor)
        return Scan(ready.sql(view), schema, ready.count_rows(), views={view: ready.batches()})

    def explain_read_error(self, error: Exception, source: str) -> Exception:  # noqa: ARG002
        """A SourceError where a file is cut off or damaged."""
        return told_error(error) or error

    def existing_schema(
        self,
        files: Files,
        options: AvroWriteOptions,  # noqa: ARG002
        cursor: DuckDBPyConnection,
    ) -> Schema:
        """The columns of files that are there."""
        ready = _Source(Files(files.paths, {}))
        schema = ready.columns(cursor)
        cursor.register(_view(files), ready.batches())
        return schema

    def existing_sql(self, files: Files, schema: Schema, options: AvroWriteOptions) -> str:  # noqa: ARG002
        """A SELECT of the old rows."""
        return f"SELECT * FROM {_Source(Files(files.paths, {})).sql(_view(files))}"

    def checked_sql(self, rows: Rows, options: AvroWriteOptions, path: Path) -> str:  # noqa: ARG002
        """The rows with the types that Avro has."""
        return storable_sql(rows, str(path), name="Avro", conversions=_CONVERTED, refused=_REFUSED)

    def ready_files(self, rows: Rows, target: Target, options: AvroWriteOptions) -> ReadyFiles | None:
        """Files that hold the rows as they are to be written."""
        return rows.ready_files(target.partition_by, FileForm(self.name, options.compression, ".avro"))

    def check_types(self, old: Schema, new: Schema, cursor: DuckDBPyConnection, where: str) -> None:
        """Refuse new columns whose types the old ones can't hold."""
        stored = Schema.of((name, storable_type(type_, _CONVERTED)) for name, type_ in new)
        check_types(old, stored, cursor, where)

    def open_writer(
        self, path: Path, columns: Schema, schema: pa.Schema, options: AvroWriteOptions
    ) -> AvroWriter:
        """A new file."""
        codec = _CODECS.get(options.compression, "null")
        return AvroWriter(path, written_schema(columns, schema, path), codec)


class _Source:
    """The files of a source, their heads read."""

    def __init__(self, files: Files) -> None:
        import pyarrow as pa

        self._files = files
        self._heads: dict[str, Head] = {path: read_head(path) for path in files.paths}
        self._columns: dict[str, list[Column]] = {
            path: read_columns(head.schema, path) for path, head in self._heads.items()
        }
        schemas = {
            path: pa.schema([(column.name, column.type) for column in columns])
            for path, columns in self._columns.items()
        }
        self._schema = with_folders(united_schema(schemas), files.partitions)

    def columns(self, cursor: DuckDBPyConnection) -> Schema:
        """The columns of the whole source."""
        found = duckdb_schema(self._schema, cursor)
        return Schema.of((name, "UUID" if name in self._uuids else type_) for name, type_ in found)

    def sql(self, view: str) -> str:
        """What stands behind FROM."""
        if not self._uuids:
            return quote(view)
        casts = ", ".join(f"CAST({quote(name)} AS UUID) AS {quote(name)}" for name in self._uuids)
        return f"(SELECT * REPLACE ({casts}) FROM {quote(view)})"

    def count_rows(self) -> int:
        """The number of rows."""
        return sum(count_rows(path, head) for path, head in self._heads.items())

    def batches(self) -> BatchSource:
        """The rows."""
        return BatchSource(self._schema, self._read)

    @property
    def _uuids(self) -> list[str]:
        """The columns that are UUIDs in every file that has them."""
        kinds: dict[str, set[bool]] = {}
        for columns in self._columns.values():
            for column in columns:
                kinds.setdefault(column.name, set()).add(column.is_uuid)
        return [name for name, found in kinds.items() if found == {True}]

    def _read(self) -> Iterator[pa.RecordBatch]:
        for path, head in self._heads.items():
            values = folder_values(path, self._files.partitions)
            for batch in read_batches(path, head, self._columns[path]):
                yield aligned(batch, self._schema, values)


def _view(files: Files) -> str:
    return f"odibi_existing_{abs(hash(files.paths)):x}"
