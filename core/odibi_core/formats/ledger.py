"""Which writes a file already holds, so that repeating one changes nothing.

Beside a target that is appended to or merged into lies `.<name>.odibi.json`. Before a prepared file takes the
target's place, its identity (inode, size, time) is written there under the write's ticket. A rename keeps
that identity. So whatever moment a crash comes at, the next write can tell whether the rename happened: the
target has the promised identity, or that of before. Where it has neither, something else replaced the file:
a promised write is then refused when it is repeated, rather than lost or done twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from odibi_core.errors import TargetError, TransientError
from odibi_core.formats import atomic
from odibi_core.formats.base import Target, Ticket, WriteMode

_KEPT_TICKETS = 50

Identity = list[int]


def identity(path: Path) -> Identity | None:
    """What tells one state of a file from every other; None where there is no file."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def changed_meanwhile(path: Path) -> TransientError:
    """The error of a target that is no longer what its new content was made from."""
    return TransientError(
        f"something else changed the {'folder' if path.is_dir() else 'file'} while it was being written",
        where=str(path),
        fix="let only one run write it at a time, or give the step more tries with max_retries",
    )


class _Settled(NamedTuple):
    done: list[str]
    doubtful: list[str]


class Ledger:
    """The record of one target file.

    Args:
        target: The file.
    """

    def __init__(self, target: Path) -> None:
        self._target = atomic.real(target)
        self._path = self._target.parent / f".{self._target.name}.odibi.json"
        self._seen = identity(self._target)
        self._done, self._doubtful = self._settle()

    @property
    def saw_target(self) -> bool:
        """Whether the target was there when this ledger was opened."""
        return self._seen is not None

    def holds(self, ticket: Ticket) -> bool:
        """Whether the target already has what this ticket wrote.

        Raises:
            TargetError: Something else replaced the target since, so that nobody can tell.
        """
        if str(ticket) in self._doubtful:
            raise TargetError(
                "this run began to write the file before, and something else replaced the file since: "
                "whether it holds the run's rows can't be told",
                where=str(self._target),
                fix="look whether the rows are there: if not, start a new run; if so, go on behind this step",
            )
        return str(ticket) in self._done

    def publish(self, prepared: Path, write: Target) -> None:
        """Let `prepared` take the target's place, under the write's ticket.

        Raises:
            TransientError: Somebody else changed the target since this ledger was opened.
        """
        atomic.flush(prepared)
        with atomic.locked(self._target.parent):
            if identity(self._target) != self._seen:
                raise changed_meanwhile(self._target)
            # Overwriting is the same twice as once; only where earlier tickets are on record must they go.
            write.check()
            overwrites = write.mode is WriteMode.OVERWRITE
            if not overwrites or self._path.exists():
                self._write(
                    {
                        "done": self._done,
                        "doubtful": [] if overwrites else self._doubtful,
                        "before": self._seen,
                        "pending": [str(write.ticket), identity(prepared), [] if overwrites else self._done],
                    }
                )
            atomic.publish(prepared, self._target)

    def _settle(self) -> _Settled:
        """The tickets whose rows are in the target, by what the record promised and what is there."""
        if self._seen is None:
            return _Settled([], [])
        try:
            record: dict[str, Any] = json.loads(self._path.read_text())
            ticket, promised, keeps = record["pending"]
            done, doubtful, before = list(record["done"]), list(record["doubtful"]), record["before"]
            # A touch changes the time and nothing else, so that the time doesn't count here.
            if promised[:2] == self._seen[:2]:
                return _Settled([*keeps, ticket][-_KEPT_TICKETS:], doubtful)
            if before is not None and before[:2] == self._seen[:2]:
                return _Settled(done, doubtful)
        except FileNotFoundError:
            return _Settled([], [])
        except (ValueError, KeyError, TypeError) as error:
            raise TargetError(
                f"the record of which runs wrote {self._target.name} is damaged",
                where=str(self._path),
                fix="look whether the file holds the last run's rows, then remove the record",
            ) from error
        return _Settled(done, [*doubtful, ticket][-_KEPT_TICKETS:])

    def _write(self, record: dict[str, Any]) -> None:
        draft = self._path.with_name(f"{self._path.name}.tmp")
        with draft.open("w") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)


def once(ledger: Ledger, write: Target, prepare: Callable[[Path], int]) -> int | None:
    """The rows written, or None where the target already holds this ticket's.

    Args:
        ledger: The file's ledger, opened before anything was decided by what is there.
        write: A file, and how it changes.
        prepare: Writes the target's whole new content to the path it is given; gives back the rows written.
    """
    if write.mode is not WriteMode.OVERWRITE and ledger.holds(write.ticket):
        return None
    with atomic.staged(write.path, write.ticket) as prepared:
        rows = prepare(prepared)
        ledger.publish(prepared, write)
        return rows
