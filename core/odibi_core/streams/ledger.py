"""What a stream has taken: a SQLite file. A batch stands here before its pipeline runs, and after."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from odibi_core.errors import WorkspaceError
from odibi_core.late_dataclass import dataclass
from odibi_core.timestamps import now

_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, state TEXT NOT NULL,
    slices INTEGER NOT NULL, done INTEGER NOT NULL, run_id TEXT NOT NULL, reason TEXT NOT NULL,
    mark TEXT NOT NULL, noticed TEXT NOT NULL, ended TEXT NOT NULL, batch_size INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS open_batches ON batches (number) WHERE state = 'taken';
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


class BatchState(StrEnum):
    """What became of a batch."""

    TAKEN = "taken"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or another batch, that was taken.

    Attributes:
        number: In the order of taking, from 1.
        key: What tells its content from every other.
        name: The file's name, or the batch's.
        state: What became of it.
        slices: Into how many batches of rows it was cut; 0 where that is not known yet.
        done: How many of them are committed.
        run_id: The last run that took it.
        reason: Why it failed, or "".
        mark: Where the watermark stands once it is committed, as JSON, or "".
        noticed: When it was taken, UTC, ISO 8601.
        ended: When it was committed or failed, or "".
        batch_size: Rows of each of its batches but the last; 0 where it is taken whole, or not cut yet.
    """

    number: int
    key: str
    name: str
    state: BatchState
    slices: int
    done: int
    run_id: str
    reason: str
    mark: str
    noticed: str
    ended: str
    batch_size: int


class StreamLedger:
    """The file.

    Args:
        path: Where it is; it is made where it is missing.

    Raises:
        WorkspaceError: It can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
            with suppress(sqlite3.OperationalError):
                # A ledger of before; where the column is there already, nothing changes.
                self._db.execute("ALTER TABLE batches ADD COLUMN batch_size INTEGER NOT NULL DEFAULT 0")
        except (sqlite3.Error, OSError) as error:
            raise _unusable(error, path) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, suppress(sqlite3.Error):
            self._db.close()

    def take(self, key: str, name: str, *, slices: int = 0, mark: str = "") -> Entry:
        """A batch that is taken from now on; a failed one goes on behind what is committed of it."""
        self._do(
            "INSERT INTO batches (key, name, state, slices, done, run_id, reason, mark, noticed, ended) "
            "VALUES (?, ?, 'taken', ?, 0, '', '', ?, ?, '') ON CONFLICT (key) DO UPDATE SET "
            "state = 'taken', name = excluded.name, reason = '', noticed = excluded.noticed, ended = ''",
            key,
            name,
            slices,
            mark,
            now(),
        )
        found = self.entry(key)
        assert found is not None
        return found

    def forget(self, key: str) -> None:
        """Let a batch be as if it had never been taken."""
        self._do("DELETE FROM batches WHERE key = ?", key)

    def cut(self, key: str, slices: int, batch_size: int) -> None:
        """Note into how many batches of how many rows a file is cut; 1 of 0 is the whole file."""
        self._do("UPDATE batches SET slices = ?, batch_size = ? WHERE key = ?", slices, batch_size, key)

    def commit(self, key: str, done: int, run_id: str, *, is_whole: bool) -> None:
        """Note that the first `done` slices are committed, and the watermark where that is all."""
        with self._transaction():
            state = BatchState.DONE if is_whole else BatchState.TAKEN
            self._do(
                "UPDATE batches SET done = ?, run_id = ?, state = ?, ended = ? WHERE key = ?",
                done,
                run_id,
                state.value,
                now() if is_whole else "",
                key,
            )
            entry = self.entry(key)
            if is_whole and entry is not None and entry.mark:
                self._do("INSERT OR REPLACE INTO facts VALUES ('mark', ?)", entry.mark)

    def fail(self, key: str, run_id: str, reason: str) -> None:
        """Note that a batch can't be taken."""
        self._do(
            "UPDATE batches SET state = 'failed', run_id = ?, reason = ?, ended = ? WHERE key = ?",
            run_id,
            reason,
            now(),
            key,
        )

    def say(self, key: str, run_id: str, reason: str) -> None:
        """Note why a batch is not committed yet."""
        self._do("UPDATE batches SET run_id = ?, reason = ? WHERE key = ?", run_id, reason, key)

    def entry(self, key: str) -> Entry | None:
        """The batch of that key."""
        found = self._entries("WHERE key = ?", key)
        return found[0] if found else None

    def open_entries(self) -> list[Entry]:
        """What was taken and is not settled, in order."""
        return self._entries("WHERE state = 'taken' ORDER BY number")

    def named(self, name: str) -> list[Entry]:
        """The batches of that name."""
        return self._entries("WHERE name = ?", name)

    def latest(self, limit: int = 20) -> list[Entry]:
        """The batches, the latest first."""
        return self._entries(f"ORDER BY number DESC LIMIT {int(limit)}")

    def count(self) -> dict[str, int]:
        """State → how many batches."""
        return {
            row[0]: int(row[1]) for row in self._rows("SELECT state, count(*) FROM batches GROUP BY state")
        }

    @property
    def mark(self) -> str:
        """The watermark, as JSON; "" before the first batch."""
        rows = self._rows("SELECT value FROM facts WHERE name = 'mark'")
        return rows[0][0] if rows else ""

    @property
    def trouble(self) -> str:
        """Why there is no next batch although there may be something to take; "" where nothing is wrong."""
        rows = self._rows("SELECT value FROM facts WHERE name = 'trouble'")
        return rows[0][0] if rows else ""

    def note_trouble(self, reason: str) -> None:
        """Note why there is no next batch, or "" where nothing is wrong any more."""
        self._do("INSERT OR REPLACE INTO facts VALUES ('trouble', ?)", reason)

    def next_number(self) -> int:
        """The number of the next batch."""
        return int(self._rows("SELECT coalesce(max(number), 0) + 1 FROM batches")[0][0])

    def _entries(self, condition: str, *values: str) -> list[Entry]:
        rows = self._rows(f"SELECT * FROM batches {condition}", *values)
        return [
            Entry(
                int(row[0]),
                row[1],
                row[2],
                BatchState(row[3]),
                int(row[4]),
                int(row[5]),
                row[6],
                row[7],
                row[8],
                row[9],
                row[10],
                int(row[11]),
            )
            for row in rows
        ]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._do("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._do("ROLLBACK")
                raise
            self._do("COMMIT")

    def _rows(self, statement: str, *values: str) -> Sequence[tuple[str, ...]]:
        with self._lock:
            try:
                return self._db.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise _unusable(error, self._path) from error

    def _do(self, statement: str, *values: str | int) -> None:
        with self._lock:
            try:
                self._db.execute(statement, values)
            except sqlite3.Error as error:
                raise _unusable(error, self._path) from error


def age_s(moment: str) -> float:
    """Seconds since a moment, UTC, ISO 8601."""
    return (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(moment)).total_seconds()


def _unusable(error: Exception, path: Path) -> WorkspaceError:
    text = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
    return WorkspaceError(
        f"the stream's ledger can't be used: {text}",
        where=str(path),
        fix="see that its folder can be written and the disk has space",
    )
