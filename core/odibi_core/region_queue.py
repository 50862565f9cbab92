"""Which regions of a plan may run now, and which wait: for others, or for the moment of another try."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Sequence

from odibi_core.plan.model import Region


class RegionQueue:
    """The regions of a plan on their way to be run.

    Args:
        regions: In an order in which they could run.
    """

    def __init__(self, regions: Sequence[Region]) -> None:
        self._regions = {region.name: region for region in regions}
        self._unmet = {region.name: len(region.needs) for region in regions}
        self._dependents: dict[str, list[str]] = {}
        for region in regions:
            for need in region.needs:
                self._dependents.setdefault(need, []).append(region.name)
        self._ready = deque(region for region in regions if not region.needs)
        self._delayed: list[tuple[float, int, Region]] = []
        self._numbers = itertools.count()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is ready, and nothing waits for its moment."""
        return not self._ready and not self._delayed

    @property
    def has_ready(self) -> bool:
        """Whether a region may run now."""
        return bool(self._ready)

    @property
    def next_moment(self) -> float | None:
        """When the next delayed region may run (`time.monotonic`); None where none is delayed."""
        return self._delayed[0][0] if self._delayed else None

    def take(self) -> Region:
        """The region that has been ready for longest; it is out of the queue."""
        return self._ready.popleft()

    def delay(self, region: Region, until: float) -> None:
        """Have a region run again, not before a moment (`time.monotonic`)."""
        heapq.heappush(self._delayed, (until, next(self._numbers), region))

    def wake(self, moment: float) -> None:
        """Make those ready whose moment has come."""
        while self._delayed and self._delayed[0][0] <= moment:
            self._ready.append(heapq.heappop(self._delayed)[2])

    def complete(self, region: Region) -> None:
        """Make those ready that waited for this region alone."""
        for name in self._dependents.get(region.name, ()):
            self._unmet[name] -= 1
            if self._unmet[name] == 0:
                self._ready.append(self._regions[name])
