"""Waits of which a signal is heard: one that comes as an endless wait begins is heard only when it ends."""

from __future__ import annotations

import threading
import time

_PIECE_S = 0.25


def join(thread: threading.Thread, timeout_s: float | None = None) -> bool:
    """Whether a thread has ended, after at most that long; without a limit, once it has."""
    end = None if timeout_s is None else time.monotonic() + timeout_s
    while thread.is_alive():
        left = _PIECE_S if end is None else end - time.monotonic()
        if left <= 0:
            return False
        thread.join(min(left, _PIECE_S))
    return True
