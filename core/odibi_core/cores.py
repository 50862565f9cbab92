"""How many processors there are for this process."""

from __future__ import annotations

import os


def usable_cores() -> int:
    """Those that the system lets the process run on, as far as it tells; at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
