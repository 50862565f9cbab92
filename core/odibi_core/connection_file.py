"""Connections written into odibi.toml, everything else in it as it was."""

from __future__ import annotations

import re
from typing import Any

from odibi_core.connections import Connection
from odibi_core.errors import WorkspaceError
from odibi_core.formats.base import Options
from odibi_core.text_file import write_text_file
from odibi_core.workspace import FILE_NAME, Workspace
from odibi_core.workspace_settings import check_settings, read_settings_text

_NAME = re.compile(r"[A-Za-z_][\w-]{0,99}")


def add_connection(workspace: Workspace, name: str, connection: Options) -> None:
    """Write a new connection into odibi.toml.

    Raises:
        WorkspaceError: There is one of that name, it is no name, or odibi.toml can't be read.
        TargetError: odibi.toml can't be written.
    """
    if not _NAME.fullmatch(name):
        raise WorkspaceError(
            f"{name!r} can't be the name of a connection",
            fix="take letters, digits, '_' and '-', beginning with a letter, such as shop_db",
        )
    document = _document(workspace)
    if name in document.get("connections", {}):
        raise WorkspaceError(
            "there is a connection of that name already",
            where=f"connection {name!r}",
            fix="take another name, or edit that one",
        )
    _connections(document)[name] = _table(_said(connection))
    _write(workspace, document)


def change_connection(workspace: Workspace, name: str, connection: Options, base: str | None = None) -> None:
    """Change a connection in odibi.toml where it differs from what stands there.

    Args:
        workspace: Whose.
        name: Which.
        connection: What it shall be.
        base: The file's text as whoever changes it saw it; None where that does not matter.

    Raises:
        WorkspaceError: There is none of that name, or the file was changed meanwhile.
        TargetError: odibi.toml can't be written.
    """
    if base is not None and settings_text(workspace) != base:
        raise WorkspaceError(
            "odibi.toml was changed by somebody else meanwhile",
            where=str(workspace.root / FILE_NAME),
            fix="open the connection again: the form then shows what it is now",
        )
    document = _document(workspace)
    table = _existing(document, name)
    said = _said(connection)
    for key in [key for key in table if key not in said]:
        del table[key]
    for key, value in said.items():
        if key not in table or table[key] != value:
            table[key] = _value(value)
    _write(workspace, document)


def remove_connection(workspace: Workspace, name: str) -> None:
    """Take a connection out of odibi.toml.

    Raises:
        WorkspaceError: There is none of that name.
        TargetError: odibi.toml can't be written.
    """
    document = _document(workspace)
    _existing(document, name)
    del document["connections"][name]
    if not document["connections"]:
        del document["connections"]
    _write(workspace, document)


def settings_text(workspace: Workspace) -> str:
    """The text of odibi.toml; "" where there is none.

    Raises:
        WorkspaceError: It can't be read.
    """
    path = workspace.root / FILE_NAME
    return read_settings_text(path) if path.exists() else ""


def _document(workspace: Workspace) -> Any:
    import tomlkit

    text = settings_text(workspace)
    # What is wrong is told by key and line, before anything is changed.
    check_settings(text, workspace.root / FILE_NAME)
    return tomlkit.parse(text)


def _write(workspace: Workspace, document: Any) -> None:
    import tomlkit

    text = tomlkit.dumps(document)
    path = workspace.root / FILE_NAME
    check_settings(text, path)
    write_text_file(path, text)


def _existing(document: Any, name: str) -> Any:
    table = document.get("connections", {}).get(name)
    if table is None:
        raise WorkspaceError(f"there is no connection {name!r} in {FILE_NAME} any more")
    return table


def _connections(document: Any) -> Any:
    import tomlkit

    if "connections" not in document:
        document["connections"] = tomlkit.table(is_super_table=True)
    return document["connections"]


def _said(connection: Connection | Options) -> dict[str, Any]:
    """What the file says: the kind first, and what is as it would be anyway not at all."""
    kind = getattr(connection, "kind", "")
    return {"kind": kind, **connection.model_dump(mode="json", by_alias=True, exclude_defaults=True)}


def _table(said: dict[str, Any]) -> Any:
    import tomlkit

    table = tomlkit.table()
    for key, value in said.items():
        table[key] = _value(value)
    return table


def _value(value: Any) -> Any:
    """A mapping stands on one line, like a person writes it."""
    import tomlkit

    if not isinstance(value, dict):
        return value
    table = tomlkit.inline_table()
    table.update(value)
    return table
