"""What of a run is done, and which rows the rest of it needs: each step adds its own part, and no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Outcome
from odibi_core.late_dataclass import dataclass
from odibi_core.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Moment:
    """How far a run is at one moment; it stays as it is while the run goes on.

    Attributes:
        outcomes: What the steps did that are done, in the order in which they ended.
        pending: Names of steps that have yet to run.
        failed: Names of steps that failed.
        rows: As `Progress.rows`.
        rejects: Step name → file with the rows that it could not read.
        layer: The layers that are complete since the last checkpoint.
    """

    outcomes: Sequence[Outcome]
    pending: Sequence[str]
    failed: Sequence[str]
    rows: Mapping[str, tuple[Outcome, Dataset]]
    rejects: Mapping[str, str]
    layer: str


class Progress:
    """How far a run is.

    Args:
        plan: Its plan.

    Attributes:
        outcomes: What the steps did that are done, in the order in which they ended.
        rows: Dataset key → who made it, and the dataset, of those that a checkpoint holds: steps to come need
            them, or rows were taken out of them, which would be in it again if it were computed again.
        rejects: Step name → file with the rows that it could not read.
        new_layers: Layers that are complete since somebody last cleared the list.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._takers = Counter(key for planned in plan.steps.values() for key in planned.step.needs)
        self._open = Counter(planned.step.layer for planned in plan.steps.values())
        self._pending = dict.fromkeys(plan.steps)
        self.outcomes: list[Outcome] = []
        self.rows: dict[str, tuple[Outcome, Dataset]] = {}
        self.rejects: dict[str, str] = {}
        self.new_layers: list[str] = []

    def take(self, outcome: Outcome) -> None:
        """Know that a step is done."""
        step = self._plan.steps[outcome.name].step
        self.outcomes.append(outcome)
        del self._pending[outcome.name]
        if outcome.rejects_path:
            self.rejects[outcome.name] = outcome.rejects_path
        for dataset in outcome.outputs.values():
            if self._takers[dataset.key] or outcome.checked.get("quarantine"):
                self.rows[dataset.key] = (outcome, dataset)
        for key in step.needs:
            self._takers[key] -= 1
            if not self._takers[key] and key in self.rows:
                maker, _ = self.rows[key]
                if not maker.checked.get("quarantine"):
                    del self.rows[key]
        self._open[step.layer] -= 1
        if not self._open[step.layer]:
            self.new_layers.append(step.layer)

    @property
    def is_complete(self) -> bool:
        """Whether every step is done."""
        return not self._pending

    def moment(self, failed: Collection[str]) -> Moment:
        """How far the run is now.

        Args:
            failed: Names of steps that failed.
        """
        return Moment(
            list(self.outcomes),
            [name for name in self._pending if name not in failed] if failed else list(self._pending),
            [name for name in self._pending if name in failed] if failed else [],
            dict(self.rows),
            dict(self.rejects),
            ", ".join(sorted(self.new_layers)),
        )
