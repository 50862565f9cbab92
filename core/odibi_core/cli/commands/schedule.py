"""`odibi schedule`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from odibi_core.cli.arguments import log_option, name_argument_of, param_option, pipeline_argument
from odibi_core.cli.session import Session
from odibi_core.errors import OdibiError

if TYPE_CHECKING:
    from pathlib import Path

    from odibi_core.schedules.schedule import Schedule
    from odibi_core.schedules.store import ScheduleStore, Tick
    from odibi_core.workspace import Workspace


def _names(workspace: Workspace) -> Iterable[str]:
    from odibi_core.schedules.files import schedule_files

    return schedule_files(workspace)


name_argument = name_argument_of("schedule", _names)
count_option = click.option(
    "-n", "count", metavar="N", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many."
)


@click.group("schedule", short_help="Run pipelines by themselves, at times or when files come.")
def command() -> None:
    """Run pipelines by themselves: at times, at intervals, when files come into a folder.

    A schedule is a file, schedules/NAME.yaml. `odibi schedule run` is what runs them.
    """


@command.command("list")
@click.pass_obj
def list_all(session: Session) -> None:
    """List the schedules: when each ticks next, and what became of its last tick."""
    from odibi_core.schedules.asking import upcoming
    from odibi_core.schedules.files import schedule_files, try_load

    workspace = session.workspace()
    files = schedule_files(workspace)
    if not files:
        session.terminal.note(
            "There is no schedule yet. Add one with: odibi schedule add NAME PIPELINE --cron …"
        )
        return
    now, rows, wrong = dt.datetime.now(dt.UTC), [], []
    store = _store(workspace)
    paused = store.paused()
    for name, path in files.items():
        schedule = try_load(path)
        if isinstance(schedule, OdibiError):
            wrong.append(schedule)
            rows.append((name, "", "", "its file is wrong", ""))
            continue
        wrong += _missing_pipelines(workspace, schedule, path)
        coming = upcoming(schedule, now, 1)
        following = "paused" if name in paused else _shown(coming[0]) if coming else ""
        last = store.ticks(name, 1)
        rows.append((name, schedule.pipeline, _when(schedule), following, _became(last[0]) if last else ""))
    store.close()
    session.terminal.table(("schedule", "pipeline", "ticks", "next", "last tick"), rows)
    for mistake in wrong:
        session.terminal.error(mistake)


def _missing_pipelines(workspace: Workspace, schedule: Schedule, path: Path) -> Iterator[OdibiError]:
    """What is wrong with the pipelines that a schedule names. It may wait for one that Python runs."""
    from odibi_core.journal.runs import list_runs

    named = {"pipeline": schedule.pipeline}
    named |= {f"after[{n}].pipeline": awaited.pipeline or "" for n, awaited in enumerate(schedule.after)}
    for field, name in named.items():
        try:
            if name:
                workspace.find_pipeline(name)
        except OdibiError as error:
            error.where = f"{path}, {field}"
            if field == "pipeline" or all(run.pipeline_name != name for run in list_runs(workspace.runs)):
                yield error


@command.command("add")
@click.argument("name")
@pipeline_argument
@click.option("--cron", metavar="EXPRESSION", help='Such as "0 2 * * *": every day at 2.')
@click.option("--every", metavar="SPAN", help="Such as 15m or 1d.")
@click.option("--watch", metavar="FOLDER", help="New whole files in it are ticks.")
@click.option("--pattern", metavar="PATTERN", help="Which of its files count, such as *.csv.")
@click.option("--time-zone", metavar="ZONE", help="An IANA name; by default that of this machine.")
@click.option("--start", metavar="DATE", help="The first day or moment.")
@click.option("--end", metavar="DATE", help="The last day or moment.")
@click.option("--jitter", metavar="SPAN", help="Ticks come late by up to this span.")
@click.option(
    "--missed",
    type=click.Choice(["skip", "once", "all"]),
    help="What becomes of ticks that came while no scheduler ran.  [default: once]",
)
@click.option(
    "--overlap",
    type=click.Choice(["skip", "queue", "allow"]),
    help="What becomes of a tick while the pipeline still runs.  [default: queue]",
)
@click.option(
    "--after", "pipelines", metavar="PIPELINE", multiple=True, help="Wait until this pipeline has succeeded."
)
@param_option
@click.pass_obj
def add(
    session: Session,
    /,
    *,
    name: str,
    pipeline: str,
    pipelines: tuple[str, ...],
    parameters: Mapping[str, str],
    **said: str | None,
) -> None:
    """Add the schedule NAME: it is written to schedules/NAME.yaml, where more can be said.

    A scheduler that runs takes it up within a second.
    """
    from pydantic import ValidationError

    from odibi_core.schedules.asking import upcoming, wrong_settings
    from odibi_core.schedules.files import save_schedule
    from odibi_core.schedules.schedule import Schedule
    from odibi_core.schedules.zones import local_zone_name

    workspace = session.workspace()
    workspace.find_pipeline(pipeline)
    if parameters:
        session.open_pipeline(pipeline, parameters)
    for other in pipelines:
        workspace.find_pipeline(other)
    content: dict[str, Any] = {key: value for key, value in said.items() if value is not None}
    content = {"pipeline": pipeline, "time_zone": local_zone_name(), **content}
    if pipelines:
        content["after"] = [{"pipeline": other} for other in pipelines]
    if parameters:
        content["parameters"] = dict(parameters)
    try:
        schedule = Schedule.model_validate(content)
    except ValidationError as error:
        raise click.UsageError(wrong_settings(error)) from None
    path = save_schedule(workspace, name, schedule)
    session.terminal.line("Wrote ", (session.terminal.path(path), "green"), ".")
    coming = upcoming(schedule, dt.datetime.now(dt.UTC), 1)
    if coming:
        session.terminal.line(f"It ticks next at {_shown(coming[0])}.")
    session.terminal.line("Schedules run while `odibi up` or `odibi schedule run` does.")


@command.command("remove")
@name_argument
@click.pass_obj
def remove(session: Session, name: str) -> None:
    """Remove a schedule, and what is known of its ticks. Runs that it started stay."""
    from odibi_core.schedules.files import find_schedule_file

    workspace = session.workspace()
    find_schedule_file(workspace, name).unlink()
    store = _store(workspace)
    store.remove(name)
    store.close()
    session.terminal.line(f"{name} was removed.")


@command.command("pause")
@name_argument
@click.pass_obj
def pause(session: Session, name: str) -> None:
    """Have nothing of a schedule begin until it is resumed."""
    from odibi_core.journal.order import user_name
    from odibi_core.schedules.files import find_schedule_file

    find_schedule_file(session.workspace(), name)
    store = _store(session.workspace())
    is_new = store.pause(name, user_name(), dt.datetime.now(dt.UTC))
    author, since = store.paused()[name]
    store.close()
    local = since.astimezone()
    was = f"{name} was paused already, by {author} at {local:%Y-%m-%d %H:%M}."
    session.terminal.line(f"{name} is paused. Go on with: odibi schedule resume {name}" if is_new else was)


@command.command("resume")
@name_argument
@click.pass_obj
def resume(session: Session, name: str) -> None:
    """Let a paused schedule tick again; ticks of the time between are not made up."""
    from odibi_core.schedules.files import find_schedule_file

    find_schedule_file(session.workspace(), name)
    store = _store(session.workspace())
    was_paused = store.resume(name, dt.datetime.now(dt.UTC))
    store.close()
    session.terminal.line(f"{name} ticks again." if was_paused else f"{name} was not paused.")


@command.command("next")
@name_argument
@count_option
@click.pass_obj
def show_next(session: Session, name: str, count: int) -> None:
    """Show when a schedule ticks next, in its time zone."""
    from odibi_core.schedules.asking import upcoming
    from odibi_core.schedules.files import find_schedule

    schedule = find_schedule(session.workspace(), name)
    coming = upcoming(schedule, dt.datetime.now(dt.UTC), count)
    for moment in coming:
        session.terminal.line(_shown(moment))
    if not coming:
        why = "files alone make it tick" if schedule.times is None else "it has ended"
        session.terminal.note(f"No tick comes: {why}.")


@command.command("ticks")
@name_argument
@count_option
@click.pass_obj
def show_ticks(session: Session, name: str, count: int) -> None:
    """Show what became of a schedule's ticks, the latest first."""
    from odibi_core.schedules.files import find_schedule

    schedule = find_schedule(session.workspace(), name)
    store = _store(session.workspace())
    ticks = store.ticks(name, count)
    store.close()
    if not ticks:
        session.terminal.note("It has not ticked yet.")
        return
    rows = [
        (_shown(tick.time.astimezone(schedule.zone)), tick.state.value, tick.run_id, _why(tick))
        for tick in ticks
    ]
    session.terminal.table(("tick", "state", "run", "why"), rows)


@command.command("backfill")
@name_argument
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day.")
@click.option("--again", is_flag=True, help="Run those that succeeded, too.")
@click.option("--dry-run", is_flag=True, help="Only show the ticks.")
@click.pass_obj
def fill(
    session: Session, *, name: str, first: dt.datetime, last: dt.datetime, again: bool, dry_run: bool
) -> None:
    """Run a schedule's pipeline for days that are past, one run a tick, the oldest first.

    {date} is the day of the tick. Ticks whose run has succeeded are left alone.
    """
    from odibi_core.schedules.backfill import backfill, backfill_times
    from odibi_core.schedules.files import find_schedule

    workspace = session.workspace()
    schedule = find_schedule(workspace, name)
    times = backfill_times(schedule, first.date(), last.date())
    if not times:
        session.terminal.note("The schedule has no tick in this range.")
        return
    if dry_run:
        for moment in times:
            session.terminal.line(_shown(moment.astimezone(schedule.zone)))
        return
    asked = 0
    for filled in backfill(workspace, name, schedule, times, again=again):
        asked += filled.is_new
        what = "was put into the queue" if filled.is_new else "is left: it was run already, or soon will be"
        session.terminal.line(f"{_shown(filled.time)}  {filled.run_id} {what}")
    session.terminal.line(f"{asked} of {len(times)} were put into the queue. Watch them: odibi runs list")


@command.command("run")
@log_option
@click.pass_obj
def run(session: Session, log: str) -> None:
    """Run the schedules of the workspace until Ctrl-C or SIGTERM.

    Files in schedules/ may change meanwhile. Of several schedulers each schedule has one, and the others
    stand by. Runs are processes of their own: they go on when the scheduler ends.
    """
    from odibi_core.logs import configure_logging
    from odibi_core.schedule_manager import ScheduleManager
    from odibi_core.schedules.files import schedule_files

    configure_logging("INFO", log)
    workspace = session.workspace()
    manager = ScheduleManager(workspace, declared=True)
    count = len(schedule_files(workspace))
    session.terminal.note(
        f"The scheduler runs with {count} schedule{'' if count == 1 else 's'}. Ctrl-C ends it."
    )
    manager.start()
    manager.close()
    session.terminal.note("The scheduler has ended.")


def _store(workspace: Workspace) -> ScheduleStore:
    from odibi_core.schedules.store import STORE_FILE, ScheduleStore

    return ScheduleStore(workspace.state / STORE_FILE)


def _shown(moment: dt.datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M:%S %Z}"


def _when(schedule: Any) -> str:
    from odibi_core.durations import spell_duration

    said = [schedule.cron] if schedule.cron else []
    said += [f"every {spell_duration(schedule.every)}"] if schedule.every else []
    said += [f"{schedule.watch}/{schedule.pattern}"] if schedule.watch else []
    zone = f" ({schedule.time_zone})" if schedule.cron else ""
    return " or ".join(said) + zone


def _became(tick: Tick) -> str:
    return f"{tick.time.astimezone():%Y-%m-%d %H:%M} {tick.state.value}"


def _why(tick: Tick) -> str:
    names = ", ".join(file.rpartition("/")[2] for file in tick.files[:3])
    more = f" and {len(tick.files) - 3} more" if len(tick.files) > 3 else ""
    return tick.reason or (f"{names}{more}" if names else "")
