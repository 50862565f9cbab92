"""Where the steps of a run stand: their states, and the event that tells of each change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Outcome
from odibi_core.errors import ExpectationError, OdibiError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType, NodeState
from odibi_core.late_dataclass import dataclass
from odibi_core.plan.model import Plan, Region

_ENDS = {
    NodeState.SKIPPED: EventType.NODE_SKIPPED,
    NodeState.CANCELLED: EventType.NODE_CANCELLED,
}

_TOLD_OF_A_RESULT = ("check", "state", "rows", "offending_rows", "message", "fix")


@dataclass(slots=True)
class StepRun:
    """Where one step of a run stands.

    Attributes:
        state: Its state.
        retries: Tries after the first one.
        error: What it failed with.
    """

    state: NodeState = NodeState.PENDING
    retries: int = 0
    error: OdibiError | None = None


class StepStates:
    """The states of a plan's steps. Every change of one is an event on the bus.

    Args:
        plan: The steps.
        bus: Takes the events.
        tells_no_rows: Whether it is told where a step gives no rows.

    Attributes:
        runs: Name → where the step stands.
        failed: Names of the steps that failed.
        quality: "warned_expectations", "quarantined_rows" and "steps_without_rows" → how many there were.
    """

    def __init__(self, plan: Plan, bus: EventBus, *, tells_no_rows: bool = False) -> None:
        self._plan, self._bus, self._tells_no_rows = plan, bus, tells_no_rows
        self._without_rows: set[str] = set()
        self.quality = dict.fromkeys(("warned_expectations", "quarantined_rows", "steps_without_rows"), 0)
        self.runs = {name: StepRun() for name in plan.steps}
        self.failed: set[str] = set()
        self._open = Counter(planned.step.layer for planned in plan.steps.values())
        self._broken_layers: set[str] = set()

    def start(self, name: str, began: str) -> None:
        """A step runs from now on."""
        run = self.runs[name]
        run.state = NodeState.RUNNING
        self._bus.emit(
            EventType.NODE_START,
            step_name=name,
            layer=self._plan.steps[name].step.layer,
            start_time=began,
            attempt=run.retries + 1,
        )

    def retry(self, name: str, error: OdibiError, delay_s: float) -> None:
        """A step will be tried again."""
        self._emit(
            EventType.NODE_RETRY,
            name,
            error_message=error.what,
            retry_count=self.runs[name].retries,
            delay_s=round(delay_s, 3),
        )

    def complete(
        self,
        region: Region,
        outcome: Outcome,
        state: NodeState,
        *,
        duration_ms: float,
        inputs: Mapping[str, Dataset],
        cache: Mapping[str, str | None],
    ) -> None:
        """A step ended well.

        Args:
            region: What it ran in.
            outcome: What it did.
            state: `success` or `cached`.
            duration_ms: How long the region took.
            inputs: Name inside the step → dataset.
            cache: `cache_reason`, where there is a cache.
        """
        name = outcome.name
        layer = self._plan.steps[name].step.layer
        self.runs[name].state = state
        if outcome.rejected_rows:
            self._emit(
                EventType.ROWS_REJECTED,
                name,
                rejected_rows=outcome.rejected_rows,
                reason=outcome.warnings[-1],
                path=outcome.rejects_path,
            )
        if outcome.checked:
            self._tell_checked(name, outcome.checked)
        for warning in outcome.warnings:
            self._emit(EventType.NODE_WARNING, name, message=warning)
        if outcome.row_count == 0 and self._tells_no_rows:
            self._tell_no_rows(name)
        self._open[layer] -= 1
        self._bus.emit(
            EventType.NODE_COMPLETE,
            step_name=name,
            layer=layer,
            duration_ms=round(duration_ms, 3),
            duration_scope="step" if len(region.steps) == 1 else "region",
            region=region.name,
            row_count=outcome.row_count,
            row_count_scope=outcome.row_count_scope.value,
            status=state.value,
            layer_complete=self._open[layer] == 0 and layer not in self._broken_layers,
            rejected_rows=outcome.rejected_rows,
            rejects_path=outcome.rejects_path,
            written=outcome.written,
            **({"health": outcome.health} if outcome.health else {}),
            **cache,
            _inputs=inputs,
            _outputs=outcome.outputs,
            _profiles=outcome.profiles,
        )

    def fail(self, region: Region, name: str, error: OdibiError, duration_ms: float) -> None:
        """A step failed, and what runs with it or needs it is skipped."""
        run = self.runs[name]
        run.state, run.error = NodeState.FAILED, error
        self.failed.add(name)
        self._leave_layer(name)
        if isinstance(error, ExpectationError):
            self._tell_checked(name, error.checked)
        self._emit(
            EventType.NODE_ERROR,
            name,
            error_message=error.what,
            error_type=type(error).__name__,
            where=error.where,
            fix=error.fix,
            retry_count=run.retries,
            duration_ms=round(duration_ms, 3),
        )
        for other in region.steps:
            self.close(other, NodeState.SKIPPED, f"it runs together with {name!r}, which failed")
        downstream = self._plan.graph.downstream(name)
        for other in filter(downstream.__contains__, self._plan.steps):
            self.close(other, NodeState.SKIPPED, f"it needs {name!r}, which failed")

    def close(self, name: str, state: NodeState, reason: str) -> None:
        """A step will not run to its end: it is skipped or cancelled. One that ended stays as it is."""
        run = self.runs[name]
        if run.state.is_final:
            return
        run.state = state
        self._leave_layer(name)
        self._emit(_ENDS[state], name, reason=reason)

    def close_rest(self, state: NodeState, reason: str) -> None:
        """Close every step that never came to run."""
        for name, run in self.runs.items():
            if not run.state.is_final:
                self.close(name, state, reason)

    def _tell_checked(self, name: str, checked: Mapping[str, Any]) -> None:
        """Tell what was found of a step's expectations."""
        if not checked:
            return
        from odibi_core.expectations.results import ResultState

        results = checked["results"]
        self._emit(
            EventType.EXPECTATIONS_CHECKED,
            name,
            results=results,
            outputs=checked["outputs"],
            took_ms=checked["took_ms"],
        )
        for kept in checked["quarantine"]:
            self.quality["quarantined_rows"] += kept["quarantined_rows"]
            self._emit(EventType.ROWS_QUARANTINED, name, **kept)
        for result in results:
            if result["state"] == ResultState.PASSED:
                continue
            told = {key: result[key] for key in _TOLD_OF_A_RESULT}
            self._emit(EventType.EXPECTATION_FAILED, name, expectation=result["name"], **told)
            if result["state"] == ResultState.FAILED:
                continue
            self.quality["warned_expectations"] += result["state"] == ResultState.WARNED
            aside = ": set aside" if result["state"] == ResultState.QUARANTINED else ""
            message = f"{result['name']}: {result['message']}{aside}"
            self._emit(EventType.NODE_WARNING, name, message=message)

    def _tell_no_rows(self, name: str) -> None:
        """Tell that a step gave no rows, unless one before it gave none already."""
        is_first = self._without_rows.isdisjoint(self._plan.graph.needs(name))
        self._without_rows.add(name)
        if is_first:
            self.quality["steps_without_rows"] += 1
            self._emit(EventType.NO_ROWS, name)
            self._emit(EventType.NODE_WARNING, name, message="it gave no rows")

    def _leave_layer(self, name: str) -> None:
        layer = self._plan.steps[name].step.layer
        self._broken_layers.add(layer)
        self._open[layer] -= 1

    def _emit(self, event: EventType, step: str, **keys: Any) -> None:
        self._bus.emit(event, step_name=step, layer=self._plan.steps[step].step.layer, **keys)
