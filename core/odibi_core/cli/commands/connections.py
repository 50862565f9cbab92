"""`odibi connections`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from odibi_core.cli.arguments import json_option
from odibi_core.cli.exit_codes import ExitCode
from odibi_core.cli.session import Session

if TYPE_CHECKING:
    from odibi_core.connection_desk import ConnectionDesk

_NO_CONNECTION = "There is no connection yet. Declare one in odibi.toml, under [connections.NAME]."


@click.group("connections", short_help="List, test and browse connections.")
def command() -> None:
    """List the connections of the workspace, test them, and look at what is behind them."""


@command.command("list")
@json_option
@click.pass_obj
def list_all(session: Session, *, as_json: bool) -> None:
    """List the connections: name, kind, and where they lead."""
    from odibi_core.connection_desk import place_of

    desk, terminal = _desk(session), session.terminal
    rows = [(name, found.kind, place_of(found)) for name, found in sorted(desk.connections.items())]
    if as_json:
        terminal.document([dict(zip(("name", "kind", "place"), row, strict=True)) for row in rows])
    elif rows:
        terminal.table(("name", "kind", "place"), rows)
    else:
        terminal.note(_NO_CONNECTION)


@command.command("test")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@json_option
@click.pass_obj
def test(session: Session, *, names: tuple[str, ...], as_json: bool) -> int:
    """Test the connections NAME, or all: whether they can be reached, and let one in."""
    from odibi_core.errors import OdibiError

    desk, terminal = _desk(session), session.terminal
    terminal.gives_json = as_json
    results = []
    for name in names or sorted(desk.connections):
        try:
            desk.test(name)
        except OdibiError as error:
            results.append({"name": name, "works": False, "what": error.what, "fix": error.fix})
            terminal.line(("✗ ", "red"), f"{name}: {error.what}")
            if error.fix:
                terminal.line(f"  To mend it: {error.fix}")
        else:
            results.append({"name": name, "works": True, "what": "", "fix": ""})
            terminal.line(("✓ ", "green"), name)
    if not results:
        terminal.note(_NO_CONNECTION)
    if as_json:
        terminal.document(results)
    return ExitCode.OK if all(result["works"] for result in results) else ExitCode.FAILED


@command.command("tables")
@click.argument("name", metavar="NAME")
@json_option
@click.pass_obj
def tables(session: Session, *, name: str, as_json: bool) -> None:
    """List the tables and views behind the connection NAME; of a folder, its files."""
    desk, terminal = _desk(session), session.terminal
    found = desk.tables(name)
    if as_json:
        terminal.document(
            [
                {"schema": table.schema, "name": table.name, "kind": table.kind, "rows": table.rows}
                for table in found
            ]
        )
    elif found:
        rows = [
            (table.schema, table.name, table.kind, "" if table.rows is None else f"about {table.rows:,}")
            for table in found
        ]
        terminal.table(("schema", "name", "kind", "rows"), rows)
    else:
        terminal.note("There is nothing in it yet.")


@command.command("preview")
@click.argument("name", metavar="NAME")
@click.argument("table", metavar="TABLE")
@click.option(
    "--rows",
    type=click.IntRange(1, 10_000),
    default=10,
    show_default=True,
    metavar="N",
    help="How many rows at the most.",
)
@json_option
@click.pass_obj
def preview(session: Session, *, name: str, table: str, rows: int, as_json: bool) -> None:
    """Show the first rows of TABLE behind the connection NAME: a table, a query, or a file of a folder."""
    from odibi_core.cli.commands.preview import show_preview

    desk = _desk(session)
    show_preview(session, desk.preview(name, table, rows), as_json=as_json)


def _desk(session: Session) -> ConnectionDesk:
    from odibi_core.connection_desk import ConnectionDesk
    from odibi_core.secret_store import Redactor

    session.terminal.redactor = Redactor()
    return ConnectionDesk(session.workspace(), session.terminal.redactor)
