"""Moments as people say them."""

from __future__ import annotations

import datetime as dt

import pytest

from odibi_studio.views.widgets.moments import ago, local_time

NOW = dt.datetime(2026, 3, 29, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (dt.timedelta(seconds=-5), "just now"),
        (dt.timedelta(seconds=59), "just now"),
        (dt.timedelta(seconds=60), "1 minute ago"),
        (dt.timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (dt.timedelta(hours=1), "1 hour ago"),
        (dt.timedelta(hours=23, minutes=59), "23 hours ago"),
        (dt.timedelta(days=1), "1 day ago"),
        (dt.timedelta(days=29), "29 days ago"),
        (dt.timedelta(days=30), "on 27 February 2026"),
    ],
)
def test_how_long_ago_something_was(passed: dt.timedelta, said: str) -> None:
    assert ago((NOW - passed).isoformat(), NOW) == said


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Europe/Rome", "29 March 2026, 14:00 (Europe/Rome)"),
        ("America/New_York", "29 March 2026, 08:00 (America/New_York)"),
        (None, "29 March 2026, 12:00 (UTC)"),
        ("Nowhere/Land", "29 March 2026, 12:00 (UTC)"),
        ("../etc/passwd", "29 March 2026, 12:00 (UTC)"),
    ],
)
def test_a_moment_in_the_reader_s_zone(zone: str | None, said: str) -> None:
    assert local_time(NOW.isoformat(), zone) == said
