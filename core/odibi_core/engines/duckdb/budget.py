"""How much of a run's memory limit DuckDB may have: its own limit leaves out much of what a process takes."""

from __future__ import annotations

from odibi_core.late_dataclass import dataclass

_UNITS = {"K": 1, "M": 2, "G": 3, "T": 4}
_OUTSIDE = 0.15
"""The part of a limit that DuckDB takes without counting it, as measured."""
_MOST_RESIDENT = 256 << 20
"""More than that is no library, but a program's own data, which the limit is not about."""
_LEAST = 64 << 20
"""With less DuckDB can't do much."""
_A_THREAD = 256 << 20
"""What a thread wants of the limit: each holds buffers of its own."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What DuckDB is opened with.

    Attributes:
        memory_bytes: Its memory limit.
        most_threads: More would only take memory.
    """

    memory_bytes: int
    most_threads: int


def budget(limit: str, resident_bytes: int) -> Budget:
    """DuckDB's part of a limit.

    Args:
        limit: How much memory the process may take, such as "4GB" or "512MiB".
        resident_bytes: How much it takes already.
    """
    limit_bytes = size_bytes(limit)
    left = int(limit_bytes * (1 - _OUTSIDE)) - min(resident_bytes, _MOST_RESIDENT)
    return Budget(max(left, min(limit_bytes, _LEAST)), max(1, limit_bytes // _A_THREAD))


def size_bytes(text: str) -> int:
    """The size that a text such as "4GB" or "512MiB" means."""
    number = text.rstrip("BiKMGT ")
    unit = text[len(number) :].strip()
    return int(float(number) * (1024 if "i" in unit else 1000) ** _UNITS[unit[0]])
