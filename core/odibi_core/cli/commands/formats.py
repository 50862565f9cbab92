"""`odibi formats`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import click

from odibi_core.cli.arguments import json_option
from odibi_core.cli.session import Session


@click.command("formats", short_help="List the formats, or the settings of one.")
@click.argument("name", metavar="[NAME]", required=False)
@json_option
@click.pass_obj
def command(session: Session, *, name: str | None, as_json: bool) -> None:
    """List the formats and what each can do, or what NAME can do and its settings."""
    from odibi_core.errors import UnknownNameError
    from odibi_core.formats.catalog import describe_formats

    formats = {found["name"]: found for found in describe_formats()}
    if name is not None and name not in formats:
        raise UnknownNameError.of("the format", name, formats)
    shown = list(formats.values()) if name is None else [formats[name]]
    if as_json:
        session.terminal.document(shown if name is None else shown[0])
    elif name is None:
        rows = [
            (one["name"], " ".join(one["extensions"]), _ways(one["abilities"]), _packings(one["abilities"]))
            for one in shown
        ]
        session.terminal.table(("format", "files", "reads and writes", "compression"), rows)
        session.terminal.note("`odibi formats NAME` lists the settings of one.")
    else:
        _tell(session, shown[0])


def _tell(session: Session, facts: Mapping[str, Any]) -> None:
    from odibi_core.formats.catalog import ABILITIES

    terminal, able = session.terminal, facts["abilities"]
    terminal.line(f"{facts['name']}: {facts['summary']}")
    can = [words for ability, words in ABILITIES.items() if able[ability]]
    rows = [
        ("Files", " ".join(facts["extensions"])),
        ("Does", _ways(able)),
        ("Compression", _packings(able)),
        ("Also", ", ".join(can)),
    ]
    terminal.table(("", ""), [row for row in rows if row[1]])
    for title, key in (("Reading", "read_options"), ("Writing", "write_options")):
        settings = _settings(facts[key])
        if settings and able["read" if key == "read_options" else "write"]:
            terminal.line()
            terminal.line(title)
            terminal.table(("setting", "default", ""), settings, indent=2)


def _ways(able: Mapping[str, Any]) -> str:
    modes = ", ".join(able["modes"])
    return ", ".join([*(["read"] if able["read"] else []), *([modes] if able["write"] else [])])


def _packings(able: Mapping[str, Any]) -> str:
    return ", ".join(able["compressions"])


def _settings(schema: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Name, default and meaning of each setting."""
    properties: Iterable[tuple[str, Mapping[str, Any]]] = schema.get("properties", {}).items()
    return [
        (name, _text(about.get("default")), str(about.get("description", ""))) for name, about in properties
    ]


def _text(default: object) -> str:
    match default:
        case None | [] | {}:
            return ""
        case bool():
            return str(default).lower()
    return str(default)
