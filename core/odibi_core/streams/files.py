"""Batches out of a folder: each new whole file is one, or several of so many rows.

A file is written down by the hash of its content, then moved into a folder of the stream's own, and only then
taken: from there on nobody else changes it. Whatever moment the process dies at, the next one finds the file
in one of the places that the ledger allows, and goes on.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from odibi_core.arrivals import Arrival, Arrivals
from odibi_core.errors import OdibiError, TargetError
from odibi_core.formats.atomic import flush_folder
from odibi_core.step import Step
from odibi_core.streams.batch import Batch
from odibi_core.streams.config import StreamConfig
from odibi_core.streams.ledger import BatchState, Entry, StreamLedger
from odibi_core.streams.staging import read_step, stage, write_step
from odibi_core.text_file import reason, write_text_file
from odibi_core.timestamps import now
from odibi_core.workspace import Workspace

_PRIVATE = ".processing"
_PIECE = 1 << 20

_log = logging.getLogger(__name__)


def content_key(path: Path) -> str:
    """The hash of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


class FileSource:
    """Batches out of a folder.

    Args:
        workspace: What paths are relative to.
        folder: The folder; it is made where it is missing.
        config: What the stream is told.
        reader: The step that reads the batches.
        ledger: What was taken.
        staged: A folder for parts of files.
        key_of: What tells a file from every other.
        pattern: Which files count.
        settle_s: How long a file must stay as it is.
    """

    def __init__(
        self,
        workspace: Workspace,
        folder: Path,
        config: StreamConfig,
        reader: Step,
        ledger: StreamLedger,
        staged: Path,
        *,
        key_of: Callable[[Path], str] = content_key,
        pattern: str = "",
        settle_s: float | None = None,
    ) -> None:
        self._workspace, self._folder, self._config, self._ledger = workspace, folder, config, ledger
        self._reader, self._staged, self._key_of = reader, staged, key_of
        self._processed = workspace.resolve(config.processed_dir or folder / "processed")
        self._failed = workspace.resolve(config.failed_dir or folder / "failed")
        self._settle_s = config.settle_s if settle_s is None else settle_s
        self._arrivals = Arrivals(folder, pattern or config.file_pattern, self._settle_s)
        self._came: list[Arrival] = []
        self._entry: Entry | None = None
        self._lock = threading.RLock()
        _make(folder)
        self._recover()

    def next_batch(self) -> Batch | None:
        """The next batch; None where there is none now."""
        while True:
            if self._entry is None:
                self._entry = self._next_entry()
            if self._entry is None:
                return None
            batch = self._batch(self._entry)
            if batch is not None:
                return batch

    def commit(self, batch: Batch, run_id: str) -> None:
        """The batch's rows are where they belong: a file whose last batch it was goes to processed/."""
        self._ledger.commit(batch.key, batch.slice_ + 1, run_id, is_whole=batch.is_last)
        if not batch.is_last:
            self._entry = self._ledger.entry(batch.key)
            return
        self._entry = None
        self._put_away(batch.key, batch.name)

    def fail(self, batch: Batch, run_id: str, why: str) -> None:
        """The file can't be taken: it goes to failed/, with the reason beside it."""
        self._ledger.fail(batch.key, run_id, why)
        self._entry = None
        self._set_aside(batch.key, batch.name, why, run_id)

    def waiting(self) -> tuple[int, float]:
        """How many files wait, and for how many seconds the oldest has."""
        with self._lock:
            came = self._came or self._arrivals.look({})[0]
        oldest = max(time.time() - came[0].mtime, 0.0) if came else 0.0
        return len(came) + (self._entry is not None), oldest

    def wait_s(self) -> float:
        """How long to wait before it is worth looking again."""
        interval = self._config.poll_interval_s
        return min(max(self._settle_s / 5, 0.02), interval) if self._arrivals.is_waiting else interval

    def watched(self) -> Path | None:
        """The folder."""
        return self._folder

    def _next_entry(self) -> Entry | None:
        """The next file that is ours to take."""
        for entry in self._ledger.open_entries():
            if self._place(entry.key, entry.name).is_file():
                return entry
        while True:
            with self._lock:
                self._came = self._came or self._arrivals.look({})[0]
                arrival = self._came.pop(0) if self._came else None
            if arrival is None:
                return None
            entry_or_none = self._take(arrival)
            if entry_or_none is not None:
                return entry_or_none

    def _take(self, arrival: Arrival) -> Entry | None:
        """The entry of a file that came; None where its content was taken before, or it is gone."""
        path = arrival.path
        try:
            key = self._key_of(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TargetError(f"the file can't be read: {reason(error)}", where=str(path)) from error
        known = self._ledger.entry(key)
        if known is not None and known.state is BatchState.DONE:
            if not self._config.allow_duplicates:
                told = "%s has the content of %s, which was taken %s: it is put away"
                _log.warning(told, path.name, known.name, known.ended)
                if self._config.keep_processed:
                    self._move(path, self._processed, key)
                else:
                    path.unlink(missing_ok=True)
                return None
            key = hashlib.sha256(f"{key} {self._ledger.next_number()}".encode()).hexdigest()
        entry = self._ledger.take(key, path.name)
        place = self._place(key, path.name)
        _make(place.parent)
        try:
            path.rename(place)
        except OSError as error:
            self._ledger.forget(key)
            raise TargetError(
                f"the file can't be moved: {reason(error)}",
                where=str(path),
                fix="allow writing in the folder: files move as they are taken",
            ) from error
        flush_folder(place.parent)
        return entry

    def _batch(self, entry: Entry) -> Batch | None:
        """The next batch of a file; None where it could not be made, and the file was set aside."""
        place = self._place(entry.key, entry.name)
        params = self._config.params_of(self._reader.params)
        # A file that was begun is taken to its end as it was begun, whatever the stream is told by now.
        size = entry.batch_size if entry.slices else self._config.batch_size or 0
        if not size:
            self._ledger.cut(entry.key, 1, 0)
            return Batch(entry.key, entry.number, 0, True, place, params, entry.name)
        try:
            whole, slices = self._cut(entry, place, params, size)
            part = self._part(whole, entry.done, size)
        except OdibiError as error:
            self._ledger.fail(entry.key, "", str(error))
            self._entry = None
            self._set_aside(entry.key, entry.name, str(error), "")
            return None
        is_last = entry.done + 1 >= slices
        return Batch(
            entry.key, entry.number, entry.done, is_last, part, {"source_type": "parquet"}, entry.name
        )

    def _cut(self, entry: Entry, place: Path, params: dict[str, object], size: int) -> tuple[Path, int]:
        """The file's rows as Parquet, and how many batches they make; the same however often it is asked."""
        whole = self._staged / f"{entry.key[:32]}.parquet"
        if not whole.exists():
            read = Step("ingest", "rows", "config_op", "", str(place), params, outputs={"data": "rows"})
            stage(self._workspace, [read, write_step("put_aside", "rows", whole)])
        import pyarrow.parquet as pq

        slices = max(-(-pq.read_metadata(whole).num_rows // size), 1)
        self._ledger.cut(entry.key, slices, size)
        return whole, slices

    def _part(self, whole: Path, number: int, size: int) -> Path:
        part = whole.with_name(f"{whole.stem}-part.parquet")
        sql = f"SELECT * FROM rows LIMIT {size} OFFSET {size * number}"
        cut = Step("transform", "cut", "sql", "", sql, {}, {"rows": "rows"}, {"data": "part"})
        stage(self._workspace, [read_step("rows", whole), cut, write_step("put_aside", "part", part)])
        return part

    def _recover(self) -> None:
        """Put right what a process left that died."""
        for entry in self._ledger.open_entries():
            if self._place(entry.key, entry.name).is_file():
                continue
            original = self._folder / entry.name
            if original.is_file():
                # It had not been moved yet, so that no run has seen it: it comes as if it were new.
                if entry.done == 0:
                    self._ledger.forget(entry.key)
            else:
                self._ledger.fail(entry.key, entry.run_id, "the file is gone: somebody removed it")
                _log.error("%s is gone before it was taken", entry.name)
        for place in sorted((self._folder / _PRIVATE).glob("*/*")):
            found = next(
                (one for one in self._ledger.named(place.name) if self._place(one.key, one.name) == place),
                None,
            )
            if found is not None and found.state is BatchState.DONE:
                self._put_away(found.key, found.name)
            elif found is not None and found.state is BatchState.FAILED:
                self._set_aside(found.key, found.name, found.reason, found.run_id)

    def _place(self, key: str, name: str) -> Path:
        return self._folder / _PRIVATE / key[:16] / name

    def _put_away(self, key: str, name: str) -> None:
        place = self._place(key, name)
        if self._config.keep_processed:
            self._move(place, self._processed, key)
        else:
            place.unlink(missing_ok=True)
        self._clear(place, key)

    def _set_aside(self, key: str, name: str, why: str, run_id: str) -> None:
        place = self._place(key, name)
        moved = self._move(place, self._failed, key)
        if moved is not None:
            told = {"file": name, "reason": why, "run_id": run_id, "time": now()}
            write_text_file(moved.with_name(f"{moved.name}.reason.json"), json.dumps(told, indent=2) + "\n")
        self._clear(place, key)

    def _clear(self, place: Path, key: str) -> None:
        shutil.rmtree(place.parent, ignore_errors=True)
        for left in self._staged.glob(f"{key[:32]}*.parquet"):
            left.unlink(missing_ok=True)

    def _move(self, path: Path, folder: Path, key: str) -> Path | None:
        """Where a file now is; None where it is gone."""
        _make(folder)
        try:
            return self._moved(path, folder, key)
        except OSError as error:
            raise TargetError(
                f"the file {path.name} can't be moved: {reason(error)}",
                where=str(folder),
                fix="see that the folder can be written and the disk has space",
            ) from error

    def _moved(self, path: Path, folder: Path, key: str) -> Path | None:
        target = folder / path.name
        number = 0
        while target.exists():
            number += 1
            target = folder / f"{path.stem}-{key[:8]}{f'-{number}' if number > 1 else ''}{path.suffix}"
        try:
            path.rename(target)
        except FileNotFoundError:
            return None
        except OSError:
            # On another file system: whole under another name first.
            draft = target.with_name(f".{target.name}.tmp")
            try:
                shutil.copy2(path, draft)
                draft.rename(target)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
            path.unlink()
        return target


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TargetError(
            f"the folder can't be made: {reason(error)}", where=str(folder), fix="give another folder"
        ) from error
