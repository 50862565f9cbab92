"""Memory and load of a run's process and of the processes that it started."""

from __future__ import annotations

import os
import time

from odibi_core.late_dataclass import dataclass


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
        times = os.times()
        self._busy_s = {os.getpid(): times.user + times.system}

    def measure(self) -> Measurement | None:
        """What the processes take now; None where the system doesn't tell."""
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
        at = time.monotonic()
        # A process that came since has worked since; one that went is forgotten.
        worked_s = sum(busy - self._busy_s.get(pid, 0.0) for pid, busy in busy_s.items())
        percent = 100 * worked_s / max(at - self._measured_at, 0.001)
        self._busy_s, self._measured_at = busy_s, at
        return Measurement(round(memory_bytes / 2**20, 1), round(percent, 1))
