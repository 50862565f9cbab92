"""Runs as messages, with what a person can do next."""

from __future__ import annotations

from odibi_core.journal.record import RunRecord, RunState
from odibi_studio.run_messages import RunSummary


def summary(
    record: RunRecord, *, queue_position: int = 0, can_resume: bool = False, can_fork: bool = False
) -> RunSummary:
    """A run as a message.

    Args:
        record: The run.
        queue_position: From 1 where it waits, else 0.
        can_resume: Whether it left a checkpoint to go on from.
        can_fork: Whether a checkpoint of it is still there.
    """
    order = record.order
    return RunSummary(
        run_id=record.run_id,
        pipeline=record.pipeline_name,
        state=record.state,
        trigger=record.trigger,
        author=str(order.get("author", "")),
        source=str(order.get("source", "")),
        design_id=str(order.get("design_id", "")),
        version=int(order.get("version", 0)),
        queued=record.queued_time,
        started=record.start_time,
        ended=record.end_time,
        duration_ms=record.duration_ms,
        total_steps=record.total_steps,
        success_count=record.success_count,
        parameters=record.parameters,
        start=str(order.get("start", "")),
        end=str(order.get("end", "")),
        engine=record.engine,
        tracking=record.tracking,
        rerun_of=str(order.get("rerun_of", "")),
        is_cancelling=record.is_cancelling and not record.state.is_final,
        error=record.error_message,
        fix=record.fix,
        failed_step=record.failed_step,
        reason=record.reason,
        advice=_advice(record, can_resume=can_resume),
        queue_position=queue_position,
        memory_mb=record.memory_mb,
        peak_memory_mb=record.peak_memory_mb,
        cpu_percent=record.cpu_percent,
        can_resume=can_resume,
        can_fork=can_fork,
        warnings=_warnings(record),
    )


def _advice(record: RunRecord, *, can_resume: bool) -> str:
    match record.state:
        case RunState.LOST:
            what = "Its process ended without a word: it was killed, memory ran out, or the machine stopped."
            if can_resume:
                return f"{what} Resume it from its last checkpoint: nothing is written twice."
            return f"{what} Nothing is half written. Run it again; a step that appends would append again."
        case RunState.FAILED if record.failed_step:
            resume = " or resume it from its last checkpoint" if can_resume else ""
            return f"Mend the step {record.failed_step!r}, then run from it{resume}."
        case RunState.FAILED:
            return "It never began. Mend what the error names, then run it again."
        case RunState.CANCELLED if can_resume:
            return "Resume it from its last checkpoint, or run it again."
    return ""


def _warnings(record: RunRecord) -> list[str]:
    found = [f"the {report} could not be made: {why}" for report, why in record.report_failures.items()]
    if record.damaged_lines:
        lines = "1 line" if record.damaged_lines == 1 else f"{record.damaged_lines} lines"
        found.append(f"{lines} of the journal can't be read; what they told is missing")
    return found
