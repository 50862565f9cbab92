"""`odibi pin`."""

from __future__ import annotations

from collections.abc import Mapping

import click

from odibi_core.cli.arguments import PIPELINE, param_option
from odibi_core.cli.session import Session


@click.command("pin", short_help="Keep what a step gives now as a test.")
@click.argument("step")
@click.argument("name", required=False)
@click.option("-p", "--pipeline", type=PIPELINE, required=True, help="The pipeline that has the step.")
@param_option
@click.option(
    "--rows",
    metavar="N",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="The most rows of each input.",
)
@click.option("--replace", "replaces", is_flag=True, help="Replace the case of that name.")
@click.pass_obj
def command(
    session: Session,
    *,
    step: str,
    name: str | None,
    pipeline: str,
    parameters: Mapping[str, str],
    rows: int,
    replaces: bool,
) -> None:
    """Keep the first rows of the inputs of STEP, and what it makes of them, as golden/NAME.yaml.

    NAME is the step's own where it is left out. `odibi test` tells whether the step still gives the same.
    """
    from odibi_core.errors import OdibiError
    from odibi_core.golden.case import case_files, write_case
    from odibi_core.golden.pinning import pin_step
    from odibi_core.secret_store import Redactor
    from odibi_core.story.wording import rows as rows_in_words

    terminal = session.terminal
    opened = session.open_pipeline(pipeline, parameters)
    name = name or step
    files = case_files(opened.workspace)
    if name in files and not replaces:
        raise OdibiError(
            "there is a golden case of that name", where=str(files[name]), fix="name another, or --replace it"
        )
    terminal.redactor = Redactor()
    case = pin_step(
        opened.pipeline,
        step,
        workspace=opened.workspace,
        rows=rows,
        parameters=parameters,
        allowed_functions=opened.allowed_functions,
        redactor=terminal.redactor,
    )
    path = write_case(opened.workspace, name, case)
    taken = ", ".join(f"{rows_in_words(len(given.rows))} of {alias}" for alias, given in case.inputs.items())
    made = rows_in_words(len(case.expected.rows))
    terminal.line(f"{terminal.path(path)}: {taken + ' give ' if taken else ''}{made}.")
    if not case.expected.rows:
        terminal.note(
            "It gives no rows for these: take more with --rows, or write better ones into the file."
        )
