"""One connection to a database by its SQLAlchemy dialect."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from odibi_core.errors import SourceError
from odibi_core.formats.dialect_errors import explained
from odibi_core.formats.dialect_types import MYSQL, Column, column_of, sampled_column
from odibi_core.formats.dialect_urls import open_engine
from odibi_core.formats.mysql_session import forget_rows
from odibi_core.formats.servers import CONNECT_S, LOCK_S, Server, Table

if TYPE_CHECKING:
    import sqlalchemy as sa

ROWS = 10_000
"""How many rows are fetched and sent at a time."""

SAMPLED_ROWS = 1_000
"""How many rows of a query tell the types of its columns."""

_SYSTEM = re.compile(
    r"information_schema|pg_catalog|pg_toast.*|sys|mysql|performance_schema|guest|"
    # Roles of SQL Server's, each with a schema of its name.
    r"db_(owner|(security|access|ddl)admin|backupoperator|(deny)?data(reader|writer))",
    re.IGNORECASE,
)


class Session:
    """One connection. Nothing is committed until somebody says so.

    But what changes tables themselves counts at once, in databases that can't undo that.

    Args:
        connection: SQLAlchemy's.
        server: Where it leads.
    """

    def __init__(self, connection: sa.Connection, server: Server) -> None:
        self.connection, self.server, self.dialect = connection, server, connection.dialect
        self._running: Any = None

    @property
    def is_mysql(self) -> bool:
        """Whether it leads to MySQL or MariaDB."""
        return self.dialect.name in MYSQL

    def inspect(self) -> sa.Inspector:
        """What tells of the tables, as they are now."""
        import sqlalchemy as sa

        return sa.inspect(self.connection)

    def home(self, schema: str) -> str:
        """A schema, or that of tables that are named without one."""
        return schema or self.server.schema or self.inspect().default_schema_name or ""

    def named(self, schema: str, table: str) -> str:
        """A table's name in SQL."""
        return f"{self.quoted(schema)}.{self.quoted(table)}" if schema else self.quoted(table)

    def quoted(self, name: str) -> str:
        """A name in SQL."""
        return str(self.dialect.identifier_preparer.quote(exact(name, self.dialect)))

    def exists(self, schema: str, table: str) -> bool:
        """Whether there is a table or view of this name."""
        return self.inspect().has_table(table, schema=schema_name(schema))

    def columns(self, schema: str, table: str) -> list[Column]:
        """The columns of a table or view."""
        return [column_of(name, type_, self.dialect) for name, type_ in self.types(schema, table)]

    def types(self, schema: str, table: str) -> list[tuple[str, Any]]:
        """The columns of a table or view, and their types as the dialect has them."""
        from sqlalchemy.exc import SAWarning

        with warnings.catch_warnings():
            # A type that SQLAlchemy does not know is read as text.
            warnings.simplefilter("ignore", SAWarning)
            found = self.inspect().get_columns(table, schema=schema_name(schema))
        # SQLAlchemy gives the names of MySQL's columns as they stand between backticks.
        doubled = ("``", "`") if self.is_mysql else ("", "")
        return [(str(column["name"]).replace(*doubled), column["type"]) for column in found]

    def sampled(self, query: str) -> list[Column]:
        """The columns of a query, by its first rows. Nothing else can be asked of the session behind it."""
        result = self._streamed(query_text(query))
        names, told = list(result.keys()), list(result.cursor.description or ())
        rows = result.fetchmany(SAMPLED_ROWS)
        self._leave(result)
        values = list(zip(*rows, strict=True)) or [()] * len(names)
        return [
            sampled_column(name, values[place], told[place], self.dialect) for place, name in enumerate(names)
        ]

    def batches(self, statement: sa.Executable) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows of a query as they come."""
        result = self._streamed(statement)
        try:
            yield from result.partitions(ROWS)
        except BaseException:
            self._leave(result)
            raise

    def _leave(self, result: Any) -> None:
        """Ask for no more of the rows."""
        with suppress(Exception):
            if self.is_mysql:
                forget_rows(self._running)
                self.connection.invalidate()
            else:
                result.close()

    def _streamed(self, statement: sa.Executable) -> Any:
        result = self.connection.execution_options(yield_per=ROWS).execute(statement)
        self._running = result.cursor
        return result

    def cancel(self) -> None:
        """End what is running, as far as the driver can. Safe from any thread."""
        with suppress(Exception):
            driver: Any = self.connection.connection.driver_connection
            if self.is_mysql:
                self._kill(int(driver.thread_id()))
                return
            for thing, name in ((driver, "cancel"), (driver, "interrupt"), (self._running, "cancel")):
                if (end := getattr(thing, name, None)) is not None:
                    end()
                    return

    def _kill(self, number: int) -> None:
        with connected(self.server) as other:
            other.connection.exec_driver_sql(f"KILL QUERY {number}")

    def tables(self) -> list[Table]:
        """The tables and views, by schema and name."""
        inspector = self.inspect()
        try:
            schemas = [name for name in inspector.get_schema_names() if not _SYSTEM.fullmatch(name)]
        except NotImplementedError:
            # Such a database has no schemas, as Firebird has none.
            schemas = [""]
        found = []
        for schema in schemas:
            for kind, names in (
                ("table", inspector.get_table_names(schema_name(schema))),
                ("view", inspector.get_view_names(schema_name(schema))),
            ):
                found += [Table(schema, name, kind) for name in names]
        return sorted(found, key=lambda table: (table.schema, table.name))


def exact(name: str, dialect: sa.Dialect) -> str:
    """A name as it is, quoted in SQL: no list of reserved words is ever whole."""
    import sqlalchemy as sa

    # Of databases that make capitals of names, SQLAlchemy tells the others in small letters.
    return name if dialect.requires_name_normalize else sa.sql.quoted_name(name, True)


def schema_name(schema: str) -> Any:
    """A schema as SQLAlchemy takes it; None for the default one."""
    import sqlalchemy as sa

    # A dot in its name parts no database from a schema.
    return sa.sql.quoted_name(schema, True) if "." in schema else schema or None


def table_of(session: Session, schema: str, table: str, names: Iterable[str]) -> sa.TableClause:
    """A table and its columns, for statements."""
    import sqlalchemy as sa

    dialect = session.dialect
    columns: list[sa.ColumnClause[Any]] = [sa.column(exact(name, dialect)) for name in names]
    return sa.table(exact(table, dialect), *columns, schema=schema_name(schema))


def query_text(query: str) -> sa.TextClause:
    """A query as it stands: its colons name no parameters."""
    import sqlalchemy as sa

    return sa.text(query.replace(":", r"\:"))


@contextmanager
def connected(server: Server) -> Iterator[Session]:
    """A connection, closed at the end; what was not committed then never was.

    Raises:
        SourceError: The server refuses, or there is no such database.
        TransientError: It can't be reached now.
        MissingPackageError: The dialect or its driver is not installed.
    """
    from sqlalchemy.exc import SQLAlchemyError

    engine = open_engine(server, CONNECT_S, LOCK_S)
    with explained(str(server), SourceError, engine.dialect.name):
        try:
            connection = engine.connect()
        except (SQLAlchemyError, OSError):
            raise
        except Exception as error:  # of settings that a driver refuses, and of servers unknown to a dialect
            said = " ".join(str(error).split())
            raise SourceError(
                f"the driver can't begin a connection: {type(error).__name__}: {said}",
                where=str(server),
                fix="check options and url of the connection, and that the server is of its kind",
            ) from error
    try:
        session = Session(connection, server)
        with explained(str(server), SourceError, engine.dialect.name):
            for statement in _FIRST.get(engine.dialect.name, ()):
                connection.exec_driver_sql(statement)
            connection.commit()
        yield session
    finally:
        with suppress(Exception):
            connection.close()


_MYSQL_FIRST = (
    "SET SESSION time_zone = '+00:00'",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO'",
    f"SET SESSION innodb_lock_wait_timeout = {LOCK_S}",
)
_FIRST: dict[str, Sequence[str]] = {
    "postgresql": ("SET TIME ZONE 'UTC'", f"SET lock_timeout = '{LOCK_S}s'"),
    "mysql": _MYSQL_FIRST,
    "mariadb": _MYSQL_FIRST,
    "mssql": (f"SET LOCK_TIMEOUT {LOCK_S * 1000}",),
    "oracle": ("ALTER SESSION SET TIME_ZONE = 'UTC'",),
}
