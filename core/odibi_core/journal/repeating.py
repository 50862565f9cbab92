"""A run asked for again: the same pipeline as it was then, from the start, from a failure or a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from odibi_core.errors import OdibiError, SourceError
from odibi_core.events import NodeState
from odibi_core.journal.order import RunOrder, Trigger
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.record import RunRecord
from odibi_core.journal.writer import DESIGN_FILE, ORDERED_FILE
from odibi_core.text_file import reason


class Repeat(StrEnum):
    """Where a run that is done again begins."""

    START = "start"
    FAILURE = "failure"
    """At the step that failed; what it needs is computed again, other steps before it are not."""
    CHECKPOINT = "checkpoint"
    """At the latest checkpoint of the pipeline, where it did not succeed since."""


def repeat_order(
    run_dir: Path,
    repeat: Repeat,
    *,
    trigger: Trigger,
    author: str,
    parameters: Mapping[str, Any] | None = None,
) -> tuple[RunOrder, str]:
    """What to ask for, and the pipeline as YAML, to do a run again.

    Args:
        run_dir: The run's folder.
        repeat: Where to begin.
        trigger: Where it is asked for.
        author: Who asks.
        parameters: Other values of the parameters; None takes those of the run.

    Raises:
        OdibiError: The run did not fail at a step, or its pipeline was not kept.
    """
    record = JournalReader(run_dir).record()
    asked = RunOrder.model_validate(
        {
            "pipeline": record.pipeline_name,
            "trigger": trigger,
            "parameters": record.parameters,
            **record.order,
        }
    )
    changes: dict[str, Any] = {
        "trigger": trigger,
        "author": author,
        "rerun_of": record.run_id,
        "resume": repeat is Repeat.CHECKPOINT,
    }
    if parameters is not None:
        changes["parameters"] = dict(parameters)
    if repeat is Repeat.FAILURE:
        changes["start"] = _failed_step(record)
    return asked.model_copy(update=changes), _text(run_dir)


def _failed_step(record: RunRecord) -> str:
    failed = [step.name for step in record.steps.values() if step.state is NodeState.FAILED]
    if record.failed_step or failed:
        return record.failed_step or failed[0]
    raise OdibiError(
        "no step of the run failed", where=f"run {record.run_id}", fix="run it again from the start"
    )


def _text(run_dir: Path) -> str:
    for name in (ORDERED_FILE, DESIGN_FILE):
        try:
            return (run_dir / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            why = reason(error) if isinstance(error, OSError) else "it is not UTF-8 text"
            raise SourceError(f"the pipeline of the run can't be read: {why}", where=str(run_dir)) from error
    raise OdibiError(
        "the pipeline that ran was not kept",
        where=f"run {run_dir.name}",
        fix="run the pipeline's file instead",
    )
