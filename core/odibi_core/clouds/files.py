"""Sources and targets on an object store, in every format of files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from odibi_core.clouds.address import parse_address
from odibi_core.clouds.bridge import lend
from odibi_core.clouds.delta import CloudDelta
from odibi_core.clouds.found import Found, find_objects
from odibi_core.clouds.spool import Brought, bring
from odibi_core.clouds.store import Store
from odibi_core.clouds.writing import write
from odibi_core.errors import OdibiError, RunCancelledError
from odibi_core.formats.base import Format, Options, Rejected, Rows, Scan, ScanContext, Target, Written
from odibi_core.formats.parquet import ParquetFormat
from odibi_core.formats.sources import Files
from odibi_core.formats.streams import told_error
from odibi_core.schema import Schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HEAD_BYTES = 1 << 20
_MOST_HEADS = 16
_READ_BY_HEADS = ("csv", "json", "avro")


class CloudFiles:
    """One format over an object store.

    Parquet is read where it is, byte range by byte range; Delta by its log; of other formats the objects are
    brought to this machine first, and what is written is written here first.

    Args:
        format_: The format.
        store: Where the objects are.
        scratch: A folder for files that nobody needs after the run.
    """

    def __init__(self, format_: Format[Any, Any], store: Store, scratch: Path) -> None:
        self._format, self._store, self._scratch = format_, store, scratch
        self._brought: Brought | None = None

    def probe(self, source: str, options: Options, cursor: DuckDBPyConnection) -> Schema | None:
        """The columns of a source from its head or metadata alone; None where those don't tell.

        Raises:
            SourceError: The source is missing, or the store refuses.
            TransientError: The store can't be reached.
        """
        address = parse_address(source)
        if self._format.name == "delta":
            return CloudDelta(self._store).probe(address, options, cursor)
        found = find_objects(self._store, address, self._format.extensions)
        if isinstance(self._format, ParquetFormat):
            return self._format.columns(self._lent(found, "probe", cursor), source, options, cursor)  # type: ignore[arg-type]
        is_whole = found.size_bytes <= _HEAD_BYTES
        if not is_whole and (self._format.name not in _READ_BY_HEADS or len(found.objects) > _MOST_HEADS):
            return None
        with TemporaryDirectory(prefix="odibi-probe-") as folder:
            brought = bring(self._store, found, Path(folder), None if is_whole else _HEAD_BYTES)
            try:
                return self._format.probe(brought.source, options, cursor)
            except OdibiError as error:
                if is_whole:
                    brought.rename(error)
                    raise
                # The cut may be what it stumbled over: the run reads the whole.
                return None

    def scan(self, source: str, options: Options, context: ScanContext) -> Scan:
        """The source, ready to be read.

        Raises:
            SourceError: The source is missing, empty, or not of the format, or the store refuses.
            TransientError: The store can't be reached.
        """
        address = parse_address(source)
        if self._format.name == "delta":
            return CloudDelta(self._store).scan(address, options, context)
        found = find_objects(self._store, address, self._format.extensions)
        if isinstance(self._format, ParquetFormat):
            files = self._lent(found, context.name, context.cursor)
            ready = self._format.scan_files(files, source, options, context.cursor)  # type: ignore[arg-type]
            extensions = self._format.extensions
            return replace(ready, state=lambda: find_objects(self._store, address, extensions).state)
        stopped = threading.Event()

        def check() -> None:
            if stopped.is_set():
                raise RunCancelledError("the step was stopped")

        with context.on_stop(stopped.set):
            self._brought = brought = bring(self._store, found, self._scratch, check=check)
        try:
            ready = self._format.scan(brought.source, options, context)
        except OdibiError as error:
            brought.rename(error)
            raise
        return replace(ready, rejects=_of_objects(ready.rejects, brought))

    def write(self, rows: Rows, target: Target, options: Options) -> Written:
        """Write the rows: the target holds the old state or the new one, never less.

        Raises:
            TargetError: The target can't be written, or the store refuses.
            TransientError: The store can't be reached, or another writer came first.
        """
        address = parse_address(target.place)
        if self._format.name == "delta":
            return CloudDelta(self._store).write(rows, target, address, options)
        return write(self._format, self._store, self._scratch, rows, target, address, options)

    def is_malformed(self, error: Exception) -> bool:
        """Whether an error of a strict scan means malformed rows, which a tolerant scan would set aside."""
        return self._format.is_malformed(error)

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError for what reading raised, or the error itself where it is not about the source."""
        told = told_error(error)
        if told is not None:
            return told
        brought = self._brought
        found = self._format.explain_read_error(error, brought.source if brought else source)
        if brought and isinstance(found, OdibiError):
            brought.rename(found)
        return found

    def _lent(self, found: Found, name: str, cursor: DuckDBPyConnection) -> Files:
        paths = lend(cursor, name, self._store, found.address, found.objects)
        return Files(paths, found.partitions)


def _of_objects(
    rejects: Callable[[], Sequence[Rejected]] | None, brought: Brought
) -> Callable[[], Sequence[Rejected]] | None:
    if rejects is None:
        return None

    def told() -> Sequence[Rejected]:
        try:
            return [brought.rejected(row) for row in rejects()]
        except OdibiError as error:
            brought.rename(error)
            raise

    return told
