"""What a run need not do again: the seam that the cache and the checkpoints share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Outcome
from odibi_core.events import NodeState
from odibi_core.plan.model import Plan, Region


@dataclass(frozen=True, slots=True)
class Recalled:
    """A region that need not run.

    Attributes:
        outcomes: What its steps did when they ran.
        state: `cached` or, for a resumed run, `success`.
    """

    outcomes: Sequence[Outcome]
    state: NodeState


class Memory(Protocol):
    """Recalls regions that ran before."""

    def recall(self, plan: Plan, region: Region, data: Mapping[str, Dataset]) -> Recalled | None:
        """What the region did before, where that still holds; None where it must run."""

    def remember(
        self, plan: Plan, region: Region, outcomes: Sequence[Outcome], data: Mapping[str, Dataset]
    ) -> None:
        """Keep what the region did."""
