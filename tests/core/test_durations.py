"""Spans of time as people write them."""

from __future__ import annotations

import pytest

from odibi_core.durations import parse_duration, spell_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("1h30m", 5400), ("2d", 172_800), ("1w 1d", 691_200)]
)
def test_a_span_is_read_and_spelled(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds
    assert parse_duration(spell_duration(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "0s", "soon", "15", "-1h", "30m1h", "99999999w"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no span of time"):
        parse_duration(text)
