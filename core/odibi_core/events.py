"""What happens in a run, as events: the names, and the keys that each carries.

Every event is a flat dict that JSON can hold. The bus adds `event_type`, `pipeline_name`, `run_id` and
`timestamp` (UTC, ISO 8601).
"""

from __future__ import annotations

from enum import StrEnum


class EventType(StrEnum):
    """Everything that a run can say. The keys of each are beside it."""

    PIPELINE_START = "pipeline_start"
    """start_time, total_steps, engine, tracking, parameters, order (see `RunOrder`; empty from Python)"""
    PIPELINE_COMPLETE = "pipeline_complete"
    """duration_ms, nodes_executed, success_count, state ("success" or "failed"), warned_expectations,
    quarantined_rows, steps_without_rows, tracker (hooks only)"""
    PIPELINE_ERROR = "pipeline_error"
    """error_message, failed_step; where and fix instead of it for an error outside the steps"""
    NODE_START = "node_start"
    """step_name, layer, start_time, attempt (from 1)"""
    NODE_COMPLETE = "node_complete"
    """step_name, layer, duration_ms, duration_scope ("step" or "region"), row_count, row_count_scope
    ("exact", "inferred", "recounted" or "unknown"), status ("success" or "cached"), layer_complete,
    rejected_rows, written (a store's details), health (how the sides of its joins meet; where it has some),
    cache_reason (why the step ran although the cache is on; only where cache or checkpoints are on)"""
    NODE_ERROR = "node_error"
    """step_name, layer, error_message, error_type, fix, retry_count, duration_ms"""
    NODE_RETRY = "node_retry"
    """step_name, layer, error_message, retry_count, delay_s"""
    NODE_SKIPPED = "node_skipped"
    """step_name, layer, reason"""
    NODE_CANCELLED = "node_cancelled"
    """step_name, layer, reason"""
    ROWS_REJECTED = "rows_rejected"
    """step_name, layer, rejected_rows, reason (of the first), path (where they are kept)"""
    EXPECTATIONS_CHECKED = "expectations_checked"
    """step_name, layer, results (of every expectation; see `ExpectationResult`), outputs (output → row_count,
    schema), took_ms"""
    EXPECTATION_FAILED = "expectation_failed"
    """step_name, layer, expectation, check, state ("warned", "failed" or "quarantined"), rows,
    offending_rows, message, fix: an expectation is not met"""
    ROWS_QUARANTINED = "rows_quarantined"
    """step_name, layer, output, quarantined_rows, reasons (expectation → rows), path (where they are kept)"""
    NO_ROWS = "no_rows"
    """step_name, layer: a step gave no rows, in a run that was asked to tell of it"""
    NODE_WARNING = "node_warning"
    """step_name, layer, message"""
    CHECKPOINT_SAVED = "checkpoint_saved"
    """checkpoint_id, completed_nodes, pending_nodes, layer (what is complete since the last one)"""
    RUN_CANCELLED = "run_cancelled"
    """reason, duration_ms"""
    REPORT_FAILED = "report_failed"
    """report ("story", "metrics", …), error_message: something after the last step went wrong"""

    RUN_QUEUED = "run_queued"
    """order (see `RunOrder`): it waits for its turn. This and what follows stand in the journal alone."""
    RUN_LAUNCHED = "run_launched"
    """process (see `ProcessIdentity`): what will execute it was started"""
    RUN_REFUSED = "run_refused"
    """error_message, where, fix, problems: the run could not begin"""
    CANCEL_REQUESTED = "cancel_requested"
    """author: somebody asked the run to stop"""
    RUN_VITALS = "run_vitals"
    """memory_mb, cpu_percent (100 for each core) of the run's process and its children, each second"""


class NodeState(StrEnum):
    """Where a step stands in a run."""

    PENDING = "pending"
    READY = "ready"
    RUNNING = "running"
    CACHED = "cached"
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to the step."""
        return self not in _OPEN


_OPEN = (NodeState.PENDING, NodeState.READY, NodeState.RUNNING)
