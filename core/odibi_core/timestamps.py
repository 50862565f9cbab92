"""Moments as text."""

from __future__ import annotations

import time

_second = (-1, "")
"""The second that was told last, and its text: every event asks, and many times in the same."""


def now() -> str:
    """The present moment, UTC, ISO 8601 with microseconds."""
    global _second
    second, rest_ns = divmod(time.time_ns(), 1_000_000_000)
    known, text = _second
    if second != known:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        _second = second, text
    return f"{text}.{rest_ns // 1000:06d}+00:00"
