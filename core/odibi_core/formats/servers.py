"""Tables on database servers: what their formats share.

Where a server is and how one logs in comes from a named connection, never from a step. The formats here take
it with their options, so that everything else is as with files.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from typing import ClassVar, Self
from urllib.parse import quote as url_quote

from pydantic import Field, PrivateAttr

from odibi_core.errors import SourceError, TransientError, did_you_mean
from odibi_core.formats.base import Abilities, Format, Options, ReadOptions, WriteOptions
from odibi_core.formats.streams import told_error
from odibi_core.formats.tables import LEDGER, TableReadOptions, TableWriteOptions
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema

CONNECT_S = 10
"""Seconds to wait for a connection."""

COUNT_S = 10
"""Seconds for counting the rows of a table; where it takes longer, the count is not known beforehand."""

LOCK_S = 300
"""Seconds to wait for a lock that another writer holds."""

BATCH_ROWS = 65_536

_LOGIN = re.compile(r"://[^/]*@")
_END = re.compile(r";(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/)*\Z", re.DOTALL)
_PART = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')


@dataclass(frozen=True, slots=True)
class Server:
    """A database on a server, and how to log in there.

    Attributes:
        kind: The kind of connection, which is the name of the format.
        host: The machine.
        port: The port.
        database: The database.
        user: Who logs in.
        password: What with.
        schema: Where tables are that a step names without a schema; the server's default where empty.
        options: What else the driver takes.
        url: What SQLAlchemy calls the database, without a password; for kinds that lead to any dialect.
    """

    kind: str
    host: str
    port: int
    database: str
    user: str
    password: str = field(repr=False)
    schema: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    def __str__(self) -> str:
        return bare_url(self.url) or server_url(self.kind, self.host, self.port, self.database)


def bare_url(url: str) -> str:
    """A URL without who logs in, and without what is behind its question mark."""
    return _LOGIN.sub("://", url.partition("?")[0])


def server_url(kind: str, host: str, port: int, database: str) -> str:
    """Where a database is, without who logs in."""
    return f"{kind}://{host}:{port}/{url_quote(database, safe='')}"


class _AtServer(Options):
    _server: Server | None = PrivateAttr(None)

    def at(self, server: Server) -> Self:
        """The same options, for a database on that server."""
        bound = self.model_copy()
        bound._server = server
        return bound

    @property
    def server(self) -> Server:
        """Where the database is.

        Raises:
            RuntimeError: Nobody said it.
        """
        if self._server is None:
            raise RuntimeError("the options are bound to no server")
        return self._server


class ServerReadOptions(_AtServer, TableReadOptions):
    """What is read of a database on a server."""

    column_types: dict[str, str] | None = Field(
        default=None,
        alias="schema",
        description="Column → type, for some or all columns; the others are of the type that they have.",
    )


class DividedReadOptions(ServerReadOptions):
    """What is read of a database of which the machines of a cluster may each read a part."""

    partition_column: str | None = Field(
        default=None,
        min_length=1,
        description="A column of whole numbers, dates or timestamps, by whose ranges the machines of a Spark "
        "cluster read side by side; the engine pandas reads in one stream.",
    )
    partitions: int = Field(
        default=8, ge=1, le=10_000, description="How many ranges partition_column is divided into."
    )


class ServerWriteOptions(_AtServer, TableWriteOptions):
    """Where on a server rows are written."""


class ServerFormat(Format[ReadOptions, WriteOptions]):
    """Tables on a server. `source` and the target's path are for messages alone."""

    extensions: ClassVar[tuple[str, ...]] = ()
    abilities: ClassVar[Abilities] = Abilities(partition=False, tables=True)

    @abstractmethod
    def check(self, server: Server) -> None:
        """Return where one can log in.

        Raises:
            SourceError: The server refuses, or there is no such database.
            TransientError: It can't be reached now.
        """

    @abstractmethod
    def tables(self, server: Server) -> list[Table]:
        """The tables and views that can be read, by schema and name.

        Raises:
            SourceError: The server refuses.
            TransientError: It can't be reached now.
        """

    def explain_read_error(self, error: Exception, source: str) -> Exception:  # noqa: ARG002
        """What happened at the server, where that is why reading failed."""
        return told_error(error) or error


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view on a server.

    Attributes:
        schema: Its schema; in MySQL its database.
        name: Its name.
        kind: "table" or "view".
        rows: About how many rows it has, as the server's statistics say; None where they don't.
    """

    schema: str
    name: str
    kind: str
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class PlainRead:
    """A table or query as another reader can ask for it.

    Attributes:
        schema: Its columns, each asked for as it is.
        query: What stands behind FROM.
        bounds: The least and the greatest value of the partition column, as texts; None without one, or
            without rows.
    """

    schema: Schema
    query: str
    bounds: tuple[str, str] | None


def divided_column(
    options: DividedReadOptions, schema: Schema, divisible: Collection[str], source: str
) -> str:
    """The column by whose ranges a table is divided; "" without one.

    Args:
        options: Name it.
        schema: The columns of the table.
        divisible: The types that have ranges.
        source: What messages call the table.

    Raises:
        SourceError: There is no such column, or it has no ranges.
    """
    name = options.partition_column
    if not name:
        return ""
    type_ = schema.as_dict().get(name)
    if type_ is None:
        raise SourceError(
            f"partition_column names a column that there is none of: {name!r}",
            where=source,
            fix=did_you_mean(name, schema.names),
        )
    if type_ not in divisible:
        raise SourceError(
            f"partition_column {name!r} is of type {type_}, which has no ranges",
            where=source,
            fix="name a column of whole numbers, dates or timestamps",
        )
    return name


def name_parts(name: str, default_schema: str = "") -> tuple[str, str]:
    """Schema and table of a name such as `orders`, `sales.orders` or `"odd.schema"."odd table"`."""
    parts = [quoted.replace('""', '"') or plain for quoted, plain in _PART.findall(name)]
    if len(parts) == 2 and not name.startswith(".") and not name.endswith("."):
        return parts[0], parts[1]
    return default_schema, parts[0] if len(parts) == 1 else name


def bare_query(query: str) -> str:
    """The query without the semicolon at its end, and what is behind it."""
    return _END.sub("", query.strip())


def unknown_table(name: str, known: Sequence[str], where: str) -> SourceError:
    """The error of a table that is not there, with the near names."""
    names = [table for table in known if table.rpartition(".")[2] != LEDGER]
    plain = {table.rpartition(".")[2]: table for table in names}
    hint = did_you_mean(name, names)
    if not hint.startswith("did you mean"):
        near = did_you_mean(name.rpartition(".")[2], plain)
        hint = near if near.startswith("did you mean") else hint
    return SourceError(
        f"the database has no table {name!r} that can be read",
        where=where,
        fix=hint or "it has no table at all: check the database, the schema, and what the user may read",
    )


def lost(where: str, detail: str) -> TransientError:
    """The error of a server that can't be reached now."""
    return TransientError(
        f"the database server can't be reached: {detail}",
        where=where,
        fix="check host and port of the connection, the network, and that the server is up",
    )


def overridden(names: Sequence[str], given: Mapping[str, str] | None, where: str) -> dict[str, str]:
    """The types that a step asks for.

    Raises:
        SourceError: It names a column that there is none of.
    """
    for name in given or ():
        if name not in names:
            raise SourceError(
                f"the schema names a column that there is none of: {name!r}",
                where=where,
                fix=did_you_mean(name, names),
            )
    return dict(given or {})
