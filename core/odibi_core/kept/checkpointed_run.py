"""The checkpoints as one run sees them: what need not be done again, and when to save the next one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odibi_core.checkpoint_manager import Checkpoint, CheckpointManager, CheckpointMode
from odibi_core.dataset import Dataset, Snapshot
from odibi_core.engines.base import Attempt, Engine, Outcome, RunContext
from odibi_core.events import NodeState
from odibi_core.kept.outcomes import outcome_record, restore_outcome
from odibi_core.kept.recomputing import Recomputer
from odibi_core.kept.rereading import Sources
from odibi_core.plan.fingerprint import Fingerprint
from odibi_core.plan.model import Plan, Region
from odibi_core.secret_store import Redactor
from odibi_core.timestamps import now

INTERVAL_STEPS = 10
INTERVAL_S = 60.0

_GOOD = (NodeState.SUCCESS, NodeState.CACHED)


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file of an earlier checkpoint, which later ones hold too: rows are written once a run.

    Attributes:
        path: Where it is.
        about: Its digest and size, as a manifest has them.
    """

    path: Path
    about: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckpointSaver:
    """Writes a run's checkpoints.

    Attributes:
        manager: Where they are.
        run_id: The run in which it all began.
        plan: The plan.
        fingerprints: Step name → fingerprint.
        engines: Name → engine.
        sources: Tells which files can be read again.
        redactor: Hides secrets in what is saved.
    """

    manager: CheckpointManager
    run_id: str
    plan: Plan
    fingerprints: Mapping[str, Fingerprint]
    engines: Mapping[str, Engine]
    sources: Sources
    redactor: Redactor

    def save(
        self,
        outcomes: Mapping[str, Outcome],
        states: Mapping[str, NodeState],
        layer: str,
        held: dict[str, HeldFile],
        read_before: Mapping[str, str],
        attempt: Attempt,
    ) -> dict[str, Any]:
        """The keys of the event that says that a checkpoint was saved.

        Args:
            outcomes: Name of a step that is done → what it did.
            states: Step name → state.
            layer: The layers that are complete since the last one.
            held: Dataset key → Parquet file that holds it already; afterwards those of this checkpoint.
            read_before: Step that an earlier run did → the state of the source that it read.
            attempt: Stops it from another thread.
        """
        pending = [name for name in self.plan.steps if name not in outcomes]
        needed = {key for name in pending for key in self.plan.steps[name].step.needs}

        def fill(folder: Path) -> dict[str, Any]:
            known: dict[str, Mapping[str, Any]] = {}
            read_again = {
                outcome.name: digest
                for outcome in outcomes.values()
                if any(dataset.key in needed for dataset in outcome.outputs.values())
                and (digest := self.sources.digest(outcome.name))
            }
            records = [
                self._record(
                    folder,
                    outcome,
                    frozenset() if outcome.name in read_again else needed,
                    held,
                    known,
                    attempt,
                )
                for outcome in outcomes.values()
            ]
            return {
                "format": 1,
                "timestamp": now(),
                "layer": layer,
                "completed_nodes": list(outcomes),
                "pending_nodes": [name for name in pending if states[name] is not NodeState.FAILED],
                "failed_nodes": [name for name in pending if states[name] is NodeState.FAILED],
                "data_map_keys": [
                    dataset.key for outcome in outcomes.values() for dataset in outcome.outputs.values()
                ],
                "fingerprints": {
                    name: {"settings": self.fingerprints[name].settings, "code": self.fingerprints[name].code}
                    for name in outcomes
                },
                "outcomes": records,
                "sources": {name: self.fingerprints[name].source for name in outcomes} | dict(read_before),
                "read_again": read_again,
                "files": known,
            }

        saved = self.manager.save(self.plan.pipeline.name, self.run_id, fill, attempt.check)
        held.clear()
        held |= held_files(saved.folder, saved.manifest)
        return {
            "checkpoint_id": saved.checkpoint_id,
            "completed_nodes": list(outcomes),
            "pending_nodes": saved.manifest["pending_nodes"],
            "layer": layer,
        }

    def _record(
        self,
        folder: Path,
        outcome: Outcome,
        needed: Set[str],
        held: Mapping[str, HeldFile],
        known: dict[str, Mapping[str, Any]],
        attempt: Attempt,
    ) -> dict[str, Any]:
        engine = self.engines[self.plan.steps[outcome.name].step.engine]
        files: dict[str, str] = {}
        for dataset in outcome.outputs.values():
            # Computed again, the rows that were taken out would be in it again.
            if dataset.key not in needed and not outcome.checked.get("quarantine"):
                continue
            attempt.check()
            name = f"data-{len(list(folder.iterdir())) + 1}.parquet"
            if dataset.key in held and held[dataset.key].path.exists():
                link_or_copy(held[dataset.key].path, folder / name)
                known[name] = held[dataset.key].about
            else:
                engine.save(dataset, folder / name, attempt)
            files[dataset.key] = name
        rejects = ""
        if outcome.rejects_path:
            rejects = f"rejects-{len(list(folder.iterdir())) + 1}.csv"
            shutil.copyfile(outcome.rejects_path, folder / rejects)
        return outcome_record(outcome, files, rejects, self.redactor)


def held_files(folder: Path, manifest: Mapping[str, Any]) -> dict[str, HeldFile]:
    """Dataset key → file of a checkpoint that holds its rows."""
    return {
        held["key"]: HeldFile(folder / held["file"], manifest["files"][held["file"]])
        for record in manifest["outcomes"]
        for held in record["outputs"].values()
        if held["file"]
    }


def link_or_copy(source: Path, target: Path) -> None:
    """Have `target` hold what `source` does; that may be one file with two names."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


class CheckpointedRun:
    """Recalls what a checkpoint holds, and says when to save the next one.

    Args:
        saver: Writes checkpoints.
        mode: When one is saved.
        resumed: The checkpoint that the run goes on from.
        context: The run.
    """

    def __init__(
        self,
        saver: CheckpointSaver,
        mode: CheckpointMode,
        resumed: Checkpoint | None,
        context: RunContext,
    ) -> None:
        self._saver, self._mode, self._context = saver, mode, context
        self._recomputer = Recomputer(saver.plan, saver.engines, context)
        self._outcomes: dict[str, Outcome] = {}
        self._records: dict[str, dict[str, Any]] = {}
        self._files = context.scratch / "checkpoint"
        if resumed is not None:
            self._records = {record["name"]: dict(record) for record in resumed.manifest["outcomes"]}
            self._borrow(resumed)
        before = resumed.manifest.get("sources", {}) if resumed is not None else {}
        self._read_before = {name: before[name] for name in self._records if name in before}
        self._held = held_files(self._files, resumed.manifest) if resumed is not None else {}
        self._layers = {planned.step.layer for planned in saver.plan.steps.values()}
        self._complete_layers: set[str] = set()
        self._is_wanted = False
        # A fork that fails at its first own step is to be resumed, too: it saves what it took over.
        is_own = resumed is not None and resumed.manifest["run_id"] == saver.run_id
        self._steps_saved = len(self._records) if is_own else 0
        self._saved_at = time.monotonic()

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
        self._outcomes |= {outcome.name: outcome for outcome in outcomes}

    def next_save(
        self, states: Mapping[str, NodeState], *, is_end: bool
    ) -> Callable[[Attempt], dict[str, Any]] | None:
        """What saves a checkpoint of the run as it stands, and gives the event's keys; None where none is.

        Args:
            states: Step name → state.
            is_end: Whether the run has ended, without success.
        """
        layer = self._new_layers(states)
        # Until everything of the last checkpoint is recalled, that one says more than a new one would.
        if not self._records.keys() <= self._outcomes.keys():
            return None
        if not self._is_wanted and not self._is_due(layer, is_end=is_end):
            return None
        self._is_wanted = False
        self._steps_saved, self._saved_at = len(self._outcomes), time.monotonic()
        outcomes, moment = dict(self._outcomes), dict(states)
        # One checkpoint is saved at a time: nobody else has the files in hand meanwhile.
        return lambda attempt: self._saver.save(
            outcomes, moment, layer, self._held, self._read_before, attempt
        )

    def _is_due(self, layer: str, *, is_end: bool) -> bool:
        more = len(self._outcomes) - self._steps_saved
        if self._mode is CheckpointMode.MANUAL or more <= 0:
            return False
        if is_end or self._mode is CheckpointMode.AUTO:
            return True
        if self._mode is CheckpointMode.LAYER:
            return bool(layer)
        return more >= INTERVAL_STEPS or time.monotonic() - self._saved_at >= INTERVAL_S

    def _new_layers(self, states: Mapping[str, NodeState]) -> str:
        steps = self._saver.plan.steps
        unfinished = {steps[name].step.layer for name, state in states.items() if state not in _GOOD}
        fresh = sorted(self._layers - unfinished - self._complete_layers)
        self._complete_layers |= set(fresh)
        return ", ".join(fresh)

    def _borrow(self, checkpoint: Checkpoint) -> None:
        """Have the files of the checkpoint in the run's scratch folder, where no later one removes them."""
        self._files.mkdir()
        for name in checkpoint.manifest["files"]:
            link_or_copy(checkpoint.folder / name, self._files / name)

    def _restore(self, record: Mapping[str, Any], data: Mapping[str, Dataset]) -> Outcome:
        step = record["name"]
        engine = self._saver.engines[self._saver.plan.steps[step].step.engine]

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
