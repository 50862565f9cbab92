"""What a journal tells of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import Any

from odibi_core.events import EventType, NodeState
from odibi_core.journal.identity import ProcessIdentity
from odibi_core.late_dataclass import dataclass

_FIGURES = (
    *("duration_ms", "row_count", "rejected_rows", "retry_count", "total_steps", "nodes_executed"),
    *("success_count", "memory_mb", "cpu_percent", "quarantined_rows", "warned_expectations"),
    "steps_without_rows",
)

_LEFT = "the process of the run ended while the step ran"


class RunState(StrEnum):
    """How a run stands."""

    QUEUED = "queued"
    """It waits for its turn, or its process is about to begin."""
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its process is gone and did not say how the run ended."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


@dataclass(slots=True)
class StepProgress:
    """One step, as far as it has come.

    Attributes:
        name: The step's name.
        layer: The step's layer.
        state: Where it stands. Of a lost run, a step that ran counts as failed.
        start_time: UTC, ISO 8601; "" before it starts.
        end_time: UTC, ISO 8601; "" until it ends.
        duration_ms: How long it took, or the region that it ran in; None until it ends.
        duration_scope: "step" or "region".
        row_count: Rows of its first output; None where they are unknown.
        retries: Tries after the first.
        rejected_rows: Rows that could not be read and were set aside.
        error_message: Why it failed, or "".
        fix: How to mend that, or "".
        reason: Why it was skipped or cancelled, or "".
        warnings: What the step warned of.
        health: How the sides of its joins meet; empty where it has none, or nothing was counted.
        expectations: What was found of each of its expectations (see `ExpectationResult`).
        quarantined_rows: Rows that broke one and were set aside.
        quarantine_path: Where they are, or "".
    """

    name: str
    layer: str = ""
    state: NodeState = NodeState.PENDING
    start_time: str = ""
    end_time: str = ""
    duration_ms: float | None = None
    duration_scope: str = "step"
    row_count: int | None = None
    retries: int = 0
    rejected_rows: int = 0
    error_message: str = ""
    fix: str = ""
    reason: str = ""
    warnings: list[str] = field(default_factory=list)
    health: dict[str, Any] = field(default_factory=dict)
    expectations: list[dict[str, Any]] = field(default_factory=list)
    quarantined_rows: int = 0
    quarantine_path: str = ""

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take what an event tells."""
        self.layer = event.get("layer") or self.layer
        match event["event_type"]:
            case EventType.NODE_START:
                self.state = NodeState.RUNNING
                self.start_time = self.start_time or str(event.get("start_time") or event["timestamp"])
            case EventType.NODE_COMPLETE:
                self._end(event, NodeState(event.get("status", NodeState.SUCCESS)))
                self.duration_scope = event.get("duration_scope", "step")
                self.row_count = event.get("row_count")
                self.rejected_rows = event.get("rejected_rows") or self.rejected_rows
                health = event.get("health")
                self.health = health if isinstance(health, dict) else {}
            case EventType.NODE_ERROR:
                self._end(event, NodeState.FAILED)
                self.error_message, self.fix = event.get("error_message") or "", event.get("fix") or ""
            case EventType.NODE_RETRY:
                self.retries = event.get("retry_count", self.retries + 1)
            case EventType.NODE_SKIPPED:
                self.state, self.reason = NodeState.SKIPPED, event.get("reason") or ""
            case EventType.NODE_CANCELLED:
                self._end(event, NodeState.CANCELLED)
                self.reason = event.get("reason") or ""
            case EventType.ROWS_REJECTED:
                self.rejected_rows = event.get("rejected_rows", 0)
            case EventType.EXPECTATIONS_CHECKED:
                self.expectations = [_mapping(result) for result in event["results"]]
                self.quarantined_rows, self.quarantine_path = 0, ""
            case EventType.ROWS_QUARANTINED:
                self.quarantined_rows += event["quarantined_rows"]
                self.quarantine_path = str(event["path"])
            case EventType.NODE_WARNING:
                self.warnings.append(str(event.get("message", "")))

    def _end(self, event: Mapping[str, Any], state: NodeState) -> None:
        self.state = state
        self.end_time = event["timestamp"]
        self.duration_ms = event.get("duration_ms")


@dataclass(slots=True)
class RunRecord:
    """A run, as far as it has come.

    Attributes:
        run_id: The run's id.
        run_dir: Its folder.
        pipeline_name: What ran.
        state: How it stands.
        queued_time: When it was asked for, UTC, ISO 8601; "" where it never waited.
        start_time: UTC, ISO 8601; "" before it starts.
        end_time: UTC, ISO 8601; "" until it ends.
        duration_ms: How long it took; None until it ends.
        total_steps: Steps of the pipeline, with those that no event names yet.
        nodes_executed: Steps that ran; None until the run is complete.
        success_count: Steps that succeeded or came from the cache; None until the run is complete.
        warned_expectations: Expectations that were not met although the run went on.
        quarantined_rows: Rows that broke an expectation and were set aside.
        steps_without_rows: Steps that gave no rows, where the run was asked to tell of it.
        engine: The pipeline's engine.
        tracking: "exact" or "fused".
        parameters: The values of the run's parameters.
        order: What was asked for (see `RunOrder`); empty where a Python program ran it.
        launched: The process that was started to execute it; None where it never waited, or waits still.
        cancel_author: Who asked it to stop, or "".
        is_cancelling: Whether somebody asked it to stop.
        memory_mb: Resident memory of its processes, as last seen; None before the first second.
        peak_memory_mb: The most of it that was seen.
        cpu_percent: Load of its processes as last seen, 100 for each core; None before the first second.
        error_message: Why the run failed, or "".
        fix: How to mend that, or "".
        failed_step: The step that made it fail, or "".
        reason: Why it was cancelled, or "".
        report_failures: Reports that could not be made, and why.
        steps: Name → step, in the order in which the run came to them; a list of runs leaves them out.
        is_judged: Whether no event told how it ended: a later one may show that it goes on.
        damaged_lines: Lines of the journal that can't be read; what they told is missing here.
    """

    run_id: str
    run_dir: Path
    pipeline_name: str = ""
    state: RunState = RunState.RUNNING
    queued_time: str = ""
    start_time: str = ""
    end_time: str = ""
    duration_ms: float | None = None
    total_steps: int = 0
    nodes_executed: int | None = None
    success_count: int | None = None
    warned_expectations: int = 0
    quarantined_rows: int = 0
    steps_without_rows: int = 0
    engine: str = ""
    tracking: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    order: dict[str, Any] = field(default_factory=dict)
    launched: ProcessIdentity | None = None
    cancel_author: str = ""
    is_cancelling: bool = False
    memory_mb: float | None = None
    peak_memory_mb: float | None = None
    cpu_percent: float | None = None
    error_message: str = ""
    fix: str = ""
    failed_step: str = ""
    reason: str = ""
    report_failures: dict[str, str] = field(default_factory=dict)
    steps: dict[str, StepProgress] = field(default_factory=dict)
    is_judged: bool = False
    damaged_lines: int = 0

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take what an event tells.

        Raises:
            KeyError: It lacks what it must have.
            TypeError: A figure is no number, or what holds names is something else.
            ValueError: A state is unknown.
        """
        _check_figures(event)
        if self.is_judged:
            self._reopen()
        if name := event.get("step_name"):
            step = self.steps.get(name)
            if step is None:
                step = self.steps[name] = StepProgress(name)
            step.apply(event)
            return
        match event["event_type"]:
            case EventType.PIPELINE_START:
                self.state = RunState.RUNNING
                self.order = _mapping(event.get("order")) or self.order
                self.pipeline_name = event.get("pipeline_name", "")
                self.start_time = str(event.get("start_time") or event["timestamp"])
                self.total_steps = event.get("total_steps", 0)
                self.engine = event.get("engine", "")
                self.tracking = event.get("tracking", "")
                self.parameters = _mapping(event.get("parameters"))
            case EventType.PIPELINE_ERROR:
                self.error_message = event.get("error_message") or "the run failed"
                self.fix = event.get("fix") or ""
                self.failed_step = event.get("failed_step") or ""
            case EventType.PIPELINE_COMPLETE:
                self._end(event, RunState(event.get("state", RunState.SUCCESS)))
                self.nodes_executed = event.get("nodes_executed")
                self.success_count = event.get("success_count")
                self.warned_expectations = event.get("warned_expectations", 0)
                self.quarantined_rows = event.get("quarantined_rows", 0)
                self.steps_without_rows = event.get("steps_without_rows", 0)
            case EventType.RUN_CANCELLED:
                self._end(event, RunState.CANCELLED)
                # Whoever asks has the run's process told by a signal, which is not why.
                self.reason = self._who_asked() if self.is_cancelling else event.get("reason") or ""
            case EventType.RUN_VITALS:
                self.memory_mb, self.cpu_percent = event.get("memory_mb"), event.get("cpu_percent")
                self.peak_memory_mb = max(self.peak_memory_mb or 0, self.memory_mb or 0)
            case EventType.RUN_QUEUED | EventType.RUN_LAUNCHED | EventType.RUN_REFUSED:
                self._apply_before_start(event)
            case EventType.CANCEL_REQUESTED:
                self.is_cancelling, self.cancel_author = True, event.get("author") or ""
            case EventType.REPORT_FAILED:
                self.report_failures[event.get("report", "")] = event.get("error_message", "")

    @property
    def trigger(self) -> str:
        """Where it was started: a `Trigger`."""
        return str(self.order.get("trigger") or "python")

    @property
    def asked_time(self) -> str:
        """When it was queued, or else when it started, or was refused, UTC, ISO 8601."""
        return self.queued_time or self.start_time or self.end_time

    def judge(self, *, is_attended: bool) -> None:
        """Settle the state where no event did.

        Args:
            is_attended: Whether the run's process was there, or its turn still to come, before the last
                events were read.
        """
        if self.state.is_final or is_attended:
            return
        self.is_judged = True
        if self.is_cancelling:
            self.state = RunState.CANCELLED
            self.reason = self._who_asked()
        else:
            self.state = RunState.FAILED if self.error_message else RunState.LOST
        self._leave_steps()

    def _who_asked(self) -> str:
        return f"{self.cancel_author or 'somebody'} asked it to stop"

    def _leave_steps(self) -> None:
        """Count steps as failed whose end nobody told of."""
        for step in self.steps.values():
            if step.state is NodeState.RUNNING:
                step.state = NodeState.FAILED
                step.error_message = _LEFT

    def _reopen(self) -> None:
        """Take back what was judged."""
        self.is_judged, self.reason = False, ""
        self.state = RunState.QUEUED if self.queued_time and not self.start_time else RunState.RUNNING
        for step in self.steps.values():
            if step.error_message == _LEFT:
                step.state, step.error_message = NodeState.RUNNING, ""

    def _apply_before_start(self, event: Mapping[str, Any]) -> None:
        match event["event_type"]:
            case EventType.RUN_QUEUED:
                self.pipeline_name, self.order = event.get("pipeline_name", ""), _mapping(event.get("order"))
                # What is wrong in an order is said when its turn comes.
                parameters = self.order.get("parameters")
                self.parameters = parameters if isinstance(parameters, dict) else {}
                self.queued_time = event["timestamp"]
                if not self.start_time:
                    self.state = RunState.QUEUED
            case EventType.RUN_LAUNCHED:
                self.launched = ProcessIdentity(**event["process"]) if event.get("process") else None
            case EventType.RUN_REFUSED:
                self.pipeline_name = self.pipeline_name or event.get("pipeline_name", "")
                self._end(event, RunState.FAILED)
                self.error_message, self.fix = event.get("error_message") or "", event.get("fix") or ""

    def _end(self, event: Mapping[str, Any], state: RunState) -> None:
        # A cancelled run may still say that it is complete: that it was cancelled is what counts.
        self.state = RunState.CANCELLED if self.state is RunState.CANCELLED else state
        self.end_time = event["timestamp"]
        self.duration_ms = event.get("duration_ms")
        if self.state is RunState.FAILED:
            self._leave_steps()


def _check_figures(event: Mapping[str, Any]) -> None:
    for name in _FIGURES:
        value = event.get(name)
        if value is not None and not isinstance(value, int | float):
            raise TypeError(name)


def _mapping(value: Any) -> dict[str, Any]:
    """A value of an event that holds names, or none.

    Raises:
        TypeError: It is something else: the line is damaged.
    """
    if value is not None and not isinstance(value, dict):
        raise TypeError(value)
    return value or {}
