"""The command line: finds the command, and turns whatever becomes of it into words and an exit code."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from odibi_core import __version__
from odibi_core.cli.exit_codes import MEANINGS, ExitCode, code_of
from odibi_core.cli.session import Session
from odibi_core.errors import OdibiError, did_you_mean, internal_error

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

COMMANDS = (
    "init",
    "run",
    "validate",
    "plan",
    "preview",
    "parity",
    "connections",
    "story",
    "runs",
    "schedule",
    "stream",
    "alert",
    "quarantine",
    "suggest",
    "pin",
    "test",
    "up",
    "metrics",
    "export",
    "schema",
    "formats",
    "doctor",
)


class LazyGroup(click.Group):
    """The commands, each in a module of its own that loads nothing heavy until it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        """The names, in the order in which a person meets them; then those of other packages."""
        return [*COMMANDS, *sorted(_plugins())]

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's own signature
        cmd_name: str,
    ) -> click.Command | None:
        """The command of that name."""
        if cmd_name in COMMANDS:
            module = importlib.import_module(f"odibi_core.cli.commands.{cmd_name}")
            command: click.Command = module.command
            return command
        plugin = _plugins().get(cmd_name)
        return plugin.load() if plugin is not None else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name, or the near names."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-") and args[0] not in _plugins():
            hint = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"There is no command {args[0]!r}: {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_epilog(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's own signature
        formatter: click.HelpFormatter,
    ) -> None:
        """Write what the exit codes say."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), meaning) for code, meaning in MEANINGS.items()])


def _plugins() -> dict[str, EntryPoint]:
    """Name → a command of another package: an entry point of the group `odibi.commands`."""
    from odibi_core.extensions import brought

    return {found.name: found for found in brought("odibi.commands")}


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="odibi-studio", message="odibi-studio %(version)s")
@click.option(
    "-w",
    "--workspace",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder to work in; by default the nearest one with an odibi.toml, from the current folder up.",
)
@click.pass_obj
def odibi(session: Session, workspace: Path | None) -> None:
    """Declare data pipelines, run them, and see what happened."""
    session.folder = workspace


def run_command(args: Sequence[str] | None = None, *, is_own_process: bool = False) -> int:
    """The exit code of a command; everything that it has to say is written.

    Args:
        args: What follows `odibi`; None takes the arguments of the process.
        is_own_process: Whether the process was started for the command, and ends with it.
    """
    session = Session(is_own_process=is_own_process)
    terminal = session.terminal
    try:
        code = odibi.main(
            args=None if args is None else list(args), prog_name="odibi", obj=session, standalone_mode=False
        )
        return int(code or 0)
    except click.ClickException as error:
        error.show(sys.stderr)
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        terminal.note("Interrupted.")
        return ExitCode.INTERRUPTED
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ExitCode.FAILED
    except OdibiError as error:
        return _tell(session, error)
    except OSError as error:
        place = str(error.filename) if error.filename is not None else ""
        return _tell(session, OdibiError((error.strerror or str(error)).lower(), where=place))
    except Exception as error:  # noqa: BLE001 - a mistake of ours is told like everything else, never raw
        from odibi_core.cli.crash import keep_crash

        kept = keep_crash(error, session)
        told = internal_error(error, f"report it, with the file {kept}" if kept else "report it")
        terminal.error(told)
        if terminal.gives_json:
            document = {"message": told.what, "where": "", "fix": told.fix}
            terminal.document({"state": "error", "error": document})
        return ExitCode.INTERNAL


def _tell(session: Session, error: OdibiError) -> ExitCode:
    from odibi_core.cli.problems import error_document

    code = code_of(error)
    session.terminal.error(error)
    if session.terminal.gives_json:
        session.terminal.document(error_document(error, code))
    return code
