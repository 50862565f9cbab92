"""What installed packages bring: their entry points."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoints, entry_points
from typing import Any


def brought(group: str) -> EntryPoints:
    """The entry points of a group."""
    found: EntryPoints = _all().select(group=group)
    return found


@cache
def _all() -> Any:
    # Each time that it is asked, it looks through all packages, whatever the group.
    return entry_points()
