"""Checkpoints: where a run stands, saved so that it can be resumed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

from odibi_core.errors import CheckpointError
from odibi_core.formats import atomic
from odibi_core.kept.manifest import (
    DamagedError,
    check_file,
    read_manifest,
    sealed,
    unsealed,
    write_manifest,
)
from odibi_core.kept.step_records import whole_manifest
from odibi_core.late_dataclass import dataclass
from odibi_core.text_file import write_text_file

KEPT_CHECKPOINTS = 3
KEPT_RUNS = 8

_DRAFT = ".tmp-"
_DAMAGED = ".damaged"
_RUN, _SPARE = "run-", "spare-"
_STARTED_AT = time.time()


class CheckpointMode(StrEnum):
    """When a checkpoint is saved.

    `manual`: only when somebody asks (`Orchestrator.save_checkpoint()`), at the end of the next region.
    `auto`: after a region, where 2 seconds of work would be lost, and ten times as long as the last one took
    to save; and when every step is done. `interval`: every 10 finished steps or 60 seconds, whichever comes
    first. `layer`: when a layer is complete. But for `manual`, a run that fails saves one at its end too.
    """

    MANUAL = "manual"
    AUTO = "auto"
    INTERVAL = "interval"
    LAYER = "layer"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run of a pipeline that saves checkpoints; it may have gone on over several processes.

    Attributes:
        run_id: The run in which it began; its writes are marked with it.
        day: The day of its `{date}`, ISO 8601.
        tracking: How closely its steps are watched.
        chains: Step name → the fingerprint of its settings and code, and of those of every step before it.
        is_complete: Whether it succeeded.
    """

    run_id: str
    day: str
    tracking: str
    chains: Mapping[str, str]
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint on disk.

    Attributes:
        folder: Where it is.
        manifest: What it says: checkpoint_id, pipeline_name, timestamp, run_id, completed_nodes,
            pending_nodes, failed_nodes, data_map_keys, fingerprints, outcomes. Of one that was just saved
            alone, what it says of steps that are done is in its files.
    """

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def checkpoint_id(self) -> str:
        """Its name."""
        return self.folder.name


class CheckpointManager:
    """Checkpoints in a folder, the newest three of each pipeline.

    Args:
        checkpoint_dir: The folder; it is made when a run begins that saves checkpoints.
    """

    def __init__(self, checkpoint_dir: Path | str = "checkpoints/") -> None:
        self.folder = Path(checkpoint_dir)

    def begin(self, pipeline: str, record: RunRecord) -> None:
        """Note durably that a run of the pipeline began, or is complete; other runs' records stay.

        Raises:
            TargetError: It can't be written.
        """
        if not self.folder.is_dir():
            write_text_file(self.folder / ".gitignore", "*\n")
        body = {
            "pipeline_name": pipeline,
            "run_id": record.run_id,
            "day": record.day,
            "tracking": record.tracking,
            "chains": dict(record.chains),
            "is_complete": record.is_complete,
        }
        home = self._home(pipeline)
        # Without its record a run that goes on would write again what it wrote: so there are two of each.
        for file in _record_files(home, record.run_id):
            write_text_file(file, sealed(body))
        for run_id in self._run_ids(pipeline)[KEPT_RUNS:]:
            if run_id != record.run_id:
                for file in _record_files(home, run_id):
                    file.unlink(missing_ok=True)
        _sweep(home)

    def last_run(self, pipeline: str) -> RunRecord | None:
        """The latest run of the pipeline; None where there is none.

        A run that failed before one that succeeded is not gone back to: the later one did its work again.

        Raises:
            CheckpointError: The record is damaged, or the folder holds checkpoints of another pipeline.
        """
        newest = next(iter(self._run_ids(pipeline)), None)
        return self._read(pipeline, newest) if newest is not None else None

    def run(self, pipeline: str, run_id: str) -> RunRecord | None:
        """A run of the pipeline; None where nothing is known of it any more.

        Raises:
            CheckpointError: The record is damaged, or the folder holds checkpoints of another pipeline.
        """
        return self._read(pipeline, run_id) if run_id in self._run_ids(pipeline) else None

    def checkpoints(self, pipeline: str) -> list[str]:
        """The ids of the pipeline's checkpoints, newest first."""
        return [folder.name for folder in self._folders(pipeline)]

    def latest(self, pipeline: str, run_id: str, warn: Callable[[str], object]) -> Checkpoint | None:
        """The newest whole checkpoint of a run; damaged ones are set aside, and `warn` hears of each."""
        for folder in self._folders(pipeline):
            try:
                manifest = read_manifest(folder)
                if manifest["run_id"] != run_id:
                    continue
                for name in manifest["files"]:
                    check_file(folder / name, manifest, name)
                whole = whole_manifest(folder, manifest)
            except FileNotFoundError:
                continue
            except DamagedError as error:
                aside = folder.with_name(folder.name + _DAMAGED)
                shutil.rmtree(aside, ignore_errors=True)
                folder.rename(aside)
                warn(f"the checkpoint {folder.name} is damaged ({error}) and was set aside as {aside.name}")
                continue
            return Checkpoint(folder, whole)
        return None

    def save(
        self,
        pipeline: str,
        run_id: str,
        fill: Callable[[Path], Mapping[str, Any]],
        check: Callable[[], None],
    ) -> Checkpoint:
        """A new checkpoint of a run. It is on the disk, whole, before it counts.

        Args:
            pipeline: The pipeline.
            run_id: The run in which it began.
            fill: Writes its files into the folder that it is given, and gives the manifest; `files` in it are
                those that an earlier checkpoint has, which are on the disk.
            check: Called just before it counts; raises where it should not any more.

        Raises:
            OSError: It can't be written.
        """
        home = self._home(pipeline)
        home.mkdir(parents=True, exist_ok=True)
        known = [folder.name for folder in self._folders(pipeline) if folder.name.startswith(f"{run_id}-")]
        number = max((int(name.rpartition("-")[2]) for name in known), default=0) + 1
        checkpoint_id = f"{run_id}-{number:05d}"
        draft = home / f"{_DRAFT}{secrets.token_hex(8)}"
        draft.mkdir()
        try:
            with atomic.locked(draft):
                body: dict[str, Any] = {
                    "checkpoint_id": checkpoint_id,
                    "pipeline_name": pipeline,
                    "run_id": run_id,
                }
                body |= fill(draft)
                shared = set(body["files"])
                manifest = write_manifest(draft, body)
                for file in draft.iterdir():
                    # One that could not be linked is a copy.
                    if file.name not in shared or file.stat().st_nlink == 1:
                        atomic.flush(file)
                atomic.flush_folder(draft)
                check()
                draft.rename(home / checkpoint_id)
            atomic.flush_folder(home)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._prune(pipeline, run_id)
        return Checkpoint(home / checkpoint_id, manifest)

    def _read(self, pipeline: str, run_id: str) -> RunRecord:
        body = self._record_body(pipeline, run_id)
        if body["pipeline_name"] != pipeline:
            raise CheckpointError(
                f"the folder holds checkpoints of another pipeline, {body['pipeline_name']!r}",
                where=f"pipeline {pipeline!r}, {self._home(pipeline)}",
                fix="give another checkpoint_dir, or move that folder away",
            )
        return RunRecord(
            body["run_id"], body["day"], body["tracking"], body["chains"], bool(body["is_complete"])
        )

    def _record_body(self, pipeline: str, run_id: str) -> dict[str, Any]:
        home = self._home(pipeline)
        for file in _record_files(home, run_id):
            with suppress(FileNotFoundError, DamagedError):
                return unsealed(file.read_bytes(), file.name)
        raise CheckpointError(
            f"the record of the run {run_id} is damaged, so that nobody can tell what it wrote",
            where=f"pipeline {pipeline!r}, {home}",
            fix="look what the run wrote, then start from the beginning, without resume_from_checkpoint",
        )

    def _run_ids(self, pipeline: str) -> list[str]:
        """Newest first: the id of a run begins with its time."""
        home = self._home(pipeline)
        names = {
            file.stem.removeprefix(prefix)
            for prefix in (_RUN, _SPARE)
            for file in home.glob(f"{prefix}*.json")
        }
        return sorted(names, reverse=True)

    def _home(self, pipeline: str) -> Path:
        plain = re.sub(r"[^\w.-]+", "_", pipeline).lstrip(".")[:80]
        if plain == pipeline:
            return self.folder / pipeline
        return self.folder / f"{plain}-{hashlib.sha256(pipeline.encode()).hexdigest()[:8]}"

    def _folders(self, pipeline: str) -> Iterator[Path]:
        home = self._home(pipeline)
        found = home.iterdir() if home.is_dir() else ()
        whole = [
            entry
            for entry in found
            if entry.is_dir() and not entry.name.startswith(_DRAFT) and not entry.name.endswith(_DAMAGED)
        ]
        return iter(sorted(whole, key=lambda entry: entry.name, reverse=True))

    def _prune(self, pipeline: str, run_id: str) -> None:
        # Those of the present run stay whatever the clock said when an earlier one began.
        folders = sorted(
            self._folders(pipeline),
            key=lambda entry: (entry.name.startswith(run_id), entry.name),
            reverse=True,
        )
        for folder in folders[KEPT_CHECKPOINTS:]:
            draft = folder.with_name(f"{_DRAFT}{secrets.token_hex(8)}")
            with suppress(OSError):
                folder.rename(draft)
            shutil.rmtree(draft, ignore_errors=True)


def _record_files(home: Path, run_id: str) -> tuple[Path, Path]:
    return home / f"{_RUN}{run_id}.json", home / f"{_SPARE}{run_id}.json"


def _sweep(home: Path) -> None:
    """Clear the drafts of runs that died."""
    for draft in home.glob(f"{_DRAFT}*"):
        # One that is younger may not have its lock yet.
        with suppress(OSError):
            if not draft.is_dir() or draft.stat().st_mtime >= _STARTED_AT:
                continue
            handle = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(draft)
            finally:
                os.close(handle)
