"""The checkpoints as one run sees them: what need not be done again, and when to save the next one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from odibi_core.checkpoint_manager import Checkpoint, CheckpointMode
from odibi_core.dataset import Dataset, Snapshot
from odibi_core.engines.base import Attempt, Engine, Outcome, RunContext
from odibi_core.kept.checkpoint_saver import CheckpointSaver
from odibi_core.kept.held_file import link_or_copy
from odibi_core.kept.outcomes import restore_outcome
from odibi_core.kept.progress import Moment, Progress
from odibi_core.kept.recomputing import Recomputer
from odibi_core.plan.model import Plan, Region

AUTO_S = 2.0
AUTO_SHARE = 0.1
INTERVAL_STEPS = 10
INTERVAL_S = 60.0


class CheckpointedRun:
    """Recalls what a checkpoint holds, and says when to save the next one.

    Args:
        plan: The plan.
        engines: Name → engine.
        saver: Writes checkpoints.
        mode: When one is saved.
        resumed: The checkpoint that the run goes on from.
        context: The run.
    """

    def __init__(
        self,
        plan: Plan,
        engines: Mapping[str, Engine],
        saver: CheckpointSaver,
        mode: CheckpointMode,
        resumed: Checkpoint | None,
        context: RunContext,
    ) -> None:
        self._saver, self._mode, self._context = saver, mode, context
        self._plan, self._engines = plan, engines
        self._recomputer = Recomputer(plan, engines, context)
        self._progress = Progress(plan)
        self._records: dict[str, dict[str, Any]] = {}
        self._files = context.scratch / "checkpoint"
        if resumed is not None:
            self._records = {record["name"]: dict(record) for record in resumed.manifest["outcomes"]}
            self._borrow(resumed)
            saver.go_on_from(resumed, self._files)
        self._to_recall = set(self._records)
        self._is_wanted = False
        # A fork that fails at its first own step is to be resumed, too: it saves what it took over.
        is_own = resumed is not None and resumed.manifest["run_id"] == saver.run_id
        self._steps_saved = len(self._records) if is_own else 0
        self._saved_at, self._took_s = time.monotonic(), 0.0

    def want(self) -> None:
        """Have a checkpoint saved at the end of the next region. Safe from any thread."""
        self._is_wanted = True

    def recall(self, region: Region, data: Mapping[str, Dataset]) -> list[Outcome] | None:
        """What the region did before the checkpoint; None where it has yet to run."""
        if not all(name in self._records for name in region.steps):
            return None
        return [self._restore(self._records[name], data) for name in region.steps]

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Know that the steps of a region are done."""
        for outcome in outcomes:
            self._progress.take(outcome)
            self._to_recall.discard(outcome.name)

    def next_save(
        self, failed: Collection[str], *, is_end: bool
    ) -> Callable[[Attempt], dict[str, Any]] | None:
        """What saves a checkpoint of the run as it stands, and gives the event's keys; None where none is.

        Args:
            failed: Names of steps that failed.
            is_end: Whether the run has ended, without success.
        """
        progress = self._progress
        # Until everything of the last checkpoint is recalled, that one says more than a new one would.
        if self._to_recall:
            progress.new_layers.clear()
            return None
        if not self._is_wanted and not self._is_due(is_end=is_end):
            return None
        self._is_wanted = False
        self._steps_saved = len(progress.outcomes)
        moment = progress.moment(failed)
        progress.new_layers.clear()
        # One checkpoint is saved at a time.
        return lambda attempt: self._save(moment, attempt)

    def _save(self, moment: Moment, attempt: Attempt) -> dict[str, Any]:
        begun = time.monotonic()
        try:
            return self._saver.save(moment, attempt)
        finally:
            self._saved_at = time.monotonic()
            self._took_s = self._saved_at - begun

    def _is_due(self, *, is_end: bool) -> bool:
        more = len(self._progress.outcomes) - self._steps_saved
        if self._mode is CheckpointMode.MANUAL or more <= 0:
            return False
        if is_end:
            return True
        if self._mode is CheckpointMode.LAYER:
            return bool(self._progress.new_layers)
        to_lose_s = time.monotonic() - self._saved_at
        if self._mode is CheckpointMode.AUTO:
            return self._progress.is_complete or to_lose_s >= max(AUTO_S, self._took_s / AUTO_SHARE)
        return more >= INTERVAL_STEPS or to_lose_s >= INTERVAL_S

    def _borrow(self, checkpoint: Checkpoint) -> None:
        """Have the files of the checkpoint in the run's scratch folder, where no later one removes them."""
        self._files.mkdir()
        for name in checkpoint.manifest["files"]:
            link_or_copy(checkpoint.folder / name, self._files / name)

    def _restore(self, record: Mapping[str, Any], data: Mapping[str, Dataset]) -> Outcome:
        step = record["name"]
        engine = self._engines[self._plan.steps[step].step.engine]

        def opened(key: str, snapshot: Snapshot, file: str) -> Dataset:
            if file:
                return engine.load(key, self._files / file, snapshot)
            return self._recomputer.defer(step, key, snapshot, data)

        rejects = ""
        if record["rejects_file"]:
            self._context.rejects.mkdir(parents=True, exist_ok=True)
            target = self._context.rejects / record["rejects_file"]
            shutil.copyfile(self._files / record["rejects_file"], target)
            rejects = str(target)
        return restore_outcome(record, opened, rejects)
