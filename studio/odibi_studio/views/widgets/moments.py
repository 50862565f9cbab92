"""Moments as people say them, in the reader's own zone."""

from __future__ import annotations

import datetime as dt
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
    try:
        place, name = ZoneInfo(zone or "UTC"), zone or "UTC"
    except (ZoneInfoNotFoundError, ValueError):
        place, name = ZoneInfo("UTC"), "UTC"
    return f"{dt.datetime.fromisoformat(moment).astimezone(place):%-d %B %Y, %H:%M} ({name})"


def clock_time(moment: str, zone: str | None) -> str:
    """The time of day in a zone, to the millisecond: "19:05:12.345"; in UTC where the zone is not known."""
    try:
        place = ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        place = ZoneInfo("UTC")
    return f"{dt.datetime.fromisoformat(moment).astimezone(place):%H:%M:%S.%f}"[:-3]
