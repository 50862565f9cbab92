"""Results of an earlier run that were not kept: computed again by the steps that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from odibi_core.dataset import Dataset, Snapshot
from odibi_core.engines.base import Attempt, Engine, RunContext, Task
from odibi_core.errors import StepError
from odibi_core.kept.deferred import DeferredDataset
from odibi_core.late_dataclass import dataclass
from odibi_core.plan.model import Plan


@dataclass(frozen=True, slots=True)
class Recomputer:
    """Runs steps of a plan again, for the rows of one dataset.

    Attributes:
        plan: The plan.
        engines: Name → engine.
        context: The run.
    """

    plan: Plan
    engines: Mapping[str, Engine]
    context: RunContext

    def defer(self, step: str, key: str, snapshot: Snapshot, data: Mapping[str, Dataset]) -> DeferredDataset:
        """A dataset that a step made in an earlier run; the step runs again where somebody asks for rows.

        Args:
            step: The step.
            key: The dataset's key.
            snapshot: What it looked like.
            data: The run's datasets, looked at when the step runs.
        """
        return DeferredDataset(key, snapshot, lambda: self._compute(step, key, data))

    def _compute(self, step: str, key: str, data: Mapping[str, Dataset]) -> Dataset:
        planned = self.plan.steps[step]
        region = next(region for region in self.plan.regions if region.name == planned.region)
        above = {*self.plan.graph.upstream(step), step}
        tasks = [self._task(name, is_kept=name == step) for name in region.steps if name in above]
        made = {made for task in tasks for made in task.outputs.values()}
        missing = [
            wanted for task in tasks for wanted in task.inputs.values() if wanted not in {*made, *data}
        ]
        if missing:
            raise StepError(
                f"the rows of {key!r} can't be computed without {missing[0]!r}", where=f"step {step!r}"
            )
        taken = {
            wanted: data[wanted] for task in tasks for wanted in task.inputs.values() if wanted not in made
        }
        outcomes = self.engines[planned.step.engine].run_region(tasks, taken, self.context, Attempt())
        return next(dataset for dataset in outcomes[-1].outputs.values() if dataset.key == key)

    def _task(self, name: str, *, is_kept: bool) -> Task:
        task = self.plan.steps[name].task()
        return replace(task, is_kept=is_kept or task.is_kept)
