"""Connections: where things are, named in odibi.toml. They hold references to secrets, never values."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from odibi_core.cloud_connections import (
    CLOUD_CONNECTIONS,
    AzureConnection,
    GcsConnection,
    HdfsConnection,
    S3Connection,
)
from odibi_core.errors import OdibiError
from odibi_core.formats.base import Options
from odibi_core.formats.dialect_urls import check_url, url_parts
from odibi_core.formats.http_client import Service
from odibi_core.formats.registry import format_named
from odibi_core.formats.servers import Server, ServerFormat
from odibi_core.parameters import Resolver, references, render

if TYPE_CHECKING:
    pass

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
_SCHEMA: Any = Field(
    "",
    alias="schema",
    description="The schema of tables that a step names without one; the database's default where empty.",
)
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
    schema_name: str = _SCHEMA


class MysqlConnection(HostConnection):
    """A MySQL or MariaDB database."""

    kind: Literal["mysql"] = Field(description="A MySQL or MariaDB database.")
    port: int = Field(3306, ge=1, le=65535, description="The port.")


class SqlserverConnection(HostConnection):
    """A SQL Server database."""

    kind: Literal["sqlserver"] = Field(description="A SQL Server database.")
    port: int = Field(1433, ge=1, le=65535, description="The port.")
    schema_name: str = _SCHEMA


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
    schema_name: str = _SCHEMA

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


def server_format(kind: str) -> ServerFormat[Any, Any]:
    """What reads and writes databases of a kind."""
    found = format_named(kind)
    assert isinstance(found, ServerFormat)
    return found


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
