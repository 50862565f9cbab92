"""How closely a run is watched, where nobody said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from odibi_core.cores import usable_cores
from odibi_core.engines.operations import Scan
from odibi_core.errors import OdibiError
from odibi_core.formats.packing import PACKINGS
from odibi_core.formats.registry import format_named
from odibi_core.late_dataclass import dataclass
from odibi_core.plan.model import Tracking
from odibi_core.plan.sizes import file_sizes

SMALL_BYTES = 64 << 20
"""Up to this size, computing every step by itself costs well under a second."""
_BYTES_A_THREAD = 16 << 20
"""A thread that has less of a small source to read costs more than it saves."""


@dataclass(frozen=True, slots=True)
class TrackingChoice:
    """How closely a run is watched.

    Attributes:
        tracking: `exact` or `fused`.
        reason: Why.
        threads: Threads that a query has use for; None: all that there are.
    """

    tracking: Tracking
    reason: str
    threads: int | None


def choose_tracking(
    wanted: Tracking, scans: Iterable[Scan], resolve: Callable[[Scan], Path]
) -> TrackingChoice:
    """The tracking of a run, and why. Only the sizes of files are looked at."""
    scans = list(scans)
    has_servers = any(scan.server for scan in scans)
    total = sum(_weight(scan, resolve) for scan in scans)
    is_small = total <= SMALL_BYTES and not has_servers
    threads = _threads(total) if is_small else None
    if wanted is not Tracking.AUTO:
        return TrackingChoice(wanted, "it was asked for", threads)
    if has_servers:
        why = "how much a server or a store holds is not known, so neighbouring steps stream as one query"
        return TrackingChoice(Tracking.FUSED, why, threads)
    size = f"the sources hold {total / (1 << 20):,.1f} MiB"
    if is_small:
        return TrackingChoice(Tracking.EXACT, f"{size}, little enough to time every step by itself", threads)
    return TrackingChoice(Tracking.FUSED, f"{size}, so neighbouring steps stream as one query", threads)


def _threads(weight: int) -> int:
    """For small sources no more than half of the cores: with all of them, the CPU time grows by a seventh."""
    return max(1, min(usable_cores() // 2, weight // _BYTES_A_THREAD))


def _weight(scan: Scan, resolve: Callable[[Scan], Path]) -> int:
    """The size of a source as if it were text: a packed or columnar file holds about four times as much."""
    try:
        path = resolve(scan)
    except OdibiError:
        return 0
    size = sum(file_sizes(path))
    packed = path.suffix in PACKINGS or format_named(scan.format).name not in ("csv", "json")
    return size * 4 if packed else size
