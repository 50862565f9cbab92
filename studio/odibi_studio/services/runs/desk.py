"""What people do with runs: start, cancel, do again, find, watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.graph.selection import select_steps
from odibi_core.journal.order import RunOrder, Trigger
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.repeating import Repeat, kept_pipeline, repeat_order
from odibi_core.journal.runs import find_run
from odibi_core.parameters import resolve_parameters
from odibi_core.pipeline import Pipeline
from odibi_core.preview import Preview
from odibi_core.run_queue import RunQueue
from odibi_core.workspace import Workspace
from odibi_studio.health_messages import HealthAnswer
from odibi_studio.run_messages import (
    RepeatRunRequest,
    RunEvents,
    RunList,
    RunSamples,
    RunSteps,
    RunSummary,
    StartRunRequest,
    StepRun,
)
from odibi_studio.services.access import author_name
from odibi_studio.services.runs.book import RunBook
from odibi_studio.services.runs.comparison import Comparison, Side, compare
from odibi_studio.services.runs.course import Course
from odibi_studio.services.runs.edges import COMPARED_RUNS, run_health
from odibi_studio.services.runs.health import RunHealth
from odibi_studio.services.runs.keeper import QueueKeeper
from odibi_studio.services.runs.results import Result, read_result, results_of
from odibi_studio.services.runs.resuming import Resuming
from odibi_studio.services.runs.steps import edge_runs, row_counts, samples
from odibi_studio.services.runs.summaries import summary
from odibi_studio.services.versions import Versions


@dataclass(frozen=True, slots=True)
class Watched:
    """A run as a page shows it.

    Attributes:
        about: The run without its steps.
        steps: Its steps.
        course: What it went through.
        is_over: Whether nothing more will come; its reports are made by then.
        run_dir: Its folder.
    """

    about: RunSummary
    steps: tuple[StepRun, ...]
    course: Course
    is_over: bool
    run_dir: Path


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are looked for; what is empty takes all.

    Attributes:
        pipeline: The pipeline's name.
        states: States that they may have.
        trigger: Where they were started.
        since: The earliest moment at which they were asked for, UTC, ISO 8601.
        until: The first moment that is too late.
        text: Stands in the id, the pipeline's name, the author, the error, or a parameter as NAME=VALUE.
    """

    pipeline: str = ""
    states: frozenset[RunState] = frozenset()
    trigger: str = ""
    since: str = ""
    until: str = ""
    text: str = ""

    def takes(self, record: RunRecord) -> bool:
        """Whether the run is one of those."""
        asked = record.asked_time
        return (
            self.pipeline in ("", record.pipeline_name)
            and (not self.states or record.state in self.states)
            and self.trigger in ("", record.trigger)
            and (not self.since or asked >= self.since)
            and (not self.until or asked < self.until)
            and (not self.text or any(self.text.casefold() in text for text in _searched(record)))
        )


class RunDesk:
    """The runs of a workspace.

    Args:
        workspace: Whose runs.
        versions: The designs that can be run.
        author: Gives the name that runs are asked for under.

    Attributes:
        book: The journals.
        queue: What waits.
        health: What the monitor tells.
    """

    def __init__(
        self, workspace: Workspace, versions: Versions, author: Callable[[], str] = author_name
    ) -> None:
        self._workspace, self._versions, self._author = workspace, versions, author
        self.book = RunBook(workspace.runs)
        self.queue = RunQueue(workspace)
        self.health = RunHealth()
        self._keeper = QueueKeeper(self.queue)
        self._resuming = Resuming(workspace)

    def keep_going(self) -> None:
        """Have what waits started as soon as there is room, from now on until `close`."""
        self._keeper.start()

    def close(self) -> None:
        """Leave the queue to others; runs go on."""
        self._keeper.stop()

    def start(self, request: StartRunRequest) -> RunSummary:
        """A new run, which starts as soon as there is room for it.

        Raises:
            OdibiError: There is no such pipeline, version or step, or a parameter is wrong.
        """
        if request.design_id:
            version = self._versions.text(request.design_id, request.version)
            text, number, source = version.text, version.number, version.path
        else:
            path = self._workspace.find_pipeline(request.pipeline)
            text, number, source = _read(path), 0, _relative(path, self._workspace.root)
        pipeline = load_yaml(text)
        select_steps(pipeline, start=request.start, end=request.end)
        resolve_parameters(pipeline.parameters, request.parameters)
        order = RunOrder(
            pipeline=pipeline.name,
            trigger=Trigger.STUDIO,
            author=self._author(),
            source=source,
            version=number,
            **request.model_dump(exclude={"pipeline", "version"}),
        )
        return self.summary(self.queue.put(order, text))

    def repeat(self, run_id: str, request: RepeatRunRequest) -> RunSummary:
        """A new run of the same pipeline as it was then.

        Raises:
            UnknownNameError: There is no such run, or step of it.
            OdibiError: No step of it failed, it can't go on from a checkpoint, its pipeline was not kept, or
                a parameter is wrong.
        """
        run_dir = find_run(self.book.folder, run_id)
        order, text = repeat_order(
            run_dir,
            request.repeat,
            trigger=Trigger.STUDIO,
            author=self._author(),
            parameters=request.parameters,
        )
        if request.start is not None or request.end is not None:
            part = {"start": request.start or "", "end": request.end or "", "steps": []}
            select_steps(load_yaml(text), start=request.start or "", end=request.end or "")
            order = order.model_copy(update=part)
        if request.parameters is not None:
            resolve_parameters(load_yaml(text).parameters, request.parameters)
        if request.repeat is Repeat.CHECKPOINT:
            self._resuming.check(run_dir)
        return self.summary(self.queue.put(order, text))

    def pipeline(self, run_id: str) -> Pipeline:
        """The pipeline of a run as it was when it was asked for.

        Raises:
            UnknownNameError: There is no such run.
            OdibiError: It was not kept, or can't be read.
        """
        return kept_pipeline(find_run(self.book.folder, run_id))

    def cancel(self, run_id: str) -> RunSummary:
        """The run, after it was taken out of the queue or asked to stop.

        Raises:
            UnknownNameError: There is no such run.
            OdibiError: It has ended, or its process can't be reached from here.
        """
        self.queue.cancel(find_run(self.book.folder, run_id).name, self._author())
        return self.summary(run_id)

    def find(self, wanted: RunFilter, limit: int) -> RunList:
        """The newest of the runs that are looked for."""
        found = [record for record in self.book.summaries() if wanted.takes(record)]
        places = self._places(found)
        runs = [summary(record, queue_position=places.get(record.run_id, 0)) for record in found[:limit]]
        return RunList(runs=runs, total=len(found))

    def summary(self, run_id: str) -> RunSummary:
        """One run.

        Raises:
            UnknownNameError: There is no such run.
        """
        with self.book.opened(run_id) as run:
            record = run.reader.record()
            can_resume = record.state.is_final and self._resuming.can_resume(record, run.pipeline())
            return summary(
                record,
                queue_position=self._places([record]).get(run_id, 0),
                can_resume=can_resume,
                can_fork=record.state.is_final and self._resuming.can_fork(record, run.pipeline()),
            )

    def watch(self, run_id: str) -> Watched:
        """A run with everything that a page shows of it, as it stands now.

        Raises:
            UnknownNameError: There is no such run.
        """
        with self.book.opened(run_id) as run:
            record, pipeline = run.reader.record(), run.pipeline()
            is_over = record.state.is_final and not run.reader.is_attended()
            steps, course = run.steps.of(record, pipeline), run.course.copy()
        # Looked at last: a page looks no more at a run that is over, and must not say that it still runs.
        return Watched(self.summary(run_id), steps, course, is_over, run.run_dir)

    def steps(self, run_id: str) -> RunSteps:
        """The steps of a run and what goes between them.

        Raises:
            UnknownNameError: There is no such run.
        """
        with self.book.opened(run_id) as run:
            record, pipeline = run.reader.record(), run.pipeline()
            return RunSteps(
                run_id=record.run_id,
                state=record.state,
                next=run.reader.offset,
                steps=list(run.steps.of(record, pipeline)),
                edges=edge_runs(record, pipeline, run.lineage() if record.state.is_final else None),
            )

    def step_health(self, run_id: str) -> HealthAnswer:
        """How healthy the data between the steps of a run are, against the ten successful runs before it.

        Raises:
            UnknownNameError: There is no such run.
        """
        with self.book.opened(run_id) as run:
            record, pipeline = run.reader.record(), run.pipeline()
            if pipeline is None:
                return HealthAnswer()
            counts = row_counts(record, pipeline, run.lineage() if record.state.is_final else None)
        before = [
            other
            for other in self.book.summaries()
            if other.pipeline_name == record.pipeline_name
            and other.state is RunState.SUCCESS
            and other.asked_time < record.asked_time
        ]
        past = self.health.facts(before[:COMPARED_RUNS])
        return run_health(record, pipeline, counts, past, self.health.given)

    def compare(self, first: str, second: str) -> Comparison:
        """Two runs side by side.

        Raises:
            UnknownNameError: There is no such run.
        """
        sides = []
        for run_id in (first, second):
            with self.book.opened(run_id) as run:
                sides.append(Side.of(run))
        return compare(*sides)

    def results(self, run_id: str) -> list[Result]:
        """What a run gave, as tables; empty before it has ended, or where it kept no lineage.

        Raises:
            UnknownNameError: There is no such run.
        """
        with self.book.opened(run_id) as run:
            record, lineage = run.reader.record(), run.lineage()
        later = [it for it in self.book.summaries() if it.asked_time > record.asked_time]
        return [] if lineage is None else results_of(record, lineage, self.health.facts(later))

    def result_rows(self, run_id: str, result: Result, rows: int) -> Preview:
        """The first rows of what a run wrote, as they are now.

        Raises:
            OdibiError: There is no such run, or what it wrote can't be read.
        """
        with self.book.opened(run_id) as run:
            parameters = dict(run.reader.record().parameters)
        return read_result(result, self.pipeline(run_id), parameters, self._workspace, rows)

    def samples(self, run_id: str, step: str) -> RunSamples:
        """The first rows of what a step took and gave in a run.

        Raises:
            UnknownNameError: There is no such run or step.
            OdibiError: The run has not ended, or kept nothing of its data.
        """
        with self.book.opened(run_id) as run:
            return samples(run, step)

    def events(self, run_id: str, after: int) -> RunEvents:
        """What happened in a run after a place in its journal.

        Raises:
            UnknownNameError: There is no such run.
        """
        with self.book.opened(run_id) as run:
            run.reader.record()
            is_over = not run.reader.is_attended()
            # Read once more: who hears that it is over asks no more, and must have heard how it ended.
            state = run.reader.record().state
            events, place = run.reader.events_after(after)
        return RunEvents(events=events, next=place, state=state, is_over=is_over)

    def _places(self, records: list[RunRecord]) -> dict[str, int]:
        """Run → its place in the queue, for those that wait."""
        if all(record.state is not RunState.QUEUED for record in records):
            return {}
        waiting = [
            record.run_id
            for record in reversed(self.book.summaries())
            if record.state is RunState.QUEUED and record.launched is None
        ]
        return {run_id: place for place, run_id in enumerate(waiting, start=1)}


def _searched(record: RunRecord) -> list[str]:
    parameters = [f"{name}={value}" for name, value in record.parameters.items()]
    texts = [record.run_id, record.pipeline_name, str(record.order.get("author", "")), record.error_message]
    return [text.casefold() for text in [*texts, *parameters]]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise OdibiError(f"the pipeline can't be read: {why.lower()}", where=str(path)) from error


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
