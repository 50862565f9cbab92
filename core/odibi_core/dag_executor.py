"""Runs a plan: regions as soon as what they need is there, on threads, with retries, time limits and cancel.

One thread at a time decides and emits events: the one that has just carried out a region, and that goes on
with the next one itself, for handing each over to another thread and back costs more than a small step. So
events are in order. The thread that calls `run` decides at the beginning and at the end; meanwhile it
listens for signals and for the clock.
"""

from __future__ import annotations

import itertools
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.crew import Crew
from odibi_core.engines.base import Attempt, Engine, Outcome, RunContext, TaskError
from odibi_core.errors import OdibiError, StepTimeoutError, TransientError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType, NodeState
from odibi_core.late_dataclass import dataclass
from odibi_core.memory import Memory
from odibi_core.plan.model import Plan, Region
from odibi_core.region_queue import RegionQueue
from odibi_core.retry import RetryPolicy, as_step_error
from odibi_core.run_report import RunReport
from odibi_core.step_states import StepStates
from odibi_core.timestamps import now

if TYPE_CHECKING:
    from odibi_core.quality.inspector import Inspector

STOP_GRACE_S = 1.0
"""How long a stopped step may take to come back before it is given up."""
STOP_POLL_S = 0.05
LISTEN_POLL_S = 0.25
"""How long at most to wait: a signal that comes as the wait begins doesn't end it, and is heard after it."""
MAX_RETRY_AFTER_S = 300.0
"""How long a service can make a step wait: some ask for days."""


@dataclass(slots=True)
class _Running:
    region: Region
    attempt: Attempt
    started: float
    deadline: float | None
    stop_reason: str = ""
    give_up_at: float | None = None


@dataclass(slots=True)
class _Report:
    number: int
    outcomes: list[Outcome] | None
    error: BaseException | None
    duration_ms: float


@dataclass(slots=True)
class _Saving:
    attempt: Attempt
    give_up_at: float | None = None


@dataclass(slots=True)
class _Saved:
    saving: _Saving
    keys: dict[str, Any] | None
    error: BaseException | None


@dataclass(slots=True)
class _Cancel:
    reason: str


class _Nudge:
    """Something has changed that the listening thread waits for: the end, or when to look at the clock."""


_NUDGE = _Nudge()


@dataclass(slots=True)
class _Broken:
    error: BaseException


class DAGExecutor:
    """Runs one plan once.

    Args:
        plan: What to run.
        engines: Name → engine.
        bus: Takes the events.
        context: What the engines need to know of the run.
        retry: What holds for steps that say nothing of their own.
        fail_fast: Whether the first failure ends the run; else branches that don't need it go on.
        max_workers: Regions that run at the same time.
        keeps_data: Whether datasets that no step takes any more are held until the result is closed.
        memory: Recalls regions that need not run again, and remembers those that ran.
        inspector: Looks at what steps with expectations made; where None, nobody does.
        tells_no_rows: Whether it is told where a step gives no rows.
    """

    def __init__(
        self,
        plan: Plan,
        engines: Mapping[str, Engine],
        bus: EventBus,
        context: RunContext,
        *,
        retry: RetryPolicy,
        fail_fast: bool = True,
        max_workers: int = 1,
        keeps_data: bool = True,
        memory: Memory | None = None,
        inspector: Inspector | None = None,
        tells_no_rows: bool = False,
    ) -> None:
        self._inspector = inspector
        self._plan, self._engines, self._bus, self._context = plan, engines, bus, context
        self._retry, self._fail_fast, self._keeps_data = retry, fail_fast, keeps_data
        self._memory = memory
        self._crew = Crew(max_workers)
        self._inbox: queue.SimpleQueue[_Cancel | _Nudge | _Broken] = queue.SimpleQueue()
        self._deciding = threading.Lock()
        self._is_over = False
        self._numbers = itertools.count()
        self._running: dict[int, _Running] = {}
        self._saving: _Saving | None = None
        self._held_back: list[tuple[_Running, _Report]] = []
        self._queue = RegionQueue(plan.regions)
        self._takers = Counter(key for planned in plan.steps.values() for key in planned.step.needs)
        self._states = StepStates(plan, bus, tells_no_rows=tells_no_rows)
        self._report = RunReport(self._states.runs, quality=self._states.quality)
        self._ends_early = ""

    def cancel(self, reason: str) -> None:
        """Ask the run to stop. Safe from any thread and from a signal handler."""
        self._inbox.put(_Cancel(reason))

    def save_checkpoint(self) -> bool:
        """Whether a checkpoint will be saved when the next region ends. Safe from any thread."""
        return self._memory is not None and self._memory.want_checkpoint()

    def run(self) -> RunReport:
        """Run the plan to its end: every step is in a final state afterwards."""
        try:
            # What was asked before the run began comes before its first step.
            while not self._inbox.empty():
                self._hear(self._inbox.get())
            self._listen()
            if not self._report.cancelled and not self._report.is_success:
                with self._deciding:
                    self._save_if_due(is_end=True)
                self._listen()
        finally:
            with self._deciding:
                self._is_over = True
            self._crew.dismiss()
        if self._report.cancelled:
            self._states.close_rest(NodeState.CANCELLED, "the run was cancelled")
        self._states.close_rest(NodeState.SKIPPED, self._ends_early)
        return self._report

    def _listen(self) -> None:
        """Wait until all is done that can be done, and hear meanwhile what others ask for."""
        while True:
            with self._deciding:
                self._launch_ready()
                if not self._is_unfinished():
                    return
                moment = self._next_moment()
            try:
                poll_s = LISTEN_POLL_S if moment is None else min(moment, LISTEN_POLL_S)
                self._hear(self._inbox.get(timeout=poll_s))
            except queue.Empty:
                pass
            with self._deciding:
                self._look_at_the_clock()

    def _hear(self, message: _Cancel | _Nudge | _Broken) -> None:
        match message:
            case _Cancel():
                with self._deciding:
                    self._cancel(message.reason)
            case _Broken():
                raise message.error

    def _hand_in(self, message: _Report | _Saved) -> None:
        """Take what a thread of the crew brings, in that thread, and give it and others what is ready now."""
        try:
            with self._deciding:
                if self._is_over:
                    return
                if isinstance(message, _Report):
                    self._take_report(message)
                else:
                    self._take_saved(message)
                self._launch_ready()
                is_awaited = not self._is_unfinished() or self._next_moment() is not None
        except BaseException as error:  # noqa: BLE001 - a thread has nobody above it to tell
            self._inbox.put(_Broken(error))
        else:
            if is_awaited:
                self._inbox.put(_NUDGE)

    def _is_unfinished(self) -> bool:
        return bool(self._running or self._saving or not (self._queue.is_empty or self._ends_early))

    def _launch_ready(self) -> None:
        while (
            self._queue.has_ready
            and not self._ends_early
            and self._saving is None
            and len(self._running) < self._crew.size
        ):
            region = self._queue.take()
            outcomes = None
            # A region that is tried again was looked for before.
            if self._memory and not any(self._report.steps[name].retries for name in region.steps):
                outcomes = self._memory.recall(region, self._report.data, self._is_stale)
            if outcomes is not None:
                self._take_outcomes(region, outcomes, NodeState.CACHED, 0.0)
            else:
                self._launch(region)

    def _is_stale(self, outcomes: Sequence[Outcome]) -> bool:
        return self._inspector is not None and self._inspector.is_stale(outcomes)

    def _launch(self, region: Region) -> None:
        number, attempt, started = next(self._numbers), Attempt(), time.monotonic()
        steps = [self._plan.steps[name] for name in region.steps]
        limits = [limit for planned in steps if (limit := planned.node.settings.timeout_s)]
        running = _Running(region, attempt, started, started + min(limits) if limits else None)
        self._running[number] = running
        began = now()
        for name in region.steps:
            self._states.start(name, began)
        tasks = [planned.task() for planned in steps]
        engine = self._engines[self._engine_of(region)]
        made = {key for task in tasks for key in task.outputs.values()}
        data = {
            key: self._report.data[key] for task in tasks for key in task.inputs.values() if key not in made
        }
        looked_into = {key: self._report.data[key] for planned in steps for key in planned.step.references}

        def job() -> None:
            before = time.perf_counter()
            outcomes, error = None, None
            try:
                made_now = engine.run_region(tasks, data, self._context, attempt)
                if self._inspector is not None:
                    self._inspector.inspect(region, made_now, looked_into, attempt)
                # Of the rows that went through: an expectation may have taken some out.
                engine.profile(made_now, self._context, attempt)
                outcomes = made_now
            except BaseException as raised:  # noqa: BLE001 - a thread has nobody above it to tell
                error = raised
            duration_ms = (time.perf_counter() - before) * 1000
            # What is counted beside the steps is no part of their time.
            duration_ms -= sum(_looked_ms(outcome) for outcome in outcomes or ())
            if outcomes is not None and self._memory:
                self._memory.keep(region, outcomes, attempt)
            self._hand_in(_Report(number, outcomes, error, duration_ms))

        self._crew.submit(job)

    def _engine_of(self, region: Region) -> str:
        return self._plan.steps[region.steps[-1]].step.engine or self._plan.pipeline.engine

    def _next_moment(self) -> float | None:
        """Seconds until something is due; None where only a message can change anything."""
        again = self._queue.next_moment
        moments = [again] if again is not None and not self._ends_early else []
        for running in self._running.values():
            if running.stop_reason:
                return STOP_POLL_S
            if running.deadline is not None:
                moments.append(running.deadline)
        if self._saving is not None and self._saving.give_up_at is not None:
            return STOP_POLL_S
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _look_at_the_clock(self) -> None:
        moment = time.monotonic()
        self._queue.wake(moment)
        for number, running in list(self._running.items()):
            if not running.stop_reason and running.deadline is not None and moment >= running.deadline:
                self._stop(running, "timeout")
            elif running.stop_reason:
                running.attempt.stop()
                if running.give_up_at is not None and moment >= running.give_up_at:
                    del self._running[number]
                    self._crew.give_up_on_one()
                    self._take_stopped(running)
        saving = self._saving
        if saving is not None and saving.give_up_at is not None:
            saving.attempt.stop()
            if moment >= saving.give_up_at:
                self._crew.give_up_on_one()
                self._end_saving()

    def _stop(self, running: _Running, reason: str) -> None:
        if not running.stop_reason:
            running.stop_reason = reason
            running.give_up_at = time.monotonic() + STOP_GRACE_S
            running.attempt.stop()

    def _cancel(self, reason: str) -> None:
        self._report.cancelled = self._report.cancelled or reason
        self._ends_early = "the run was cancelled"
        for running in self._running.values():
            self._stop(running, "cancel")
        if self._saving is not None and self._saving.give_up_at is None:
            self._saving.give_up_at = time.monotonic() + STOP_GRACE_S
            self._saving.attempt.stop()

    def _save_if_due(self, *, is_end: bool = False) -> None:
        if self._memory is None or self._saving is not None or self._report.cancelled:
            return
        save = self._memory.next_save(self._states.failed, is_end=is_end)
        if save is None:
            return
        saving = self._saving = _Saving(Attempt())

        def job() -> None:
            keys, error = None, None
            try:
                keys = save(saving.attempt)
            except BaseException as raised:  # noqa: BLE001 - a thread has nobody above it to tell
                error = raised
            self._hand_in(_Saved(saving, keys, error))

        self._crew.submit(job)

    def _take_saved(self, message: _Saved) -> None:
        if message.saving is not self._saving:
            return
        self._crew.done()
        if message.keys is not None:
            self._bus.emit(EventType.CHECKPOINT_SAVED, **message.keys)
        elif not message.saving.attempt.is_stopped:
            text = f"a checkpoint could not be saved: {message.error}"
            self._report.warnings.append(text)
            self._bus.emit(EventType.REPORT_FAILED, report="checkpoint", error_message=str(message.error))
        self._end_saving()

    def _end_saving(self) -> None:
        self._saving = None
        while self._held_back and self._saving is None:
            self._settle(*self._held_back.pop(0))
        self._save_if_due()

    def _take_report(self, report: _Report) -> None:
        running = self._running.pop(report.number, None)
        if running is None:
            return
        self._crew.done()
        if self._saving is not None:
            # What the checkpoint is made of must not be released under it.
            self._held_back.append((running, report))
        else:
            self._settle(running, report)

    def _settle(self, running: _Running, report: _Report) -> None:
        if report.outcomes is not None:
            self._take_outcomes(running.region, report.outcomes, NodeState.SUCCESS, report.duration_ms)
        elif running.stop_reason:
            self._take_stopped(running)
        else:
            assert report.error is not None
            self._take_error(running.region, report.error, report.duration_ms)

    def _take_outcomes(
        self, region: Region, outcomes: Sequence[Outcome], state: NodeState, duration_ms: float
    ) -> None:
        for outcome in outcomes:
            self._complete(region, outcome, state, duration_ms)
        if self._memory:
            self._memory.take(outcomes)
        self._release(region)
        self._queue.complete(region)
        self._save_if_due()

    def _complete(self, region: Region, outcome: Outcome, state: NodeState, duration_ms: float) -> None:
        step = self._plan.steps[outcome.name].step
        for name, dataset in outcome.outputs.items():
            self._report.data[step.outputs[name]] = dataset
        self._states.complete(
            region,
            outcome,
            state,
            duration_ms=duration_ms,
            inputs={alias: self._report.data[key] for alias, key in step.inputs.items()},
            cache={"cache_reason": self._memory.reasons.get(outcome.name)} if self._memory else {},
        )

    def _release(self, region: Region) -> None:
        """Count down who still takes the region's inputs; let go of what nobody takes any more."""
        for name in region.steps:
            for key in self._plan.steps[name].step.needs:
                self._takers[key] -= 1
                if self._takers[key] == 0 and not self._keeps_data:
                    dataset = self._report.data[key]
                    self._engines[self._engine_of(region)].release(dataset)

    def _take_error(self, region: Region, raised: BaseException, duration_ms: float) -> None:
        name = raised.task if isinstance(raised, TaskError) else region.steps[-1]
        error = as_step_error(raised.cause if isinstance(raised, TaskError) else raised, name)
        if self._bus.redactor is not None:
            self._bus.redactor.error(error)
        run = self._report.steps[name]
        policy = self._retry.with_settings(self._plan.steps[name].node.settings)
        if isinstance(error, TransientError) and run.retries < policy.max_retries and not self._ends_early:
            run.retries += 1
            delay_s = policy.delay_s(run.retries, random.random())  # noqa: S311 - only spreads retries
            delay_s = max(delay_s, min(error.retry_after_s or 0.0, MAX_RETRY_AFTER_S))
            self._states.retry(name, error, delay_s)
            self._queue.delay(region, time.monotonic() + delay_s)
            return
        self._fail(region, name, error, duration_ms)

    def _take_stopped(self, running: _Running) -> None:
        if running.stop_reason != "timeout":
            for name in running.region.steps:
                self._states.close(name, NodeState.CANCELLED, self._ends_early)
            return
        name = next(
            name
            for name in running.region.steps
            if self._plan.steps[name].node.settings.timeout_s is not None
        )
        limit = self._plan.steps[name].node.settings.timeout_s
        error = StepTimeoutError(
            f"the step was stopped after its time limit of {limit:g} s",
            where=f"step {name!r}, params.timeout_s",
            fix="raise timeout_s, or make the step faster",
        )
        self._fail(running.region, name, error, (time.monotonic() - running.started) * 1000)

    def _fail(self, region: Region, name: str, error: OdibiError, duration_ms: float) -> None:
        self._states.fail(region, name, error, duration_ms)
        if self._fail_fast and not self._ends_early:
            self._ends_early = f"the run ended when {name!r} failed"
            for running in self._running.values():
                self._stop(running, "failure")


def _looked_ms(outcome: Outcome) -> float:
    took_ms = outcome.profiles.took_ms
    for look in (outcome.health, outcome.checked):
        if look:
            took_ms += float(look.get("took_ms", 0.0))
    return took_ms
