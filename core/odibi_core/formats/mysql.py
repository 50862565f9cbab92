"""Tables in a MySQL or MariaDB database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.base import COMMON_TYPES, Abilities, Rows, Scan, ScanContext, Target, Written
from odibi_core.formats.mysql_session import Session, connected, explained, named
from odibi_core.formats.mysql_types import Column, arrow_type, created_type, to_arrow
from odibi_core.formats.mysql_writing import MysqlDatabase, prepared
from odibi_core.formats.pushed import Compared, pushed_sql
from odibi_core.formats.server_tables import Streamed, check_held, streamed_scan, write_rows
from odibi_core.formats.servers import (
    DividedReadOptions,
    PlainRead,
    Server,
    ServerFormat,
    ServerWriteOptions,
    Table,
    bare_query,
    divided_column,
    name_parts,
    overridden,
    unknown_table,
)
from odibi_core.formats.streams import BatchSource
from odibi_core.formats.types import known_type
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection
    from sqlglot import exp

_KEEPS = (COMMON_TYPES | {"TINYINT", "SMALLINT", "TIME", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}) - {
    *("LIST", "STRUCT", "MAP")
}
_NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "DOUBLE",
)
_DIVIDED = frozenset(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DATE", "TIMESTAMP"))


class MysqlReadOptions(DividedReadOptions):
    """What is read of a MySQL or MariaDB database."""


class MysqlWriteOptions(ServerWriteOptions):
    """Where in a MySQL or MariaDB database rows are written."""


def plain_read(options: MysqlReadOptions, source: str, cursor: DuckDBPyConnection) -> PlainRead:
    """How others can read the same.

    Raises:
        SourceError: The table, or the partition column, is not there, or that can't be divided into ranges.
    """
    with connected(options.server) as session, explained(source, SourceError):
        columns, query = _columns(session, options, source, cursor)
        schema = Schema.of((column.name, column.type) for column in columns)
        bounds = None
        if divided := divided_column(options, schema, _DIVIDED, source):
            name = named(divided)
            ((least, greatest),) = session.rows(f"SELECT min({name}), max({name}) FROM {query}")
            bounds = (str(least), str(greatest)) if least is not None else None
    return PlainRead(schema, query, bounds)


class MysqlFormat(ServerFormat[MysqlReadOptions, MysqlWriteOptions]):
    """Tables in a MySQL or MariaDB database.

    Rows come in batches, and go by LOAD DATA where the server allows it, else by INSERT. Lists, structs and
    maps are written as JSON, which MariaDB gives back as text; UUIDs as text.
    """

    name: ClassVar[str] = "mysql"
    abilities: ClassVar[Abilities] = Abilities(partition=False, tables=True, keeps_types=_KEEPS)
    read_options = MysqlReadOptions
    write_options = MysqlWriteOptions

    def check(self, server: Server) -> None:
        """Return where one can log in."""
        with connected(server) as session, explained(str(server), SourceError):
            session.rows("SELECT 1")

    def tables(self, server: Server) -> list[Table]:
        """The tables and views that can be read, by database and name."""
        with connected(server) as session, explained(str(server), SourceError):
            return session.tables()

    def probe(self, source: str, options: MysqlReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns of the table or query, of which no row is fetched."""
        with connected(options.server) as session, explained(source, SourceError):
            columns, _ = _columns(session, options, source, cursor)
        return Schema.of((column.name, column.type) for column in columns)

    def scan(self, source: str, options: MysqlReadOptions, context: ScanContext) -> Scan:
        """The table or query, ready to be read in batches."""
        import pyarrow as pa

        with connected(options.server) as session, explained(source, SourceError):
            columns, query = _columns(session, options, source, context.cursor)
            rows = None if options.query else session.count(query)
        arrow = pa.schema([(column.name, arrow_type(column)) for column in columns])

        def view(names: Sequence[str], filters: Sequence[exp.Expr]) -> BatchSource:
            chosen = [column for column in columns if column.name in names]
            selected = ", ".join(map(_selected, chosen)) or "NULL"
            where = pushed_sql(filters, {column.name: _compared(column) for column in columns}, "mysql")
            sql = f"SELECT {selected} FROM {query}" + (f" WHERE {where}" if where else "")
            return BatchSource(arrow, lambda: _batches(options.server, sql, chosen, arrow, source, context))

        streamed = [Streamed(column.name, column.type, column.is_asked_as_text) for column in columns]
        return streamed_scan(context, streamed, rows, view)

    def write(self, rows: Rows, target: Target, options: MysqlWriteOptions) -> Written:
        """Write the rows into a table: all or none count.

        Raises:
            TargetError: The target can't be written, or the rows don't fit it.
            TransientError: The server can't be reached, or another writer holds the table for long.
        """
        where = target.where
        check_held(rows.schema, created_type, "MySQL", where)
        schema, table = name_parts(options.table, options.server.database)

        @contextmanager
        def transaction() -> Iterator[MysqlDatabase]:
            with (
                connected(options.server, sends_files=True) as session,
                explained(where, TargetError),
                target.on_stop(session.cancel),
            ):
                database = prepared(session, schema, table)
                yield database
                database.commit()

        listed = ", ".join(
            f"CAST({quote(name)} AS {_stored(type_)}) AS {quote(name)}" if _stored(type_) else quote(name)
            for name, type_ in rows.schema
        )
        select = f"SELECT {listed} FROM ({rows.sql})"
        return write_rows(
            rows, target, options, table, select=select, transaction=transaction, held_as=_held_as
        )


def _held_as(type_: str) -> tuple[str, ...]:
    """The types of columns that hold values of a type; MariaDB keeps JSON as text."""
    return ("JSON", "VARCHAR") if created_type(type_) == "JSON" else (_stored(type_),)


def _stored(type_: str) -> str:
    """The type as which a column comes back, where that is another one."""
    if type_ in ("HUGEINT", "UHUGEINT"):
        return "DECIMAL(38,0)"
    if type_ in ("UUID", "BIT") or type_.startswith("ENUM("):
        return "VARCHAR"
    return {'"NULL"': "INTEGER", "TIMESTAMP_S": "TIMESTAMP", "TIMESTAMP_MS": "TIMESTAMP"}.get(type_, "")


def _columns(
    session: Session, options: MysqlReadOptions, source: str, cursor: DuckDBPyConnection
) -> tuple[list[Column], str]:
    """The columns, and what stands behind FROM."""
    if options.query:
        query = f"({bare_query(options.query)}\n) AS odibi_query"
    else:
        schema, table = name_parts(options.table or "", options.server.database)
        query = session.qualified(schema, table)
        if not session.exists(schema, table):
            known = [f"{each.schema}.{each.name}" for each in session.tables()]
            raise unknown_table(options.table or "", known, source)
    columns = session.columns(query)
    wanted = overridden([column.name for column in columns], options.column_types, source)
    # As text a value can be read as any type.
    return [
        column
        if column.name not in wanted
        else replace(column, type=known_type(wanted[column.name], column.name, cursor), is_asked_as_text=True)
        for column in columns
    ], query


def _selected(column: Column) -> str:
    name = named(column.name)
    return f"CAST({name} AS CHAR) AS {name}" if column.is_asked_as_text else name


def _compared(column: Column) -> Compared:
    if column.is_asked_as_text:
        return Compared.NOT
    if column.type in _NUMBERS or column.type.startswith("DECIMAL("):
        return Compared.NUMBER
    if column.type in ("DATE", "TIMESTAMP"):
        return Compared.ORDERED
    return Compared.EQUAL if column.type == "VARCHAR" else Compared.NOT


def _batches(
    server: Server,
    sql: str,
    columns: Sequence[Column],
    schema: pa.Schema,
    source: str,
    context: ScanContext,
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    places = {column.name: place for place, column in enumerate(columns)}
    with connected(server) as session, context.on_stop(session.cancel), explained(source, SourceError):
        for rows in session.batches(sql):
            values = list(zip(*rows, strict=True))
            arrays = []
            for field in schema:
                if field.name not in places:
                    arrays.append(pa.nulls(len(rows), field.type))
                    continue
                try:
                    arrays.append(to_arrow(list(values[places[field.name]]), field.type))
                except (ValueError, TypeError) as error:
                    raise SourceError(
                        f"column {field.name!r} holds a value that is not of type {field.type}: "
                        f"{str(error).splitlines()[0]}",
                        where=source,
                        fix=f"read it as text: schema: {{{field.name}: VARCHAR}}",
                    ) from error
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
