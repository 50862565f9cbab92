"""`odibi plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from odibi_core.cli.arguments import json_option, pipeline_argument
from odibi_core.cli.session import Session

if TYPE_CHECKING:
    from odibi_core.plan.model import Plan, PlannedStep


@click.command("plan", short_help="Say what a run would do, and why.")
@pipeline_argument
@json_option
@click.pass_obj
def command(session: Session, pipeline: str, as_json: bool) -> None:
    """Say what a run of PIPELINE would do, and why: the order, what streams, what it reads, the columns.

    No rows are read, and nothing is written.
    """
    session.terminal.gives_json = as_json
    plan = session.open_pipeline(pipeline).orchestrator().plan()
    if as_json:
        session.terminal.document(plan.as_dict())
    else:
        _tell(session, plan)


def _tell(session: Session, plan: Plan) -> None:
    from odibi_core.story.wording import file_size, plural

    terminal = session.terminal
    steps, waves = plural(len(plan.steps), "step"), plural(len(plan.waves), "wave")
    terminal.line(f"{plan.pipeline.name}: {steps} in {waves}")
    terminal.line(f"Tracking is {plan.tracking.value}: {plan.tracking_reason}")
    total = sum(plan.bytes_read.values())
    if total:
        terminal.line(f"It reads up to {file_size(total)} of files")
    for number, wave in enumerate(plan.waves, start=1):
        terminal.line()
        terminal.line((f"Wave {number}", "bright_black"))
        for name in wave:
            _tell_step(session, plan, plan.steps[name])
    if plan.warnings:
        terminal.line()
    for warning in plan.warnings:
        terminal.line(("warning: ", "yellow"), str(warning))


def _tell_step(session: Session, plan: Plan, planned: PlannedStep) -> None:
    from odibi_core.story.wording import file_size, plural

    terminal = session.terminal
    name = terminal.clean_name(planned.step.name)
    terminal.line("  ", (name, "cyan"), f"  {planned.kind.value}, {planned.step.engine}")
    size = plan.sizes.get(planned.step.name)
    if size is not None:
        rows = "" if size.row_count is None else f", {plural(size.row_count, 'row')}"
        terminal.line(f"    holds {file_size(size.size_bytes)}{rows}")
    takes = ", ".join(dict.fromkeys(planned.step.inputs.values()))
    if takes:
        terminal.line(f"    takes {terminal.clean_name(takes)}")
    for output, schema in planned.schemas.items():
        key = terminal.clean_name(planned.step.outputs[output])
        if schema is None:
            terminal.line(f"    makes {key}; its columns are known when it has run")
        else:
            columns = ", ".join(f"{column} {kind}" for column, kind in schema)
            terminal.line(f"    makes {key}: {terminal.clean_name(columns)}")
    terminal.line(f"    {'kept: ' if planned.is_kept else ''}{planned.reason}")
