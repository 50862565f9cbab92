"""A SQL Server that who runs the tests has, by the address in ODIBI_TEST_SQLSERVER."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import make_url
from tests.servers import Asked

VARIABLE = "ODIBI_TEST_SQLSERVER"
"""The environment variable, as in mssql://user:password@127.0.0.1:1433. The user may create databases."""


@dataclass(frozen=True)
class SqlserverDatabase(Asked):
    """A database of its own on the server, empty at first."""

    host: str
    port: int
    user: str
    password: str
    name: str

    def connect(self) -> Any:
        """A connection to it, by the driver alone."""
        return _connected(self, self.name)

    def empty(self) -> None:
        """Drop what a test has made."""
        made = self.rows(
            "SELECT TABLE_TYPE, TABLE_SCHEMA, TABLE_NAME FROM INFORMATION_SCHEMA.TABLES "
            "WHERE TABLE_SCHEMA IN ('dbo', 'sales')"
        )
        for type_, schema, name in sorted(made, reverse=True):
            kind = "VIEW" if type_ == "VIEW" else "TABLE"
            self.execute(f"DROP {kind} [{schema}].[{name.replace(']', ']]')}]")


@contextmanager
def sqlserver_database() -> Iterator[SqlserverDatabase]:
    """A new database on the server until the end of the block."""
    url = make_url(os.environ[VARIABLE])
    database = SqlserverDatabase(
        url.host or "127.0.0.1",
        url.port or 1433,
        url.username or "",
        str(url.password or ""),
        f"odibi_test_{secrets.token_hex(4)}",
    )
    _at_once(database, f"CREATE DATABASE {database.name}")
    try:
        yield database
    finally:
        _at_once(database, f"DROP DATABASE {database.name}")


def _at_once(database: SqlserverDatabase, statement: str) -> None:
    with closing(_connected(database, "master")) as connection:
        # No database is made in a transaction.
        connection.autocommit = True
        with closing(connection.cursor()) as cursor:
            cursor.execute(statement)


def _connected(database: SqlserverDatabase, name: str) -> Any:
    import mssql_python

    password = database.password.replace("}", "}}")
    return mssql_python.connect(
        f"Server={database.host},{database.port};Database={name};UID={database.user};PWD={{{password}}};"
        "TrustServerCertificate=yes"
    )
