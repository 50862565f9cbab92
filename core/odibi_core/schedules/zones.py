"""Time zones: the machine's own, those of a name, and when their clocks are changed."""

from __future__ import annotations

import datetime as dt
import os
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from odibi_core.errors import UnknownNameError

_LOCALTIME = Path("/etc/localtime")


def find_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name, such as Europe/Vienna.

    Raises:
        UnknownNameError: There is none; the error says the near names.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownNameError.of("the time zone", name, available_timezones()) from None


def local_zone_name() -> str:
    """The IANA name of the machine's time zone; UTC where it can't be told."""
    named = os.environ.get("TZ", "").removeprefix(":")
    places = [named, str(_LOCALTIME.resolve()).partition("zoneinfo/")[2]]
    return next((name for name in places if name and name in available_timezones()), "UTC")


@lru_cache(maxsize=1024)
def clock_changes(zone: ZoneInfo, year: int) -> tuple[dt.datetime, ...]:
    """The moments of a year, UTC, from which the zone's clocks show another offset than before."""
    found: list[dt.datetime] = []
    day = dt.datetime(year, 1, 1, tzinfo=dt.UTC)
    while day.year == year:
        following = day + dt.timedelta(days=1)
        if offset(zone, day) != offset(zone, following):
            found.append(_change(zone, day, following))
        day = following
    return tuple(found)


def offset(zone: ZoneInfo, moment: dt.datetime) -> dt.timedelta:
    """How far the zone's clocks are ahead of UTC."""
    return moment.astimezone(zone).utcoffset() or dt.timedelta()


def _change(zone: ZoneInfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    old = offset(zone, before)
    while after - before > dt.timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after
