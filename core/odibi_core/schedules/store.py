"""What is known of schedules and their ticks: a SQLite file that every scheduler of a workspace shares.

A tick is written down, once, before anything comes of it: its key is unique, whoever writes and however often
clocks jump or programs restart. How far time was looked through is written in the same transaction.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from odibi_core.errors import WorkspaceError
from odibi_core.late_dataclass import dataclass

STORE_FILE = "schedules.db"
KEPT_TICKS = 10_000
_VERSION = 1
_BUSY_TIMEOUT_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS schedules (
    name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, seen_until TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS paused (name TEXT PRIMARY KEY, author TEXT NOT NULL, since TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS ticks (
    name TEXT NOT NULL, key TEXT NOT NULL, time TEXT NOT NULL, not_before TEXT NOT NULL, state TEXT NOT NULL,
    run_id TEXT NOT NULL, reason TEXT NOT NULL, files TEXT NOT NULL, PRIMARY KEY (name, key)
) STRICT;
CREATE INDEX IF NOT EXISTS ticks_by_time ON ticks (name, time);
CREATE INDEX IF NOT EXISTS open_ticks ON ticks (name) WHERE state IN ('waiting', 'starting', 'running');
CREATE TABLE IF NOT EXISTS files (
    name TEXT NOT NULL, path TEXT NOT NULL, identity TEXT NOT NULL, PRIMARY KEY (name, path)
) STRICT;
"""


class TickState(StrEnum):
    """What became of a tick."""

    WAITING = "waiting"
    """For its time, for what comes before it, or for its turn."""
    STARTING = "starting"
    """It has a run's id; whether that was asked for is not known yet."""
    STARTED = "started"
    """Its run was asked for: how it goes is in the run's journal."""
    RUNNING = "running"
    """Its function was called."""
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    LOST = "lost"
    """The process ended while its function ran."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to come of it."""
        return self in (TickState.WAITING, TickState.STARTING, TickState.RUNNING)


@dataclass(frozen=True, slots=True)
class Tick:
    """One moment at which a schedule's work is due.

    Attributes:
        name: The schedule.
        key: Unique among its ticks.
        time: The moment that it is of, UTC.
        not_before: When it comes at the earliest, UTC.
        state: What became of it.
        run_id: The run that it started, or "".
        reason: Why it was skipped or failed, or "".
        files: The files that made it tick.
    """

    name: str
    key: str
    time: dt.datetime
    not_before: dt.datetime
    state: TickState = TickState.WAITING
    run_id: str = ""
    reason: str = ""
    files: tuple[str, ...] = ()


def time_key(moment: dt.datetime) -> str:
    """The key of the tick of a moment."""
    return _text(moment)


class ScheduleStore:
    """The file. Any thread and any number of processes may use it.

    Args:
        path: Where it is; it is made where it is missing.

    Raises:
        WorkspaceError: It can't be opened, or is of a later version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > _VERSION:
                raise WorkspaceError(
                    "the record of schedules was written by a later version of odibi",
                    where=str(path),
                    fix="update odibi",
                )
            self._db.executescript(_SCHEMA)
            self._db.execute(f"PRAGMA user_version = {_VERSION}")
        except (sqlite3.Error, OSError) as error:
            raise _unusable(error, path) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock, suppress(sqlite3.Error):
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Within it, either all is written or nothing.

        Raises:
            WorkspaceError: It can't be written.
        """
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise _unusable(error, self._path) from error

    def seen_until(self, name: str, fingerprint: str) -> dt.datetime | None:
        """How far time was looked through; None where it never was, or other moments are ticks now."""
        rows = self._rows("SELECT fingerprint, seen_until FROM schedules WHERE name = ?", name)
        return dt.datetime.fromisoformat(rows[0][1]) if rows and rows[0][0] == fingerprint else None

    def see(self, name: str, fingerprint: str, until: dt.datetime) -> None:
        """Note how far time was looked through."""
        self._do(
            "INSERT INTO schedules VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
            "fingerprint = excluded.fingerprint, seen_until = excluded.seen_until",
            name,
            fingerprint,
            _text(until),
        )

    def add(self, tick: Tick) -> bool:
        """Whether the tick is new; one that is known stays as it is."""
        cursor = self._do(
            "INSERT OR IGNORE INTO ticks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            tick.name,
            tick.key,
            _text(tick.time),
            _text(tick.not_before),
            tick.state.value,
            tick.run_id,
            tick.reason,
            json.dumps(tick.files),
        )
        return cursor.rowcount == 1

    def settle(self, tick: Tick) -> None:
        """Write down what became of a tick that is known."""
        self._do(
            "UPDATE ticks SET state = ?, run_id = ?, reason = ? WHERE name = ? AND key = ?",
            tick.state.value,
            tick.run_id,
            tick.reason,
            tick.name,
            tick.key,
        )

    def forget(self, name: str, key: str) -> None:
        """Let a tick be as if it had never come."""
        self._do("DELETE FROM ticks WHERE name = ? AND key = ?", name, key)

    def open_ticks(self, name: str) -> list[Tick]:
        """The ticks that something is still to come of, in order."""
        return self._ticks(
            "WHERE name = ? AND state IN ('waiting', 'starting', 'running') ORDER BY time, key", name
        )

    def ticks(self, name: str, limit: int = 20) -> list[Tick]:
        """The ticks of a schedule, the latest first."""
        return self._ticks(f"WHERE name = ? ORDER BY time DESC, key DESC LIMIT {int(limit)}", name)

    def tick(self, name: str, key: str) -> Tick | None:
        """The tick of that key."""
        found = self._ticks("WHERE name = ? AND key = ?", name, key)
        return found[0] if found else None

    def last_started(self, name: str, before: dt.datetime) -> Tick | None:
        """The latest tick before a moment that something came of."""
        found = self._ticks(
            "WHERE name = ? AND time < ? AND state NOT IN ('skipped', 'waiting') ORDER BY time DESC LIMIT 1",
            name,
            _text(before),
        )
        return found[0] if found else None

    def prune(self, name: str) -> None:
        """Forget the oldest ticks beyond those that are kept."""
        self._do(
            "DELETE FROM ticks WHERE name = ? AND state NOT IN ('waiting', 'starting', 'running') AND time < "
            "(SELECT time FROM ticks WHERE name = ? ORDER BY time DESC LIMIT 1 OFFSET ?)",
            name,
            name,
            KEPT_TICKS,
        )

    def known_files(self, name: str) -> dict[str, str]:
        """Path → identity of the files that made a schedule tick and are still there."""
        rows = self._rows("SELECT path, identity FROM files WHERE name = ?", name)
        return {row[0]: row[1] for row in rows}

    def know_file(self, name: str, path: str, identity: str) -> None:
        """Note that a file has made a schedule tick."""
        self._do("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", name, path, identity)

    def forget_files(self, name: str, paths: Iterable[str]) -> None:
        """Forget files that are gone."""
        for path in paths:
            self._do("DELETE FROM files WHERE name = ? AND path = ?", name, path)

    def pause(self, name: str, author: str, since: dt.datetime) -> bool:
        """Whether the schedule was not paused yet; it is now."""
        cursor = self._do("INSERT OR IGNORE INTO paused VALUES (?, ?, ?)", name, author, _text(since))
        return cursor.rowcount == 1

    def resume(self, name: str, now: dt.datetime) -> bool:
        """Whether the schedule was paused; it is not any more, and what it would have done is not made up."""
        with self.transaction():
            was_paused = self._do("DELETE FROM paused WHERE name = ?", name).rowcount == 1
            if was_paused:
                self._do("UPDATE schedules SET seen_until = ? WHERE name = ?", _text(now), name)
        return was_paused

    def paused(self) -> dict[str, tuple[str, dt.datetime]]:
        """Name → who paused it and when, for each schedule that is paused."""
        rows = self._rows("SELECT name, author, since FROM paused")
        return {name: (author, dt.datetime.fromisoformat(since)) for name, author, since in rows}

    def remove(self, name: str) -> None:
        """Forget all of a schedule."""
        with self.transaction():
            for table in ("schedules", "paused", "ticks", "files"):
                self._do(f"DELETE FROM {table} WHERE name = ?", name)

    def _ticks(self, condition: str, *values: str) -> list[Tick]:
        rows = self._rows(
            f"SELECT name, key, time, not_before, state, run_id, reason, files FROM ticks {condition}",
            *values,
        )
        return [
            Tick(
                row[0],
                row[1],
                dt.datetime.fromisoformat(row[2]),
                dt.datetime.fromisoformat(row[3]),
                TickState(row[4]),
                row[5],
                row[6],
                tuple(json.loads(row[7])),
            )
            for row in rows
        ]

    def _rows(self, statement: str, *values: str) -> Sequence[tuple[str, ...]]:
        with self._lock:
            try:
                return self._db.execute(statement, values).fetchall()
            except sqlite3.Error as error:
                raise _unusable(error, self._path) from error

    def _do(self, statement: str, *values: str | int) -> sqlite3.Cursor:
        with self._lock:
            try:
                return self._db.execute(statement, values)
            except sqlite3.Error as error:
                raise _unusable(error, self._path) from error


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="microseconds")


def _unusable(error: Exception, path: Path) -> WorkspaceError:
    text = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
    return WorkspaceError(
        f"the record of schedules can't be used: {text}",
        where=str(path),
        fix="see that the folder can be written and the disk has space; remove the file if it is damaged",
    )
