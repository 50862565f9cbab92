"""Moments as text."""

from __future__ import annotations

import datetime as dt


def now() -> str:
    """The present moment, UTC, ISO 8601 with microseconds."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
