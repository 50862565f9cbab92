"""`odibi studio`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from odibi_core.cli.session import Session
from odibi_core.cli.terminal import is_terminal
from odibi_core.errors import WorkspaceError

if TYPE_CHECKING:
    from odibi_core.workspace import Workspace

# What a new folder may hold and still be empty to its owner.
_UNNOTICED = {".git", ".gitignore", ".DS_Store"}
# One of the samples has been run when a person sees the Studio for the first time.
_FIRST_RUN = "customer_360"


@click.command("studio", short_help="Open the Studio in a browser.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port; by default the first free from 8501.")
@click.option("--browser/--no-browser", default=True, help="Whether a browser is opened at once.")
@click.option(
    "--init",
    "makes_workspace",
    is_flag=True,
    help="Make a workspace with samples first, where there is none. Nothing is overwritten.",
)
@click.pass_obj
def command(session: Session, port: int | None, *, browser: bool, makes_workspace: bool) -> None:
    """Open the Studio of the workspace in a browser. Ctrl-C ends it; runs that it started go on.

    In a folder that belongs to no workspace it offers to make one there, with samples to try.
    """
    workspace = session.workspace()
    is_new = not workspace.is_declared
    if is_new:
        if not makes_workspace:
            _ask(workspace.root)
        workspace = _make(session, workspace.root)
    from odibi_studio.server import ADDRESS, choose_port, serve

    chosen = choose_port(port)
    address = f"http://{ADDRESS}:{chosen}"
    session.terminal.line(f"The Studio of {workspace.root} is at ", (address, "green"))
    session.terminal.line("Ctrl-C ends it.")
    serve(
        workspace,
        chosen,
        on_ready=lambda: _open_browser(address) if browser else None,
        first_run=_FIRST_RUN if is_new else "",
    )


def _ask(folder: Path) -> None:
    """Ask whether a workspace is to be made in the folder.

    Raises:
        WorkspaceError: Nobody is there to be asked, or the answer is no.
    """
    others = folder.is_dir() and any(path.name not in _UNNOTICED for path in folder.iterdir())
    if is_terminal(sys.stdin) and is_terminal(sys.stdout):
        click.echo(f"There is no workspace in {folder}.")
        beside = "beside the files that it holds, none of which is changed, " if others else ""
        # A folder with other files may be the wrong one: there Enter alone does nothing.
        if click.confirm(f"Make one here, {beside}with samples to try?", default=not others):
            return
    raise WorkspaceError(
        "there is no workspace here",
        where=str(folder),
        fix="go to the folder of one; or make one with samples: `odibi studio --init` here, "
        "`odibi init DIR` elsewhere",
    )


def _make(session: Session, folder: Path) -> Workspace:
    from odibi_core.samples import copy_samples
    from odibi_core.workspace import Workspace

    copy_samples(folder)
    session.terminal.line("Made a workspace with samples in ", (str(folder), "green"), ".")
    return Workspace(folder, True)


def _open_browser(address: str) -> None:
    import webbrowser

    webbrowser.open(address)
