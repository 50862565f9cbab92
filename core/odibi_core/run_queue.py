"""The queue of runs: what was asked for waits here until there is room, and then gets a process of its own.

It is a folder of empty files, one a run that waits or goes on, in the order of their ids, which is the order
of time. Everything else stands in the journals. Whoever comes by carries the queue on (a Studio, a run that
ends): there is nothing that must keep running for it.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from odibi_core.errors import OdibiError, WorkspaceError
from odibi_core.events import EventType
from odibi_core.journal.cancelling import request_cancel
from odibi_core.journal.identity import ProcessIdentity
from odibi_core.journal.lease import held_leases
from odibi_core.journal.order import QUEUE_FOLDER, RunOrder, read_order
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.runs import run_summary
from odibi_core.journal.writer import (
    ORDERED_FILE,
    OUTPUT_FILE,
    append_event,
    make_run_folder,
    new_run_id,
)
from odibi_core.text_file import reason, write_text_file
from odibi_core.workspace import Workspace, file_name

_LOCK = ".lock"


class RunQueue:
    """The queue of a workspace. Any number of processes may use it at the same time.

    Args:
        workspace: Whose runs it holds.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._children: list[int] = []
        self._lock = threading.Lock()

    def put(self, order: RunOrder, text: str, *, run_id: str = "") -> str:
        """The id of a new run, which starts as soon as there is room for it.

        Args:
            order: What is asked for.
            text: The pipeline, as YAML: what runs is what it says now.
            run_id: The run's id, where whoever asks must know it before: asking twice is asking once.

        Raises:
            WorkspaceError: The run can't be written down.
        """
        run_id = run_id or new_run_id()
        run_dir = self._workspace.runs / run_id
        try:
            with self._locked() as folder:
                if run_dir.is_dir() and run_summary(run_dir).queued_time:
                    return run_id
                (folder / run_id).touch()
                make_run_folder(run_dir)
                write_text_file(run_dir / ORDERED_FILE, text)
                keys = order.model_dump(mode="json", exclude_defaults=True)
                append_event(run_dir, EventType.RUN_QUEUED, order.pipeline, order=keys)
        except OSError as error:
            raise WorkspaceError(
                f"the run can't be written down: {reason(error)}",
                where=str(run_dir),
                fix="choose a workspace in a folder that you may write to, on a disk with free space",
            ) from error
        self.carry_on()
        return run_id

    def carry_on(self) -> list[str]:
        """Start what waits, as far as there is room; the ids of what was started, in order.

        Raises:
            WorkspaceError: odibi.toml is wrong, or nothing can be written.
        """
        self._collect()
        if not self.ids():
            return []
        started = []
        at_once = self._workspace.load().runs.at_once
        with self._locked() as folder:
            busy = held_leases(self._workspace.state)
            waiting: list[tuple[RunRecord, RunOrder]] = []
            for run_id in self.ids():
                record = self._record(run_id)
                if record is None or record.state.is_final:
                    (folder / run_id).unlink(missing_ok=True)
                elif record.state is RunState.QUEUED and record.launched is None:
                    try:
                        waiting.append((record, read_order(record.order, run_id)))
                    except OdibiError as error:
                        refuse(record.run_dir, record.pipeline_name, error)
                        (folder / run_id).unlink(missing_ok=True)
                else:
                    busy.setdefault(run_id, file_name(record.pipeline_name))
            for record, order in waiting:
                name = file_name(order.pipeline)
                if len(busy) >= at_once:
                    break
                if name in busy.values() and not order.together:
                    continue
                self._launch(record)
                busy[record.run_id] = name
                started.append(record.run_id)
        return started

    def ids(self) -> list[str]:
        """The runs that wait or go on, and were put here, the oldest first; some may just have ended."""
        try:
            with os.scandir(self._folder()) as entries:
                return sorted(entry.name for entry in entries if entry.name != _LOCK)
        except OSError:
            return []

    def is_busy(self, pipeline: str) -> bool:
        """Whether a run of the pipeline goes on, or waits here for its turn."""
        if file_name(pipeline) in held_leases(self._workspace.state).values():
            return True
        records = [record for run_id in self.ids() if (record := self._record(run_id)) is not None]
        return any(record.pipeline_name == pipeline and not record.state.is_final for record in records)

    def cancel(self, run_id: str, author: str) -> bool:
        """Whether the run still waited, so that it will never begin; False where it is asked to stop.

        Args:
            run_id: The run, whoever started it.
            author: Who cancels it.

        Raises:
            OdibiError: It has ended, its process can't be reached from here, or its journal be written.
        """
        if self._withdraw(run_id, author):
            return True
        request_cancel(self._workspace.runs / run_id, author)
        return False

    def _withdraw(self, run_id: str, author: str) -> bool:
        with self._locked() as folder:
            record = self._record(run_id)
            if record is None or record.state is not RunState.QUEUED or record.launched is not None:
                return False
            append_event(
                record.run_dir,
                EventType.RUN_CANCELLED,
                record.pipeline_name,
                reason=f"{author or 'somebody'} took it out of the queue",
                duration_ms=0,
            )
            (folder / run_id).unlink(missing_ok=True)
        return True

    def _record(self, run_id: str) -> RunRecord | None:
        run_dir = self._workspace.runs / run_id
        return run_summary(run_dir) if run_dir.is_dir() else None

    def _launch(self, record: RunRecord) -> None:
        # Without -m: that would put the current folder before the installed packages.
        code = "from odibi_core.cli.executor import main; main(is_own_process=True)"
        command = [sys.executable, "-P", "-c", code, str(self._workspace.root), record.run_id]
        output = str(record.run_dir / OUTPUT_FILE)
        try:
            pid = os.posix_spawn(
                sys.executable,
                command,
                os.environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ],
                setsid=True,
                setsigmask=(),
                # Whoever starts it may ignore them: it listens to them.
                setsigdef=(signal.SIGINT, signal.SIGTERM, signal.SIGPIPE),
            )
        except OSError as error:
            refuse(record.run_dir, record.pipeline_name, _unstartable(error))
            return
        self._children.append(pid)
        identity = ProcessIdentity.of(pid)
        process = asdict(identity) if identity else None
        append_event(record.run_dir, EventType.RUN_LAUNCHED, record.pipeline_name, process=process)

    def _collect(self) -> None:
        """Have the system forget the processes that were started here and have ended."""
        with self._lock:
            self._children = [pid for pid in self._children if not _has_ended(pid)]

    def _folder(self) -> Path:
        return self._workspace.state / QUEUE_FOLDER

    @contextmanager
    def _locked(self) -> Iterator[Path]:
        folder = self._folder()
        folder.mkdir(exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            with self._lock:
                yield folder
        finally:
            with suppress(OSError):
                os.close(handle)


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def refuse(run_dir: Path, pipeline: str, error: OdibiError) -> None:
    """Note in a run's journal why it could not begin.

    Raises:
        WorkspaceError: The journal can't be written.
    """
    problems = [str(problem) for problem in getattr(error, "problems", ())]
    append_event(
        run_dir,
        EventType.RUN_REFUSED,
        pipeline,
        error_message="; ".join(problems) if problems else error.what,
        where=error.where,
        fix=error.fix,
        problems=problems,
    )


def note_refusal(workspace: Workspace, order: RunOrder, error: OdibiError, *, run_id: str = "") -> str:
    """The id of a run that could not be asked for: it stands among the runs, with the reason.

    Raises:
        WorkspaceError: That can't be written down.
    """
    run_id = run_id or new_run_id()
    run_dir = workspace.runs / run_id
    try:
        make_run_folder(run_dir)
    except OSError as failure:
        raise WorkspaceError(
            f"the run can't be written down: {reason(failure)}", where=str(run_dir), fix="free some space"
        ) from failure
    keys = order.model_dump(mode="json", exclude_defaults=True)
    append_event(run_dir, EventType.RUN_QUEUED, order.pipeline, order=keys)
    refuse(run_dir, order.pipeline, error)
    return run_id


def _unstartable(error: OSError) -> OdibiError:
    return OdibiError(
        f"no process can be started for the run: {reason(error)}",
        fix="end other programs, or lower at_once in odibi.toml, and run it again",
    )
