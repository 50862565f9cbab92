"""Turns of steps that change one file together: tables of a database on a store, sheets of a workbook.

Each makes the file anew from the one that is there. At the same time the later one would find that it has
changed meanwhile, and fail.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

_LOOK_S = 0.2


class _Turn:
    def __init__(self) -> None:
        self.lock = threading.Lock()


_turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()
_finding = threading.Lock()


@contextmanager
def turn_at(place: str, check: Callable[[], None]) -> Iterator[None]:
    """Be the only step of this process that changes a file.

    Args:
        place: The file's path or address, always in the same spelling.
        check: Called while others are at it; raises where the step was stopped.
    """
    with _finding:
        turn = _turns.setdefault(place, _Turn())
    while not turn.lock.acquire(timeout=_LOOK_S):
        check()
    try:
        yield
    finally:
        turn.lock.release()
