"""Moments as text."""

from __future__ import annotations

import time

_SECOND_NS = 1_000_000_000
_second = (-_SECOND_NS, "")
"""When the second began that was told last, and its text: every event asks, and many times in the same."""


def now() -> str:
    """The present moment, UTC, ISO 8601 with microseconds."""
    global _second
    moment_ns = time.time_ns()
    began_ns, text = _second
    rest_ns = moment_ns - began_ns
    if not 0 <= rest_ns < _SECOND_NS:
        rest_ns = moment_ns % _SECOND_NS
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment_ns // _SECOND_NS))
        _second = moment_ns - rest_ns, text
    return f"{text}.{rest_ns // 1000:06d}+00:00"
