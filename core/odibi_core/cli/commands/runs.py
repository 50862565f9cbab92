"""`odibi runs`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from odibi_core.cli.arguments import param_option, run_argument
from odibi_core.cli.session import Session

if TYPE_CHECKING:
    from odibi_core.journal.order import RunOrder
    from odibi_core.journal.record import RunRecord, StepProgress
    from odibi_core.journal.repeating import Repeat


@click.group("runs", short_help="List, show and follow runs.")
def command() -> None:
    """List the runs of the workspace, and look at one or follow it."""


@command.command("list")
@click.option(
    "-n",
    "limit",
    metavar="N",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="The most to list.",
)
@click.pass_obj
def list_all(session: Session, limit: int) -> None:
    """List the runs, the latest first."""
    from odibi_core.journal.runs import list_runs
    from odibi_core.story.wording import duration

    records = list_runs(session.past_runs(), limit)
    if not records:
        session.terminal.note("There is no run yet. Start one with: odibi run PIPELINE")
        return
    rows = [
        (
            record.run_id,
            record.pipeline_name,
            record.state.value,
            _local(record.start_time or record.asked_time),
            duration(record.duration_ms) if record.duration_ms is not None else "",
            "" if record.success_count is None else f"{record.success_count} of {record.total_steps}",
        )
        for record in records
    ]
    session.terminal.table(("run", "pipeline", "state", "started", "took", "steps"), rows)


@command.command("show")
@run_argument
@click.pass_obj
def show(session: Session, run: str) -> None:
    """Show one run step by step: RUN is its id, the beginning of it, or "latest"."""
    from odibi_core.journal.reader import JournalReader
    from odibi_core.journal.record import RunState
    from odibi_core.journal.runs import find_run

    record = JournalReader(find_run(session.past_runs(), run)).record()
    _tell(session, record)
    if record.state is RunState.LOST:
        session.terminal.line(
            f"Go on where it stood: odibi runs resume {record.run_id}, where it saved checkpoints; else "
            f"odibi runs rerun {record.run_id} --failed"
        )


@command.command("follow")
@run_argument
@click.pass_obj
def follow_one(session: Session, run: str) -> None:
    """Write what happens in a run, as it happens, until it ends."""
    from odibi_core.journal.reader import JournalReader, follow
    from odibi_core.journal.runs import find_run

    run_dir = find_run(session.past_runs(), run)
    for event in follow(run_dir):
        line = _event_line(event)
        if line:
            session.terminal.line((_local_time(event["timestamp"]), "bright_black"), "  ", line)
    session.terminal.line()
    _tell(session, JournalReader(run_dir).record())


@command.command("cancel")
@run_argument
@click.pass_obj
def cancel(session: Session, run: str) -> None:
    """Ask a run to stop, or take it out of the queue. It stops cleanly, within seconds."""
    from odibi_core.journal.order import user_name
    from odibi_core.journal.runs import find_run
    from odibi_core.run_queue import RunQueue

    run_dir = find_run(session.past_runs(), run)
    if RunQueue(session.workspace()).cancel(run_dir.name, user_name()):
        session.terminal.line(f"{run_dir.name} was taken out of the queue.")
    else:
        session.terminal.line(f"{run_dir.name} was asked to stop. Watch it: odibi runs follow {run_dir.name}")


@command.command("rerun")
@run_argument
@click.option(
    "--failed",
    is_flag=True,
    help="Only the steps that failed or did not come to run, and what these need; no store that was done.",
)
@click.option("--from", "start", metavar="STEP", default="", help="This step and all that follows from it.")
@click.option("--to", "end", metavar="STEP", default="", help="This step and all that it needs.")
@click.option("--cache", is_flag=True, help="Take what did not change from the cache.")
@param_option
@click.pass_obj
def rerun(
    session: Session,
    run: str,
    *,
    failed: bool,
    start: str,
    end: str,
    cache: bool,
    parameters: Mapping[str, str],
) -> None:
    """Run the same pipeline, as it was then, once there is room for it.

    The parameters are those of the run, but for those that are given. What a part needs from before it is
    taken from the cache where that is on and holds it, and else computed again.
    """
    from odibi_core.graph.selection import select_steps
    from odibi_core.journal.repeating import Repeat, kept_pipeline
    from odibi_core.parameters import refuse_unused, resolve_parameters

    if failed and (start or end):
        raise click.UsageError("Give --failed, or --from and --to, not both.")
    order, text, run_dir = _repeated(session, run, Repeat.FAILURE if failed else Repeat.START)
    changes: dict[str, Any] = {
        "parameters": {**order.parameters, **parameters},
        "cache": cache or order.cache,
    }
    pipeline = kept_pipeline(run_dir)
    if parameters:
        parts = [[step.value, step.params, step.expectations] for step in pipeline.steps]
        refuse_unused(parameters, pipeline.parameters, parts)
        resolve_parameters(pipeline.parameters, changes["parameters"])
    if start or end:
        select_steps(pipeline, start=start, end=end)
        changes |= {"start": start, "end": end, "steps": []}
    _put(session, order.model_copy(update=changes), text)


@command.command("resume")
@run_argument
@click.pass_obj
def resume(session: Session, run: str) -> None:
    """Go on with a run that failed, was cancelled or died, from its latest checkpoint.

    What is done is not done again, and nothing that was written is written twice.
    """
    from odibi_core.checkpoint_manager import CheckpointManager
    from odibi_core.journal.reader import JournalReader
    from odibi_core.journal.repeating import Repeat, check_resumable, kept_pipeline
    from odibi_core.run_settings import RunSettings

    order, text, run_dir = _repeated(session, run, Repeat.CHECKPOINT)
    settings = RunSettings.model_validate(kept_pipeline(run_dir).settings)
    folder = session.workspace().resolve(settings.checkpoint_dir)
    check_resumable(JournalReader(run_dir).record(), CheckpointManager(folder))
    _put(session, order, text)


def _repeated(session: Session, run: str, repeat: Repeat) -> tuple[RunOrder, str, Path]:
    """What to ask for, the pipeline's text, and the folder of the run that is done again."""
    from odibi_core.journal.order import Trigger, user_name
    from odibi_core.journal.repeating import repeat_order
    from odibi_core.journal.runs import find_run

    run_dir = find_run(session.past_runs(), run)
    order, text = repeat_order(run_dir, repeat, trigger=Trigger.COMMAND_LINE, author=user_name())
    return order, text, run_dir


def _put(session: Session, order: RunOrder, text: str) -> None:
    from odibi_core.run_queue import RunQueue

    run_id = RunQueue(session.workspace()).put(order, text)
    session.terminal.line(f"{run_id} was put into the queue. Watch it: odibi runs follow {run_id}")


def _tell(session: Session, record: RunRecord) -> None:
    from odibi_core.cli.summary import (
        outcome,
        tell_expectations,
        tell_failure,
        tell_rejects_and_warnings,
    )
    from odibi_core.events import NodeState

    terminal = session.terminal
    terminal.line(*outcome(record))
    if record.start_time:
        tracking = f", tracking {record.tracking}" if record.tracking else ""
        terminal.line(f"Started {_local(record.start_time)}, engine {record.engine}{tracking}")
    if record.parameters:
        given = ", ".join(f"{name}={value}" for name, value in record.parameters.items())
        terminal.line(f"Parameters: {given}")
    if record.reason:
        terminal.line(f"Why: {record.reason}")
    elif record.error_message and not record.start_time:
        terminal.line(f"Why: {record.error_message}")
        if record.fix:
            terminal.line(f"To mend it: {record.fix}")
    terminal.line()
    terminal.table(
        ("step", "layer", "state", "took", "rows"), [_step(step) for step in record.steps.values()]
    )
    for step in record.steps.values():
        if step.state is NodeState.FAILED:
            tell_failure(terminal, step)
    tell_expectations(terminal, record)
    rejects = {name: str(record.run_dir / "rejects") for name in record.steps}
    failures = [f"the {report}: {why}" for report, why in record.report_failures.items()]
    if record.damaged_lines:
        failures.append(f"{record.damaged_lines} lines of the journal are damaged; what they told is missing")
    tell_rejects_and_warnings(terminal, record, rejects, failures)
    terminal.line()
    terminal.line(f"Kept in {terminal.path(record.run_dir)}")


def _step(step: StepProgress) -> tuple[str, str, str, str, str]:
    from odibi_core.events import NodeState
    from odibi_core.story.wording import count, duration

    is_cached = step.state is NodeState.CACHED
    took = "" if step.duration_ms is None or is_cached else duration(step.duration_ms)
    if took and step.duration_scope == "region":
        took += " (with its neighbours)"
    return step.name, step.layer, step.state.value, took, count(step.row_count) if step.end_time else ""


def _event_line(event: dict[str, Any]) -> str:
    from odibi_core.events import EventType
    from odibi_core.story.wording import duration, plural, rows

    name = str(event.get("step_name", ""))
    match event["event_type"]:
        case EventType.PIPELINE_START:
            return f"{event['pipeline_name']} starts, {plural(event['total_steps'], 'step')}"
        case EventType.NODE_START:
            return f"{name} starts"
        case EventType.NODE_COMPLETE:
            made = "" if event["row_count"] is None else f", {rows(event['row_count'])}"
            return f"{name} is complete after {duration(event['duration_ms'])}{made}"
        case EventType.NODE_ERROR:
            return f"{name} failed: {event['error_message']}"
        case EventType.NODE_RETRY:
            return f"{name} is tried again in {event['delay_s']:g} s: {event['error_message']}"
        case EventType.NODE_SKIPPED | EventType.NODE_CANCELLED:
            verb = "was skipped" if event["event_type"] == EventType.NODE_SKIPPED else "was cancelled"
            return f"{name} {verb}: {event['reason']}"
        case EventType.NODE_WARNING:
            return f"{name} warns: {event['message']}"
        case EventType.REPORT_FAILED:
            return f"the {event['report']} could not be made: {event['error_message']}"
    return ""


def _moment(timestamp: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(timestamp).astimezone()
    except ValueError:
        return None


def _local(timestamp: str) -> str:
    moment = _moment(timestamp)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def _local_time(timestamp: str) -> str:
    moment = _moment(timestamp)
    return f"{moment:%H:%M:%S}" if moment else "        "
