"""One connection to a PostgreSQL server, and its errors in ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as url_quote
from urllib.parse import urlencode

from odibi_core.errors import OdibiError, SourceError, TargetError, TransientError
from odibi_core.formats.servers import CONNECT_S, COUNT_S, LOCK_S, Server, Table, lost
from odibi_core.schema import literal, quote

if TYPE_CHECKING:
    import pyarrow as pa

_BATCH_BYTES = 8 << 20
_KEEPALIVE = {
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
_LOST = ("08", "57P", "53")
_AGAIN = ("40001", "40P01", "55P03", "55006")
_LOST_WORDS = (
    "connection refused",
    "could not connect",
    "could not translate host name",
    "server closed the connection",
    "connection to server was lost",
    "no connection to the server",
    "connection timed out",
    "timeout expired",
    "network is unreachable",
    "connection reset",
    "ssl syscall error",
    "terminating connection",
    "is starting up",
    "is shutting down",
    "too many clients",
    "connection not open",
)
_CANCELLED = "57014"
_REFUSED = ("28P01", "28000")


class Session:
    """One connection. Nothing is committed until somebody says so.

    Args:
        connection: Of the driver.
        server: Where it leads.
    """

    def __init__(self, connection: Any, server: Server) -> None:
        self.connection, self.server = connection, server
        self._running: Any = None

    def execute(self, statement: str) -> int:
        """Carry out a statement; how many rows it changed, or -1."""
        with self._cursor() as cursor:
            cursor.execute(statement)
            return int(cursor.rowcount)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a small query."""
        with self._cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def columns(self, query: str) -> pa.Schema:
        """The columns of a query, which is not run for it."""
        with self._cursor() as cursor:
            return cursor.adbc_execute_schema(query)

    def batches(self, query: str) -> Iterator[pa.RecordBatch]:
        """The rows of a query as they come."""
        with self._cursor() as cursor:
            cursor.adbc_statement.set_options(**{"adbc.postgresql.batch_size_hint_bytes": str(_BATCH_BYTES)})
            cursor.execute(query)
            yield from cursor.fetch_record_batch()

    def load(
        self, table: str, rows: pa.RecordBatchReader, *, temporary: bool = False, schema: str = ""
    ) -> int:
        """Send rows into a table that is there, by COPY; gives back their number."""
        with self._cursor() as cursor:
            place = {"temporary": True} if temporary else {"db_schema_name": schema}
            return int(cursor.adbc_ingest(table, rows, mode="append", **place))

    def count(self, table: str) -> int | None:
        """The number of rows of a table; None where counting takes too long."""
        self.execute(f"SET LOCAL statement_timeout = '{COUNT_S}s'")
        try:
            ((rows,),) = self.rows(f"SELECT count(*) FROM {table}")
        except Exception as error:
            self.connection.rollback()
            if getattr(error, "sqlstate", "") != _CANCELLED:
                raise
            return None
        self.execute("SET LOCAL statement_timeout = 0")
        return int(rows)

    def cancel(self) -> None:
        """End what is running. Safe from any thread."""
        if (cursor := self._running) is not None:
            cursor.adbc_cancel()

    def commit(self) -> None:
        """Make all that was done since the last commit count."""
        self.connection.commit()

    def begin_writing(self, lock: int) -> None:
        """Take a lock that the transaction holds to its end: writers of one table take turns.

        Args:
            lock: The number of the lock.
        """
        self.execute(f"SET LOCAL lock_timeout = '{LOCK_S}s'")
        self.execute("SET LOCAL TimeZone = 'UTC'")
        self.rows(f"SELECT pg_advisory_xact_lock({lock})::text")

    def qualified(self, schema: str, table: str) -> str:
        """A table's name in SQL."""
        return f"{quote(schema)}.{quote(table)}" if schema else quote(table)

    def exists(self, schema: str, table: str) -> bool:
        """Whether there is a table or view of this name."""
        # A look into the catalog makes the server notice what others did since the transaction began:
        # `to_regclass` alone still takes a table for missing that another writer made meanwhile.
        name = literal(self.qualified(schema, table))
        ((found,),) = self.rows(f"SELECT count(*) FROM pg_class WHERE oid = to_regclass({name})")
        return bool(found)

    def default_schema(self) -> str:
        """The schema of tables that are named without one."""
        ((found,),) = self.rows("SELECT coalesce(current_schema(), 'public')::text")
        return str(found)

    def schema_of(self, table: str) -> str:
        """The schema of a table that is named without one; that of new tables where there is none yet."""
        found = self.rows(
            "SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE c.oid = to_regclass({literal(quote(table))})"
        )
        return str(found[0][0]) if found else self.default_schema()

    def tables(self) -> list[Table]:
        """The tables and views that the user may read."""
        found = self.rows(
            "SELECT n.nspname::text, c.relname::text, CASE WHEN c.relkind IN ('v', 'm') THEN 'view' "
            "ELSE 'table' END, c.reltuples::bigint FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') "
            "AND n.nspname NOT IN ('pg_catalog', "
            "'information_schema') AND n.nspname NOT LIKE 'pg\\_t%' AND has_schema_privilege(n.oid, 'USAGE') "
            "AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1, 2"
        )
        return [Table(schema, name, kind, rows if rows >= 0 else None) for schema, name, kind, rows in found]

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        cursor = self.connection.cursor()
        self._running = cursor
        try:
            yield cursor
        finally:
            self._running = None
            with suppress(Exception):
                cursor.close()


@contextmanager
def connected(server: Server) -> Iterator[Session]:
    """A connection, closed at the end; what was not committed then never was.

    Raises:
        SourceError: The server refuses, or there is no such database.
        TransientError: It can't be reached now.
    """
    import adbc_driver_postgresql.dbapi as driver

    with explained(str(server), SourceError):
        connection = driver.connect(_uri(server))
    try:
        session = Session(connection, server)
        if server.schema:
            with explained(str(server), SourceError):
                session.rows(f"SELECT set_config('search_path', {literal(quote(server.schema))}, false)")
                session.commit()
        yield session
    finally:
        with suppress(Exception):
            connection.close()


def _uri(server: Server) -> str:
    login = url_quote(server.user, safe="")
    if server.password:
        login += ":" + url_quote(server.password, safe="")
    more = {
        "connect_timeout": str(CONNECT_S),
        "application_name": "odibi",
        "client_encoding": "UTF8",
        **_KEEPALIVE,
        **server.options,
    }
    host = f"[{server.host}]" if ":" in server.host else url_quote(server.host, safe="")
    place = f"{login}@{host}:{server.port}/{url_quote(server.database, safe='')}"
    return f"postgresql://{place}?{urlencode(more, quote_via=url_quote)}"


@contextmanager
def explained(where: str, kind: type[SourceError | TargetError]) -> Iterator[None]:
    """Turn the driver's errors into ours.

    Args:
        where: What messages call the source or target.
        kind: The error of what no other try mends.
    """
    import adbc_driver_manager
    import pyarrow as pa

    try:
        yield
    except (adbc_driver_manager.Error, pa.ArrowException, OSError) as error:
        # What comes while rows are drawn, Arrow tells with the text alone.
        raise told(error, where, kind) from error


def told(error: Any, where: str, kind: type[SourceError | TargetError]) -> OdibiError:
    """Our error for one of the driver's."""
    state, message = getattr(error, "sqlstate", None) or "", _message(error)
    words = str(error).lower()
    if state in _REFUSED or "password authentication failed" in words or "no password supplied" in words:
        return kind(
            f"the server refuses the login: {message}",
            where=where,
            fix="check user and password of the connection, and the secret that it refers to",
        )
    if state == "3D000" or ("database" in words and "does not exist" in words and not state):
        return kind(f"{message}", where=where, fix="check the database of the connection")
    if state in _AGAIN:
        return TransientError(
            f"another writer was in the way: {message}", where=where, fix="another try may pass"
        )
    if state.startswith(_LOST) or (not state and any(word in words for word in _LOST_WORDS)):
        return lost(where, message)
    if state == "42501":
        return kind(message, where=where, fix="grant the right to the user of the connection")
    if state == "2BP01":
        return kind(
            f"something in the database stands on the table, and its columns would change: {message}",
            where=where,
            fix="keep the columns, so that the table stays and only its rows are replaced, or drop what "
            "stands on it",
        )
    return kind(
        f"PostgreSQL says: {message}", where=where, fix=_HINTS.get(state, "see to the table and the query")
    )


_HINTS = {
    "23505": "rows of the same key are there already: use mode 'merge' with merge_key, or other rows",
    "23502": "give those rows a value, or leave them out in a step before",
    "22P05": "PostgreSQL can't hold the character \\0: remove it with replace(column, chr(0), '')",
    "22021": "PostgreSQL can't hold the character \\0: remove it with replace(column, chr(0), '')",
    "22003": "the column in the database is too small for a value: widen it, or cast in a step before",
    "22001": "the column in the database is too short for a text: widen it, or cut it in a step before",
}


def _message(error: Any) -> str:
    for name, value in getattr(error, "details", None) or ():
        if name == "PG_DIAG_MESSAGE_PRIMARY":
            return str(value.decode(errors="replace"))
    text = str(error).partition("SQLSTATE")[0]
    # The driver's own words stand before the server's.
    for word in ("FATAL:", "ERROR:", "failed: "):
        if word in text:
            text = text.rpartition(word)[2]
            break
    lines: Sequence[str] = text.strip().splitlines()
    return (lines[0] if lines else type(error).__name__).strip().rstrip(".")
