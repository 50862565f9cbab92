"""Whether what a connection names can be used."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from odibi_core.cloud_connections import CloudConnection
from odibi_core.clouds.store import Store
from odibi_core.connections import (
    Connection,
    DuckdbConnection,
    FolderConnection,
    HttpConnection,
    PathResolver,
    ServerConnection,
    SqliteConnection,
    server_format,
)
from odibi_core.errors import SecretError, SourceError, TransientError
from odibi_core.formats.http_client import open_client
from odibi_core.formats.http_errors import told
from odibi_core.parameters import Reference, Resolver, references, render

if TYPE_CHECKING:
    import httpx

CHECK_TIMEOUT_S = 10.0
WHOLE_CHECK_BYTES = 64 * 1024 * 1024


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


def _nothing(reference: Reference) -> str:
    raise SecretError(
        f"${{{reference.scheme}:{reference.name}}} is looked up in a run alone",
        fix="run `odibi connections test`, or a pipeline with a connect step",
    )


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
    from odibi_core import late_duckdb as duckdb

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
    headers = {
        name: value if resolve is None else str(render(value, resolve))
        for name, value in connection.headers.items()
        if resolve is not None or not any(references(value))
    }
    is_complete = len(headers) == len(connection.headers)
    with (
        told(
            connection.url,
            "the service can't be reached",
            transient_fix="check the URL, the network, and that the service is up",
        ),
        open_client(
            connection.url, timeout_s=CHECK_TIMEOUT_S, allows_private=connection.allow_private
        ) as client,
    ):
        client.headers.update(headers)
        status = _first_answer(connection.url, [client.head, client.get])
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
