"""The moments that a cron expression means in a time zone, through every change of its clocks.

croniter knows the expression; it is asked on clocks that never change, one stretch between two changes after
the other. Where clocks are put forward, what lies in the hour that is left out comes at the moment of the
change, once. Where they are put back, an expression for certain hours comes in the first of the two equal
hours alone; one for every hour (`*` for the hour) goes on through both.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, CroniterError, croniter

from odibi_core.schedules.zones import clock_changes, offset

_SECOND = dt.timedelta(seconds=1)
_FURTHEST_YEARS = 50
_FIELDS = 5
_HASHED = re.compile(r"\bh\b", re.IGNORECASE)
_RANGES = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day of the month": "1 to 31 or L",
    "month": "1 to 12 or jan to dec",
    "day of the week": "0 to 7 or sun to sat",
}
_LAST_YEAR = 2500


class CronTimes:
    """The moments of a cron expression.

    Args:
        expression: Minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly, @monthly,
            @yearly.
        zone: Whose clocks it means.

    Raises:
        ValueError: The expression is wrong, or is never met.
    """

    def __init__(self, expression: str, zone: ZoneInfo) -> None:
        self._zone = zone
        text = expression.strip()
        if not text.startswith("@") and len(text.split()) != _FIELDS:
            raise ValueError(
                f"the cron expression {expression!r} has {len(text.split())} fields, not 5: "
                "minute, hour, day of month, month, day of week, such as 0 2 * * 1-5"
            )
        try:
            self._cron = croniter(text, dt.datetime(2024, 1, 1), ret_type=dt.datetime)
            self._cron.get_next()
        except CroniterBadDateError:
            raise ValueError(f"the cron expression {expression!r} is never met: no date fits it") from None
        except (CroniterError, ValueError, KeyError) as error:
            why = _wrong_field(text) or _reason(error)
            raise ValueError(f"the cron expression {expression!r} is wrong: {why}") from None
        self._each_hour = self._cron.expanded[1] == ["*"]

    def after(self, moment: dt.datetime) -> Iterator[dt.datetime]:
        """The moments after `moment`, UTC, in order; it never ends unless nothing comes for 50 years."""
        last = moment
        for start, end, changed_from in self._stretches(moment):
            for found in self._in_stretch(max(start, moment), start, end, changed_from):
                if found > last:
                    last = found
                    yield found
            if end - last > dt.timedelta(days=366 * _FURTHEST_YEARS):
                return

    def _stretches(
        self, moment: dt.datetime
    ) -> Iterator[tuple[dt.datetime, dt.datetime, dt.timedelta | None]]:
        """Start, end, and the offset before it, of each stretch without a change of clocks."""
        changes = [found for found in clock_changes(self._zone, moment.year) if found <= moment]
        start = changes[-1] if changes else dt.datetime(moment.year, 1, 1, tzinfo=dt.UTC)
        began_with_change = bool(changes)
        for year in range(moment.year, _LAST_YEAR):
            year_end = dt.datetime(year + 1, 1, 1, tzinfo=dt.UTC)
            later = [found for found in clock_changes(self._zone, year) if found > start]
            for begin, end in pairwise([start, *later, year_end]):
                changed = began_with_change or begin != start
                yield begin, end, offset(self._zone, begin - _SECOND) if changed else None
            start, began_with_change = year_end, False

    def _in_stretch(
        self, begin: dt.datetime, start: dt.datetime, end: dt.datetime, before: dt.timedelta | None
    ) -> Iterator[dt.datetime]:
        """The moments from `begin` on, inside a stretch that begins at `start`."""
        here = offset(self._zone, start)
        shown = _wall(start, here)
        first = _wall(begin, here)
        # What the clocks showed when the stretch before it ended.
        shown_before = _wall(start, before) if before is not None else shown
        if not self._each_hour and begin == start and shown_before < shown:
            if next(self._walls(shown_before, shown), None) is not None:
                yield start
        elif not self._each_hour and shown_before > shown:
            first = max(first, shown_before)
        for wall in self._walls(first, _wall(end, here)):
            yield wall.replace(tzinfo=dt.UTC) - here

    def _walls(self, first: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
        """What clocks that never change show when the expression is met, in [first, end)."""
        current = first.replace(microsecond=0) - (_SECOND if first.microsecond == 0 else dt.timedelta())
        while True:
            try:
                current = self._cron.get_next(start_time=current)
            except CroniterBadDateError:
                return
            if current >= end:
                return
            yield current


def _wall(moment: dt.datetime, ahead: dt.timedelta) -> dt.datetime:
    return (moment + ahead).replace(tzinfo=None)


def _wrong_field(expression: str) -> str:
    """Which field is wrong by itself, and what may stand there; "" where that can't be told."""
    if expression.startswith("@"):
        return "there are @hourly, @daily, @weekly, @monthly and @yearly"
    for place, (field, (name, range_)) in enumerate(zip(expression.split(), _RANGES.items(), strict=False)):
        alone = ["*"] * _FIELDS
        alone[place] = field
        if not _HASHED.search(field) and not croniter.is_valid(" ".join(alone)):
            return f"the {name} is {field!r}, and may be {range_}, *, lists (1,3), ranges (1-5), steps (*/2)"
    return ""


def _reason(error: Exception) -> str:
    text = str(error)
    if "hash_id" in text:
        return "H is not understood here; set jitter to spread what would start at once"
    return text[:1].lower() + text[1:] if text else type(error).__name__
