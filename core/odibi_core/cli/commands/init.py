"""`odibi init`."""

from __future__ import annotations

from pathlib import Path

import click

from odibi_core.cli.session import Session


@click.command("init", short_help="Make a workspace with samples to try.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.pass_obj
def command(session: Session, folder: Path) -> None:
    """Make a workspace in DIR, with samples to try. Nothing is ever overwritten."""
    from odibi_core.samples import copy_samples
    from odibi_core.workspace import Workspace

    copy_samples(folder)
    terminal = session.terminal
    names = [path.stem for path in Workspace.find(folder).pipelines()]
    terminal.line("Made a workspace in ", (terminal.path(folder), "green"), ".")
    terminal.line(f"Its pipelines: {', '.join(names)}; README.md there says what they show.")
    terminal.line()
    terminal.line("Next:")
    if folder.resolve() != Path.cwd():
        terminal.line(f"  cd {_quoted(str(folder))}")
    for line in (f"odibi plan {names[0]}", f"odibi run {names[0]}", "odibi story --open"):
        terminal.line(f"  {line}")


def _quoted(path: str) -> str:
    import shlex

    return shlex.quote(path)
