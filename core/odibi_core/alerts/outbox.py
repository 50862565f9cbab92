"""Messages that wait to be sent: on the disk, so that none is lost, and a run is noted once for each alert.

What was sent by a process that died before it wrote so down is sent again.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from odibi_core.errors import WorkspaceError
from odibi_core.late_dataclass import dataclass

OUTBOX_FILE = "outbox.db"
_KEPT = 10_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, alert TEXT NOT NULL, run_id TEXT NOT NULL, facts TEXT NOT NULL,
    noted REAL NOT NULL, not_before REAL NOT NULL, attempts INTEGER NOT NULL, state TEXT NOT NULL,
    error TEXT NOT NULL, settled REAL NOT NULL, UNIQUE (alert, run_id)
) STRICT;
CREATE INDEX IF NOT EXISTS waiting_messages ON messages (alert) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS runs (run_id TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told of one run.

    Attributes:
        id: Its number.
        alert: The alert that it is of.
        run_id: The run, of which several things may be told.
        facts: Placeholder → value.
        attempts: How often it was tried.
        state: "waiting", "sent" or "failed".
        error: Why the last try failed, or "".
        noted: When it was written down, in seconds since 1970.
        not_before: When it is tried next at the earliest, in seconds since 1970.
        settled: When it was tried last, in seconds since 1970; 0 before the first try.
    """

    id: int
    alert: str
    run_id: str
    facts: dict[str, Any]
    attempts: int
    state: str
    error: str
    noted: float
    not_before: float
    settled: float


class Outbox:
    """The file.

    Args:
        path: Where it is; it is made where it is missing.

    Raises:
        WorkspaceError: It can't be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise _unusable(error, path) from error

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self._db.close()

    @property
    def has_begun(self) -> bool:
        """Whether runs were looked at before."""
        return bool(self._rows("SELECT 1 FROM facts WHERE name = 'begun'"))

    def knows(self, run_id: str) -> bool:
        """Whether it was decided who is told of the end of a run."""
        return bool(self._rows("SELECT 1 FROM runs WHERE run_id = ?", run_id))

    def note(self, run_ids: Iterable[str], messages: Iterable[tuple[str, str, dict[str, Any]]] = ()) -> None:
        """Decide who is told of the end of runs, all at once.

        Args:
            run_ids: The runs.
            messages: Alert, what it is about, which is told once, and facts of each message.
        """
        now = time.time()
        self._do("BEGIN IMMEDIATE")
        try:
            for alert, run_id, facts in messages:
                self._do(
                    "INSERT OR IGNORE INTO messages "
                    "(alert, run_id, facts, noted, not_before, attempts, state, error, settled) "
                    "VALUES (?, ?, ?, ?, ?, 0, 'waiting', '', 0)",
                    alert,
                    run_id,
                    json.dumps(facts),
                    now,
                    now,
                )
            for run_id in run_ids:
                self._do("INSERT OR IGNORE INTO runs VALUES (?)", run_id)
            self._do("INSERT OR REPLACE INTO facts VALUES ('begun', '1')")
        except BaseException:
            self._do("ROLLBACK")
            raise
        self._do("COMMIT")

    def due(self, alert: str, group_s: float) -> list[Message]:
        """What is to be sent of an alert now, as one message; empty where it is not time."""
        now = time.time()
        last = self._rows(
            "SELECT coalesce(max(settled), 0) FROM messages WHERE alert = ? AND state = 'sent'", alert
        )
        soonest = self._rows(
            "SELECT min(not_before) FROM messages WHERE alert = ? AND state = 'waiting'", alert
        )
        if soonest[0][0] is None or soonest[0][0] > now or last[0][0] + group_s > now:
            return []
        return self._messages("WHERE alert = ? AND state = 'waiting' ORDER BY id", alert)

    def settle(
        self, messages: Sequence[Message], state: str, error: str = "", *, retry_in_s: float = 0
    ) -> None:
        """Note what became of messages that were sent together."""
        now = time.time()
        for message in messages:
            self._do(
                "UPDATE messages SET state = ?, error = ?, attempts = attempts + 1, not_before = ?, "
                "settled = ? WHERE id = ?",
                state,
                error,
                now + retry_in_s,
                now,
                message.id,
            )
        self._do(
            "DELETE FROM messages WHERE state <> 'waiting' AND id <= (SELECT max(id) FROM messages) - ?",
            _KEPT,
        )

    def retry(self, ids: Iterable[int]) -> int:
        """How many messages, that had failed or wait, are tried from the beginning as soon as may be."""
        changed = 0
        for id_ in ids:
            rows = self._rows(
                "UPDATE messages SET state = 'waiting', attempts = 0, not_before = ? "
                "WHERE id = ? AND state <> 'sent' RETURNING id",
                time.time(),
                id_,
            )
            changed += len(rows)
        return changed

    def unsent(self, alert: str) -> list[Message]:
        """The messages of an alert that failed or wait, in order."""
        return self._messages("WHERE alert = ? AND state <> 'sent' ORDER BY id", alert)

    def counts(self) -> dict[str, dict[str, int]]:
        """Alert → state → how many messages."""
        found: dict[str, dict[str, int]] = {}
        for alert, state, count in self._rows(
            "SELECT alert, state, count(*) FROM messages GROUP BY alert, state"
        ):
            found.setdefault(alert, {})[state] = count
        return found

    def latest(self, limit: int = 20) -> list[Message]:
        """The messages, the latest first."""
        return self._messages(f"ORDER BY id DESC LIMIT {int(limit)}")

    def waiting_alerts(self) -> list[str]:
        """The alerts that messages wait for."""
        return [row[0] for row in self._rows("SELECT DISTINCT alert FROM messages WHERE state = 'waiting'")]

    def _messages(self, condition: str, *values: Any) -> list[Message]:
        rows = self._rows(
            "SELECT id, alert, run_id, facts, attempts, state, error, noted, not_before, settled "
            f"FROM messages {condition}",
            *values,
        )
        return [_message(*row) for row in rows]

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise _unusable(error, self._path) from error

    def _do(self, statement: str, *values: Any) -> None:
        self._rows(statement, *values)


def _message(id_: int, alert: str, about: str, facts: str, *rest: Any) -> Message:
    told = json.loads(facts)
    return Message(id_, alert, str(told.get("run_id") or about), told, *rest)


def _unusable(error: Exception, path: Path) -> WorkspaceError:
    return WorkspaceError(
        f"the outbox of alerts can't be used: {error}",
        where=str(path),
        fix="see that its folder can be written and the disk has space",
    )
