"""Samples of sources: read by the Studio with the core's readers, kept in memory until a file changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.engines.operations import Scan
from odibi_core.engines.scratch import Scratch
from odibi_core.errors import OdibiError, SourceError
from odibi_core.formats.base import Rejected, ScanContext
from odibi_core.formats.registry import format_named
from odibi_core.schema import quote
from odibi_core.workspace import Workspace
from odibi_studio.services.heads import source_state

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

SAMPLE_ROWS = 5_000
KEPT_BYTES = 256 << 20
READ_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a source.

    Attributes:
        table: The rows.
        is_whole: Whether these are all of them.
        note: How they were taken; "" where they are all.
        rejected: How many rows could not be read among those that were looked at.
        state: Tells this sample from every other.
    """

    table: pa.Table
    is_whole: bool
    note: str
    rejected: int
    state: str


class Samples:
    """Reads samples, and keeps the latest as far as memory allows.

    Args:
        workspace: Holds the files that readers need meanwhile.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Sample] = OrderedDict()
        self._database: DuckDBPyConnection | None = None
        self._scratch: Scratch | None = None
        self._count = 0

    def head(self, scan: Scan, path: Path) -> Sample:
        """The first rows of a source; all, where they are few.

        Raises:
            OdibiError: The source can't be read.
        """
        return self._take(scan, path, {}, "")

    def has_head(self, scan: Scan, path: Path) -> bool:
        """Whether the first rows of a source, as it is now, were read before."""
        state = source_state(scan, path)
        with self._lock:
            return f"{state} {_digest({})}" in self._kept

    def matching(self, scan: Scan, path: Path, keys: Mapping[str, pa.Array], told: str) -> Sample:
        """Rows of a source in which each of some columns has one of the given values.

        Args:
            scan: The source.
            path: Where it is.
            keys: Column → values.
            told: How these were chosen, for people.

        Raises:
            OdibiError: The source can't be read.
        """
        return self._take(scan, path, keys, told)

    def close(self) -> None:
        """Let go of all samples and of the database."""
        with self._lock:
            self._kept.clear()
            if self._database is not None:
                self._database.close()
                self._database = None
            if self._scratch is not None:
                self._scratch.close()
                self._scratch = None

    def _take(self, scan: Scan, path: Path, keys: Mapping[str, pa.Array], told: str) -> Sample:
        state = f"{source_state(scan, path)} {_digest(keys)}"
        with self._lock:
            if state in self._kept:
                self._kept.move_to_end(state)
                return self._kept[state]
            sample = self._read(scan, path, keys, told, state)
            self._kept[state] = sample
            while sum(each.table.nbytes for each in self._kept.values()) > KEPT_BYTES and len(self._kept) > 1:
                self._kept.popitem(last=False)
            return sample

    def _read(self, scan: Scan, path: Path, keys: Mapping[str, pa.Array], told: str, state: str) -> Sample:
        cursor = self._open().cursor()
        watch = threading.Timer(READ_WITHIN_S, cursor.interrupt)
        watch.daemon = True
        watch.start()
        try:
            table, rejected = self._rows(cursor, scan, path, keys)
        finally:
            watch.cancel()
            cursor.close()
        is_whole = not keys and table.num_rows <= SAMPLE_ROWS
        rows = table.slice(0, SAMPLE_ROWS)
        first = f"the first {SAMPLE_ROWS:,} rows of {scan.source}"
        note = "" if is_whole else (told or first)
        return Sample(rows, is_whole, note, rejected, state)

    def _rows(
        self, cursor: DuckDBPyConnection, scan: Scan, path: Path, keys: Mapping[str, pa.Array]
    ) -> tuple[pa.Table, int]:
        import duckdb

        format_ = format_named(scan.format)
        try:
            try:
                return self._query(cursor, scan, path, keys, tolerant=False)
            except (duckdb.Error, OdibiError) as error:
                if not any(format_.is_malformed(cause) for cause in _causes(error)):
                    raise
                return self._query(cursor, scan, path, keys, tolerant=True)
        except duckdb.InterruptException:
            raise SourceError(
                f"reading {scan.source} took longer than {READ_WITHIN_S:g} s",
                where=scan.source,
                fix="run the pipeline; or preview over a smaller file",
            ) from None
        except duckdb.Error as error:
            explained = format_.explain_read_error(error, scan.source)
            if explained is not error:
                raise explained from error
            raise SourceError(str(error).partition("\n")[0], where=scan.source) from error

    def _query(
        self,
        cursor: DuckDBPyConnection,
        scan: Scan,
        path: Path,
        keys: Mapping[str, pa.Array],
        *,
        tolerant: bool,
    ) -> tuple[pa.Table, int]:
        import pyarrow as pa

        assert self._scratch is not None
        self._count += 1
        name = f"sample_{self._count}"
        context = ScanContext(cursor, self._scratch.path, tolerant, name)
        ready = format_named(scan.format).scan(str(path), scan.options, context)
        for view, rows in ready.views.items():
            cursor.register(view, rows)
        wanted = []
        for number, (column, values) in enumerate(keys.items()):
            cursor.register(f"{name}_keys_{number}", pa.table({"value": values}))
            wanted.append(f"s.{quote(column)} IN (SELECT value FROM {name}_keys_{number})")
        where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
        sql = f"SELECT s.* FROM {ready.sql} AS s{where} LIMIT {SAMPLE_ROWS + 1}"
        table = cursor.sql(sql).to_arrow_table()
        rejected: tuple[Rejected, ...] = tuple(ready.rejects()) if ready.rejects is not None else ()
        for made in ready.tables:
            cursor.execute(f"DROP TABLE IF EXISTS {quote(made)}")
        return table, len(rejected)

    def _open(self) -> DuckDBPyConnection:
        if self._database is None:
            import duckdb

            self._scratch = Scratch(self._workspace.scratch, "samples")
            config: dict[str, Any] = {
                "threads": "2",
                "python_enable_replacements": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "temp_directory": str(self._scratch.path / "spill"),
            }
            self._database = duckdb.connect(":memory:", config=config)
            self._database.execute("SET TimeZone = 'UTC'")
        return self._database


def _digest(keys: Mapping[str, pa.Array]) -> str:
    return " ".join(f"{column}:{hash(tuple(values.to_pylist()))}" for column, values in keys.items())


def _causes(error: BaseException | None) -> list[Exception]:
    found = []
    while isinstance(error, Exception):
        found.append(error)
        error = error.__cause__
    return found
