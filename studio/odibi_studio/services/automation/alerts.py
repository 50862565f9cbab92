"""The alerts of a workspace: what each tells, what became of its messages, and what people do with them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from odibi_core.alerts.manager import AlertManager
from odibi_core.alerts.outbox import OUTBOX_FILE, Message, Outbox
from odibi_core.alerts.rule import ALERTS, Alert
from odibi_core.errors import OdibiError
from odibi_core.file_lock import FileLock
from odibi_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class AlertCard:
    """An alert, and what became of its messages.

    Attributes:
        name: Its name.
        alert: What its file says; None where that is wrong.
        problem: What is wrong with the file.
        counts: "waiting", "sent" or "failed" → how many messages.
    """

    name: str
    alert: Alert | None
    problem: OdibiError | None
    counts: Mapping[str, int]


class AlertDesk:
    """The alerts of a workspace.

    Args:
        workspace: Whose alerts.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._opened: Outbox | None = None

    def close(self) -> None:
        """Let go of the outbox."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def cards(self) -> list[AlertCard]:
        """Every alert, by name.

        Raises:
            WorkspaceError: The outbox can't be used.
        """
        with self._lock:
            counts = self._outbox.counts()
        return [
            AlertCard(name, None, found, counts.get(name, {}))
            if isinstance(found, OdibiError)
            else AlertCard(name, found, None, counts.get(name, {}))
            for name, found in ALERTS.read(self._workspace).items()
        ]

    def is_running(self) -> bool:
        """Whether some process sends messages now."""
        return FileLock(self._workspace.state / "alerts.lock").is_taken

    def messages(self, count: int) -> list[Message]:
        """The messages, the latest first."""
        with self._lock:
            return self._outbox.latest(count)

    def retry(self, ids: Sequence[int]) -> int:
        """How many messages, that had failed or wait, are tried from the beginning as soon as may be."""
        with self._lock:
            return self._outbox.retry(ids)

    def test(self, name: str) -> None:
        """Send a message of an alert that tells of no run.

        Raises:
            OdibiError: It can't be sent; the error holds the answer.
        """
        manager = AlertManager(self._workspace)
        try:
            manager.test(name)
        finally:
            manager.close()

    def remove(self, name: str) -> None:
        """Remove an alert. Messages that wait for it are not sent."""
        ALERTS.remove(self._workspace, name)

    @property
    def _outbox(self) -> Outbox:
        if self._opened is None:
            self._opened = Outbox(self._workspace.state / OUTBOX_FILE)
        return self._opened
