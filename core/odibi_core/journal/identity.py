"""Who a process is, so that another one that got its id later is not taken for it."""

from __future__ import annotations

import os
from pathlib import Path

from odibi_core.late_dataclass import dataclass

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process, told from every other one.

    Attributes:
        pid: Its id, as it knows it itself.
        start_ticks: When it started, in clock ticks since the boot; a change of the clock doesn't touch it.
        boot_id: The boot of the machine that it runs in.
        pid_namespace: Where `pid` means it: a container has ids of its own.
    """

    pid: int
    start_ticks: int
    boot_id: str
    pid_namespace: str

    @classmethod
    def of_this_process(cls) -> ProcessIdentity | None:
        """The process that asks; None on a system that doesn't tell."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """The process that has this id now; None where there is none, or the system doesn't tell."""
        place, start_ticks = _place(), _start_ticks(pid)
        return cls(pid, start_ticks, *place) if place and start_ticks is not None else None

    def is_alive(self) -> bool | None:
        """Whether the process still runs; None where it can't be known from here."""
        if (self.boot_id, self.pid_namespace) != _place():
            return None
        return _start_ticks(self.pid) == self.start_ticks


def _place() -> tuple[str, str] | None:
    try:
        boot_id = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return boot_id, str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return None


def _start_ticks(pid: int) -> int | None:
    """When a process started; None where it is gone, or has ended and only waits to be collected."""
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:
        return None
    # The second field, the name, may hold anything but stands in parentheses.
    state, *others = stat.rpartition(b")")[2].split()
    # Its first thread may be gone while others end: until the last has, it holds its files and their locks.
    has_ended = state in (b"Z", b"X") and int(others[16]) <= 1
    return None if has_ended else int(others[18])
