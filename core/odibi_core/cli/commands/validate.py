"""`odibi validate`."""

from __future__ import annotations

import click

from odibi_core.cli.arguments import PIPELINE
from odibi_core.cli.exit_codes import ExitCode, code_of
from odibi_core.cli.session import Session
from odibi_core.errors import OdibiError, PipelineInvalidError, Problem, Severity
from odibi_core.story.wording import plural


@click.command("validate", short_help="Check pipelines, and name every mistake.")
@click.argument("pipelines", nargs=-1, type=PIPELINE, metavar="[PIPELINE]...")
@click.pass_obj
def command(session: Session, pipelines: tuple[str, ...]) -> ExitCode:
    """Check pipelines: every mistake at once, with the step, the field and how to mend it.

    Checks all pipelines of the workspace where none is named. No rows are read, and nothing is written.
    """
    names = pipelines or tuple(str(path) for path in session.all_pipelines())
    return max(_validate(session, name) for name in names)


def _validate(session: Session, name: str) -> ExitCode:
    terminal = session.terminal
    try:
        opened = session.open_pipeline(name)
        warnings = opened.orchestrator().validate()
    except PipelineInvalidError as error:
        title = error.where.removeprefix("pipeline ").strip("'") or terminal.path(name)
        terminal.line(title, ": ", (error.what.removeprefix("the pipeline has "), "red"))
        for problem in error.problems:
            _say(session, problem)
        return ExitCode.INVALID
    except OdibiError as error:
        if code_of(error) is ExitCode.USAGE:
            raise
        terminal.line(terminal.path(name), ": ", ("can't be checked", "red"))
        terminal.line(f"  - {error}")
        return code_of(error)
    steps = plural(len(opened.pipeline.steps), "step")
    if not warnings:
        terminal.line(opened.pipeline.name, ": ", ("fine", "green"), f" ({steps})")
    else:
        count = plural(len(warnings), "warning")
        terminal.line(opened.pipeline.name, ": ", (f"can run, with {count}", "yellow"), f" ({steps})")
    for warning in warnings:
        _say(session, warning)
    return ExitCode.OK


def _say(session: Session, problem: Problem) -> None:
    warns = problem.severity is Severity.WARNING
    where = f"{problem.where}: " if problem.where else ""
    session.terminal.line("  - ", ("warning: ", "yellow") if warns else "", f"{where}{problem.what}")
    if problem.fix:
        session.terminal.line(f"    To mend it: {problem.fix}")
