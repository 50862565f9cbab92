"""Memory and load of a run's process and of the processes that it started."""

from __future__ import annotations

import os
import time
from pathlib import Path

from odibi_core.late_dataclass import dataclass

_OWN = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class Measurement:
    """How much a run takes of the machine.

    Attributes:
        memory_mb: Resident memory.
        cpu_percent: Load since the last measurement, 100 for each core.
    """

    memory_mb: float
    cpu_percent: float


class Vitals:
    """Measures the process that asks, and its children."""

    def __init__(self) -> None:
        self._measured_at = time.monotonic()
        self._busy_s = {os.getpid(): _own_busy_s()}

    def measure(self) -> Measurement | None:
        """What the processes take now; None where the system doesn't tell."""
        taken = _alone() or _with_children()
        if taken is None:
            return None
        memory_bytes, busy_s = taken
        at = time.monotonic()
        # A process that came since has worked since; one that went is forgotten.
        worked_s = sum(busy - self._busy_s.get(pid, 0.0) for pid, busy in busy_s.items())
        percent = 100 * worked_s / max(at - self._measured_at, 0.001)
        self._busy_s, self._measured_at = busy_s, at
        return Measurement(round(memory_bytes / 2**20, 1), round(percent, 1))


def _alone() -> tuple[int, dict[int, float]] | None:
    """Bytes and busy seconds of a process without children; None where it has some, or nothing tells.

    psutil takes tens of ms to load, and then looks at all processes of the machine.
    """
    try:
        if any((task / "children").read_bytes() for task in (_OWN / "task").iterdir()):
            return None
        resident_pages = int((_OWN / "statm").read_bytes().split()[1])
    except OSError:
        return None
    return resident_pages * os.sysconf("SC_PAGE_SIZE"), {os.getpid(): _own_busy_s()}


def _with_children() -> tuple[int, dict[int, float]] | None:
    """Bytes of all processes, and busy seconds of each; None where the system doesn't tell."""
    import psutil

    memory_bytes, busy_s = 0, dict[int, float]()
    try:
        own = psutil.Process()
        processes = [own, *own.children(recursive=True)]
    except psutil.Error:
        return None
    for process in processes:
        try:
            times = process.cpu_times()
            memory_bytes += process.memory_info().rss
        except psutil.Error:
            continue
        busy_s[process.pid] = times.user + times.system
    return memory_bytes, busy_s


def _own_busy_s() -> float:
    times = os.times()
    return times.user + times.system
