"""What people do with connections outside of runs: test them, see what is behind them, look at first rows."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from urllib.parse import quote as url_quote

from odibi_core.cloud_connections import CloudConnection
from odibi_core.clouds.folders import is_counted
from odibi_core.clouds.store import Store
from odibi_core.connection_check import check_connection
from odibi_core.connections import (
    Connection,
    DuckdbConnection,
    FolderConnection,
    HttpConnection,
    ServerConnection,
    SqliteConnection,
    server_format,
)
from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.formats.registry import format_of
from odibi_core.formats.servers import Table
from odibi_core.formats.tables import LEDGER
from odibi_core.parameters import Resolver
from odibi_core.pipeline import Pipeline
from odibi_core.plan.rendering import Values
from odibi_core.preview import Preview, preview_step
from odibi_core.secret_providers.chain import open_providers
from odibi_core.secret_store import Redactor, SecretStore
from odibi_core.step import Step
from odibi_core.workspace import Workspace

MOST_FILES = 1_000
"""How many files of a folder are listed."""


class ConnectionDesk:
    """The connections of a workspace. Secrets are looked up as they are needed.

    Args:
        workspace: Whose connections.
        redactor: Learns the secrets that were used.

    Raises:
        WorkspaceError: Its odibi.toml is wrong.
    """

    def __init__(self, workspace: Workspace, redactor: Redactor | None = None) -> None:
        self._workspace = workspace
        settings = workspace.load()
        self.connections = dict(settings.connections)
        self._redactor = redactor or Redactor()
        providers = open_providers(settings.secrets, workspace.root)
        store = SecretStore(redactor=self._redactor, providers=providers)
        self._resolve: Resolver = Values.for_run("connections", {}, store.resolve).resolve

    def find(self, name: str) -> Connection:
        """The connection of that name.

        Raises:
            UnknownNameError: There is none; the error says the near names.
        """
        if name not in self.connections:
            raise UnknownNameError.of("connection", name, self.connections)
        return self.connections[name]

    def test(self, name: str) -> None:
        """Return where the connection can be used.

        Raises:
            OdibiError: It can't; the error says why.
        """
        try:
            check_connection(self.find(name), self._workspace, self._resolve)
        except OdibiError as error:
            raise self._redactor.error(error) from None

    def tables(self, name: str) -> list[Table]:
        """The tables, views or files behind a connection.

        Raises:
            OdibiError: It can't be reached, or has none by its nature.
        """
        connection = self.find(name)
        try:
            match connection:
                case ServerConnection():
                    found = server_format(connection.kind).tables(connection.server(self._resolve))
                    return [table for table in found if table.name != LEDGER]
                case SqliteConnection():
                    return _sqlite_tables(self._workspace.resolve(connection.path), self, name)
                case DuckdbConnection():
                    return _duckdb_tables(self._workspace.resolve(connection.path), self, name)
                case FolderConnection():
                    self.test(name)
                    files = _files(self._workspace.resolve(connection.path))
                    return [Table("", path, "file") for path in islice(files, MOST_FILES)]
                case CloudConnection():
                    objects = _objects(connection, self._resolve)
                    return [Table("", name, "object") for name in islice(objects, MOST_FILES)]
                case HttpConnection():
                    raise OdibiError("a service over HTTP has no tables", where=f"connection {name!r}")
        except OdibiError as error:
            raise self._redactor.error(error) from None

    def preview(self, name: str, table: str, rows: int) -> Preview:
        """The first rows of a table, a query or a file.

        Args:
            name: The connection.
            table: What a step's value would be.
            rows: How many at the most.

        Raises:
            OdibiError: It can't be read.
        """
        self.find(name)
        step = Step("ingest", table, "config_op", "", table, {"connection": name}, outputs={"data": "rows"})
        try:
            return preview_step(
                Pipeline(name, [step]),
                step.name,
                rows=rows,
                workspace=self._workspace,
                redactor=self._redactor,
            )
        except OdibiError as error:
            raise self._redactor.error(error) from None


def place_of(connection: Connection) -> str:
    """Where a connection leads, without who logs in."""
    match connection:
        case ServerConnection():
            return connection.place
        case HttpConnection() | CloudConnection():
            return connection.url
    return connection.path


def _sqlite_tables(path: Path, desk: ConnectionDesk, name: str) -> list[Table]:
    desk.test(name)
    with closing(sqlite3.connect(f"file:{url_quote(str(path))}?mode=ro", uri=True)) as database:
        found = database.execute(
            "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') "
            "AND name NOT LIKE 'sqlite_%' ORDER BY name"
        ).fetchall()
    return [Table("", table, kind) for table, kind in found if table != LEDGER]


def _duckdb_tables(path: Path, desk: ConnectionDesk, name: str) -> list[Table]:
    from odibi_core import late_duckdb as duckdb

    desk.test(name)
    with duckdb.connect(str(path), read_only=True) as database:
        found = database.execute(
            "SELECT schema_name, table_name, 'table', estimated_size FROM duckdb_tables() UNION ALL "
            "SELECT schema_name, view_name, 'view', NULL FROM duckdb_views() WHERE NOT internal ORDER BY 1, 2"
        ).fetchall()
    return [Table(schema, table, kind, rows) for schema, table, kind, rows in found if table != LEDGER]


def _objects(connection: CloudConnection, resolve: Resolver) -> Iterator[str]:
    """Objects that have a format, relative to the connection's folder, by name."""
    folder = connection.address("")
    base = f"{folder.key.rstrip('/')}/".lstrip("/")
    for found in Store(connection.account(resolve, folder)).inside(folder):
        name = found.key.removeprefix(base)
        # A Delta table is one thing, whose objects nobody reads by themselves.
        table, is_log, _ = name.partition("_delta_log/")
        if is_log and name.endswith("00000000000000000000.json"):
            yield table.rstrip("/")
        elif is_counted(name) and _has_format(Path(name)):
            yield name


def _has_format(path: Path) -> bool:
    try:
        format_of(path)
    except OdibiError:
        return False
    return True


def _files(root: Path) -> Iterator[str]:
    """Files that have a format, relative to the folder, by name."""
    for folder, inner, names in os.walk(root):
        inner[:] = sorted(name for name in inner if not name.startswith((".", "_")))
        for name in sorted(names):
            path = Path(folder, name)
            if _has_format(path):
                yield path.relative_to(root).as_posix()
