"""Whether and where a run goes on from a checkpoint, or begins anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from odibi_core.errors import CheckpointError
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from odibi_core.checkpoint_manager import Checkpoint, CheckpointManager, RunRecord
    from odibi_core.plan.fingerprint import Fingerprint


@dataclass(frozen=True, slots=True)
class Fork:
    """A run that a new one goes on from, though steps have changed since.

    Attributes:
        pipeline: The pipeline that ran.
        run_id: The run.
    """

    pipeline: str
    run_id: str


@dataclass(slots=True)
class Resumption:
    """What a run that was asked to resume found.

    Attributes:
        record: The run that it continues; None where it begins anew.
        checkpoint: Where it goes on; None where it begins at the first step.
        forked: The run that it takes over from without being it: it writes under its own name.
        warnings: What a person should know.
    """

    record: RunRecord | None = None
    checkpoint: Checkpoint | None = None
    forked: RunRecord | None = None
    warnings: list[str] = field(default_factory=list)


def find_resumption(manager: CheckpointManager, pipeline: str) -> Resumption:
    """The latest run of the pipeline that did not succeed, and its newest whole checkpoint.

    Raises:
        CheckpointError: The checkpoint is of another pipeline, or the record of the run is damaged.
    """
    found = Resumption()
    found.record = manager.last_run(pipeline)
    if found.record is None:
        found.warnings.append("there is no checkpoint to resume from: this run starts from the beginning")
        return found
    if found.record.is_complete:
        found.warnings.append("the last run succeeded, so there is nothing to resume: this run begins anew")
        found.record = None
        return found
    found.checkpoint = manager.latest(pipeline, found.record.run_id, found.warnings.append)
    if found.checkpoint is None:
        found.warnings.append(
            f"the run {found.record.run_id} has no checkpoint to resume from: "
            "this run starts from the beginning"
        )
    elif found.checkpoint.manifest["pipeline_name"] != pipeline:
        raise CheckpointError(
            f"it is a checkpoint of the pipeline {found.checkpoint.manifest['pipeline_name']!r}",
            where=f"pipeline {pipeline!r}, checkpoint {found.checkpoint.checkpoint_id}",
            fix="run without resume_from_checkpoint to start from the beginning, or choose another folder",
        )
    return found


def find_fork(manager: CheckpointManager, fork: Fork) -> Resumption:
    """The newest whole checkpoint of a run, whatever became of that run.

    Raises:
        CheckpointError: It has none, or its record is damaged.
    """
    found = Resumption()
    found.checkpoint = manager.latest(fork.pipeline, fork.run_id, found.warnings.append)
    found.forked = manager.run(fork.pipeline, fork.run_id)
    if found.checkpoint is None or found.forked is None:
        raise CheckpointError(
            f"the run {fork.run_id} has no checkpoint any more",
            where=f"pipeline {fork.pipeline!r}",
            fix="run the pipeline from the start; the newest three checkpoints of a pipeline are kept",
        )
    return found


def check_unchanged(checkpoint: Checkpoint, pipeline: str, fingerprints: Mapping[str, Fingerprint]) -> None:
    """Return where every step that the checkpoint holds is still as it was when it ran.

    Raises:
        CheckpointError: Some are not; the error names them.
    """
    changes = []
    for step, parts in checkpoint.manifest["fingerprints"].items():
        print_ = fingerprints.get(step)
        if print_ is None:
            changes.append(f"{step!r} (it is gone)")
        elif print_.settings != parts["settings"]:
            changes.append(f"{step!r} (its settings or parameters)")
        elif print_.code != parts["code"]:
            changes.append(f"{step!r} (its code)")
        elif checkpoint.manifest.get("read_again", {}).get(step, print_.source) != print_.source:
            changes.append(f"{step!r} (the files that it reads)")
    if changes:
        raise CheckpointError(
            f"steps that were done have changed since: {', '.join(changes)}",
            where=f"pipeline {pipeline!r}, checkpoint {checkpoint.checkpoint_id}",
            fix="undo the change, or run without resume_from_checkpoint to start from the beginning",
        )


def ticket_run_ids(record: RunRecord | None, fingerprints: Mapping[str, Fingerprint]) -> dict[str, str]:
    """Step name → the run under whose name it writes; empty where no run is continued.

    What the run that is continued may have written after its last checkpoint must not be written twice; but a
    step whose rows come about in another way now must not pass for done.
    """
    if record is None:
        return {}
    return {
        step: record.run_id
        if record.chains.get(step) == print_.chain
        else f"{record.run_id}-{print_.chain[:12]}"
        for step, print_ in fingerprints.items()
    }
