"""Runs pipelines and functions by themselves: at times, at intervals, when files come."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from odibi_core.arrivals import Arrivals
from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.file_lock import FileLock
from odibi_core.journal.order import user_name
from odibi_core.run_queue import RunQueue
from odibi_core.schedules.asking import ARGUMENTS, ScheduleMode, check_mode, upcoming, wrong_settings
from odibi_core.schedules.conditions import Conditions
from odibi_core.schedules.files import load_schedule, schedule_files
from odibi_core.schedules.jobs import FunctionJob, Job, PipelineJob
from odibi_core.schedules.schedule import Schedule, Timing
from odibi_core.schedules.scheduled import Scheduled
from odibi_core.schedules.store import STORE_FILE, ScheduleStore
from odibi_core.schedules.zones import local_zone_name
from odibi_core.signals import cancel_on_signals
from odibi_core.waits import join
from odibi_core.workspace import Workspace, file_name

LOOK_EVERY_S = 1.0
"""How long nobody looks at clock, folders and files at most: so soon a clock that jumps is seen."""
_PIECE_S = 0.25

_log = logging.getLogger(__name__)

__all__ = ["ScheduleManager", "ScheduleMode"]


class ScheduleManager:
    """Runs what is scheduled. What became of each tick is kept in the workspace, and survives restarts.

    Two managers of one workspace never do the same tick: each schedule is seen to by the one that came first,
    and by the other once that has ended.

    Args:
        workspace: The folder that keeps the ticks, and that paths are relative to; the nearest one with an
            odibi.toml at or above the current folder, else the current folder.
        declared: Whether the schedules in the workspace's folder `schedules/` run too.
        clock: Gives the present moment, with its time zone; the machine's clock by default.
    """

    def __init__(
        self,
        workspace: Workspace | Path | str | None = None,
        *,
        declared: bool = False,
        clock: Callable[[], dt.datetime] | None = None,
    ) -> None:
        self._workspace = workspace if isinstance(workspace, Workspace) else Workspace.find(workspace)
        self._declared, self._clock = declared, clock or _now
        self._store = ScheduleStore(self._workspace.state / STORE_FILE)
        self._queue = RunQueue(self._workspace)
        self._conditions = Conditions(self._workspace)
        self._lock = threading.RLock()
        self._scheduled: dict[str, Scheduled] = {}
        self._read: dict[Path, tuple[int, int]] = {}
        self._told: dict[str, str] = {}
        self._others: set[str] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def names(self) -> list[str]:
        """The schedules, in the order in which they were added."""
        with self._lock:
            return list(self._scheduled)

    @property
    def is_running(self) -> bool:
        """Whether it was started in the background and goes on."""
        return self._thread is not None and self._thread.is_alive()

    def schedule(
        self,
        mode: ScheduleMode | str,
        *,
        func: Callable[..., object],
        name: str,
        cron_expression: str | None = None,
        interval_seconds: float | None = None,
        watch_path: str | Path | None = None,
        file_pattern: str = "*",
        **timing: Any,
    ) -> None:
        """Have a function called by itself.

        Args:
            mode: What makes it tick.
            func: Takes nothing; where files make it tick it may take the path of the new file.
            name: Names the schedule; what became of its ticks is kept under this name.
            cron_expression: Minute, hour, day of month, month, day of week, in `time_zone`.
            interval_seconds: Whole seconds between two ticks.
            watch_path: The folder whose new files are ticks.
            file_pattern: Which of its files count.
            timing: What else a schedule may say: `time_zone` (the machine's own by default), `start`, `end`,
                `jitter`, `missed`, `overlap`, `after`, `wait_at_most`, `settle_s`.

        Raises:
            UnknownNameError: There is no such mode.
            OdibiError: Something is wrong or missing, or the name is taken.
        """
        where = f"schedule {name!r}"
        if mode not in list(ScheduleMode):
            raise UnknownNameError.of("the mode", str(mode), list(ScheduleMode), where=where)
        given = {
            "cron_expression": cron_expression,
            "interval_seconds": interval_seconds,
            "watch_path": watch_path,
        }
        check_mode(ScheduleMode(mode), given, where)
        said = {
            "cron": cron_expression,
            "every": interval_seconds,
            "watch": str(watch_path) if watch_path is not None else None,
            "pattern": file_pattern,
            "time_zone": local_zone_name(),
            "start": self._clock() if interval_seconds is not None else None,
            **timing,
        }
        try:
            read = Timing.model_validate(said)
        except ValidationError as error:
            raise OdibiError(wrong_settings(error, ARGUMENTS), where=where) from error
        job = FunctionJob(name, func, takes_files=read.watch is not None, takes_times=read.times is not None)
        self.add(name, read, job, is_per_file=job.is_per_file)

    def schedule_interval(
        self, interval_seconds: float, func: Callable[..., object], name: str, **timing: Any
    ) -> None:
        """Have a function called every so many seconds; the first time when they have passed once."""
        self.schedule(
            ScheduleMode.INTERVAL, interval_seconds=interval_seconds, func=func, name=name, **timing
        )

    def schedule_file_watch(
        self, watch_path: str | Path, file_pattern: str, func: Callable[..., object], name: str, **timing: Any
    ) -> None:
        """Have a function called when whole new files have come into a folder.

        A function that takes an argument is called with the path of each; another once for all that came.
        """
        self.schedule(
            ScheduleMode.FILE_WATCH,
            watch_path=watch_path,
            file_pattern=file_pattern,
            func=func,
            name=name,
            **timing,
        )

    def schedule_pipeline(self, name: str, schedule: Schedule) -> None:
        """Have a pipeline of the workspace run by itself, in a process of its own.

        Raises:
            OdibiError: The name is taken.
        """
        job = PipelineJob(self._workspace, name, schedule, self._queue)
        self.add(name, schedule, job, is_per_file=schedule.is_per_file)

    def add(self, name: str, timing: Timing, job: Job, *, is_per_file: bool = False) -> None:
        """Have any job done by itself.

        Args:
            name: Names the schedule.
            timing: When it ticks.
            job: What is to be done.
            is_per_file: Whether each new file is a tick of its own.

        Raises:
            OdibiError: The name is taken.
        """
        arrivals = None
        if timing.watch is not None:
            arrivals = Arrivals(self._workspace.resolve(timing.watch), timing.pattern, timing.settle_s)
        with self._lock:
            if name in self._scheduled:
                raise OdibiError(
                    "there is a schedule of that name already",
                    where=f"schedule {name!r}",
                    fix="take another name",
                )
            self._scheduled[name] = Scheduled(
                name,
                timing,
                job,
                store=self._store,
                lock=FileLock(self._workspace.state / "schedules" / f"{file_name(name)}.lock"),
                conditions=self._conditions,
                arrivals=arrivals,
                is_per_file=is_per_file,
            )

    def remove(self, name: str) -> None:
        """Have a schedule tick no more; what is going on is not ended."""
        with self._lock:
            scheduled = self._scheduled.pop(name, None)
        if scheduled is not None:
            scheduled.release()

    def pause(self, name: str) -> bool:
        """Whether it was not paused yet: nothing of it begins until it is resumed, whoever runs it.

        Raises:
            UnknownNameError: There is no such schedule.
        """
        self._find(name)
        return self._store.pause(name, user_name(), self._clock())

    def resume(self, name: str) -> bool:
        """Whether it was paused; ticks of the time between don't come any more.

        Raises:
            UnknownNameError: There is no such schedule.
        """
        self._find(name)
        return self._store.resume(name, self._clock())

    def next_ticks(self, name: str, count: int = 1) -> list[dt.datetime]:
        """The next moments at which a schedule ticks, in its time zone; fewer where it ends.

        Raises:
            UnknownNameError: There is no such schedule.
        """
        return upcoming(self._find(name).timing, self._clock(), count)

    def look(self) -> dt.datetime | None:
        """Do what is due now. When the next is due because of the time; None where that is not known."""
        now = self._clock().astimezone(dt.UTC)
        with self._lock:
            if self._declared:
                self._guarded("", self._read_files)
            paused = self._guarded("the ticks", self._store.paused)
            if not isinstance(paused, Mapping):
                # Without the record nobody knows what may begin: nothing does until it can be read.
                return None
            soonest: dt.datetime | None = None
            for name, scheduled in list(self._scheduled.items()):
                found = self._guarded(name, lambda one=scheduled: self._look_at(one, now, paused))  # type: ignore[misc]
                if isinstance(found, dt.datetime):
                    soonest = min(soonest or found, found)
            return soonest

    def start(self) -> None:
        """Run what is scheduled until SIGINT, SIGTERM or `stop()`.

        What is going on then is let end; a second signal ends the process at once.
        """
        self._stopping.clear()
        with cancel_on_signals(lambda _reason: self._stopping.set(), ends_process=False):
            self._run()

    def start_background(self) -> None:
        """Run what is scheduled in a thread, until `stop()`."""
        if not self.is_running:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="odibi-scheduler", daemon=True)
            self._thread.start()

    def stop(self, timeout_s: float | None = None) -> bool:
        """Whether everything has ended: nothing new begins, and functions that were called are let end.

        Args:
            timeout_s: How long to wait for that; None waits as long as it takes.
        """
        self._stopping.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            return join(self._thread, timeout_s)
        return True

    def close(self) -> None:
        """Let go of the record of ticks."""
        self.stop()
        self._store.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            due = self.look()
            if self._declared:
                self._guarded("the queue", self._queue.carry_on)
            wait_s = LOOK_EVERY_S
            if due is not None:
                wait_s = min(wait_s, max((due - self._clock()).total_seconds(), 0.0))
            while wait_s > 0 and not self._stopping.wait(min(wait_s, _PIECE_S)):
                wait_s -= _PIECE_S
        while self._is_busy():
            # In pieces: a signal that comes as a wait begins is heard only when it ends.
            threading.Event().wait(_PIECE_S / 5)
        with self._lock:
            for scheduled in self._scheduled.values():
                scheduled.release()

    def _is_busy(self) -> bool:
        with self._lock:
            return any(not one.job.starts_runs and one.job.is_busy() for one in self._scheduled.values())

    def _look_at(
        self, scheduled: Scheduled, now: dt.datetime, paused: Mapping[str, object]
    ) -> dt.datetime | None:
        name = scheduled.name
        if not scheduled.take():
            if name not in self._others:
                self._others.add(name)
                _log.info("schedule %s: another scheduler sees to it, and this one stands by", name)
            return None
        self._others.discard(name)
        return scheduled.look(now, is_paused=name in paused)

    def _find(self, name: str) -> Scheduled:
        with self._lock:
            if name not in self._scheduled:
                raise UnknownNameError.of("the schedule", name, self._scheduled)
            return self._scheduled[name]

    def _guarded(self, name: str, act: Callable[[], object]) -> object:
        """What `act` gives; what is wrong with one schedule is said once, and stops no other."""
        try:
            found = act()
        except Exception as error:  # noqa: BLE001 - what is wrong with one schedule never ends the others
            said = str(error) if isinstance(error, OdibiError) else f"{type(error).__name__}: {error}"
            if self._told.get(name) != said:
                self._told[name] = said
                _log.error("%s", said if isinstance(error, OdibiError) or not name else f"{name}: {said}")
            return None
        self._told.pop(name, None)
        return found

    def _read_files(self) -> None:
        """Take in what changed in the folder of schedules."""
        files = schedule_files(self._workspace)
        for name in [name for name in self._scheduled if name not in files and name in self._from_files()]:
            self.remove(name)
        states = {path: _state(path) for path in files.values()}
        if states == self._read:
            return
        changed = [name for name, path in files.items() if self._read.get(path) != states[path]]
        self._read = states
        for name in changed:
            self._guarded(f"file {name}", lambda one=name: self._take_in(one, files[one]))  # type: ignore[misc]

    def _take_in(self, name: str, path: Path) -> None:
        self.remove(name)
        self.schedule_pipeline(name, load_schedule(path))

    def _from_files(self) -> list[str]:
        return [path.stem for path in self._read]


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
