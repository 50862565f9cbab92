"""When a schedule ticks, in words."""

from __future__ import annotations

import pytest

from odibi_core.schedules.schedule import Timing
from odibi_core.schedules.wording import cron_words, timing_words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("30 6 * * 1-5", "at 06:30, Monday through Friday"),
        ("@daily", "at 00:00"),
        ("*/15 * * * *", "every 15 minutes"),
        ("0 9,17 * * mon", "at 09:00 and 17:00, only on Monday"),
        ("30 2 * * 7", "at 02:30, only on Sunday"),
        ("no cron", "no cron"),
    ],
)
def test_a_cron_expression_is_said_in_words(expression: str, words: str) -> None:
    assert cron_words(expression) == words


def test_times_and_files_are_said_together() -> None:
    timing = Timing.model_validate({"cron": "0 2 * * *", "time_zone": "Europe/Berlin"})
    assert timing_words(timing) == "at 02:00 (Europe/Berlin)"
    both = Timing.model_validate({"every": "90m", "watch": "data/in", "pattern": "*.csv"})
    assert timing_words(both) == "every 1h30m or when files *.csv come into data/in"
