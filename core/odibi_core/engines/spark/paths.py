"""Paths of this machine as Spark takes them: not encoded; for reading, with the signs of patterns escaped."""

from __future__ import annotations

import re
from pathlib import Path

_SIGNS = re.compile(r"[][{}*?\\]")


def written_path(path: str | Path) -> str:
    """A place that Spark writes to, or that folders named by values are in."""
    return f"file://{path}"


def read_path(path: str | Path) -> str:
    """One file or folder that Spark reads, whatever its name."""
    return "file://" + _SIGNS.sub(r"\\\g<0>", str(path))
