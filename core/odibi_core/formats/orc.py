"""Apache ORC, read and written by Arrow."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.arrow_schema import duckdb_schema, united_schema, with_folders, with_unit
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
from odibi_core.formats.sources import Files, find_files
from odibi_core.formats.types import check_types, storable_sql, storable_type
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds
    from duckdb import DuckDBPyConnection

_CONVERTED = {
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "UUID": "VARCHAR",
    "BIT": "VARCHAR",
    "JSON": "VARCHAR",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
}
_REFUSED = ("INTERVAL", "UNION", "TIME", "TIMETZ", "TIMESTAMP_NS", "TIME_NS")
_COMPRESSIONS = ("zstd", "zlib", "snappy", "lz4", "none")
_STREAM = "_orc_files"
"""The end of the names by which DuckDB reads such files: its errors have them."""


class OrcReadOptions(Options):
    """How ORC is read."""

    nanoseconds: bool = Field(
        default=False,
        description="Whether timestamps are read as TIMESTAMP_NS; otherwise as TIMESTAMP, and a moment that "
        "is finer than a microsecond ends the step.",
    )


class OrcWriteOptions(Options):
    """How ORC is written."""

    compression: Literal["zstd", "zlib", "snappy", "lz4", "none"] = Field(
        default="zstd",
        description="zstd makes the smallest files; zlib and snappy are read by the oldest tools.",
    )
    stripe_size_mb: int = Field(
        default=64, ge=1, le=1024, description="MiB in a stripe; a reader takes one at a time."
    )


class OrcFormat(BatchFormat[OrcReadOptions, OrcWriteOptions]):
    """Apache ORC.

    Types that ORC lacks are converted: unsigned integers and HUGEINT to the next type that holds them, UUID,
    ENUM, BIT and JSON to text. Times of day, intervals, unions and nanoseconds are refused, as are moments
    before 1677 and after 2262, which its readers can't take.
    """

    name: ClassVar[str] = "orc"
    extensions: ClassVar[tuple[str, ...]] = (".orc",)
    abilities: ClassVar[Abilities] = Abilities(
        compressions=_COMPRESSIONS,
        keeps_types=COMMON_TYPES | {"TINYINT", "SMALLINT"},
    )
    read_options = OrcReadOptions
    write_options = OrcWriteOptions

    def probe(self, source: str, options: OrcReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns, from the metadata of the files."""
        return duckdb_schema(_dataset(find_files(source, self.extensions), options).schema, cursor)

    def scan(self, source: str, options: OrcReadOptions, context: ScanContext) -> Scan:
        """The source, ready to be read: columns reach the files, the row count is in their metadata."""
        from pyarrow import orc

        files = find_files(source, self.extensions)
        dataset = _dataset(files, options)
        rows = sum(int(orc.ORCFile(path).nrows) for path in files.paths)
        view = f"{context.name}{_STREAM}"
        return Scan(quote(view), duckdb_schema(dataset.schema, context.cursor), rows, views={view: dataset})

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError where a file is damaged, or finer than it is read."""
        text = str(error)
        if isinstance(error, SourceError) or f"{_STREAM}' failed" not in text:
            return error
        if "would lose data" in text:
            return SourceError(
                "a timestamp is finer than a microsecond", where=source, fix="set nanoseconds to true"
            )
        return _damaged(text.partition("failed: ")[2], source)

    def existing_schema(
        self,
        files: Files,
        options: OrcWriteOptions,  # noqa: ARG002
        cursor: DuckDBPyConnection,
    ) -> Schema:
        """The columns of files that are there."""
        dataset = _dataset(Files(files.paths, {}), OrcReadOptions())
        cursor.register(_view(files), dataset)
        return duckdb_schema(dataset.schema, cursor)

    def existing_sql(self, files: Files, schema: Schema, options: OrcWriteOptions) -> str:  # noqa: ARG002
        """A SELECT of the old rows."""
        return f"SELECT * FROM {quote(_view(files))}"

    def checked_sql(self, rows: Rows, options: OrcWriteOptions, path: Path) -> str:  # noqa: ARG002
        """The rows with the types that ORC has."""
        return storable_sql(rows, str(path), name="ORC", conversions=_CONVERTED, refused=_REFUSED)

    def ready_files(self, rows: Rows, target: Target, options: OrcWriteOptions) -> ReadyFiles | None:
        """Files that hold the rows as they are to be written."""
        if options != OrcWriteOptions(compression=options.compression):
            return None
        return rows.ready_files(target.partition_by, FileForm(self.name, options.compression, ".orc"))

    def check_types(self, old: Schema, new: Schema, cursor: DuckDBPyConnection, where: str) -> None:
        """Refuse new columns whose types the old ones can't hold."""
        stored = Schema.of((name, storable_type(type_, _CONVERTED)) for name, type_ in new)
        check_types(old, stored, cursor, where)

    def open_writer(
        self,
        path: Path,
        columns: Schema,  # noqa: ARG002
        schema: pa.Schema,
        options: OrcWriteOptions,
    ) -> _Writer:
        """A new file."""
        return _Writer(path, schema, options)


class _Writer:
    def __init__(self, path: Path, schema: pa.Schema, options: OrcWriteOptions) -> None:
        import pyarrow as pa
        from pyarrow import orc

        self._path, self._schema, self._is_empty = path, schema, True
        self._file = _File(path)
        self._writer = orc.ORCWriter(
            pa.PythonFile(self._file, mode="w"),
            compression={"none": "uncompressed"}.get(options.compression, options.compression),
            stripe_size=options.stripe_size_mb << 20,
        )

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        import pyarrow as pa

        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            _check_moments(column, name, self._path)
        self._writer.write(pa.Table.from_batches([batch]))
        self._file.check()
        self._is_empty = False

    def close(self) -> None:
        """Complete the file; without rows it holds the columns."""
        if self._is_empty:
            self._writer.write(self._schema.empty_table())
        self._writer.close()
        self._file.close()
        self._file.check()


class _File(io.RawIOBase):
    """A file that keeps an error of the disk for later: ORC's writer would end the process over one."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of the data, or nothing more once that has failed."""
        view = memoryview(data)
        try:
            if self._error is None:
                self._file.write(view)
        except OSError as error:
            self._error = error
        return len(view)

    def writable(self) -> bool:
        """Whether it can be written."""
        return True

    def close(self) -> None:
        """Close the file."""
        if self.closed:
            return
        try:
            self._file.close()
        except OSError as error:
            self._error = self._error or error
        super().close()

    def check(self) -> None:
        """Raise what went wrong."""
        if self._error is not None:
            raise self._error


def _check_moments(column: pa.Array, name: str, path: Path) -> None:
    """Refuse moments that ORC's readers can't take, inside lists and structs too."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_struct(kind):
        for inner in column.flatten():
            _check_moments(inner, name, path)
    elif pa.types.is_map(kind):
        _check_moments(column.keys, name, path)
        _check_moments(column.items, name, path)
    elif pa.types.is_list(kind):
        _check_moments(column.flatten(), name, path)
    elif pa.types.is_timestamp(kind) and len(column) > column.null_count:
        try:
            pc.min_max(column).cast(
                pa.struct([(part, pa.timestamp("ns", kind.tz)) for part in ("min", "max")])
            )
        except pa.ArrowInvalid as error:
            raise TargetError(
                f"column {name!r} has a moment before 1677 or after 2262, which ORC can't hold",
                where=str(path),
                fix=f"cast it in a step before, such as CAST({quote(name)} AS VARCHAR)",
            ) from error


def _dataset(files: Files, options: OrcReadOptions) -> ds.Dataset:
    """The files as one dataset: their columns matched by name, and those of their folders' names.

    Raises:
        SourceError: A file is not ORC, or the same column has types that nothing holds.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds
    from pyarrow import orc

    schemas: dict[str, Any] = {}
    for path in files.paths:
        try:
            schemas[path] = orc.ORCFile(path).schema
        except (OSError, pa.ArrowException) as error:
            raise _damaged(str(error), path) from error
    schema = united_schema(schemas)
    if not options.nanoseconds:
        schema = pa.schema([with_unit(field, "us") for field in schema])
    whole = with_folders(schema, files.partitions)
    folders = pa.schema([whole.field(name) for name in sorted(files.partitions)])
    partitioning = ds.partitioning(folders, flavor="hive") if files.partitions else None
    return ds.dataset(list(files.paths), schema=whole, format="orc", partitioning=partitioning)


def _view(files: Files) -> str:
    return f"odibi_existing_{abs(hash(files.paths)):x}{_STREAM}"


def _damaged(reason: str, source: str) -> SourceError:
    return SourceError(
        f"the file is not ORC, or it is cut off or damaged: {reason.splitlines()[0]}",
        where=source,
        fix="write it again, or say its real format with source_type",
    )
