"""The connections of a workspace: found, tested, looked into, written into odibi.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from odibi_core.connection_desk import ConnectionDesk, place_of
from odibi_core.connection_file import add_connection, change_connection, remove_connection, settings_text
from odibi_core.connections import CONNECTIONS
from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.formats.servers import Table
from odibi_core.preview import Preview
from odibi_core.workspace import Workspace
from odibi_studio.services.settings_form import FormField, check_form, form_fields, form_values, mistakes

PREVIEW_ROWS = 100


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """A connection.

    Attributes:
        name: Its name.
        kind: Of what kind it is.
        place: Where it leads, without who logs in.
        used_by: The pipelines with a step that names it.
    """

    name: str
    kind: str
    place: str
    used_by: tuple[str, ...]


class ConnectionBook:
    """The connections of a workspace, as odibi.toml has them at the moment.

    Args:
        workspace: Whose connections.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    @property
    def text(self) -> str:
        """odibi.toml as it stands; "" where it can't be read."""
        try:
            return settings_text(self._workspace)
        except OdibiError:
            return ""

    def cards(self) -> list[ConnectionCard]:
        """Every connection, by name.

        Raises:
            WorkspaceError: odibi.toml is wrong.
        """
        users = self._users()
        found = self._workspace.load().connections
        return [
            ConnectionCard(name, one.kind, place_of(one), tuple(users.get(name, ())))
            for name, one in sorted(found.items())
        ]

    def test(self, name: str) -> None:
        """Return where the connection can be used.

        Raises:
            OdibiError: It can't; the error says why, and holds no secret.
        """
        ConnectionDesk(self._workspace).test(name)

    def tables(self, name: str) -> list[Table]:
        """The tables, views or files behind a connection.

        Raises:
            OdibiError: It can't be reached, or has none by its nature.
        """
        return ConnectionDesk(self._workspace).tables(name)

    def preview(self, name: str, table: str) -> Preview:
        """The first rows of a table or a file.

        Raises:
            OdibiError: It can't be read.
        """
        return ConnectionDesk(self._workspace).preview(name, table, PREVIEW_ROWS)

    def values(self, name: str) -> dict[str, Any]:
        """Setting → its value, of a connection as it is.

        Raises:
            OdibiError: There is none, or odibi.toml is wrong.
        """
        return form_values(ConnectionDesk(self._workspace).find(name))

    def save(self, kind: str, name: str, values: Mapping[str, Any], base: str | None) -> Mapping[str, str]:
        """What is wrong, by field; nothing where the connection was written.

        Args:
            kind: Of what kind it is.
            name: Its name.
            values: Setting → what stands in its field.
            base: odibi.toml as the form saw it; None makes a new connection.
        """
        checked = check_form(CONNECTIONS[kind], values, {"kind": kind})
        if checked.settings is None:
            return checked.errors
        try:
            if base is None:
                add_connection(self._workspace, name, checked.settings)
            else:
                change_connection(self._workspace, name, checked.settings, base)
        except OdibiError as error:
            return mistakes(error)
        return {}

    def remove(self, name: str) -> None:
        """Take a connection out of odibi.toml.

        Raises:
            OdibiError: There is none, or the file can't be written.
        """
        remove_connection(self._workspace, name)

    def _users(self) -> dict[str, list[str]]:
        users: dict[str, list[str]] = {}
        for path in self._workspace.pipelines():
            try:
                steps = load_yaml(path).steps
            except OdibiError:
                continue
            for name in {str(step.params["connection"]) for step in steps if step.params.get("connection")}:
                users.setdefault(name, []).append(path.stem)
        return users


def connection_kinds() -> dict[str, str]:
    """Kind → what it is, for every kind that there is."""
    return {kind: (model.__doc__ or kind).splitlines()[0].rstrip(".") for kind, model in CONNECTIONS.items()}


def connection_fields(kind: str) -> dict[str, FormField]:
    """Setting → its field, for a kind."""
    return form_fields(CONNECTIONS[kind])


def step_value(table: Table) -> str:
    """How a step names a table or file."""
    return f"{table.schema}.{table.name}" if table.schema else table.name
