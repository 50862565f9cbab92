"""Connections that a form writes into odibi.toml."""

from __future__ import annotations

import pytest

from odibi_core.connection_file import add_connection, change_connection, remove_connection, settings_text
from odibi_core.connections import CONNECTIONS, PostgresqlConnection, SqliteConnection
from odibi_core.errors import WorkspaceError
from odibi_core.workspace import Workspace

TEXT = """\
# The shop.
engine = "pandas"

[connections.shop]  # its database
kind = "postgresql"
host = "db.example.com"
# Read-only.
user = "etl"
database = "shop"
password = "${secret:SHOP_PASSWORD}"
options = { sslmode = "require" }

[runs]
at_once = 3  # no more
"""


def test_a_connection_is_added_and_everything_else_stays(workspace: Workspace) -> None:
    path = workspace.root / "odibi.toml"
    path.write_text(TEXT)
    add_connection(workspace, "till", SqliteConnection(kind="sqlite", path="data/till.db"))
    text = path.read_text()
    assert '[connections.till]\nkind = "sqlite"\npath = "data/till.db"\n' in text
    for line in TEXT.splitlines():
        assert line in text
    assert set(workspace.load().connections) == {"shop", "till"}


def test_the_first_connection_of_a_workspace_is_written(workspace: Workspace) -> None:
    add_connection(workspace, "till", SqliteConnection(kind="sqlite", path="data/till.db"))
    assert settings_text(workspace) == '[connections.till]\nkind = "sqlite"\npath = "data/till.db"\n'


def test_a_change_touches_what_is_different_alone(workspace: Workspace) -> None:
    path = workspace.root / "odibi.toml"
    path.write_text(TEXT)
    old = workspace.load().connections["shop"]
    new = PostgresqlConnection.model_validate(
        {**old.model_dump(by_alias=True), "user": "reader", "options": {}}
    )
    change_connection(workspace, "shop", new, TEXT)
    expected = TEXT.replace('user = "etl"', 'user = "reader"').replace(
        'options = { sslmode = "require" }\n', ""
    )
    assert path.read_text() == expected
    with pytest.raises(WorkspaceError, match="changed by somebody else"):
        change_connection(workspace, "shop", new, TEXT)


def test_a_connection_is_taken_out(workspace: Workspace) -> None:
    path = workspace.root / "odibi.toml"
    path.write_text(TEXT)
    remove_connection(workspace, "shop")
    assert workspace.load().connections == {}
    assert "# The shop." in path.read_text()
    assert "at_once = 3  # no more" in path.read_text()
    with pytest.raises(WorkspaceError, match="no connection 'shop'"):
        remove_connection(workspace, "shop")


def test_names_are_checked_and_never_taken_twice(workspace: Workspace) -> None:
    connection = SqliteConnection(kind="sqlite", path="a.db")
    add_connection(workspace, "till", connection)
    with pytest.raises(WorkspaceError, match="already"):
        add_connection(workspace, "till", connection)
    with pytest.raises(WorkspaceError, match="can't be the name"):
        add_connection(workspace, "a.b", connection)


def test_a_file_that_is_wrong_is_told_and_left(workspace: Workspace) -> None:
    path = workspace.root / "odibi.toml"
    path.write_text("engin = 'pandas'\n")
    with pytest.raises(WorkspaceError, match="no setting 'engin'"):
        add_connection(workspace, "till", SqliteConnection(kind="sqlite", path="a.db"))
    assert path.read_text() == "engin = 'pandas'\n"


def test_every_kind_says_its_kind() -> None:
    for kind, model in CONNECTIONS.items():
        assert model.model_json_schema()["properties"]["kind"]["const"] == kind
