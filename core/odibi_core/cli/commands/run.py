"""`odibi run`."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from odibi_core.cli.arguments import (
    json_option,
    master_option,
    param_option,
    pipeline_argument,
    remote_option,
    spark_place,
)
from odibi_core.cli.exit_codes import ExitCode
from odibi_core.cli.session import Session

if TYPE_CHECKING:
    from odibi_core.cli.progress import ProgressBar, StepLines
    from odibi_core.cli.run_watch import RunWatch
    from odibi_core.event_bus import EventBus
    from odibi_core.graph.selection import Selection
    from odibi_core.pipeline import Pipeline


def _known_engine(_context: click.Context, _option: click.Parameter, name: str) -> str:
    """The engine, where there is one of that name."""
    if name:
        from odibi_core.engines.registry import EngineNames
        from odibi_core.errors import did_you_mean

        names = EngineNames()
        if name not in names:
            raise click.BadParameter(f"there is no engine {name!r}: {did_you_mean(name, names)}")
    return name


def _size(_context: click.Context, _option: click.Parameter, text: str | None) -> str | None:
    """The amount of memory, where it is one."""
    if text is not None:
        from odibi_core.workspace_settings import SIZE_PATTERN

        if not re.fullmatch(SIZE_PATTERN, text):
            raise click.BadParameter(f"{text!r} is no size such as 512MB or 4GB")
    return text


@click.command("run", short_help="Run a pipeline.")
@pipeline_argument
@param_option
@click.option("--to", "end", metavar="STEP", default="", help="Run this step and all that it needs.")
@click.option(
    "--from",
    "start",
    metavar="STEP",
    default="",
    help="Run this step and all that follows from it; what these need from before is computed again.",
)
@click.option(
    "--engine",
    metavar="NAME",
    default="",
    callback=_known_engine,
    help="The engine of steps that name none.",
)
@master_option
@remote_option
@click.option(
    "--tracking",
    type=click.Choice(["auto", "exact", "fused"]),
    help="How closely steps are watched: exact times each by itself, fused is faster with much data.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Run up to N steps that don't need each other at the same time.",
)
@click.option(
    "--memory-limit",
    metavar="SIZE",
    callback=_size,
    help="How much memory the run may take, such as 4GB; what is more goes to the disk.",
)
@click.option("--threads", type=click.IntRange(1), metavar="N", help="How many threads an engine may use.")
@click.option(
    "--cache", is_flag=True, help="Take what did not change from the cache, and keep the rest there."
)
@click.option(
    "--checkpoints",
    is_flag=True,
    help="Save where the run stands after each layer, for --resume.",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint of a run that failed or was stopped.")
@click.option("--wait", is_flag=True, help="Where the pipeline is running already, wait until that run ends.")
@click.option("--together", is_flag=True, help="Run although the pipeline is running already.")
@json_option
@click.option("--log", type=click.Choice(["text", "json"]), help="Write a log of the run to standard error.")
@click.option("-q", "--quiet", is_flag=True, help="Write nothing but errors and warnings.")
@click.option("-v", "--verbose", is_flag=True, help="Write a line for each step that ends.")
@click.pass_obj
def command(
    session: Session,
    *,
    pipeline: str,
    parameters: Mapping[str, str],
    end: str,
    start: str,
    engine: str,
    master: str,
    remote: str,
    tracking: str | None,
    workers: int | None,
    memory_limit: str | None,
    threads: int | None,
    cache: bool,
    checkpoints: bool,
    resume: bool,
    wait: bool,
    together: bool,
    as_json: bool,
    log: str | None,
    quiet: bool,
    verbose: bool,
) -> int:
    """Run PIPELINE: a name in pipelines/, or the path of a YAML or Python file.

    Ctrl-C stops a run cleanly within two seconds. The run is kept in .odibi/runs; `odibi story` tells it.
    """
    session.terminal.gives_json = as_json
    if session.is_own_process:
        from odibi_core.cli.libraries import settle_libraries

        settle_libraries()
    from odibi_core.cli.ordered_run import execute_order, hands_queue_on
    from odibi_core.cli.run_watch import RunWatch
    from odibi_core.event_bus import EventBus
    from odibi_core.journal.order import RunOrder, Trigger, user_name
    from odibi_core.journal.writer import new_run_id
    from odibi_core.plan.model import Tracking

    opened = session.open_pipeline(pipeline, parameters)
    bus = EventBus()
    watch = RunWatch(opened.workspace.runs)
    order = RunOrder(
        pipeline=opened.pipeline.name,
        trigger=Trigger.COMMAND_LINE,
        author=user_name(),
        source=opened.source,
        parameters=dict(parameters),
        start=start,
        end=end,
        engine=engine,
        spark_config=_spark_place(opened.pipeline, engine, master, remote),
        tracking=Tracking(tracking) if tracking else None,
        workers=workers,
        memory_limit=memory_limit,
        threads=threads,
        cache=cache,
        checkpoints=checkpoints,
        resume=resume,
        together=together,
    )
    _connect(session, bus, watch, log)
    warnings: list[str] = []
    with (
        hands_queue_on(opened.workspace, session.terminal),
        _shown(session, bus, log=log, quiet=quiet, verbose=verbose),
    ):
        try:
            # What a function prints must not get into a document.
            with redirect_stdout(sys.stderr) if as_json else nullcontext():
                result = execute_order(
                    opened,
                    order,
                    bus,
                    run_id=new_run_id(),
                    waits=wait,
                    on_wait=partial(_tell_wait, session),
                    on_part=partial(_tell_part, session, quiet=quiet),
                )
            code = ExitCode.OK if result.success else ExitCode.FAILED
            warnings = result.warnings
        except (KeyboardInterrupt, SystemExit) as stopped:
            if watch.record is None:
                raise
            code = _signal_code(stopped)
        finally:
            session.terminal.redactor = bus.redactor
    _tell(session, watch, code, warnings, quiet=quiet)
    return code


def _spark_place(pipeline: Pipeline, engine: str, master: str, remote: str) -> dict[str, str]:
    """Where Spark runs, as its own settings say it; empty where nobody said it."""
    place = spark_place(master, remote)
    engines = {step.engine or engine or pipeline.engine for step in pipeline.steps}
    if place and "spark" not in engines:
        option = "--master" if master else "--remote"
        raise click.UsageError(f"{option} says where Spark runs, and no step runs on it: add --engine spark.")
    return place


def _tell_part(session: Session, part: Selection, *, quiet: bool) -> None:
    if part.recomputed and not quiet:
        names = ", ".join(part.recomputed)
        session.terminal.note(f"Computed again, because the steps asked for need them: {names}")


def _tell_wait(session: Session, run_id: str) -> None:
    session.terminal.note(f"The pipeline is running already: waiting for the run {run_id}.")


def _signal_code(stopped: BaseException) -> ExitCode:
    if isinstance(stopped, SystemExit) and stopped.code == 128 + signal.SIGTERM:
        return ExitCode.TERMINATED
    return ExitCode.INTERRUPTED


def _connect(session: Session, bus: EventBus, watch: RunWatch, log: str | None) -> None:
    from odibi_core.logs import configure_logging, log_event

    level, form = ("INFO", log) if log else ("WARNING", "text")
    configure_logging(level, form, takes_all=True)

    def learn_secrets(_event: Mapping[str, Any]) -> None:
        if session.terminal.redactor is not bus.redactor:
            session.terminal.redactor = bus.redactor
            configure_logging(level, form, bus.redactor, takes_all=True)

    bus.subscribe(learn_secrets)
    bus.subscribe(watch.observe)
    if log:
        bus.subscribe(log_event)


def _shown(
    session: Session, bus: EventBus, *, log: str | None, quiet: bool, verbose: bool
) -> AbstractContextManager[object]:
    from odibi_core.cli.progress import ProgressBar, StepLines, shows_bar

    if log or quiet:
        return nullcontext()
    shown: ProgressBar | StepLines
    if verbose:
        shown = StepLines(session.terminal)
    elif shows_bar():
        shown = ProgressBar(session.terminal)
    else:
        return nullcontext()
    bus.subscribe(shown.observe)
    return shown


def _tell(session: Session, watch: RunWatch, code: ExitCode, warnings: list[str], *, quiet: bool) -> None:
    from odibi_core.cli.summary import (
        run_document,
        tell_failure,
        tell_rejects_and_warnings,
        tell_run,
    )
    from odibi_core.events import NodeState

    assert watch.record is not None
    if session.terminal.gives_json:
        session.terminal.document(run_document(watch, code, warnings))
    if not quiet:
        tell_run(session.terminal, watch, warnings)
        return
    session.terminal.gives_json = True
    tell_rejects_and_warnings(session.terminal, watch.record, watch.rejects, warnings)
    for step in watch.record.steps.values():
        if step.state is NodeState.FAILED:
            tell_failure(session.terminal, step, watch.origins.get(step.name, ""))
