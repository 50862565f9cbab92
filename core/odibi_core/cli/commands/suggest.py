"""`odibi suggest`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import click

from odibi_core.cli.arguments import PIPELINE, json_option, param_option
from odibi_core.cli.session import OpenPipeline, Session


@click.command("suggest", short_help="Suggest expectations for what a step makes.")
@click.argument("step")
@click.option("-p", "--pipeline", type=PIPELINE, required=True, help="The pipeline that has the step.")
@param_option
@click.option(
    "--rows",
    metavar="N",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="The most rows to look at.",
)
@click.option("--write", is_flag=True, help="Put them into the pipeline's file, where the step has none.")
@json_option
@click.pass_obj
def command(
    session: Session,
    *,
    step: str,
    pipeline: str,
    parameters: Mapping[str, str],
    rows: int,
    write: bool,
    as_json: bool,
) -> None:
    """Look at what STEP makes now, and write the expectations that fit it as YAML.

    What the step needs runs over the sources. They are a beginning: look them over.
    """
    from odibi_core.design.yaml_writer import write_mapping
    from odibi_core.secret_store import Redactor
    from odibi_core.suggestion import suggest_expectations

    terminal = session.terminal
    terminal.gives_json = as_json
    opened = session.open_pipeline(pipeline, parameters)
    terminal.redactor = Redactor()
    found = suggest_expectations(
        opened.pipeline,
        step,
        workspace=opened.workspace,
        rows=rows,
        parameters=parameters,
        allowed_functions=opened.allowed_functions,
        redactor=terminal.redactor,
    )
    if as_json:
        terminal.document(asdict(found))
        return
    if not found.expectations:
        terminal.note(f"{step!r} makes no rows now, so there is nothing to tell from.")
        return
    if write:
        _write(opened, step, list(found.expectations))
        terminal.line(f"Written to {opened.source}: {len(found.expectations)} expectations of {step!r}.")
        return
    looked = "all" if found.is_whole else "the first"
    terminal.note(f"From {looked} {found.rows:,} rows. Put it into the step, or let --write do so:")
    terminal.raw(terminal.redactor.text(write_mapping({"expectations": list(found.expectations)}) + "\n"))


def _write(opened: OpenPipeline, step: str, expectations: list[dict[str, object]]) -> None:
    from dataclasses import replace

    from odibi_core.design.yaml_form import rewrite_yaml
    from odibi_core.errors import OdibiError
    from odibi_core.text_file import write_text_file

    if opened.path.suffix not in (".yaml", ".yml"):
        raise OdibiError("only a YAML file is written to", where=opened.source, fix="copy what is printed")
    if opened.pipeline.step(step).expectations:
        raise OdibiError(
            f"{step!r} has expectations already", where=opened.source, fix="leave out --write, and choose"
        )
    steps = [
        replace(each, expectations=expectations) if each.name == step else each
        for each in opened.pipeline.steps
    ]
    # Read as bytes: text mode would turn each CRLF into LF.
    before = opened.path.read_bytes().decode("utf-8")
    text = rewrite_yaml(before, replace(opened.pipeline, steps=steps))
    write_text_file(opened.path, text)
