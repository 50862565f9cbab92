"""Runs for times that are past: every tick of a schedule in a range of days, each with its own `{date}`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from odibi_core.errors import OdibiError, TransientError
from odibi_core.journal.record import RunState
from odibi_core.journal.runs import run_summary
from odibi_core.journal.writer import new_run_id
from odibi_core.late_dataclass import dataclass
from odibi_core.run_queue import RunQueue
from odibi_core.schedules.jobs import PipelineJob
from odibi_core.schedules.schedule import Schedule
from odibi_core.schedules.store import STORE_FILE, ScheduleStore, Tick, TickState, time_key
from odibi_core.schedules.times import between
from odibi_core.workspace import Workspace

MOST_RUNS = 10_000
_REASON = "backfill"


@dataclass(frozen=True, slots=True)
class Filled:
    """One time of a backfill.

    Attributes:
        time: The moment that the run is of, in the schedule's time zone.
        run_id: The run that was asked for, or the one that did it before.
        is_new: Whether it was asked for now.
    """

    time: dt.datetime
    run_id: str
    is_new: bool


def backfill_times(schedule: Schedule, first: dt.date, last: dt.date) -> list[dt.datetime]:
    """The ticks of a schedule from the first to the last day, UTC; without times, each day's midnight.

    Raises:
        OdibiError: The days are the wrong way round, or there are too many ticks.
    """
    if last < first:
        raise OdibiError(f"the last day, {last}, is before the first, {first}", fix="swap --from and --to")
    zone = schedule.zone
    begin = dt.datetime.combine(first, dt.time(), zone).astimezone(dt.UTC)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), zone).astimezone(dt.UTC)
    tiny = dt.timedelta(microseconds=1)
    found: list[dt.datetime] = []
    times = (
        between(schedule.times, begin - tiny, end - tiny) if schedule.times else _days(schedule, first, last)
    )
    for moment in times:
        found.append(moment)
        if len(found) > MOST_RUNS:
            raise OdibiError(
                f"the range holds more than {MOST_RUNS:,} ticks", fix="fill it in several shorter ranges"
            )
    return found


def run_now(workspace: Workspace, name: str, schedule: Schedule, moment: dt.datetime) -> str:
    """The id of a run of the schedule's pipeline that was asked for now, with its parameters.

    Args:
        workspace: Where the pipeline is.
        name: The schedule's name.
        schedule: What it says.
        moment: The present, with its time zone: the run is of this moment.

    Raises:
        OdibiError: There is no such pipeline, no run can be asked for, or each run needs a file.
    """
    if schedule.is_per_file:
        raise OdibiError(
            "each run of this schedule is of a file",
            where=f"schedule {name!r}",
            fix=f"put a file into {schedule.watch}",
        )
    store = ScheduleStore(workspace.state / STORE_FILE)
    try:
        job = PipelineJob(workspace, name, schedule, RunQueue(workspace))
        tick = Tick(name, f"now-{new_run_id()}", moment, moment)
        return _ask(store, job, _note(store, tick, "run by hand"))
    finally:
        store.close()


def backfill(
    workspace: Workspace, name: str, schedule: Schedule, times: list[dt.datetime], *, again: bool
) -> Iterator[Filled]:
    """Ask for a run of each time, the oldest first; one that succeeded, or is under way, is left.

    Args:
        workspace: Where the pipeline is.
        name: The schedule's name.
        schedule: What it says.
        times: The moments, UTC.
        again: Whether those that succeeded run again, too.

    Raises:
        OdibiError: There is no such pipeline, or no run can be asked for.
    """
    store = ScheduleStore(workspace.state / STORE_FILE)
    try:
        job = PipelineJob(workspace, name, schedule, RunQueue(workspace))
        for moment in times:
            yield _fill(workspace, store, job, Tick(name, time_key(moment), moment, moment), schedule, again)
    finally:
        store.close()


def _fill(
    workspace: Workspace, store: ScheduleStore, job: PipelineJob, tick: Tick, schedule: Schedule, again: bool
) -> Filled:
    shown = tick.time.astimezone(schedule.zone)
    with store.transaction():
        known = store.tick(tick.name, tick.key)
        if known is not None and not _may_run(workspace, known, again):
            return Filled(shown, known.run_id, False)
        if known is not None and known.state is TickState.STARTING:
            # Somebody was ended as it asked for the run: asking for the same one again is asking once.
            begun = known
        else:
            begun = _note(store, tick, _REASON)
    return Filled(shown, _ask(store, job, begun), True)


def _note(store: ScheduleStore, tick: Tick, reason: str) -> Tick:
    """The tick with the id of its run, as it is written down before that is asked for."""
    begun = replace(tick, state=TickState.STARTING, run_id=new_run_id(), reason=reason)
    if not store.add(begun):
        store.settle(begun)
    return begun


def _ask(store: ScheduleStore, job: PipelineJob, begun: Tick) -> str:
    """The id of the run of a tick that was written down, which is asked for now."""
    try:
        job.start(begun, lambda _tick, _why: None)
    except TransientError:
        raise
    except OdibiError as error:
        store.settle(replace(begun, state=TickState.FAILED, reason=str(error)))
        raise
    store.settle(replace(begun, state=TickState.STARTED))
    return begun.run_id


def _may_run(workspace: Workspace, known: Tick, again: bool) -> bool:
    if known.state is TickState.WAITING:
        # The scheduler will see to it.
        return False
    if not known.run_id or known.state is not TickState.STARTED:
        return True
    state = run_summary(workspace.runs / known.run_id).state
    return state.is_final and (again or state is not RunState.SUCCESS)


def _days(schedule: Schedule, first: dt.date, last: dt.date) -> Iterator[dt.datetime]:
    day = first
    while day <= last:
        yield dt.datetime.combine(day, dt.time(), schedule.zone).astimezone(dt.UTC)
        day += dt.timedelta(days=1)
