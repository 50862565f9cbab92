"""Writes the checkpoints of one run: each holds all that a resumed run needs, and shares what stays."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from odibi_core.checkpoint_manager import Checkpoint, CheckpointManager
from odibi_core.engines.base import Attempt, Engine
from odibi_core.kept.held_file import HeldFile, place
from odibi_core.kept.outcomes import outcome_record
from odibi_core.kept.progress import Moment
from odibi_core.kept.rereading import Sources
from odibi_core.kept.step_records import StepRecords
from odibi_core.plan.fingerprint import Fingerprint
from odibi_core.plan.model import Plan
from odibi_core.secret_store import Redactor
from odibi_core.timestamps import now

Known = dict[str, Mapping[str, Any]]
"""Name of a file → what a manifest says of it, of the files that an earlier checkpoint has."""


class CheckpointSaver:
    """Writes a run's checkpoints.

    Args:
        manager: Where they are.
        run_id: The run in which it all began.
        plan: The plan.
        fingerprints: Step name → fingerprint.
        engines: Name → engine.
        sources: Tells which files can be read again.
        redactor: Hides secrets in what is saved.

    Attributes:
        run_id: The run in which it all began.
    """

    def __init__(
        self,
        manager: CheckpointManager,
        run_id: str,
        plan: Plan,
        fingerprints: Mapping[str, Fingerprint],
        engines: Mapping[str, Engine],
        sources: Sources,
        redactor: Redactor,
    ) -> None:
        self.run_id = run_id
        self._manager, self._plan, self._fingerprints = manager, plan, fingerprints
        self._engines, self._sources, self._redactor = engines, sources, redactor
        self._records = StepRecords()
        self._recorded = self._hidden = 0
        self._read_before: dict[str, str] = {}
        self._rows: dict[str, HeldFile] = {}
        self._rejects: dict[str, HeldFile] = {}

    def go_on_from(self, resumed: Checkpoint, folder: Path) -> None:
        """Know what a checkpoint says of the steps that the run takes over.

        Args:
            resumed: The checkpoint.
            folder: Where its files are now.
        """
        manifest = resumed.manifest
        files, before = manifest["files"], manifest.get("sources", {})
        for record in manifest["outcomes"]:
            name, rejects = record["name"], record["rejects_file"]
            if name in before:
                self._read_before[name] = before[name]
            if rejects:
                self._rejects[name] = HeldFile(folder / rejects, files[rejects])
            for output in record["outputs"].values():
                if output["file"]:
                    self._rows[output["key"]] = HeldFile(folder / output["file"], files[output["file"]])

    def save(self, moment: Moment, attempt: Attempt) -> dict[str, Any]:
        """The keys of the event that says that a checkpoint was saved.

        Args:
            moment: How far the run is.
            attempt: Stops it from another thread.
        """
        self._record(moment)

        def fill(folder: Path) -> dict[str, Any]:
            known: Known = {}
            read_again = {
                outcome.name: digest
                for outcome, _ in moment.rows.values()
                if (digest := self._sources.digest(outcome.name))
            }
            return {
                "format": 2,
                "timestamp": now(),
                "layer": moment.layer,
                "pending_nodes": moment.pending,
                "failed_nodes": moment.failed,
                "rows": self._put_rows(folder, moment, read_again, known, attempt),
                "rejects": self._put_rejects(folder, moment, known),
                "read_again": read_again,
                **self._records.put(folder, known),
                "files": known,
            }

        saved = self._manager.save(self._plan.pipeline.name, self.run_id, fill, attempt.check)
        self._share(saved)
        return {
            "checkpoint_id": saved.checkpoint_id,
            "completed_nodes": [outcome.name for outcome in moment.outcomes],
            "pending_nodes": moment.pending,
            "layer": moment.layer,
        }

    def _record(self, moment: Moment) -> None:
        # A secret that became known since may stand in what was recorded before.
        if self._redactor.known_forms != self._hidden:
            self._hidden = self._redactor.known_forms
            self._records, self._recorded = StepRecords(), 0
        for outcome in moment.outcomes[self._recorded :]:
            print_ = self._fingerprints[outcome.name]
            self._records.add(
                {
                    "outcome": outcome_record(outcome, {}, "", self._redactor),
                    "fingerprint": {"settings": print_.settings, "code": print_.code},
                    "source": self._read_before.get(outcome.name, print_.source),
                }
            )
            self._recorded += 1

    def _put_rows(
        self, folder: Path, moment: Moment, read_again: Mapping[str, str], known: Known, attempt: Attempt
    ) -> dict[str, str]:
        """Dataset key → name of the file that now holds its rows in the folder."""
        names: dict[str, str] = {}
        for key, (outcome, dataset) in moment.rows.items():
            if outcome.name in read_again:
                continue
            attempt.check()
            names[key] = f"data-{len(names) + 1}.parquet"
            if not place(self._rows.get(key), folder / names[key], known):
                engine = self._engines[self._plan.steps[outcome.name].step.engine]
                engine.save(dataset, folder / names[key], attempt)
        return names

    def _put_rejects(self, folder: Path, moment: Moment, known: Known) -> dict[str, str]:
        """Step name → name of the file that now holds its rejected rows in the folder."""
        names: dict[str, str] = {}
        for step, path in moment.rejects.items():
            names[step] = f"rejects-{len(names) + 1}.csv"
            if not place(self._rejects.get(step), folder / names[step], known):
                shutil.copyfile(path, folder / names[step])
        return names

    def _share(self, saved: Checkpoint) -> None:
        """Have the next checkpoint take what it has in common with this one from there."""
        manifest = saved.manifest
        files: Mapping[str, Mapping[str, Any]] = manifest["files"]
        self._records.saved(saved.folder, files)
        for held, part in ((self._rows, "rows"), (self._rejects, "rejects")):
            held.clear()
            for key, name in manifest[part].items():
                held[key] = HeldFile(saved.folder / name, files[name])
