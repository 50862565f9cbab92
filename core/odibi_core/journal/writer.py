"""Writes a run's journal."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from odibi_core.errors import OdibiError, WorkspaceError
from odibi_core.events import EventType
from odibi_core.journal.heartbeat import Heartbeat
from odibi_core.journal.vitals import Vitals
from odibi_core.json_text import JsonEncoder
from odibi_core.late_logging import logger
from odibi_core.pipeline import Pipeline
from odibi_core.secret_store import Redactor
from odibi_core.text_file import reason, write_text_file
from odibi_core.timestamps import now

DESIGN_FILE = "design.yaml"
ORDERED_FILE = "ordered.yaml"
"""The whole pipeline as it was when a run was put into the queue."""
OUTPUT_FILE = "output.log"
"""What the process of such a run writes beside its journal."""
EVENTS_FILE = "events.jsonl"
CANCEL_FILE = "cancel"
"""Holds who asked the run to stop: of a long journal only the ends are read for a list."""
_KEPT_AT_ONCE = frozenset({EventType.PIPELINE_START, EventType.PIPELINE_COMPLETE, EventType.RUN_CANCELLED})


def new_run_id() -> str:
    """An id such as 20261124T161500-9f3a5b2c81: ids sort by the time (UTC) at which they were made."""
    now = dt.datetime.now(dt.UTC)
    fraction = now.microsecond * 0x10000 // 1_000_000
    return f"{now:%Y%m%dT%H%M%S}-{fraction:04x}{secrets.token_hex(3)}"


class JournalWriter:
    """Appends a run's events to its journal (`bus.subscribe(journal.observe)`), and each second its vitals.

    A run that waited for its turn has a journal already; it goes on there.

    Each event is one line, written by one call, so that a reader sees it whole or not yet. What can't be
    written later on (the disk is full, say) is counted and said in the log; the run goes on.

    Args:
        runs: The folder that holds the runs.
        run_id: Names the run's folder.
        pipeline: What runs; it is kept as design.yaml.
        redactor: Hides secrets.

    Attributes:
        run_dir: The run's folder.

    Raises:
        WorkspaceError: The run's folder can't be made or written.
    """

    def __init__(
        self, runs: Path, run_id: str, pipeline: Pipeline, *, redactor: Redactor | None = None
    ) -> None:
        self.run_dir = Path(runs) / run_id
        self._redactor = redactor or Redactor()
        self._encoder = JsonEncoder(self._redactor)
        self._lock = threading.RLock()
        self._pipeline_name = pipeline.name
        self._vitals = Vitals()
        self._unsaid = 0
        self._file: int | None = None
        self._end = -1
        try:
            make_run_folder(self.run_dir)
            self._heartbeat = Heartbeat(self.run_dir, self._keep_vitals)
            try:
                self._file = open_events(self.run_dir)
            except OSError:
                self._heartbeat.stop()
                raise
        except OSError as error:
            raise _unwritable(error, self.run_dir) from error
        self._keep_design(pipeline)

    def observe(self, event: Mapping[str, Any]) -> None:
        """Append an event, but for its keys that begin with "_"."""
        shown = dict(event)
        for key in _hidden_keys(tuple(event)):
            del shown[key]
        line = self._encoder.encode_line(shown)
        with self._lock:
            if self._file is None:
                return
            try:
                self._end = _append(self._file, line, self._end)
                self._say_missing()
                if event["event_type"] in _KEPT_AT_ONCE:
                    os.fsync(self._file)
            except OSError as error:
                if self._unsaid == 0:
                    logger(__name__).warning(
                        "the journal can't be written (%s), and what happens now is missing from it: %s",
                        reason(error),
                        self.run_dir,
                    )
                self._unsaid += 1

    def close(self) -> None:
        """Say that the process is done with the run. Later events are not kept."""
        with self._lock:
            if self._file is None:
                return
            file, self._file = self._file, None
            self._say_missing()
        # Not under the lock: a beat that is under way may want it for the vitals.
        try:
            os.fsync(file)
            self._heartbeat.stop()
        except OSError as error:
            logger(__name__).warning(
                "the journal of %s could not be closed: %s", self.run_dir, error.strerror
            )
        finally:
            os.close(file)

    def _keep_vitals(self) -> None:
        vitals = self._vitals.measure()
        if vitals is not None:
            keys = {"memory_mb": vitals.memory_mb, "cpu_percent": vitals.cpu_percent}
            self.observe(_event(self.run_dir, EventType.RUN_VITALS, self._pipeline_name, keys))

    def _say_missing(self) -> None:
        if self._unsaid:
            events = "1 event is" if self._unsaid == 1 else f"{self._unsaid} events are"
            logger(__name__).warning("%s missing from the journal: %s", events, self.run_dir)
            self._unsaid = 0

    def _keep_design(self, pipeline: Pipeline) -> None:
        from odibi_core.design.yaml_text import dump_yaml

        try:
            text = dump_yaml(pipeline, name_objects=True)
            write_text_file(self.run_dir / DESIGN_FILE, self._redactor.text(text))
        except OdibiError as error:
            logger(__name__).warning("the design could not be kept in the journal: %s", error)


@lru_cache(maxsize=128)
def _hidden_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys that are for watchers alone; there are few kinds of events, each with the same keys."""
    return tuple(key for key in keys if key.startswith("_"))


def append_event(run_dir: Path, event_type: EventType, pipeline: str, **keys: Any) -> None:
    """Add to the journal of a run that another process executes, or that waits for its turn.

    Raises:
        WorkspaceError: It can't be written.
    """
    line = JsonEncoder().encode_line(_event(run_dir, event_type, pipeline, keys))
    try:
        file = open_events(run_dir)
        try:
            _append(file, line)
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        raise _unwritable(error, run_dir) from error


def note_cancel(run_dir: Path, pipeline: str, author: str) -> None:
    """Note in a run's folder that somebody asked it to stop.

    Raises:
        OdibiError: It can't be written.
    """
    write_text_file(run_dir / CANCEL_FILE, author)
    append_event(run_dir, EventType.CANCEL_REQUESTED, pipeline, author=author)


def cancel_author(run_dir: Path) -> str | None:
    """Who asked the run to stop; None where nobody did."""
    try:
        return (run_dir / CANCEL_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def open_events(run_dir: Path) -> int:
    """A handle that appends to a run's events: each write of whole lines stands in one piece.

    Raises:
        OSError: It can't be opened.
    """
    return os.open(run_dir / EVENTS_FILE, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)


def _append(file: int, line: bytes, known_end: int = -1) -> int:
    """Write a line in one call, as far as the disk takes it: other processes may be writing, too.

    Args:
        file: The events.
        line: Ends with a line break.
        known_end: Where a whole line is known to end.

    Returns:
        Where this line ends, if nobody else wrote meanwhile.

    Raises:
        OSError: It can't be written, or not all of it.
    """
    size = os.lseek(file, 0, os.SEEK_END)
    # Of a line that a full disk cut off the end is missing: this one must not be joined to it.
    is_torn = size not in (0, known_end) and os.pread(file, 1, size - 1) != b"\n"
    data = b"\n" + line if is_torn else line
    written = os.write(file, data)
    while written < len(data):
        written += os.write(file, data[written:])
    return size + written


def make_run_folder(run_dir: Path) -> None:
    """Make a run's folder, where it is missing.

    Raises:
        OSError: It can't be made.
    """
    run_dir.parent.mkdir(parents=True, exist_ok=True)
    ignore = run_dir.parent.parent / ".gitignore"
    if ignore.parent.name == ".odibi" and not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    run_dir.mkdir(exist_ok=True)


def _event(run_dir: Path, event_type: EventType, pipeline: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "event_type": event_type.value,
        "pipeline_name": pipeline,
        "run_id": run_dir.name,
        "timestamp": now(),
        **keys,
    }


def _unwritable(error: OSError, run_dir: Path) -> WorkspaceError:
    if isinstance(error, FileExistsError) and run_dir.is_dir():
        return WorkspaceError(
            "there is a run of that id already", where=str(run_dir), fix="use another run id"
        )
    return WorkspaceError(
        f"the journal of the run can't be written: {reason(error)}",
        where=str(run_dir),
        fix="choose a workspace in a folder that you may write to, on a disk with free space",
    )
