"""A run asked for again: the pipeline as it was then, all of it, what failed, or what a checkpoint left."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from odibi_core.checkpoint_manager import CheckpointManager
from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError, SourceError
from odibi_core.events import NodeState
from odibi_core.graph.selection import select_steps
from odibi_core.journal.order import RunOrder, Trigger, read_order
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.writer import DESIGN_FILE, ORDERED_FILE
from odibi_core.pipeline import Pipeline
from odibi_core.step import NodeKind
from odibi_core.text_file import reason


class Repeat(StrEnum):
    """Where a run that is done again begins."""

    START = "start"
    FAILURE = "failure"
    """With what failed or did not come to run; what that needs is taken from the cache, or computed again."""
    CHECKPOINT = "checkpoint"
    """At the latest checkpoint of the run."""


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
        OdibiError: The run still goes on, no step of it is left to do, it took mended rows or a batch that is
            gone, or its order or pipeline was not kept or can't be read.
    """
    record = JournalReader(run_dir).record()
    if repeat is not Repeat.START and not record.state.is_final:
        raise OdibiError(
            "the run has not ended yet",
            where=f"run {record.run_id}",
            fix=f"wait until it ends: odibi runs follow {record.run_id}",
        )
    if record.order.get("trigger") == Trigger.REPLAY:
        raise OdibiError(
            "the run took mended rows, which another run would write once more",
            where=f"run {record.run_id}",
            fix="where it failed, go on with it: odibi quarantine again",
        )
    if record.order.get("trigger") == Trigger.STREAM:
        _check_batch(record, kept_pipeline(run_dir))
    known = {"pipeline": record.pipeline_name, "trigger": trigger, "parameters": record.parameters}
    asked = read_order({**known, **record.order}, record.run_id)
    changes: dict[str, Any] = {
        "trigger": trigger,
        "author": author,
        "rerun_of": record.run_id,
        "resume": repeat is Repeat.CHECKPOINT,
    }
    if parameters is not None:
        changes["parameters"] = dict(parameters)
    if repeat is Repeat.FAILURE:
        changes["steps"] = _steps_left(record, asked, kept_pipeline(run_dir))
    return asked.model_copy(update=changes), kept_text(run_dir)


def _check_batch(record: RunRecord, pipeline: Pipeline) -> None:
    """Return where the batch that a stream gave to a run is still there."""
    for step in pipeline.steps:
        if step.kind is NodeKind.INGEST and isinstance(step.value, str):
            batch = Path(step.value)
            if batch.is_absolute() and not batch.exists():
                raise OdibiError(
                    f"the run took a batch of a stream, and {batch.name} is no longer where it took it from",
                    where=f"run {record.run_id}",
                    fix="where it failed, have the stream take it again: odibi stream replay",
                )


def kept_pipeline(run_dir: Path) -> Pipeline:
    """The pipeline as it was when the run was asked for.

    Raises:
        OdibiError: It was not kept, or can't be read.
    """
    return load_yaml(kept_text(run_dir))


def check_resumable(record: RunRecord, checkpoints: CheckpointManager) -> None:
    """Return where the run can go on from what it saved.

    Args:
        record: The run.
        checkpoints: Those of its pipeline's folder.

    Raises:
        OdibiError: It saved nothing, all of its work is done, or the pipeline has begun anew since.
    """
    where, run_id = f"run {record.run_id}", record.run_id
    again = f"odibi runs rerun {run_id}"
    if record.state is RunState.SUCCESS:
        raise OdibiError(
            "the run succeeded: nothing is left to do", where=where, fix=f"run it again: {again}"
        )
    last = checkpoints.last_run(record.pipeline_name)
    if last is None:
        raise OdibiError(
            "the run saved no checkpoints",
            where=where,
            fix=f"do only what is left, computing again what that needs: {again} --failed",
        )
    # A run that went on with another one left its checkpoints under the other one's name.
    if last.run_id != run_id and not (record.order.get("resume") and last.run_id < run_id):
        raise OdibiError(
            f"another run of the pipeline has begun since, {last.run_id}, and its checkpoints count now",
            where=where,
            fix=f"resume that one, or run this one again: {again}",
        )
    if last.is_complete:
        raise OdibiError(
            "the run had done all of its work when it ended: nothing is left to do",
            where=where,
            fix=f"run it again: {again}",
        )


def _steps_left(record: RunRecord, asked: RunOrder, pipeline: Pipeline) -> list[str]:
    # Of a run that died not every step has a line in the journal.
    part = select_steps(pipeline, start=asked.start, end=asked.end, only=asked.steps)
    done = {
        step.name for step in record.steps.values() if step.state in (NodeState.SUCCESS, NodeState.CACHED)
    }
    asked_for = [step.name for step in part.pipeline.steps if step.name not in part.recomputed]
    left = [name for name in asked_for if name not in done]
    if left:
        return left
    raise OdibiError(
        "every step of the run succeeded", where=f"run {record.run_id}", fix="run it again from the start"
    )


def kept_text(run_dir: Path) -> str:
    """The YAML of the pipeline as it was when the run was asked for.

    Raises:
        OdibiError: It was not kept, or can't be read.
    """
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
