"""Real servers, started once, and a workspace that knows one of them as `shop`."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from tests.servers import DatabaseServer, mariadb_server, postgresql_server
from tests.sqlserver import VARIABLE, SqlserverDatabase, sqlserver_database

from odibi_core.workspace import Workspace


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a SQL Server where nobody says which: the report's header tells so."""
    if os.environ.get(VARIABLE):
        return
    left_out = [item for item in items if item.get_closest_marker("sqlserver")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[DatabaseServer]:
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlserver() -> Iterator[SqlserverDatabase]:
    with sqlserver_database() as database:
        yield database


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
        password: A part of the password, in letters that every file keeps as they are.
    """

    name: str
    rows: Callable[[str], list[tuple[Any, ...]]]
    execute: Callable[..., None]
    lead: Callable[..., None]
    has_port: bool = True
    password: str = "sh0p"


DOORS = (
    *("postgresql", "mysql", "sqlalchemy-postgresql", "sqlalchemy-mysql", "sqlalchemy-sqlite"),
    pytest.param("sqlserver", marks=pytest.mark.sqlserver),
)


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, workspace: Workspace) -> Door:
    """An empty database behind each kind of connection."""
    name = str(request.param)
    if name == "sqlalchemy-sqlite":
        return _sqlite_door(name, workspace)
    if name == "sqlserver":
        return _sqlserver_door(name, request.getfixturevalue("sqlserver"), workspace)
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


def _sqlserver_door(name: str, database: SqlserverDatabase, workspace: Workspace) -> Door:
    def lead(*, port: int | None = None, more: str = "") -> None:
        (workspace.root / "odibi.toml").write_text(
            f'[connections.shop]\nkind = "sqlserver"\nhost = "{database.host}"\n'
            f'port = {port or database.port}\ndatabase = "{database.name}"\nuser = "{database.user}"\n'
            f'password = "${{secret:SHOP}}"\noptions = {{ TrustServerCertificate = "yes" }}\n{more}'
        )

    database.empty()
    (workspace.root / ".env").write_text(f'SHOP="{database.password}"\n')
    lead()
    return Door(name, database.rows, database.execute, lead, password=database.password)


def by_url(workspace: Workspace, server: DatabaseServer, *, port: int | None = None, more: str = "") -> None:
    """Have the workspace's connection `shop` lead to a server by its SQLAlchemy dialect."""
    driver = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}[server.kind]
    (workspace.root / "odibi.toml").write_text(
        f'[connections.shop]\nkind = "sqlalchemy"\nurl = "{driver}://127.0.0.1:{port or server.port}/shop"\n'
        f'user = "{server.user}"\npassword = "${{secret:SHOP}}"\n{more}'
    )
    (workspace.root / ".env").write_text(f'SHOP="{server.password}"\n')
