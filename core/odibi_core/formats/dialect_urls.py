"""The URLs by which SQLAlchemy knows databases."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from odibi_core.errors import MissingPackageError, SourceError

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

    from odibi_core.formats.servers import Server

SQLSERVER = "mssql+mssqlpython"
"""The dialect and driver of connections to SQL Server."""

_POOL = "odibi"
_CREDENTIAL = re.compile(r"token|secret|password|passwd|pwd|api.?key", re.IGNORECASE)
_EXTRAS = {"mssql_python": '"odibi-studio[sqlserver]"'}


def check_url(text: str) -> None:
    """Return where a URL can be one of SQLAlchemy's, and holds no credential.

    Raises:
        ValueError: It can't, or it does.
    """
    url = parsed(text)
    if url.password is not None or any(_CREDENTIAL.search(name) for name in url.query):
        raise ValueError("a URL must hold no password: put ${secret:NAME} into `password`")
    if url.get_backend_name() == "sqlite" and not (url.database or "").startswith("/"):
        raise ValueError(
            'a database file needs its whole path, as in sqlite:////data/shop.db; kind = "sqlite" takes one '
            "that is relative to the workspace"
        )


def parsed(text: str) -> URL:
    """The parts of a URL.

    Raises:
        ValueError: It is none of SQLAlchemy's.
    """
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(
            "it must be a URL that names a dialect, such as "
            "oracle+oracledb://db.example.com:1521/?service_name=shop"
        ) from None


def url_parts(text: str) -> tuple[str, str, str]:
    """The dialect, host and port, and database of a URL."""
    url = parsed(text)
    host = url.host or ""
    return url.get_backend_name(), f"{host}:{url.port}" if url.port else host, url.database or ""


def full_url(server: Server) -> URL:
    """The URL with who logs in, and what else the driver takes."""
    from sqlalchemy import URL

    if not server.url:
        return URL.create(
            SQLSERVER,
            server.user or None,
            server.password or None,
            server.host,
            server.port,
            server.database,
            dict(server.options),
        )
    url = parsed(server.url)
    url = url.set(username=server.user or url.username, password=server.password or None)
    return url.update_query_dict(server.options)


_CONNECT_S = {
    "psycopg": "connect_timeout",
    "psycopg2": "connect_timeout",
    "pymysql": "connect_timeout",
    "mysqldb": "connect_timeout",
    "oracledb": "tcp_connect_timeout",
    "pymssql": "login_timeout",
    "pyodbc": "timeout",
    "mssqlpython": "timeout",
}


def _arguments(url: URL, connect_s: int, lock_s: int) -> dict[str, Any]:
    """What the driver takes beside what is in the URL."""
    if url.get_backend_name() == "sqlite":
        # DuckDB draws the rows from threads of its own, one at a time.
        return {"check_same_thread": False, "timeout": lock_s}
    driver = url.get_dialect().driver
    arguments: dict[str, Any] = {}
    if (limit := _CONNECT_S.get(driver, "")) and limit not in url.query:
        arguments[limit] = connect_s
    if driver == "pymysql" and url.password:
        # As text the driver would send it in Latin-1.
        arguments["password"] = str(url.password).encode()
    return arguments


def open_engine(server: Server, connect_s: int, lock_s: int) -> Engine:
    """What makes connections to a database, a new one each time.

    Args:
        server: The database.
        connect_s: Seconds to wait for a connection, where the driver takes a limit.
        lock_s: Seconds that SQLite waits for another writer.

    Raises:
        MissingPackageError: The dialect or its driver is not installed.
        SourceError: The driver can't make anything of the URL.
    """
    import sqlalchemy as sa
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    url = full_url(server)
    try:
        arguments = _arguments(url, connect_s, lock_s)
        # Its driver sends rows by columns, which have a type each: quicker than one statement with a
        # parameter for each value, of whose nulls it says no type.
        more: Any = {"use_insertmanyvalues": False} if url.drivername == SQLSERVER else {}
        # Else it would print a traceback of each connection that is lost, which is told of as an error.
        logging.getLogger(f"sqlalchemy.pool.impl.NullPool.{_POOL}").setLevel(logging.CRITICAL)
        return sa.create_engine(
            url, poolclass=sa.NullPool, connect_args=arguments, pool_logging_name=_POOL, **more
        )
    except NoSuchModuleError as error:
        raise MissingPackageError(
            f"no installed package has SQLAlchemy's dialect {url.drivername!r}",
            where=str(server),
            fix="check how the URL begins, or install the package that brings the dialect",
        ) from error
    except ImportError as error:
        name = error.name or url.get_driver_name()
        raise MissingPackageError(
            f"the driver {name!r} of {url.drivername!r} can't be loaded: {error}",
            where=str(server),
            fix=f"pip install {_EXTRAS.get(name, name)}",
        ) from error
    except (ArgumentError, TypeError, ValueError) as error:
        raise SourceError(
            f"the driver can't use the connection's settings: {error}",
            where=str(server),
            fix="check url and options of the connection",
        ) from error
