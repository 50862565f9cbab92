"""`odibi export`."""

from __future__ import annotations

from pathlib import Path

import click

from odibi_core.cli.arguments import pipeline_argument
from odibi_core.cli.session import Session
from odibi_core.errors import TargetError


@click.command("export", short_help="Write a pipeline as Python or YAML.")
@pipeline_argument
@click.option(
    "--to",
    "form",
    type=click.Choice(["python", "yaml"]),
    required=True,
    help="The form to write.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write here, to a new file; without it, to standard output.",
)
@click.pass_obj
def command(session: Session, pipeline: str, form: str, output: Path | None) -> None:
    """Write PIPELINE in another form: YAML as a Python script, or Python as YAML.

    A Python file is read, never run. Steps that are written out as literals can be read; `odibi export
    steps.py --to yaml` says where one is not.
    """
    text = _text(session, pipeline, form)
    if output is None:
        session.terminal.raw(text)
        return
    from odibi_core.text_file import write_text_file

    if output.exists():
        raise TargetError(
            "there is such a file already, and nothing is overwritten",
            where=str(output),
            fix="name a new file, or remove this one first",
        )
    write_text_file(output, text)
    session.terminal.line("Wrote ", (session.terminal.path(output), "green"), ".")


def _text(session: Session, pipeline: str, form: str) -> str:
    opened = session.open_pipeline(pipeline).pipeline
    if form == "python":
        from odibi_core.design.python_form import dump_python

        return dump_python(opened)
    from odibi_core.design.yaml_text import dump_yaml

    return dump_yaml(opened)
