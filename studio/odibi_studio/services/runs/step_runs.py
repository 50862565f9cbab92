"""The steps of a run as people see them; of a long run nearly all are as they were a second ago."""

from __future__ import annotations

from operator import attrgetter

from odibi_core.journal.record import RunRecord, StepProgress
from odibi_core.pipeline import Pipeline
from odibi_studio.run_messages import StepRun

_Key = tuple[object, ...]
_PLAIN = attrgetter(
    "layer", "state", "start_time", "end_time", "duration_ms", "duration_scope", "row_count", "retries",
    "rejected_rows", "error_message", "fix", "reason",
)  # fmt: skip


class StepRuns:
    """Tells of the steps of one run, and makes anew only what has changed since it was told."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[_Key, StepRun]] = {}

    def of(self, record: RunRecord, pipeline: Pipeline | None) -> tuple[StepRun, ...]:
        """Every step of the pipeline in its order, with those that the run did not come to yet."""
        layers = {step.name: step.layer for step in pipeline.steps} if pipeline else {}
        layers.update((name, step.layer) for name, step in record.steps.items())
        return tuple(
            self._step(record.steps.get(name) or StepProgress(name, layer)) for name, layer in layers.items()
        )

    def _step(self, step: StepProgress) -> StepRun:
        # Warnings are only ever added.
        key = (*_PLAIN(step), len(step.warnings))
        told = self._told.get(step.name)
        if told is None or told[0] != key:
            told = self._told[step.name] = (key, _made(step))
        return told[1]


def _made(step: StepProgress) -> StepRun:
    return StepRun(
        name=step.name,
        layer=step.layer,
        state=step.state,
        started=step.start_time,
        ended=step.end_time,
        duration_ms=step.duration_ms,
        duration_scope=step.duration_scope,
        row_count=step.row_count,
        retries=step.retries,
        rejected_rows=step.rejected_rows,
        error=step.error_message,
        fix=step.fix,
        reason=step.reason,
        warnings=list(step.warnings),
    )
