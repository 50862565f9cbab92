"""The moments at which a schedule ticks, whatever says them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Protocol

_WINDOWS = (dt.timedelta(hours=1), dt.timedelta(days=2), dt.timedelta(days=40), dt.timedelta(days=800))


class Times(Protocol):
    """Moments in order, without an end or with one."""

    def after(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        """The moments after `moment`, UTC, in order."""


class IntervalTimes:
    """Every so many seconds from a moment on: real seconds, whatever the clocks show.

    Args:
        every_s: Seconds between two.
        anchor: One of them, UTC.
    """

    def __init__(self, every_s: float, anchor: dt.datetime) -> None:
        self._every, self._anchor = dt.timedelta(seconds=every_s), anchor

    def after(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        """The moments after `moment`, UTC, in order."""
        number = (moment - self._anchor) // self._every + 1
        while True:
            yield self._anchor + number * self._every
            number += 1


def between(times: Times, after: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    """The moments in (after, until], in order."""
    for moment in times.after(after):
        if moment > until:
            return
        yield moment


def last_between(times: Times, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
    """The last moment in (after, until]; a long span is not walked through where its end holds one."""
    for window in _WINDOWS:
        begin = until - window
        if begin <= after:
            break
        if (found := _last(times, begin, until)) is not None:
            return found
    return _last(times, after, until)


def _last(times: Times, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
    last = None
    for moment in between(times, after, until):
        last = moment
    return last
