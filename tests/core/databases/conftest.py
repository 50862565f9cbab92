"""Real servers, started once, and a workspace that knows one of them as `shop`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class Door:
    """One way into a database: a kind of connection, which the workspace knows as `shop`.

    Attributes:
        name: Of the way.
        rows: The rows of a query.
        execute: Carries out statements, and commits.
        lead: Has the connection lead to another port, or have other settings too.
        has_port: Whether it leads to a server.
    """

    name: str
    rows: Callable[[str], list[tuple[Any, ...]]]
    execute: Callable[..., None]
    lead: Callable[..., None]
    has_port: bool = True


DOORS = ("postgresql", "mysql", "sqlalchemy-postgresql", "sqlalchemy-mysql", "sqlalchemy-sqlite")


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, workspace: Workspace) -> Door:
    """An empty database behind each kind of connection."""
    name = str(request.param)
    if name == "sqlalchemy-sqlite":
        return _sqlite_door(name, workspace)
    server: DatabaseServer = request.getfixturevalue("shop" if "postgresql" in name else "maria")
    lead = connect if "-" not in name else by_url
    lead(workspace, server)

    def elsewhere(**settings: Any) -> None:
        lead(workspace, server, **settings)

    return Door(name, server.rows, server.execute, elsewhere)


def _sqlite_door(name: str, workspace: Workspace) -> Door:
    path = workspace.root / "shop.sqlite3"

    def lead(*, more: str = "") -> None:
        (workspace.root / "odibi.toml").write_text(
            f'[connections.shop]\nkind = "sqlalchemy"\nurl = "sqlite:///{path}"\n{more}'
        )

    def rows(query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(path)) as database:
            return database.execute(query).fetchall()

    def execute(*statements: str) -> None:
        with closing(sqlite3.connect(path)) as database:
            for statement in statements:
                database.execute(statement)
            database.commit()

    lead()
    return Door(name, rows, execute, lead, has_port=False)


def by_url(workspace: Workspace, server: DatabaseServer, *, port: int | None = None, more: str = "") -> None:
    """Have the workspace's connection `shop` lead to a server by its SQLAlchemy dialect."""
    driver = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}[server.kind]
    (workspace.root / "odibi.toml").write_text(
        f'[connections.shop]\nkind = "sqlalchemy"\nurl = "{driver}://127.0.0.1:{port or server.port}/shop"\n'
        f'user = "{server.user}"\npassword = "${{secret:SHOP}}"\n{more}'
    )
    (workspace.root / ".env").write_text(f'SHOP="{server.password}"\n')
