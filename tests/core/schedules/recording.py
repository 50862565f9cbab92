"""A clock that tests set, and a job that writes down what it was asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from odibi_core.schedules.jobs import OnEnd
from odibi_core.schedules.schedule import Timing
from odibi_core.schedules.store import Tick

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class Clock:
    """Shows what it was set to.

    Attributes:
        now: The moment.
    """

    def __init__(self, now: dt.datetime = START) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def go(self, **by: float) -> None:
        """Let time pass, or put the clock forward or back."""
        self.now += dt.timedelta(**by)


class RecordedJob:
    """Asks for runs: the same id twice counts once, as in the queue.

    Attributes:
        runs: Run id → the tick that it is of.
        before: Called before a run is asked for; may raise.
        after: Called after; may raise.
        busy: Whether what was begun goes on.
    """

    starts_runs = True

    def __init__(self) -> None:
        self.runs: dict[str, Tick] = {}
        self.before: Callable[[], object] = lambda: None
        self.after: Callable[[], object] = lambda: None
        self.busy = False

    def start(self, tick: Tick, on_end: OnEnd) -> None:
        self.before()
        known = self.runs.setdefault(tick.run_id, tick)
        assert known.key == tick.key
        self.after()

    def is_busy(self) -> bool:
        return self.busy

    @property
    def times(self) -> list[dt.datetime]:
        """The moments of the runs, in the order in which they were asked for."""
        return [tick.time for tick in self.runs.values()]


def timing(**said: object) -> Timing:
    return Timing.model_validate(said)
