"""Which writes a file already holds, so that repeating one changes nothing.

Beside a target that is appended to or merged into lies `.<name>.odibi.json`. Before a prepared file takes the
target's place, its identity (inode, size, time) is written there under the write's ticket. A rename keeps
that identity. So whatever moment a crash comes at, the next write can tell whether the rename happened: the
target has the promised identity, or it does not.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from odibi_core.errors import TransientError
from odibi_core.formats import atomic
from odibi_core.formats.base import Target, Ticket, WriteMode

_KEPT_TICKETS = 50

Identity = list[int]


def identity(path: Path) -> Identity | None:
    """What tells one state of a file from every other; None where there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return [found.st_ino, found.st_size, found.st_mtime_ns]


class Ledger:
    """The record of one target file.

    Args:
        target: The file.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = target.parent / f".{target.name}.odibi.json"
        self._seen = identity(target)
        self._done = self._settle()

    def holds(self, ticket: Ticket) -> bool:
        """Whether the target already has what this ticket wrote."""
        return str(ticket) in self._done

    def publish(self, prepared: Path, write: Target) -> None:
        """Let `prepared` take the target's place, under the write's ticket.

        Raises:
            TransientError: Somebody else changed the target since this ledger was opened.
        """
        atomic.flush(prepared)
        with atomic.locked(self._target.parent):
            if identity(self._target) != self._seen:
                raise TransientError(
                    "something else changed the file while it was being written",
                    where=str(self._target),
                    fix="let only one pipeline write it at a time; another try may pass",
                )
            # Overwriting is the same twice as once; only where earlier tickets are on record must they go.
            write.check()
            if write.mode is not WriteMode.OVERWRITE or self._path.exists():
                keeps = [] if write.mode is WriteMode.OVERWRITE else self._done
                self._write({"done": self._done, "pending": [str(write.ticket), identity(prepared), keeps]})
            atomic.publish(prepared, self._target)

    def _settle(self) -> list[str]:
        """The tickets whose rows are in the target, by what the record promised and what is there."""
        try:
            record: dict[str, Any] = json.loads(self._path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return []
        if self._seen is None:
            return []
        ticket, promised, keeps = record["pending"]
        if promised == self._seen:
            return [*keeps, ticket][-_KEPT_TICKETS:]
        return list(record["done"])

    def _write(self, record: dict[str, Any]) -> None:
        draft = self._path.with_name(f"{self._path.name}.tmp")
        with draft.open("w") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def once(write: Target, prepare: Callable[[Path], int]) -> int | None:
    """The rows written, or None where the target already holds this ticket's.

    Args:
        write: A file, and how it changes.
        prepare: Writes the target's whole new content to the path it is given; gives back the rows written.
    """
    with atomic.staged(write.path, write.ticket) as prepared:
        ledger = Ledger(write.path)
        if write.mode is not WriteMode.OVERWRITE and ledger.holds(write.ticket):
            return None
        rows = prepare(prepared)
        ledger.publish(prepared, write)
        return rows
