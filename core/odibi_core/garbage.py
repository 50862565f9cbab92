"""The garbage collector in runs of many steps."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

MANY_STEPS = 300
"""From here on what a run keeps of its steps has the collector go through all of the process."""

_PATIENCE = 10

_lock = threading.Lock()
_thresholds: tuple[int, int, int] | None = None
_runs = 0
_pauses = 0


@contextmanager
def patient_collector(steps: int) -> Iterator[None]:
    """While a run of many steps goes on, what has lived for a while is looked through a tenth as often.

    All objects of the process are looked through a hundredth as often.

    What a run keeps of each step (its state, dataset, record) is more than a hundred objects that live on.
    Every few hundred steps they had the collector go through all objects of the process, libraries included:
    a fifth of the time of a step that does nothing. Young objects are looked through as often as before, so
    that a function's own garbage goes as soon.

    Args:
        steps: How many the run has.
    """
    if steps < MANY_STEPS or not _is_wanted():
        yield
        return
    global _thresholds, _runs
    with _lock:
        _runs += 1
        if _runs == 1:
            _thresholds = gc.get_threshold()
            gc.set_threshold(_thresholds[0], *(seldom * _PATIENCE for seldom in _thresholds[1:]))
    try:
        yield
    finally:
        with _lock:
            _runs -= 1
            if _runs == 0 and _thresholds is not None:
                gc.set_threshold(*_thresholds)
                _thresholds = None


@contextmanager
def paused_collector(steps: int) -> Iterator[None]:
    """While many steps are planned nothing is looked through, and afterwards the plan counts as old.

    All that it is made of lives as long as the run: to look through it took a fortieth of the time of a step
    that does nothing.

    Args:
        steps: How many the plan has.
    """
    if steps < MANY_STEPS or not _is_wanted():
        yield
        return
    global _pauses
    with _lock:
        _pauses += 1
    try:
        gc.disable()
        yield
    finally:
        try:
            if gc.get_freeze_count() == 0:
                # What is frozen and let go of at once is among the oldest, and was not looked through for it.
                gc.freeze()
                gc.unfreeze()
        finally:
            with _lock:
                _pauses -= 1
                if _pauses == 0:
                    gc.enable()


def _is_wanted() -> bool:
    """Whether the collector works, but for a pause of ours."""
    return gc.isenabled() or _pauses > 0
