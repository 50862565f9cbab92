"""DuckDB database files, attached to the run's own database."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.errors import OdibiError, SourceError, TargetError, TransientError
from odibi_core.formats import atomic
from odibi_core.formats.sources import said_by_duckdb
from odibi_core.schema import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ATTACHING = threading.RLock()


def attach(cursor: DuckDBPyConnection, path: Path, *, writable: bool) -> str:
    """The name under which the file's tables can be read.

    A file is attached once in a run's database, for all its cursors: for reading, in company with other
    processes, or for both, alone.

    Raises:
        TransientError: Another process has the file open.
        SourceError: The file is no DuckDB database.
        TargetError: It is being read in this run, so that it can't be opened for writing.
    """
    from odibi_core import late_duckdb as duckdb

    place = atomic.real(path)
    name = f"odibi_file_{hashlib.sha256(str(place).encode()).hexdigest()[:12]}"
    with _ATTACHING:
        found = cursor.execute(
            f"SELECT readonly FROM duckdb_databases() WHERE database_name = {literal(name)}"
        ).fetchall()
        try:
            if found and writable and found[0][0]:
                cursor.execute(f"DETACH {name}")
                found = []
            if not found:
                mode = "READ_WRITE" if writable else "READ_ONLY"
                cursor.execute(f"ATTACH {literal(str(place))} AS {name} (TYPE duckdb, {mode})")
        except duckdb.Error as error:
            raise _explained(error, path) from error
    return name


@contextmanager
def opened_for_writing(cursor: DuckDBPyConnection, path: Path) -> Iterator[str]:
    """The name of a database that may be written; it is let go at the end unless it was there before."""
    from odibi_core import late_duckdb as duckdb

    place = atomic.real(path)
    was_there = place.exists()
    was_attached = is_attached(cursor, place)
    name = attach(cursor, path, writable=True)
    try:
        yield name
    except BaseException:
        if not was_there:
            with suppress(duckdb.Error):
                cursor.execute(f"DETACH {name}")
            for left in (place, place.with_name(f"{place.name}.wal")):
                left.unlink(missing_ok=True)
        raise
    finally:
        if not was_attached and was_there | place.exists():
            # Other processes may read the file from now on; a reader of this run attaches it again.
            with suppress(duckdb.Error):
                cursor.execute(f"DETACH {name}")


def is_attached(cursor: DuckDBPyConnection, path: Path) -> bool:
    """Whether the file is attached to the run's database."""
    place = literal(str(atomic.real(path)))
    return bool(cursor.execute(f"SELECT 1 FROM duckdb_databases() WHERE path = {place}").fetchall())


def _explained(error: Exception, path: Path) -> OdibiError:
    first = str(error).splitlines()[0]
    if "lock on file" in first:
        return TransientError(
            "another process has the database open",
            where=str(path),
            fix="let it close the database; another try may pass",
        )
    if "Unique file handle conflict" in first:
        return TargetError(
            "the database is open in this process: a run, or a run's result that was not closed, uses it",
            where=str(path),
            fix="let that run end, and close its result",
        )
    told = atomic.target_error(error, path)
    if told is not None:
        return told
    return unusable(error, str(path))


def unusable(error: Exception, path: str) -> SourceError:
    """What is said of a file that is no database, or that is damaged."""
    return SourceError(
        f"this is no usable DuckDB database: {said_by_duckdb(error)}",
        where=path,
        fix="see that the path is right, or restore the file from a backup",
    )
