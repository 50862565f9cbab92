"""Moments as people say them, in the reader's own zone."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_STEPS = ((60, "minute"), (60, "hour"), (24, "day"))


def ago(moment: str, now: dt.datetime) -> str:
    """How long ago that was: "just now", "5 minutes ago", "3 days ago"; a date where it is a month or more.

    Args:
        moment: ISO 8601, with its zone.
        now: The present, with a zone.
    """
    then = dt.datetime.fromisoformat(moment)
    passed = max(0.0, (now - then).total_seconds())
    if passed < 60:
        return "just now"
    if passed >= 30 * 86_400:
        return f"on {then.astimezone(now.tzinfo):%-d %B %Y}"
    count, name = passed, "second"
    for size, unit in _STEPS:
        if count < size:
            break
        count, name = count / size, unit
    whole = int(count)
    return f"{whole} {name}{'' if whole == 1 else 's'} ago"


def local_time(moment: str, zone: str | None) -> str:
    """The moment in a zone: "24 November 2026, 19:05 (Europe/Rome)"; in UTC where the zone is not known.

    Args:
        moment: ISO 8601, with its zone.
        zone: Name of a zone, such as a browser gives.
    """
    place = zone_of(zone)
    return f"{dt.datetime.fromisoformat(moment).astimezone(place):%-d %B %Y, %H:%M} ({place.key})"


# A page that looks each second tells the same moments again and again.
@lru_cache(8192)
def clock_time(moment: str, zone: str | None) -> str:
    """The time of day in a zone, to the millisecond: "19:05:12.345"; in UTC where the zone is not known."""
    return f"{dt.datetime.fromisoformat(moment).astimezone(zone_of(zone)):%H:%M:%S.%f}"[:-3]


def zone_of(name: str | None) -> ZoneInfo:
    """The zone of that name, such as a browser gives; UTC where it is not known."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
