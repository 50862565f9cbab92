"""The days of a week or a month, with what schedules did and will do on each."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from odibi_core.schedules.schedule import Schedule, Timing
from odibi_core.schedules.store import Tick

MOST_A_DAY = 24
"""How many moments of a schedule a day shows; of one that ticks more often, only that it does."""
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Slot:
    """One moment of one schedule.

    Attributes:
        schedule: Its name.
        moment: In the zone of the reader.
        tick: What became of it; None where it is to come.
    """

    schedule: str
    moment: dt.datetime
    tick: Tick | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """A day.

    Attributes:
        date: The day.
        slots: What happens, in order.
        often: Schedules that tick more than `MOST_A_DAY` times.
    """

    date: dt.date
    slots: tuple[Slot, ...]
    often: tuple[str, ...]


class Calendar:
    """Remembers the moments of days: they stay the same."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], tuple[dt.datetime, ...]] = OrderedDict()

    def days(
        self,
        schedules: Mapping[str, Schedule],
        ticks: Iterable[Tick],
        first: dt.date,
        count: int,
        now: dt.datetime,
    ) -> list[Day]:
        """So many days from the first one on, as the clocks of the zone of `now` have them.

        Args:
            schedules: Name → schedule; those that are paused are left out.
            ticks: What is known to have happened.
            first: The first day.
            count: How many days.
            now: The present in the reader's zone: before it stands what happened, after it what will.
        """
        zone = now.tzinfo
        assert isinstance(zone, ZoneInfo)
        past: dict[dt.date, list[Slot]] = {}
        for tick in ticks:
            moment = tick.time.astimezone(zone)
            past.setdefault(moment.date(), []).append(Slot(tick.name, moment, tick))
        return [self._day(first + dt.timedelta(days=number), schedules, past, now) for number in range(count)]

    def _day(
        self,
        date: dt.date,
        schedules: Mapping[str, Schedule],
        past: Mapping[dt.date, list[Slot]],
        now: dt.datetime,
    ) -> Day:
        found = list(past.get(date, ()))
        often = {name for name in schedules if sum(slot.schedule == name for slot in found) > MOST_A_DAY}
        if date >= now.date():
            for name, schedule in schedules.items():
                moments = self._moments(schedule, date, now.tzinfo)
                if len(moments) > MOST_A_DAY:
                    often.add(name)
                found += [Slot(name, moment) for moment in moments if moment > now]
        slots = sorted((slot for slot in found if slot.schedule not in often), key=_order)
        return Day(date, tuple(slots), tuple(sorted(often)))

    def _moments(self, timing: Timing, date: dt.date, zone: dt.tzinfo | None) -> tuple[dt.datetime, ...]:
        key = (timing.fingerprint, timing.first, timing.last, date, str(zone))
        if key not in self._kept:
            self._kept[key] = tuple(_moments_of(timing, date, zone))
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]


def _moments_of(timing: Timing, date: dt.date, zone: dt.tzinfo | None) -> Iterator[dt.datetime]:
    if timing.times is None:
        return
    begin = dt.datetime.combine(date, dt.time(), zone).astimezone(dt.UTC)
    end = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)
    if (timing.last is not None and timing.last < begin) or (
        timing.first is not None and timing.first >= end
    ):
        return
    after = begin - dt.timedelta(microseconds=1)
    if timing.first is not None:
        after = max(after, timing.first - dt.timedelta(microseconds=1))
    last = min(end - dt.timedelta(microseconds=1), timing.last or end)
    moments = takewhile(lambda moment: moment <= last, timing.times.after(after))
    for moment in islice(moments, MOST_A_DAY + 1):
        yield moment.astimezone(zone)


def _order(slot: Slot) -> tuple[dt.datetime, str]:
    return slot.moment, slot.schedule
