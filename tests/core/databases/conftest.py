"""Real servers, started once, and a workspace that knows one of them as `shop`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.servers import DatabaseServer, mariadb_server, postgresql_server

from odibi_core.workspace import Workspace


@pytest.fixture(scope="session")
def postgresql() -> Iterator[DatabaseServer]:
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    with mariadb_server() as server:
        yield server


@pytest.fixture
def maria(mariadb: DatabaseServer, workspace: Workspace) -> DatabaseServer:
    """An empty MariaDB database that the workspace's connection `shop` leads to."""
    mariadb.execute(
        "SET GLOBAL local_infile = 1", "DROP DATABASE shop", "CREATE DATABASE shop CHARACTER SET utf8mb4"
    )
    connect(workspace, mariadb)
    return mariadb


@pytest.fixture
def shop(postgresql: DatabaseServer, workspace: Workspace) -> DatabaseServer:
    """An empty database that the workspace's connection `shop` leads to."""
    postgresql.execute(
        "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "DROP SCHEMA IF EXISTS sales CASCADE"
    )
    connect(workspace, postgresql)
    return postgresql


def connect(workspace: Workspace, server: DatabaseServer, *, port: int | None = None, more: str = "") -> None:
    """Have the workspace's connection `shop` lead to a server."""
    (workspace.root / "odibi.toml").write_text(
        f'[connections.shop]\nkind = "{server.kind}"\nport = {port or server.port}\ndatabase = "shop"\n'
        f'user = "{server.user}"\npassword = "${{secret:SHOP}}"\n{more}'
    )
    (workspace.root / ".env").write_text(f'SHOP="{server.password}"\n')
