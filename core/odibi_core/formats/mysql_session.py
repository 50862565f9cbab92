"""One connection to a MySQL or MariaDB server, and its errors in ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from odibi_core.errors import OdibiError, SourceError, TargetError, TransientError
from odibi_core.formats.mysql_types import Column, column_of
from odibi_core.formats.servers import BATCH_ROWS, CONNECT_S, COUNT_S, LOCK_S, Server, Table, lost

_REFUSED = (1044, 1045, 1698)
_LOST = (1040, 1053, 1077, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2002, 2003, 2006, 2013, 2055)
_AGAIN = (1205, 1213)
_CANCELLED = (1317, 1969, 3024)
_HINTS = {
    1062: "rows of the same key are there already: use mode 'merge' with merge_key, or other rows",
    1048: "give those rows a value, or leave them out in a step before",
    1142: "grant the right to the user of the connection",
    1143: "grant the right to the user of the connection",
    1264: "the column in the database is too small for a value: widen it, or cast in a step before",
    2027: "the server does what no server of its kind does: connect to one that you trust",
    1406: "the column in the database is too short for a text: widen it, or cut it in a step before",
}


def named(name: str) -> str:
    """A name in MySQL's SQL."""
    return "`" + name.replace("`", "``") + "`"


class Session:
    """One connection. Nothing is committed until somebody says so, but by what changes tables themselves.

    Args:
        connection: Of the driver.
        server: Where it leads.
    """

    def __init__(self, connection: Any, server: Server) -> None:
        self.connection, self.server = connection, server

    def execute(self, statement: str, values: Sequence[Any] | None = None) -> int:
        """Carry out a statement; how many rows it changed."""
        with closing(self.connection.cursor()) as cursor:
            return int(cursor.execute(statement, values))

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> int:
        """Carry out an INSERT for many rows."""
        with closing(self.connection.cursor()) as cursor:
            return int(cursor.executemany(statement, rows) or 0)

    def load_file(self, statement: str, path: Path) -> int:
        """Carry out a LOAD DATA of a file, whose name is its one value; how many rows it added."""
        self.connection.offered = path
        try:
            return self.execute(statement, [str(path)])
        finally:
            self.connection.offered = None

    def rows(self, query: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a small query, as texts."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(query, values)
            return list(cursor.fetchall())

    def columns(self, query: str) -> list[Column]:
        """The columns of a query; no row of it is fetched."""
        with closing(self.connection.cursor()) as cursor:
            cursor.execute(f"SELECT * FROM {query} LIMIT 0")
            return [column_of(field) for field in cursor._result.fields]

    def batches(self, query: str) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query as they come."""
        from pymysql.cursors import SSCursor

        cursor = self.connection.cursor(SSCursor)
        try:
            cursor.execute(query)
            while rows := cursor.fetchmany(BATCH_ROWS):
                yield rows
        except BaseException:
            forget_rows(cursor)
            self.connection._force_close()
            raise

    def count(self, table: str) -> int | None:
        """The number of rows of a table; None where counting takes too long."""
        import pymysql

        is_mariadb = "mariadb" in str(self.connection.get_server_info()).lower()
        limit = f"SET STATEMENT max_statement_time={COUNT_S} FOR " if is_mariadb else ""
        hint = "" if is_mariadb else f"/*+ MAX_EXECUTION_TIME({COUNT_S * 1000}) */ "
        try:
            ((rows,),) = self.rows(f"{limit}SELECT {hint}count(*) FROM {table}")
        except pymysql.MySQLError as error:
            if error.args[0] not in _CANCELLED:
                raise
            return None
        return int(rows)

    def cancel(self) -> None:
        """End what is running. Safe from any thread."""
        with suppress(Exception), closing(_open(self.server)) as other, closing(other.cursor()) as cursor:
            cursor.execute(f"KILL QUERY {int(self.connection.thread_id())}")

    def lock(self, name: str) -> None:
        """Take a lock that is held until the connection is closed: writers of one table take turns.

        Raises:
            TransientError: Another writer holds it for long.
        """
        ((got,),) = self.rows("SELECT GET_LOCK(%s, %s)", [name, LOCK_S])
        if got != "1":
            raise TransientError(
                f"another writer was in the way for {LOCK_S} seconds",
                where=str(self.server),
                fix="another try may pass",
            )

    def qualified(self, schema: str, table: str) -> str:
        """A table's name in SQL."""
        return f"{named(schema)}.{named(table)}" if schema else named(table)

    def exists(self, schema: str, table: str) -> bool:
        """Whether there is a table or view of this name."""
        found = self.rows(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
            [schema, table],
        )
        return bool(found)

    def tables(self) -> list[Table]:
        """The tables and views that the user may read."""
        found = self.rows(
            "SELECT table_schema, table_name, table_type, table_rows FROM information_schema.tables "
            "WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') "
            "ORDER BY table_schema, table_name"
        )
        return [
            Table(schema, name, "view" if "VIEW" in kind else "table", None if rows is None else int(rows))
            for schema, name, kind, rows in found
        ]


def forget_rows(cursor: Any) -> None:
    """Have a cursor leave the rows that are still to come: closing it would read them all."""
    if (coming := getattr(cursor, "_result", None)) is not None:
        coming.unbuffered_active = False


@contextmanager
def connected(server: Server, *, sends_files: bool = False) -> Iterator[Session]:
    """A connection, closed at the end; what was not committed then never was.

    Args:
        server: Where it leads.
        sends_files: Whether `load_file` may be called.

    Raises:
        SourceError: The server refuses, or there is no such database.
        TransientError: It can't be reached now.
    """
    with explained(str(server), SourceError):
        connection = _open(server, sends_files=sends_files)
    try:
        yield Session(connection, server)
    finally:
        with suppress(Exception):
            connection.close()


def _open(server: Server, *, sends_files: bool = False) -> Any:
    from odibi_core.formats.mysql_driver import CarefulConnection

    more: dict[str, Any] = {}
    if server.options:
        wanted = {name.removeprefix("ssl_"): value for name, value in server.options.items()}
        more["ssl"] = {name: value for name, value in wanted.items() if name in ("ca", "cert", "key")} or None
        more["ssl_verify_identity"] = wanted.get("verify_identity", "").lower() == "true"
    return CarefulConnection(
        host=server.host,
        port=server.port,
        user=server.user,
        # As text the driver would send it in Latin-1.
        password=server.password.encode(),
        database=server.database,
        charset="utf8mb4",
        conv=_as_texts(),
        connect_timeout=CONNECT_S,
        read_timeout=CONNECT_S,
        local_infile=sends_files,
        init_command=(
            "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
            f"ERROR_FOR_DIVISION_BY_ZERO', innodb_lock_wait_timeout = {LOCK_S}, "
            # Where the server keeps no warnings, rows that don't fit would pass for written.
            "max_error_count = 64"
        ),
        **more,
    )


def _as_texts() -> dict[Any, Any]:
    """The driver's converters of what is sent; what comes stays text."""
    from pymysql.converters import encoders

    return dict(encoders)


@contextmanager
def explained(where: str, kind: type[SourceError | TargetError]) -> Iterator[None]:
    """Turn the driver's errors into ours.

    Args:
        where: What messages call the source or target.
        kind: The error of what no other try mends.
    """
    import pymysql

    try:
        yield
    except (pymysql.MySQLError, OSError) as error:
        raise told(error, where, kind) from error


def told(error: Exception, where: str, kind: type[SourceError | TargetError]) -> OdibiError:
    """Our error for one of the driver's."""
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    message = str(error.args[1] if len(error.args) > 1 else error).strip().rstrip(".")
    if number in _REFUSED:
        return kind(
            f"the server refuses the login: {message}",
            where=where,
            fix="check user and password of the connection, and the secret that it refers to",
        )
    if number == 1049:
        return kind(message, where=where, fix="check the database of the connection")
    if number in _AGAIN:
        return TransientError(
            f"another writer was in the way: {message}", where=where, fix="another try may pass"
        )
    if number in _LOST or (not number and isinstance(error, OSError)):
        return lost(where, message)
    fix = _HINTS.get(number, "see to the table and the query")
    return kind(f"the server says: {message}", where=where, fix=fix)
