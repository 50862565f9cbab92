"""`odibi studio`."""

from __future__ import annotations

import click

from odibi_core.cli.session import Session
from odibi_core.errors import WorkspaceError


@click.command("studio", short_help="Open the Studio in a browser.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port; by default the first free from 8501.")
@click.option("--browser/--no-browser", default=True, help="Whether a browser is opened at once.")
@click.pass_obj
def command(session: Session, port: int | None, browser: bool) -> None:
    """Open the Studio of the workspace in a browser. Ctrl-C ends it; runs that it started go on."""
    workspace = session.workspace()
    if not workspace.is_declared:
        raise WorkspaceError(
            "there is no workspace here",
            where=str(workspace.root),
            fix="go to the folder of one, or make one with samples: odibi init DIR",
        )
    from odibi_studio.server import ADDRESS, choose_port, serve

    chosen = choose_port(port)
    address = f"http://{ADDRESS}:{chosen}"
    session.terminal.line(f"The Studio of {workspace.root} is at ", (address, "green"))
    session.terminal.line("Ctrl-C ends it.")
    serve(workspace, chosen, on_ready=lambda: _open_browser(address) if browser else None)


def _open_browser(address: str) -> None:
    import webbrowser

    webbrowser.open(address)
