"""Delta Lake, read and written by delta-rs."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from odibi_core.errors import OdibiError, SourceError, TargetError, TransientError
from odibi_core.formats import atomic
from odibi_core.formats.arrow_schema import duckdb_schema
from odibi_core.formats.base import (
    Abilities,
    Format,
    Options,
    Rows,
    Scan,
    ScanContext,
    Target,
    WriteMode,
    Written,
)
from odibi_core.formats.delta_rows import Stream, check_fit, storable_sql, stream
from odibi_core.formats.merging import incoming
from odibi_core.formats.plain import (
    TARGET_EXISTS,
    WRITTEN_BEFORE,
    already_there,
    check_columns,
)
from odibi_core.formats.sources import missing
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from duckdb import DuckDBPyConnection

_COMPRESSIONS: dict[str, Literal["ZSTD", "SNAPPY", "GZIP", "UNCOMPRESSED"]] = {
    "zstd": "ZSTD",
    "snappy": "SNAPPY",
    "gzip": "GZIP",
    "none": "UNCOMPRESSED",
}


class DeltaReadOptions(Options):
    """How a Delta table is read."""

    version: int | None = Field(
        default=None, ge=0, alias="versionAsOf", description="The table's version; the newest if empty."
    )
    timestamp: datetime | None = Field(
        default=None, alias="timestampAsOf", description="The version that was the newest at this moment."
    )


class DeltaWriteOptions(Options):
    """How a Delta table is written."""

    compression: Literal["zstd", "snappy", "gzip", "none"] = Field(
        default="zstd", description="zstd makes the smallest files, snappy is read by the oldest tools."
    )


class DeltaFormat(Format[DeltaReadOptions, DeltaWriteOptions]):
    """Delta Lake tables.

    Every write is one commit that carries the write's ticket, so that repeating it changes nothing. Types
    that Delta lacks are converted: unsigned integers and HUGEINT to the next type that holds them, UUID,
    ENUM, BIT and JSON to text. Times of day, intervals, nanoseconds and unions are refused.
    """

    name: ClassVar[str] = "delta"
    extensions: ClassVar[tuple[str, ...]] = (".delta",)
    abilities: ClassVar[Abilities] = Abilities()
    read_options = DeltaReadOptions
    write_options = DeltaWriteOptions

    def owns_folder(self, path: Path) -> bool:
        """Whether the folder is a Delta table."""
        return (path / "_delta_log").is_dir()

    def probe(self, source: str, options: DeltaReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns, from the table's log."""
        return duckdb_schema(_open(source, options).to_pyarrow_dataset().schema, cursor)

    def scan(self, source: str, options: DeltaReadOptions, context: ScanContext) -> Scan:
        """The table, ready to be read: filters and columns reach its files, the row count is in its log."""
        table = _open(source, options)
        with _explained_source(source):
            dataset = table.to_pyarrow_dataset(filesystem=_filesystem(source))
        view = f"{context.name}_files"
        return Scan(
            quote(view),
            duckdb_schema(dataset.schema, context.cursor),
            _row_count(table),
            views={view: dataset},
        )

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError where a file of the table is missing or damaged."""
        text = str(error)
        if isinstance(error, OdibiError) or not any(sign in text for sign in (source, "arquet", "Arrow")):
            return error
        return SourceError(
            f"a file of the table is missing or damaged: {text.splitlines()[0]}",
            where=source,
            fix="read an earlier version with `version`, or restore the table",
        )

    def write(self, rows: Rows, target: Target, options: DeltaWriteOptions) -> Written:
        """Write the rows in one commit.

        Raises:
            TargetError: The target can't be written, or the rows don't fit it.
            TransientError: Another writer committed at the same time.
        """
        check_columns(rows.schema, target)
        atomic.make_parents(target.path.parent)
        table = _existing(target.path)
        if table is None:
            return self._create(rows, target, options)
        version = table.transaction_version(_app_id(target))
        if version is not None:
            return Written(0, WRITTEN_BEFORE, {"version": table.version()})
        if target.mode is WriteMode.IGNORE:
            return Written(0, TARGET_EXISTS, {"version": table.version()})
        if target.mode is WriteMode.ERROR:
            raise already_there(target.path)
        select = storable_sql(rows, target.path)
        if target.mode is WriteMode.OVERWRITE:
            partitions = target.partition_by or tuple(table.metadata().partition_columns)
            kept = [name for name in partitions if name in rows.schema.names]
            written = _commit(table, select, rows, target, options, partitions=kept)
            return Written(written, details={"version": table.version()})
        old = duckdb_schema(table.to_pyarrow_dataset().schema, rows.cursor)
        check_fit(old, rows, target, tuple(table.metadata().partition_columns))
        ordered = f"SELECT {', '.join(map(quote, old.names))} FROM ({select})"
        if target.mode is WriteMode.MERGE:
            return _merge(table, ordered, rows, target, options)
        written = _commit(
            table, ordered, rows, target, options, partitions=table.metadata().partition_columns
        )
        return Written(written, details={"version": table.version()})

    def _create(self, rows: Rows, target: Target, options: DeltaWriteOptions) -> Written:
        from deltalake import DeltaTable

        select = storable_sql(rows, target.path)
        with _new_table(target) as path:
            if target.mode is WriteMode.MERGE:
                with incoming(rows.cursor, select, target) as fresh:
                    select = f"FROM {quote(fresh.table)}"
                    written = _commit(path, select, rows, target, options, partitions=target.partition_by)
            else:
                written = _commit(path, select, rows, target, options, partitions=target.partition_by)
        return Written(written, details={"version": DeltaTable(str(target.path)).version()})


@contextmanager
def _new_table(target: Target) -> Iterator[Path]:
    """A path for the first commit of a table, which counts at the end or leaves nothing behind.

    Raises:
        TransientError: Another writer created the table at the same time.
    """
    place = atomic.real(target.path)
    if place.is_dir() and any(place.iterdir()):
        # What is in there isn't ours to move; a commit that fails leaves files that no reader sees.
        yield place
        return
    with atomic.staged(place, target.ticket) as prepared:
        yield prepared
        atomic.keep_permissions(prepared, place)
        atomic.flush(prepared)
        target.check()
        try:
            # A rename takes the place of nothing or of an empty folder, never of another writer's files.
            prepared.rename(place)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            raise _committed_meanwhile(target.path) from error
        atomic.flush_folder(place.parent)


def _committed_meanwhile(path: Path) -> TransientError:
    return TransientError(
        "another writer committed to the table at the same time",
        where=str(path),
        fix="let only one pipeline write it at a time; another try may pass",
    )


def _app_id(target: Target) -> str:
    return f"odibi/{target.ticket}"


def _existing(path: Path) -> DeltaTable | None:
    from deltalake import DeltaTable

    if path.is_file():
        raise TargetError(
            "a file stands where a folder should be",
            where=str(path),
            fix="remove that file, or choose another path",
        )
    if not (path / "_delta_log").is_dir():
        if path.is_dir() and any(not entry.name.startswith((".", "_")) for entry in path.iterdir()):
            raise TargetError(
                "the folder holds other files and is no Delta table",
                where=str(path),
                fix="choose a folder of its own for the table",
            )
        return None
    with _explained_target(path):
        return DeltaTable(str(path))


def _open(source: str, options: DeltaReadOptions) -> DeltaTable:
    """The table in the version that the options ask for."""
    from deltalake import DeltaTable

    place = Path(source)
    if not place.exists():
        raise missing(place)
    if not (place / "_delta_log").is_dir():
        raise SourceError(
            f"the {'folder' if place.is_dir() else 'file'} is not a Delta table: it has no _delta_log",
            where=source,
            fix="say its real format with source_type",
        )
    with _explained_source(source):
        table = DeltaTable(source)
        if options.timestamp is not None:
            _load_moment(table, options.timestamp, source)
        elif options.version is not None:
            if options.version > table.version():
                raise SourceError(
                    f"the table has no version {options.version}",
                    where=source,
                    fix=f"the newest is {table.version()}",
                )
            table.load_as_version(options.version)
        return table


def _load_moment(table: DeltaTable, moment: datetime, source: str) -> None:
    wanted_ms = moment.timestamp() * 1000
    history = sorted(table.history(), key=lambda commit: int(commit["version"]))
    before = [commit for commit in history if commit["timestamp"] <= wanted_ms]
    if not before:
        first = datetime.fromtimestamp(history[0]["timestamp"] / 1000, tz=moment.tzinfo)
        raise SourceError(
            f"the table did not exist at {moment.isoformat()}",
            where=source,
            fix=f"its oldest version is of {first.isoformat()}",
        )
    table.load_as_version(int(before[-1]["version"]))


def _filesystem(folder: str) -> Any:
    # delta-rs's own file system calls back into Python from Arrow's threads: that was seen to abort a
    # process that ends right after a read.
    from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

    return SubTreeFileSystem(folder, LocalFileSystem())


def _row_count(table: DeltaTable) -> int | None:
    import pyarrow as pa

    counts = pa.table(table.get_add_actions(flatten=True)).column("num_records")
    return None if counts.null_count else sum(counts.to_pylist())


def _commit(
    table: DeltaTable | Path,
    select: str,
    rows: Rows,
    target: Target,
    options: DeltaWriteOptions,
    *,
    partitions: Iterable[str],
) -> int:
    """Write in one commit that carries the ticket; gives back the number of rows."""
    from deltalake import DeltaTable, write_deltalake

    batches = stream(select, rows, target.check)
    overwrites = target.mode is WriteMode.OVERWRITE
    with _explained_target(target.path, batches):
        write_deltalake(
            table if isinstance(table, DeltaTable) else str(table),
            batches.reader(),
            mode="overwrite" if overwrites else "append" if isinstance(table, DeltaTable) else "error",
            schema_mode="overwrite" if overwrites else None,
            partition_by=list(partitions),
            **_commit_arguments(target, options),
        )
    return batches.rows


def _merge(table: DeltaTable, select: str, rows: Rows, target: Target, options: DeltaWriteOptions) -> Written:
    for name in rows.schema.names:
        if "`" in name:
            raise TargetError(
                f"column {name!r} has a backtick in its name, with which Delta can't merge",
                where=str(target.path),
                fix="rename it in a step before",
            )
    on = " AND ".join(f"t.`{name}` = s.`{name}`" for name in target.merge_key)
    with incoming(rows.cursor, select, target) as fresh:
        batches = Stream(rows.cursor.sql(f"FROM {quote(fresh.table)}").to_arrow_reader(122_880), target.check)
        with _explained_target(target.path, batches):
            merger = table.merge(
                batches.reader(),
                predicate=on,
                source_alias="s",
                target_alias="t",
                **_commit_arguments(target, options),
            )
            done = merger.when_matched_update_all().when_not_matched_insert_all().execute()
    details = {
        "updated": int(done["num_target_rows_updated"]),
        "inserted": int(done["num_target_rows_inserted"]),
        "version": table.version(),
    }
    return Written(fresh.rows, details=details)


def _commit_arguments(target: Target, options: DeltaWriteOptions) -> Mapping[str, Any]:
    from deltalake import CommitProperties, Transaction, WriterProperties

    compression = _COMPRESSIONS[options.compression]
    return {
        "commit_properties": CommitProperties(app_transactions=[Transaction(_app_id(target), 1)]),
        "writer_properties": WriterProperties(compression=compression),
    }


@contextmanager
def _explained_target(path: Path, batches: Stream | None = None) -> Iterator[None]:
    """Turn what delta-rs raises into the errors of a target; what its source raised passes as it was."""
    from deltalake.exceptions import CommitFailedError

    try:
        with atomic.explained(path):
            yield
    except OdibiError:
        raise
    except CommitFailedError as error:
        raise _committed_meanwhile(path) from error
    except Exception as error:
        if batches is not None and batches.error is not None:
            raise batches.error from None
        raise TargetError(
            f"the table can't be written: {_first_line(error)}",
            where=str(path),
            fix="look at the table's log",
        ) from error


@contextmanager
def _explained_source(source: str) -> Iterator[None]:
    from deltalake.exceptions import DeltaError

    try:
        yield
    except (DeltaError, OSError, ValueError) as error:
        raise SourceError(f"the table can't be read: {_first_line(error)}", where=source) from error


def _first_line(error: Exception) -> str:
    text = re.sub(r"^(Generic DeltaTable error|Kernel error|Generic error|External error): ", "", str(error))
    return text.splitlines()[0] if text else type(error).__name__
