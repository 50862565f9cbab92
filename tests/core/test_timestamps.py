from __future__ import annotations

import datetime as dt

import pytest

from odibi_core.timestamps import now


def test_now_is_the_moment_in_utc() -> None:
    before = dt.datetime.now(dt.UTC)
    moments = [dt.datetime.fromisoformat(now()) for _ in range(1000)]
    assert moments == sorted(moments)
    assert before.replace(microsecond=before.microsecond // 10 * 10) <= moments[0]
    assert moments[-1] <= dt.datetime.now(dt.UTC)


@pytest.mark.parametrize(
    ("moment_ns", "text"),
    [
        (1_000, "1970-01-01T00:00:00.000001+00:00"),
        (1_796_083_199_999_999_999, "2026-11-30T23:59:59.999999+00:00"),
        (1_796_083_200_000_000_000, "2026-12-01T00:00:00.000000+00:00"),
    ],
)
def test_the_text_has_always_the_same_length(
    monkeypatch: pytest.MonkeyPatch, moment_ns: int, text: str
) -> None:
    monkeypatch.setattr("odibi_core.timestamps.time.time_ns", lambda: moment_ns)
    assert now() == text
