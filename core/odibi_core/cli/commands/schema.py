"""`odibi schema`."""

from __future__ import annotations

import click

from odibi_core.cli.session import Session


@click.command("schema", short_help="Write the JSON Schema of pipeline files.")
@click.pass_obj
def command(session: Session) -> None:
    """Write the JSON Schema of pipeline files, for editors that check and complete.

    Save it as pipelines/pipeline.schema.json: files that odibi writes name it in their first line.
    """
    from odibi_core.design.json_schema import schema_text

    session.terminal.raw(schema_text())
