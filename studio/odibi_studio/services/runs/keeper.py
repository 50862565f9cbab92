"""Carries the queue on while the Studio is open."""

from __future__ import annotations

import logging
import threading

from odibi_core.errors import OdibiError
from odibi_core.run_queue import RunQueue

_EVERY_S = 1.0

_log = logging.getLogger(__name__)


class QueueKeeper:
    """Looks at the queue each second, for runs that ended without handing it on.

    Args:
        queue: The queue.
    """

    def __init__(self, queue: RunQueue) -> None:
        self._queue = queue
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look at it from now on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep, name="odibi-queue", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Look at it no more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _keep(self) -> None:
        said = ""
        while not self._stopped.wait(_EVERY_S):
            try:
                self._queue.carry_on()
                said = ""
            except (OdibiError, OSError) as error:
                if str(error) != said:
                    said = str(error)
                    _log.error("the queue of runs stands still: %s", error)
            except Exception as error:  # noqa: BLE001 - it must not end: nobody else may carry the queue on
                if repr(error) != said:
                    said = repr(error)
                    _log.exception("the queue of runs stands still by a mistake inside odibi")
