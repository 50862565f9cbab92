"""What alerts tell of a run."""

from __future__ import annotations

from odibi_core.alerts.rule import Facts, Outcome
from odibi_core.journal.record import RunRecord
from odibi_core.story.wording import plural
from odibi_core.timestamps import now


def noted(record: RunRecord) -> dict[Outcome, str]:
    """What is to be told of a run beside how it ended, each in words."""
    found = {
        Outcome.WARNED: (record.warned_expectations, "expectation", "not met"),
        Outcome.QUARANTINED: (record.quarantined_rows, "row", "set aside"),
        Outcome.NO_ROWS: (record.steps_without_rows, "step", "without rows"),
    }
    return {
        outcome: f"{plural(count, noun)} {what}" for outcome, (count, noun, what) in found.items() if count
    }


def run_facts(name: str, record: RunRecord, failures: int) -> Facts:
    """What is told of a run: the placeholders of an alert's message and their values."""
    return {
        "alert": name,
        "pipeline": record.pipeline_name,
        "state": record.state.value,
        "run_id": record.run_id,
        "step": record.failed_step,
        "error": record.error_message or record.reason or ", ".join(noted(record).values()),
        "failures": failures,
        "time": record.end_time or now(),
    }
