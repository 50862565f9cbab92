"""`odibi up`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import click

from odibi_core.cli.arguments import log_option
from odibi_core.cli.session import Session


@click.command("up", short_help="Run the Studio, schedules, streams and alerts together.")
@click.option("--port", type=click.IntRange(1, 65535), help="The Studio's port.")
@click.option("--studio/--no-studio", default=True, help="Whether the Studio runs too.")
@log_option
@click.pass_obj
def command(session: Session, port: int | None, log: str, *, studio: bool) -> None:
    """Run the Studio, the scheduler, every stream and the alerts, until Ctrl-C or SIGTERM ends them all.

    Each is a process of its own; one that dies is started again. Streams whose files come, change or go
    meanwhile are started, started again and ended.
    """
    from importlib.metadata import entry_points

    from odibi_core.alerts.rule import alert_files
    from odibi_core.cli.supervisor import Command, Supervisor
    from odibi_core.logs import configure_logging
    from odibi_core.streams.declared import stream_files

    configure_logging("INFO", log)
    workspace = session.workspace()
    has_studio = studio and any(found.name == "studio" for found in entry_points(group="odibi.commands"))

    def commands() -> Mapping[str, Command]:
        wanted = {"the scheduler": Command(("schedule", "run", "--log", log))}
        if has_studio:
            wanted["the Studio"] = Command(
                ("studio", "--no-browser", *(("--port", str(port)) if port else ()))
            )
        if alert_files(workspace):
            wanted["the alerts"] = Command(("alert", "run", "--log", log))
        for name, path in stream_files(workspace).items():
            wanted[f"the stream {name}"] = Command(("stream", "run", name, "--log", log), _content(path))
        return wanted

    session.terminal.note("Ctrl-C ends everything.")
    Supervisor(workspace.root, commands).run()
    session.terminal.note("Everything has ended.")


def _content(path: Path) -> bytes:
    with suppress(OSError):
        return path.read_bytes()
    return b""
