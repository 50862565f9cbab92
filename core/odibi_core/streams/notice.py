"""Tells that something changed in a folder, where the file system does; elsewhere somebody has to look."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from odibi_core.waits import join

_log = logging.getLogger(__name__)


class Notice:
    """An event that is set when something changes in a folder.

    Args:
        folder: The folder; None is never noticed.
    """

    def __init__(self, folder: Path | None) -> None:
        self._changed, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        if folder is not None:
            self._thread = threading.Thread(
                target=self._watch, args=(folder,), name="odibi-notice", daemon=True
            )
            self._thread.start()

    def clear(self) -> None:
        """From now on only later changes count."""
        self._changed.clear()

    def wait(self, timeout_s: float) -> bool:
        """Whether something changed, after at most that long."""
        return self._changed.wait(timeout_s)

    def close(self) -> None:
        """Watch no more."""
        self._stop.set()
        if self._thread is not None:
            join(self._thread)

    def _watch(self, folder: Path) -> None:
        from watchfiles import watch

        try:
            changes = watch(
                folder,
                watch_filter=None,
                recursive=False,
                debounce=50,
                step=10,
                rust_timeout=200,
                stop_event=self._stop,
                raise_interrupt=False,
            )
            for _ in changes:
                self._changed.set()
        except Exception as error:  # noqa: BLE001 - without notice it is looked every so often
            _log.info("changes in %s are looked for: %s", folder, error)
