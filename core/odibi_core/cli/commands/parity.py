"""`odibi parity`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

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
    from odibi_core.cli.terminal import Terminal
    from odibi_core.parity import Parity, StepParity

_COLORS = {"same": "green", "different": "red", "failed": "red", "not run": "yellow"}


@click.command("parity", short_help="Compare what a pipeline gives on pandas and on Spark.")
@pipeline_argument
@param_option
@click.option("--step", metavar="STEP", default="", help="Compare this step alone, with what it needs.")
@click.option(
    "--rows",
    type=click.IntRange(0),
    default=10_000,
    show_default=True,
    metavar="N",
    help="Take the first N rows of each source; 0 takes all.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0),
    default=1e-9,
    show_default=True,
    metavar="PART",
    help="How far two floats may be apart, in parts of the larger one.",
)
@master_option
@remote_option
@json_option
@click.pass_obj
def command(
    session: Session,
    *,
    pipeline: str,
    parameters: Mapping[str, str],
    step: str,
    rows: int,
    tolerance: float,
    master: str,
    remote: str,
    as_json: bool,
) -> int:
    """Run PIPELINE on both engines over the same rows, and show where they differ.

    What it would write to files is written aside and compared too; nothing is sent, and no target is touched.
    Rows are in no order; null and NaN are told apart. The exit code is 1 where something differs or failed.
    """
    terminal = session.terminal
    terminal.gives_json = as_json
    from odibi_core.parity import check_parity
    from odibi_core.secret_store import Redactor

    place = spark_place(master, remote)
    opened = session.open_pipeline(pipeline, parameters)
    terminal.redactor = Redactor()
    found = check_parity(
        opened.pipeline,
        workspace=opened.workspace,
        step=step,
        rows=rows,
        tolerance=tolerance,
        parameters=parameters,
        allowed_functions=opened.allowed_functions,
        spark_config=place,
        redactor=terminal.redactor,
        on_phase=lambda phase: terminal.note((f"{phase} …", "bright_black")),
    )
    if as_json:
        terminal.document(found.as_dict())
    else:
        _tell(terminal, found)
    return ExitCode.OK if found.is_same else ExitCode.FAILED


def _tell(terminal: Terminal, found: Parity) -> None:
    from odibi_core.story.wording import count, plural

    first, second = found.engines
    terminal.table(
        ["step", "gives", f"rows, {first}", f"rows, {second}", ""],
        [
            [
                step.step,
                step.dataset,
                *(count(step.row_counts[name]) if name in step.row_counts else "" for name in found.engines),
                step.verdict.value,
            ]
            for step in found.steps
        ],
    )
    for step in found.steps:
        _tell_step(terminal, step)
    terminal.line()
    cut = [name for name, (_, is_whole) in found.samples.items() if not is_whole]
    if cut:
        sample = f"Compared over the first {count(found.rows)} rows of {', '.join(cut)}; --rows takes more."
        terminal.line((sample, "bright_black"))
    bad = sum(step.verdict.value in ("different", "failed") for step in found.steps)
    if found.is_same:
        terminal.line(("Both engines give the same.", "green"))
    else:
        terminal.line((f"{plural(bad, 'result')} of {len(found.steps)} differ.", "red"))


def _tell_step(terminal: Terminal, step: StepParity) -> None:
    from odibi_core.story.wording import rows

    if step.verdict.value == "same":
        return
    terminal.line()
    terminal.line(terminal.clean_name(step.step), ": ", (step.verdict.value, _COLORS[step.verdict.value]))
    if step.after:
        terminal.line(f"  It follows {', '.join(map(terminal.clean_name, step.after))}: look there first.")
    for engine, error in step.errors.items():
        terminal.line(f"  on {engine}: {error}")
    for column in step.columns:
        types = ", ".join(f"{type_} on {engine}" for engine, type_ in column.types.items())
        alone = "" if len(column.types) == 2 else " alone"
        terminal.line(f"  column {terminal.clean_name(column.column)}: {types}{alone}")
    for engine, number in step.differing_rows.items():
        if number:
            terminal.line(f"  {rows(number)} on {engine} without a counterpart")
    for example in step.examples:
        shown = example.columns or tuple(next(iter(example.rows.values()), {}))
        for engine, row in example.rows.items():
            values = ", ".join(f"{name}={row[name]!r}" for name in shown if name in row)
            terminal.line((f"    {engine}: {terminal.clean_name(values)}", "bright_black"))
    for note in step.notes:
        terminal.line((f"  {note}", "bright_black"))
