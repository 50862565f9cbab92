"""What a schedule starts: a run of a pipeline, or a call of a function."""

from __future__ import annotations

import datetime as dt
import inspect
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from odibi_core.design.pipeline_file import read_pipeline
from odibi_core.design.yaml_text import dump_yaml
from odibi_core.errors import OdibiError, ParameterError, SourceError, TransientError, WorkspaceError
from odibi_core.journal.order import RunOrder, Trigger
from odibi_core.parameters import Reference, render
from odibi_core.run_queue import RunQueue, note_refusal
from odibi_core.schedules.schedule import Overlap, Schedule
from odibi_core.schedules.store import Tick
from odibi_core.text_file import reason
from odibi_core.workspace import Workspace

_log = logging.getLogger(__name__)

OnEnd = Callable[[Tick, str], None]
"""Takes a tick whose function has ended, and why it failed, or ""."""


class Job(Protocol):
    """What is to be done at each tick."""

    @property
    def starts_runs(self) -> bool:
        """Whether it asks for runs, which go on without the scheduler and have a queue of their own."""

    def start(self, tick: Tick, on_end: OnEnd) -> None:
        """Begin what a tick asks for; with runs, asking again for the same run id changes nothing.

        Raises:
            TransientError: It can't be begun now.
            OdibiError: It can't be begun, and won't be.
        """

    def is_busy(self) -> bool:
        """Whether what was begun before goes on."""


class PipelineJob:
    """Puts a run into the workspace's queue.

    Args:
        workspace: Where the pipeline is.
        name: The schedule's name.
        schedule: What it says.
        queue: The workspace's queue.
    """

    starts_runs = True

    def __init__(self, workspace: Workspace, name: str, schedule: Schedule, queue: RunQueue) -> None:
        self._workspace, self._name, self._schedule, self._queue = workspace, name, schedule, queue

    def start(self, tick: Tick, on_end: OnEnd) -> None:  # noqa: ARG002 - a run tells of its end in its journal
        """Ask for the run.

        Raises:
            TransientError: It can't be written down now.
            OdibiError: There is no such pipeline.
        """
        try:
            order, text = self.order(tick)
        except OdibiError as error:
            asked = RunOrder(
                pipeline=self._schedule.pipeline, trigger=Trigger.SCHEDULE, author=f"schedule {self._name}"
            )
            note_refusal(self._workspace, asked, error, run_id=tick.run_id)
            raise
        try:
            self._queue.put(order, text, run_id=tick.run_id)
        except WorkspaceError as error:
            raise TransientError(error.what, where=error.where, fix=error.fix) from error

    def is_busy(self) -> bool:
        """Whether a run of the pipeline goes on or waits."""
        return self._queue.is_busy(pipeline_name(self._workspace, self._schedule.pipeline))

    def order(self, tick: Tick) -> tuple[RunOrder, str]:
        """What a tick asks for, and the pipeline as YAML.

        Raises:
            OdibiError: There is no such pipeline.
        """
        path = self._workspace.find_pipeline(self._schedule.pipeline)
        name = path.stem
        try:
            pipeline = read_pipeline(path)
            name = pipeline.name
            text = path.read_text("utf-8") if path.suffix != ".py" else dump_yaml(pipeline)
        except (OdibiError, OSError):
            # The run says what is wrong, in its journal, where people look.
            try:
                text = path.read_text("utf-8", errors="replace")
            except OSError as error:
                raise SourceError(f"the pipeline can't be read: {reason(error)}", where=str(path)) from error
        source = path.relative_to(self._workspace.root) if path.is_relative_to(self._workspace.root) else path
        order = RunOrder(
            pipeline=name,
            trigger=Trigger.SCHEDULE,
            author=f"schedule {self._name}",
            source=source.as_posix(),
            parameters=tick_parameters(self._schedule, tick),
            together=self._schedule.overlap is Overlap.ALLOW,
        )
        return order, text


def pipeline_name(workspace: Workspace, text: str) -> str:
    """The name of the pipeline that a schedule means; the text itself where it can't be read."""
    try:
        return read_pipeline(workspace.find_pipeline(text)).name
    except OdibiError:
        return text


def tick_parameters(schedule: Schedule, tick: Tick) -> dict[str, Any]:
    """The parameters of a tick's run; `date` is the day of the tick, in the schedule's time zone.

    Raises:
        ParameterError: A placeholder stands for nothing.
    """
    local = tick.time.astimezone(schedule.zone)
    values: Mapping[str, str] = {
        "date": local.date().isoformat(),
        "yesterday": (local.date() - dt.timedelta(days=1)).isoformat(),
        "tick": local.isoformat(),
        **({"file": tick.files[0]} if schedule.is_per_file and tick.files else {}),
    }

    def resolve(reference: Reference) -> str:
        if reference.scheme != "parameter":
            # Secrets are for the run alone: an order is written down.
            return f"${{{reference.scheme}:{reference.name}}}"
        if reference.name not in values:
            raise ParameterError(f"the placeholder {{{reference.name}}} stands for nothing here")
        return values[reference.name]

    parameters: dict[str, Any] = render(schedule.parameters, resolve)
    return {"date": values["date"], **parameters}


class FunctionJob:
    """Calls a Python function, in a thread of its own.

    Args:
        name: The schedule's name.
        function: Takes nothing; of a file watch it may take the path of the new file.
        takes_files: Whether files make it tick.
        takes_times: Whether moments make it tick.

    Raises:
        OdibiError: The function can't be called so.
    """

    starts_runs = False

    def __init__(
        self, name: str, function: Callable[..., object], *, takes_files: bool, takes_times: bool
    ) -> None:
        if not callable(function):
            raise OdibiError(
                f"func must be a function, and {type(function).__name__} is none", where=f"schedule {name!r}"
            )
        self._name, self._function = name, function
        self.is_per_file = takes_files and _can_take(function, 1)
        if (takes_times or not self.is_per_file) and not _can_take(function, 0):
            allowed = "nothing" if takes_times else "nothing, or the path of a file"
            raise OdibiError(
                f"the function must take {allowed}",
                where=f"schedule {name!r}",
                fix="bind its arguments, such as func=lambda: report(region)",
            )
        self._threads: list[threading.Thread] = []

    def start(self, tick: Tick, on_end: OnEnd) -> None:
        """Call the function."""
        arguments = [Path(tick.files[0])] if self.is_per_file and tick.files else []

        def call() -> None:
            why = ""
            try:
                self._function(*arguments)
            except BaseException as error:  # noqa: BLE001 - one function never ends the scheduler of others
                why = f"{type(error).__name__}: {error}"
                _log.exception("the function of the schedule %s failed", self._name)
            on_end(tick, why)

        thread = threading.Thread(target=call, name=f"odibi-schedule-{self._name}", daemon=True)
        self._threads = [known for known in self._threads if known.is_alive()] + [thread]
        thread.start()

    def is_busy(self) -> bool:
        """Whether a call goes on."""
        return any(thread.is_alive() for thread in self._threads)


def _can_take(function: Callable[..., object], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except (TypeError, ValueError):
        return False
    return True
