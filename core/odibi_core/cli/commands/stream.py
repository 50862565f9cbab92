"""`odibi stream`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from odibi_core.cli.arguments import log_option, name_argument_of
from odibi_core.cli.exit_codes import ExitCode
from odibi_core.cli.session import Session
from odibi_core.errors import OdibiError

if TYPE_CHECKING:
    from odibi_core.stream_manager import StreamManager
    from odibi_core.workspace import Workspace


def _names(workspace: Workspace) -> Iterable[str]:
    from odibi_core.streams.declared import stream_files

    return stream_files(workspace)


name_argument = name_argument_of("stream", _names)


@click.group("stream", short_help="Run pipelines over what comes bit by bit.")
def command() -> None:
    """Run pipelines over new files, rows past a watermark, or events.

    A stream is a file, streams/NAME.yaml.
    """


@command.command("list")
@click.pass_obj
def list_all(session: Session) -> None:
    """List the streams: what is committed, what failed, and what the next batch waits for."""
    from odibi_core.streams.declared import checkpoint_folder, find_stream, stream_files
    from odibi_core.streams.standing import is_paused

    workspace = session.workspace()
    rows, wrong = [], []
    for name in stream_files(workspace):
        try:
            stream = find_stream(workspace, name)
            status = _manager(session, name).status()
        except OdibiError as error:
            wrong.append(error)
            rows.append((name, "", "", "it can't run", "", "", ""))
            continue
        rows.append(
            (
                name,
                stream.pipeline,
                stream.mode.value,
                str(status.done),
                str(status.failed),
                status.watermark,
                "it is paused" if is_paused(checkpoint_folder(workspace, name)) else status.error,
            )
        )
    if not rows:
        session.terminal.note("There is no stream yet. docs/streams.md says how to write streams/NAME.yaml")
        return
    heads = ("stream", "pipeline", "mode", "committed", "failed", "watermark", "waits because")
    session.terminal.table(heads, rows)
    for mistake in wrong:
        session.terminal.error(mistake)


@command.command("run")
@name_argument
@click.option("--once", is_flag=True, help="Take what is there, and end.")
@log_option
@click.pass_obj
def run(session: Session, name: str, *, once: bool, log: str) -> ExitCode:
    """Take batches until Ctrl-C or SIGTERM; the batch that is under way is let end.

    With --once the exit code is 1 where a batch failed.
    """
    from odibi_core.logs import configure_logging
    from odibi_core.streams.declared import checkpoint_folder
    from odibi_core.streams.standing import is_paused

    configure_logging("INFO", log)
    manager = _manager(session, name)
    if once:
        taken = manager.run_once() - manager.failures
        session.terminal.line(f"{taken} {'batch was' if taken == 1 else 'batches were'} taken.")
        if is_paused(checkpoint_folder(session.workspace(), name)):
            session.terminal.note(f"{name} is paused. Go on with: odibi stream resume {name}")
        if manager.failures:
            batches = "1 batch" if manager.failures == 1 else f"{manager.failures} batches"
            session.terminal.error(
                OdibiError(
                    f"{batches} failed; why is told above",
                    where=f"stream {name!r}",
                    fix=f"mend what is wrong; files go back with: odibi stream replay {name}",
                )
            )
            return ExitCode.FAILED
        return ExitCode.OK
    session.terminal.note(f"The stream {name} runs. Ctrl-C ends it.")
    manager.start()
    session.terminal.note(f"The stream {name} has ended.")
    return ExitCode.OK


@command.command("pause")
@name_argument
@click.pass_obj
def pause_stream(session: Session, name: str) -> None:
    """Have a stream take no batch until it is resumed; the one that is under way is let end."""
    from odibi_core.streams.standing import pause

    is_new = pause(session.workspace(), name)
    session.terminal.line(
        f"{name} is paused. Go on with: odibi stream resume {name}"
        if is_new
        else f"{name} was paused already."
    )


@command.command("resume")
@name_argument
@click.pass_obj
def resume_stream(session: Session, name: str) -> None:
    """Let a paused stream take batches again, those that waited too."""
    from odibi_core.streams.standing import resume

    was_paused = resume(session.workspace(), name)
    session.terminal.line(f"{name} takes batches again." if was_paused else f"{name} was not paused.")


@command.command("replay")
@name_argument
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.pass_obj
def replay_files(session: Session, name: str, files: tuple[str, ...]) -> None:
    """Put files that could not be taken back into the source; all of them, or those that are named."""
    from odibi_core.streams.declared import find_stream, replay

    workspace = session.workspace()
    moved = replay(workspace, find_stream(workspace, name), files)
    for file in moved:
        session.terminal.line(f"{file} is back in the source.")
    if not moved:
        session.terminal.note("No file was set aside.")


def _manager(session: Session, name: str) -> StreamManager:
    from odibi_core.stream_manager import StreamManager
    from odibi_core.streams.declared import checkpoint_folder, find_stream

    workspace = session.workspace()
    stream = find_stream(workspace, name)
    opened = session.open_pipeline(stream.pipeline)
    return StreamManager(
        opened.pipeline,
        stream_mode=stream.mode,
        stream_config=stream.config,
        checkpoint_dir=checkpoint_folder(workspace, name),
        parameters=stream.parameters,
        workspace=workspace,
        allowed_functions=opened.allowed_functions,
    )
