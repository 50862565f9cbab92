"""What became of a run, as its executor knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from odibi_core.dataset import Dataset
from odibi_core.events import NodeState
from odibi_core.late_dataclass import dataclass
from odibi_core.step_states import StepRun


@dataclass(slots=True)
class RunReport:
    """What became of a run.

    Attributes:
        steps: Name → where the step stands.
        data: Dataset key → dataset, of all that was made.
        cancelled: Why the run was cancelled, or "".
        warnings: What a person should look at although the run went on.
        quality: "warned_expectations", "quarantined_rows" and "steps_without_rows" → how many there were.
    """

    steps: dict[str, StepRun]
    data: dict[str, Dataset] = field(default_factory=dict)
    cancelled: str = ""
    warnings: list[str] = field(default_factory=list)
    quality: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        """Whether every step ended well."""
        return not self.cancelled and all(
            run.state in (NodeState.SUCCESS, NodeState.CACHED) for run in self.steps.values()
        )
