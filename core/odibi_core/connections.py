"""Connections: where things are, named in odibi.toml. They hold references to secrets, never values."""

from __future__ import annotations

import os
import re
import sqlite3
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol
from urllib.parse import quote, urlsplit

from pydantic import Field, field_validator

from odibi_core.cloud_connections import (
    CLOUD_CONNECTIONS,
    AzureConnection,
    CloudConnection,
    GcsConnection,
    HdfsConnection,
    S3Connection,
)
from odibi_core.clouds.store import Store
from odibi_core.errors import OdibiError, SecretError, SourceError, TransientError
from odibi_core.formats.base import Options
from odibi_core.formats.dialect_urls import check_url, url_parts
from odibi_core.formats.http_client import Service, open_client
from odibi_core.formats.registry import format_named
from odibi_core.formats.servers import Server, ServerFormat
from odibi_core.parameters import Reference, Resolver, references, render

if TYPE_CHECKING:
    import httpx

CHECK_TIMEOUT_S = 10.0
WHOLE_CHECK_BYTES = 64 * 1024 * 1024

_CREDENTIAL = re.compile(r"authorization|cookie|api.?key|token|secret|password", re.IGNORECASE)


class PathResolver(Protocol):
    """Knows what a relative path is relative to; a `Workspace` does."""

    def resolve(self, path: str | Path) -> Path:
        """The absolute path."""


class FolderConnection(Options):
    """A folder; a step's path is then one inside it."""

    kind: Literal["folder"] = Field(description="A folder with files.")
    path: str = Field(min_length=1, description="The folder, relative to the workspace.")


class HttpConnection(Options):
    """An HTTP service."""

    kind: Literal["http"] = Field(description="An HTTP service.")
    url: str = Field(description="The base URL.")
    headers: dict[str, str] = Field(
        default_factory=dict, description="Headers of every request; credentials as ${secret:NAME}."
    )
    allow_private: bool = Field(
        False, description="Whether it may be on this machine or in a private network."
    )

    def service(self, resolve: Resolver) -> Service:
        """The service, and what requests carry.

        Args:
            resolve: Gives the secrets and environment variables that are referred to.

        Raises:
            SecretError: One can't be resolved.
        """
        headers = {name: str(render(value, resolve)) for name, value in self.headers.items()}
        return Service(self.url, headers, self.allow_private)

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it must be a URL that begins with http:// or https://")
        if parts.username or parts.password:
            raise ValueError("a URL must hold no credentials; put them into headers as ${secret:NAME}")
        return url

    @field_validator("headers")
    @classmethod
    def _hold_no_secrets(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            is_reference = any(reference.scheme != "parameter" for reference in references(value))
            if _CREDENTIAL.search(name) and not is_reference:
                raise ValueError(f"the header {name!r} must hold ${{secret:NAME}}, not the secret itself")
        return headers


class SqliteConnection(Options):
    """An SQLite database file."""

    kind: Literal["sqlite"] = Field(description="An SQLite database file.")
    path: str = Field(min_length=1, description="The file, relative to the workspace.")


class DuckdbConnection(Options):
    """A DuckDB database file."""

    kind: Literal["duckdb"] = Field(description="A DuckDB database file.")
    path: str = Field(min_length=1, description="The file, relative to the workspace.")


_PASSWORD: Any = Field("", description="Always ${secret:NAME}; left out where the server asks for none.")
_OPTIONS: Any = Field(
    default_factory=dict, description='What else the driver takes, such as sslmode = "require".'
)


def _rendered(options: Mapping[str, str], resolve: Resolver) -> dict[str, str]:
    return {name: str(render(value, resolve)) for name, value in options.items()}


class ServerConnection(Options):
    """A database that one logs in to; what all kinds of them share."""

    kind: str

    @field_validator("password", check_fields=False)
    @classmethod
    def _is_reference(cls, password: str) -> str:
        if password and not any(reference.scheme != "parameter" for reference in references(password)):
            raise ValueError("it must be ${secret:NAME}, not the password itself")
        return password

    @property
    def place(self) -> str:
        """Where the database is, without who logs in."""
        return str(self.server(lambda _: ""))

    @abstractmethod
    def parts(self) -> tuple[str, str, str]:
        """The kind of database, its host and port, and its name."""

    @abstractmethod
    def server(self, resolve: Resolver) -> Server:
        """The server, and how to log in there.

        Args:
            resolve: Gives the secrets and environment variables that are referred to.

        Raises:
            SecretError: One can't be resolved.
        """


class HostConnection(ServerConnection):
    """A database on a server that is named by host, port and database."""

    host: str = Field("127.0.0.1", min_length=1, description="The machine.")
    port: int = Field(ge=1, le=65535)
    database: str = Field(min_length=1, description="The database.")
    user: str = Field(min_length=1, description="Who logs in; may be ${secret:NAME} or ${env:NAME}.")
    password: str = _PASSWORD
    options: dict[str, str] = _OPTIONS

    def parts(self) -> tuple[str, str, str]:
        """The kind of database, its host and port, and its name."""
        return self.kind, f"{self.host}:{self.port}", self.database

    def server(self, resolve: Resolver) -> Server:
        """The server, and how to log in there."""
        return Server(
            self.kind,
            self.host,
            self.port,
            self.database,
            str(render(self.user, resolve)),
            str(render(self.password, resolve)),
            getattr(self, "schema_name", ""),
            _rendered(self.options, resolve),
        )


class PostgresqlConnection(HostConnection):
    """A PostgreSQL database."""

    kind: Literal["postgresql"] = Field(description="A PostgreSQL database.")
    port: int = Field(5432, ge=1, le=65535, description="The port.")
    schema_name: str = Field(
        "",
        alias="schema",
        description="The schema of tables that a step names without one; the server's default where empty.",
    )


class MysqlConnection(HostConnection):
    """A MySQL or MariaDB database."""

    kind: Literal["mysql"] = Field(description="A MySQL or MariaDB database.")
    port: int = Field(3306, ge=1, le=65535, description="The port.")


class SqlserverConnection(HostConnection):
    """A SQL Server database."""

    kind: Literal["sqlserver"] = Field(description="A SQL Server database.")
    port: int = Field(1433, ge=1, le=65535, description="The port.")
    schema_name: str = Field(
        "",
        alias="schema",
        description="The schema of tables that a step names without one; the server's default where empty.",
    )


class SqlalchemyConnection(ServerConnection):
    """A database that has a SQLAlchemy dialect."""

    kind: Literal["sqlalchemy"] = Field(description="A database that has a SQLAlchemy dialect.")
    url: str = Field(
        min_length=1,
        description="SQLAlchemy's URL without a password, such as oracle+oracledb://db.example.com:1521/?"
        "service_name=shop.",
    )
    user: str = Field(
        "", description="Who logs in, where the URL doesn't say it; may be ${secret:NAME} or ${env:NAME}."
    )
    password: str = _PASSWORD
    options: dict[str, str] = _OPTIONS
    schema_name: str = Field(
        "",
        alias="schema",
        description="The schema of tables that a step names without one; the database's default where empty.",
    )

    @field_validator("url")
    @classmethod
    def _is_whole(cls, url: str) -> str:
        check_url(url)
        return url

    def parts(self) -> tuple[str, str, str]:
        """The dialect, host and port, and name of the database."""
        return url_parts(self.url)

    def server(self, resolve: Resolver) -> Server:
        """The database, and how to log in there."""
        return Server(
            self.kind,
            "",
            0,
            self.parts()[2],
            str(render(self.user, resolve)),
            str(render(self.password, resolve)),
            self.schema_name,
            _rendered(self.options, resolve),
            self.url,
        )


Connection = Annotated[
    FolderConnection
    | HttpConnection
    | SqliteConnection
    | DuckdbConnection
    | PostgresqlConnection
    | MysqlConnection
    | SqlserverConnection
    | SqlalchemyConnection
    | S3Connection
    | AzureConnection
    | GcsConnection
    | HdfsConnection,
    Field(discriminator="kind"),
]

CONNECTIONS: dict[str, type[Options]] = {
    "folder": FolderConnection,
    "http": HttpConnection,
    "sqlite": SqliteConnection,
    "duckdb": DuckdbConnection,
    "postgresql": PostgresqlConnection,
    "mysql": MysqlConnection,
    "sqlserver": SqlserverConnection,
    "sqlalchemy": SqlalchemyConnection,
    **CLOUD_CONNECTIONS,
}
"""Kind → its settings."""


def check_connection(
    connection: Connection, workspace: PathResolver, resolve: Resolver | None = None
) -> None:
    """Return where the connection can be used.

    Args:
        connection: What to check.
        workspace: Resolves its path.
        resolve: Gives the secrets that the connection refers to. Without it, headers with secrets are not
            sent, and a service that then asks for them counts as reached.

    Raises:
        SourceError: The folder or database file is missing, unreadable or damaged, or the service refuses.
        TransientError: The service can't be reached now, or the database is locked.
    """
    match connection:
        case FolderConnection():
            _check_folder(workspace.resolve(connection.path))
        case SqliteConnection():
            _check_sqlite(_database_file(workspace.resolve(connection.path)))
        case DuckdbConnection():
            _check_duckdb(_database_file(workspace.resolve(connection.path)))
        case HttpConnection():
            _check_http(connection, resolve)
        case ServerConnection():
            server_format(connection.kind).check(connection.server(resolve or _nothing))
        case CloudConnection():
            _check_store(connection, resolve or _nothing)


def server_format(kind: str) -> ServerFormat[Any, Any]:
    """What reads and writes databases of a kind."""
    found = format_named(kind)
    assert isinstance(found, ServerFormat)
    return found


def _nothing(reference: Reference) -> str:
    raise SecretError(
        f"${{{reference.scheme}:{reference.name}}} is looked up in a run alone",
        fix="run `odibi connections test`, or a pipeline with a connect step",
    )


def path_in(connection: Connection, path: str, workspace: PathResolver) -> Path:
    """The absolute path of something inside a folder connection.

    Raises:
        OdibiError: The connection is no folder, or the path leads out of it.
    """
    if not isinstance(connection, FolderConnection):
        raise OdibiError(
            f"a connection of kind {connection.kind!r} has no files inside",
            where=repr(path),
            fix="name a connection of kind 'folder', or of a database, or give a path without a connection",
        )
    folder = workspace.resolve(connection.path)
    inside = folder / path
    if not inside.resolve().is_relative_to(folder.resolve()):
        raise OdibiError(
            f"the path {path!r} leads out of the connection's folder",
            where=str(folder),
            fix="give a path inside the folder, or one without a connection",
        )
    return inside


def _check_folder(folder: Path) -> None:
    if not folder.exists():
        raise SourceError("there is no such folder", where=str(folder), fix="make it, or mend the path")
    if not folder.is_dir():
        raise SourceError(
            "this is a file, not a folder", where=str(folder), fix="give its folder as the path"
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise SourceError("the folder can't be read", where=str(folder), fix="allow reading it: chmod u+rx")


def _database_file(path: Path) -> Path:
    if not path.exists():
        raise SourceError("there is no such database file", where=str(path), fix="make it, or mend the path")
    if not path.is_file():
        raise SourceError("this is no file", where=str(path), fix="give the path of the database file")
    if not os.access(path, os.R_OK):
        raise SourceError("the file can't be read", where=str(path), fix="allow reading it: chmod u+r")
    return path


def _check_store(connection: CloudConnection, resolve: Resolver) -> None:
    """Ask for one object of the connection's folder; that there is none is no fault."""
    address = connection.address("")
    store = Store(connection.account(resolve, address))
    if address.container or connection.kind == "hdfs":
        next(store.inside(address), None)
        return
    store.buckets()


def _check_sqlite(path: Path) -> None:
    """Read the schema; of a database of at most `WHOLE_CHECK_BYTES`, every page."""
    statement = "PRAGMA integrity_check(1)"
    if path.stat().st_size > WHOLE_CHECK_BYTES:
        statement = "SELECT count(*) FROM sqlite_schema"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            (found,) = database.execute(statement).fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise TransientError("another program has locked the database", where=str(path)) from error
        raise _damaged(path, str(error)) from error
    # SQLite raises errors of text decoding for some damage.
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error
    if found != "ok" and not isinstance(found, int):
        raise _damaged(path, str(found).splitlines()[-1])


def _check_duckdb(path: Path) -> None:
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as database:
            database.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    except duckdb.ConnectionException:
        # This very process has the file open for writing: so it is there, and sound.
        return
    except duckdb.IOException as error:
        if "lock" in str(error):
            raise TransientError(
                "another program has opened the database for writing",
                where=str(path),
                fix="close it there, or try later",
            ) from error
        raise _damaged(path, str(error)) from error
    except duckdb.Error as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, detail: str) -> SourceError:
    return SourceError(
        f"this is no usable database: {detail}",
        where=str(path),
        fix="see that the path is right, or restore the file from a backup",
    )


def _check_http(connection: HttpConnection, resolve: Resolver | None) -> None:
    import httpx

    headers = {
        name: value if resolve is None else str(render(value, resolve))
        for name, value in connection.headers.items()
        if resolve is not None or not any(references(value))
    }
    is_complete = len(headers) == len(connection.headers)
    try:
        with open_client(
            connection.url, timeout_s=CHECK_TIMEOUT_S, allows_private=connection.allow_private
        ) as client:
            client.headers.update(headers)
            status = _first_answer(connection.url, [client.head, client.get])
    except httpx.InvalidURL as error:
        raise SourceError(f"the URL can't be used: {error}", where=connection.url) from error
    except (httpx.LocalProtocolError, UnicodeEncodeError):
        # The error would show the header, and the secret in it.
        raise SourceError(
            "a header holds a character that HTTP doesn't allow, such as a line's end",
            where=connection.url,
            fix="check the headers of the connection, and the secrets they refer to",
        ) from None
    except httpx.TransportError as error:
        detail = str(error) or type(error).__name__
        raise TransientError(
            f"the service can't be reached: {detail}",
            where=connection.url,
            fix="check the URL, the network, and that the service is up",
        ) from error
    if status in (401, 403) and is_complete:
        raise SourceError(
            f"the service refuses the credentials (status {status})",
            where=connection.url,
            fix="check the headers of the connection, and the secrets they refer to",
        )
    if status >= 500:
        raise TransientError(f"the service answers with status {status}", where=connection.url)


def _first_answer(url: str, requests: Iterable[Callable[[str], httpx.Response]]) -> int:
    """The status of the first request whose method the service knows."""
    status = 0
    for request in requests:
        status = request(url).status_code
        if status not in (405, 501):
            break
    return status
