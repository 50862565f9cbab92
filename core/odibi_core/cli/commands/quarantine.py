"""`odibi quarantine`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from odibi_core.cli.arguments import json_option, param_option
from odibi_core.cli.exit_codes import ExitCode
from odibi_core.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from odibi_core.quality.quarantine import SetAside

_set_argument = click.argument("number", metavar="SET", type=click.IntRange(1))


@click.group("quarantine", short_help="Look at rows that were set aside, mend and replay them.")
def command() -> None:
    """Look at the rows that runs set aside: they broke an expectation, or could not be read.

    Each step of each run that set rows aside made a set of them, which has a number.
    """


@command.command("list")
@click.option("-p", "--pipeline", default="", metavar="NAME", help="Only those of this pipeline.")
@click.option("-a", "--all", "shows_all", is_flag=True, help="Also those in which no row is open.")
@json_option
@click.pass_obj
def list_sets(session: Session, *, pipeline: str, shows_all: bool, as_json: bool) -> None:
    """List the sets of rows that were neither replayed nor discarded, the latest first."""
    from odibi_core.quality.quarantine import Quarantine

    terminal = session.terminal
    terminal.gives_json = as_json
    sets = Quarantine(session.workspace()).sets(pipeline, only_open=not shows_all)
    if as_json:
        terminal.document({"sets": [_document(each) for each in sets]})
        return
    if not sets:
        terminal.line("No rows are set aside.")
        return
    head = ("set", "pipeline", "step", "open", "of", "why", "run")
    terminal.table(head, [_cells(each) for each in sets])


@command.command("show")
@_set_argument
@click.option("--rows", "limit", metavar="N", type=click.IntRange(1), default=20, show_default=True)
@json_option
@click.pass_obj
def show(session: Session, *, number: int, limit: int, as_json: bool) -> None:
    """Show the open rows of a set, and why they were set aside."""
    from odibi_core.cli.commands.preview import cell_text, whole_value
    from odibi_core.quality.quarantine import Quarantine
    from odibi_core.story.wording import plural

    terminal = session.terminal
    terminal.gives_json = as_json
    quarantine = Quarantine(session.workspace())
    found = quarantine.find(number)
    table = quarantine.rows(found, limit=limit)
    names = table.column_names
    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    if as_json:
        shown = [dict(zip(names, map(whole_value, row), strict=True)) for row in rows]
        terminal.document({**_document(found), "rows": shown})
        return
    heads = [terminal.clean_name(name) for name in names]
    terminal.table(heads, [[cell_text(value) for value in row] for row in rows], fits=True)
    terminal.line()
    more = f"; there are {found.open_rows - len(rows):,} more (--rows)" if found.open_rows > len(rows) else ""
    terminal.line((f"{plural(len(rows), 'open row')} of {found.row_count:,}{more}.", "bright_black"))
    terminal.line(f"Write them to a file, to be mended there: odibi quarantine export {number} FILE.csv")


@command.command("export")
@_set_argument
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export(session: Session, *, number: int, file: Path) -> None:
    """Write the open rows of a set to a CSV file, to be mended there.

    Keep the column odibi_row: it tells which row is which. Rows that you remove stay open.
    """
    from odibi_core.quarantine_desk import QuarantineDesk
    from odibi_core.story.wording import rows

    desk = QuarantineDesk(session.workspace())
    count = desk.export(desk.quarantine.find(number), file)
    session.terminal.line(
        f"{rows(count)} in {file}. Mend them, then: odibi quarantine replay {number} {file}"
    )


@command.command("replay")
@_set_argument
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Also rows of a run that did not succeed.")
@click.option(
    "--any-steps",
    is_flag=True,
    help="Also through steps that look at other rows too: what they make of these alone is written.",
)
@param_option
@json_option
@click.pass_obj
def replay(
    session: Session,
    *,
    number: int,
    file: Path | None,
    force: bool,
    any_steps: bool,
    parameters: Mapping[str, str],
    as_json: bool,
) -> int:
    """Send mended rows of a set into the pipeline, from the step that set them aside.

    FILE has them as CSV or Parquet; without one the open rows go as they are. Each row goes once, whatever
    dies when: a replay that began to write and did not end well is gone on with by `odibi quarantine again`.
    The rows of one that wrote nothing are open again.
    """
    from odibi_core.cli.ordered_run import hands_queue_on
    from odibi_core.quarantine_desk import QuarantineDesk

    session.terminal.gives_json = as_json
    workspace = session.workspace()
    desk = QuarantineDesk(workspace)
    found = desk.quarantine.find(number)
    with hands_queue_on(workspace, session.terminal):
        result = desk.replay(found, file, force=force, any_steps=any_steps, parameters=parameters or None)
    return _told(session, result, desk, found, as_json=as_json)


@command.command("again")
@_set_argument
@json_option
@click.pass_obj
def again(session: Session, *, number: int, as_json: bool) -> int:
    """Go on with the replays of a set that did not end well."""
    from odibi_core.cli.ordered_run import hands_queue_on
    from odibi_core.errors import OdibiError
    from odibi_core.quality.quarantine import OVER
    from odibi_core.quarantine_desk import QuarantineDesk

    session.terminal.gives_json = as_json
    workspace = session.workspace()
    desk = QuarantineDesk(workspace)
    found = desk.quarantine.find(number)
    left = [one for one in desk.quarantine.replays(found) if one.state not in OVER]
    if not left:
        raise OdibiError("no replay of it is to be gone on with", where=f"set {number}")
    with hands_queue_on(workspace, session.terminal):
        codes = [_told(session, desk.go_on(one), desk, found, as_json=as_json) for one in reversed(left)]
    return max(codes)


@command.command("release")
@_set_argument
@click.option("--force", is_flag=True, help="Also of replays that began to write: that stays written.")
@click.pass_obj
def release(session: Session, *, number: int, force: bool) -> None:
    """Have rows of replays that did not end well be open again, to be mended and replayed anew."""
    from odibi_core.quarantine_desk import QuarantineDesk
    from odibi_core.story.wording import rows

    desk = QuarantineDesk(session.workspace())
    count = desk.release(desk.quarantine.find(number), force=force)
    session.terminal.line(f"{rows(count)} open again.")


@command.command("discard")
@_set_argument
@click.option("--rows", "given", metavar="N,N", help="Their numbers; without it all open rows.")
@click.pass_obj
def discard(session: Session, *, number: int, given: str | None) -> None:
    """Say that rows of a set need no mending. They stay in the file of their run."""
    from odibi_core.quality.quarantine import Quarantine
    from odibi_core.story.wording import rows

    quarantine = Quarantine(session.workspace())
    found = quarantine.find(number)
    if given is None:
        settled = quarantine.settled(found)
        numbers = [row for row in range(1, found.row_count + 1) if row not in settled]
    else:
        try:
            numbers = [int(text) for text in given.split(",")]
        except ValueError:
            raise click.BadParameter(f"{given!r} is no list of numbers, such as 1,4,5") from None
    session.terminal.line(f"{rows(quarantine.discard(found, numbers))} discarded.")


def _told(session: Session, result: Any, desk: Any, found: SetAside, *, as_json: bool) -> int:
    from odibi_core.quality.quarantine import ReplayState
    from odibi_core.story.wording import rows

    terminal = session.terminal
    code = ExitCode.OK if result.success else ExitCode.FAILED
    left = desk.quarantine.find(found.number).open_rows
    replays = desk.quarantine.replays(found)
    if as_json:
        terminal.document(
            {
                "state": result.state,
                "exit_code": int(code),
                "run_id": result.run_id,
                "set": found.number,
                "open_rows": left,
                "errors": {step: error.what for step, error in result.errors.items()},
                "warnings": list(result.warnings),
            }
        )
        return code
    with result:
        if result.success:
            terminal.line(f"The run {result.run_id} took the rows; {rows(left)} of the set stay open.")
        else:
            for error in result.errors.values():
                terminal.error(error)
            if any(one.state is ReplayState.ABANDONED and one.run_id == result.run_id for one in replays):
                told = "wrote nothing, and its rows are open again: mend them, and replay them anew"
            else:
                told = "failed. Its rows are kept; when the reason is mended: "
                told += f"odibi quarantine again {found.number}"
            terminal.line(f"The run {result.run_id} {told}")
        for step, quarantined in _quarantined(result).items():
            terminal.line(f"{step} set {rows(quarantined)} aside again: odibi quarantine list")
    return code


def _quarantined(result: Any) -> dict[str, int]:
    nodes = result.metrics.get_summary()["nodes"]
    return {name: count for name, node in nodes.items() if (count := node.get("quarantined_rows"))}


def _document(found: SetAside) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(found)


def _cells(found: SetAside) -> tuple[str, ...]:
    why = ", ".join(found.reasons) if found.reasons else "could not be read"
    state = "" if found.is_good else " (it failed)"
    return (
        str(found.number),
        found.pipeline,
        found.step,
        f"{found.open_rows:,}",
        f"{found.row_count:,}",
        why,
        f"{found.run_id}{state}",
    )
