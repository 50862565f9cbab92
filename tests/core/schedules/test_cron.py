"""Cron expressions in time zones, through every change of clocks."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from odibi_core.schedules.cron import CronTimes
from odibi_core.schedules.zones import clock_changes, find_zone, local_zone_name

VIENNA = ZoneInfo("Europe/Vienna")
BEFORE_SPRING = dt.datetime(2026, 3, 28, 22, tzinfo=dt.UTC)
BEFORE_AUTUMN = dt.datetime(2026, 10, 24, 21, 59, 30, 5, tzinfo=dt.UTC)


def shown(expression: str, moment: dt.datetime, count: int, zone: ZoneInfo = VIENNA) -> list[str]:
    found = islice(CronTimes(expression, zone).after(moment), count)
    return [f"{tick.astimezone(zone):%d %H:%M %z}" for tick in found]


def test_a_time_that_is_left_out_in_spring_comes_when_the_clocks_are_put_forward_once() -> None:
    assert shown("30 2 * * *", BEFORE_SPRING, 2) == ["29 03:00 +0200", "30 02:30 +0200"]
    assert shown("0 2,3 * * *", BEFORE_SPRING, 2) == ["29 03:00 +0200", "30 02:00 +0200"]
    assert shown("*/20 2 * * *", BEFORE_SPRING, 2) == ["29 03:00 +0200", "30 02:00 +0200"]


def test_a_time_that_comes_twice_in_autumn_counts_the_first_time() -> None:
    assert shown("30 2 * * *", BEFORE_AUTUMN, 2) == ["25 02:30 +0200", "26 02:30 +0100"]
    assert shown("0 1-3 * * *", BEFORE_AUTUMN, 4) == [
        "25 01:00 +0200",
        "25 02:00 +0200",
        "25 03:00 +0100",
        "26 01:00 +0100",
    ]


def test_an_expression_for_every_hour_goes_by_what_the_clocks_show() -> None:
    assert shown("15 * * * *", BEFORE_SPRING, 5)[1:] == [
        "29 00:15 +0100",
        "29 01:15 +0100",
        "29 03:15 +0200",
        "29 04:15 +0200",
    ]
    assert shown("0 * * * *", BEFORE_AUTUMN, 5) == [
        "25 00:00 +0200",
        "25 01:00 +0200",
        "25 02:00 +0200",
        "25 02:00 +0100",
        "25 03:00 +0100",
    ]


def test_asked_in_the_middle_of_the_hour_that_comes_twice_it_goes_on_from_there() -> None:
    second = dt.datetime(2026, 10, 25, 1, 10, tzinfo=dt.UTC)
    assert shown("*/30 * * * *", second, 2) == ["25 02:30 +0100", "25 03:00 +0100"]
    assert shown("30 2 * * *", second, 1) == ["26 02:30 +0100"]


def test_a_change_by_half_an_hour_and_one_at_midnight_are_seen() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert shown("15 2 * * *", dt.datetime(2026, 10, 3, 14, tzinfo=dt.UTC), 2, lord_howe) == [
        "04 02:30 +1100",
        "05 02:15 +1100",
    ]
    santiago = ZoneInfo("America/Santiago")
    assert shown("@daily", dt.datetime(2026, 9, 5, 12, tzinfo=dt.UTC), 2, santiago) == [
        "06 01:00 -0300",
        "07 00:00 -0300",
    ]


def test_the_changes_of_a_year_are_found_to_the_second() -> None:
    assert clock_changes(VIENNA, 2026) == (
        dt.datetime(2026, 3, 29, 1, tzinfo=dt.UTC),
        dt.datetime(2026, 10, 25, 1, tzinfo=dt.UTC),
    )
    assert clock_changes(ZoneInfo("Asia/Kolkata"), 2026) == ()


def test_days_of_the_week_and_rare_days_are_understood() -> None:
    assert shown("0 9 * * mon-fri", dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC), 1) == ["04 09:00 +0200"]
    leap = next(CronTimes("0 0 29 2 *", ZoneInfo("UTC")).after(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    assert leap == dt.datetime(2028, 2, 29, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("0 2 * *", "has 4 fields, not 5"),
        ("0 0 2 * * *", "has 6 fields, not 5"),
        ("", "has 0 fields"),
        ("61 * * * *", "the minute is '61', and may be 0 to 59"),
        ("0 2 * * mo", "the day of the week is 'mo', and may be 0 to 7 or sun to sat"),
        ("0 0 30 2 *", "is never met"),
        ("H 2 * * *", "set jitter"),
        ("every day at 2 o'clock", "has 6 fields|the minute is 'every'"),
        ("@sometimes", "is wrong: there are @hourly, @daily"),
    ],
)
def test_a_wrong_expression_is_refused_with_the_reason(expression: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        CronTimes(expression, VIENNA)


def test_an_unknown_zone_is_refused_with_near_names() -> None:
    with pytest.raises(Exception, match="did you mean 'Europe/Vienna'"):
        find_zone("Europe/Viena")
    find_zone(local_zone_name())
