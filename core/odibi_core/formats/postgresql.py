"""Tables in a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.base import COMMON_TYPES, Abilities, Rows, Scan, ScanContext, Target, Written
from odibi_core.formats.postgresql_session import Session, connected, explained
from odibi_core.formats.postgresql_types import (
    Column,
    arrow_type,
    as_stored,
    columns_of,
    created_type,
    without_wraps,
)
from odibi_core.formats.postgresql_writing import PostgresqlDatabase, lock_key
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

_KEEPS = (COMMON_TYPES | {"SMALLINT", "TIME", "UUID", "JSON", "INTERVAL"}) - {"STRUCT", "MAP"}
_DIVIDED = frozenset(("SMALLINT", "INTEGER", "BIGINT", "DATE", "TIMESTAMP"))
_COMPARED = frozenset(("BOOLEAN", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"))


class PostgresqlReadOptions(DividedReadOptions):
    """What is read of a PostgreSQL database."""


class PostgresqlWriteOptions(ServerWriteOptions):
    """Where in a PostgreSQL database rows are written."""


def plain_read(options: PostgresqlReadOptions, source: str, cursor: DuckDBPyConnection) -> PlainRead | None:
    """How others can read the same; None where a column's values are asked for in another form.

    Raises:
        SourceError: The table, or the partition column, is not there, or that can't be divided into ranges.
    """
    with connected(options.server) as session, explained(source, SourceError):
        columns, query = _columns(session, options, source, cursor)
        if not all(column.is_plain for column in columns):
            return None
        schema = Schema.of((column.name, column.type) for column in columns)
        bounds = None
        if divided := divided_column(options, schema, _DIVIDED, source):
            name = quote(divided)
            ((least, greatest),) = session.rows(f"SELECT min({name})::text, max({name})::text FROM {query}")
            bounds = (str(least), str(greatest)) if least is not None else None
    return PlainRead(schema, query, bounds)


class PostgresqlFormat(ServerFormat[PostgresqlReadOptions, PostgresqlWriteOptions]):
    """Tables in a PostgreSQL database.

    Rows come and go in the server's binary form, in batches. A write is one transaction. Structs, maps and
    nested lists are written as jsonb. Types that DuckDB lacks, such as inet and ranges, are read as text.
    """

    name: ClassVar[str] = "postgresql"
    abilities: ClassVar[Abilities] = Abilities(partition=False, tables=True, keeps_types=_KEEPS)
    read_options = PostgresqlReadOptions
    write_options = PostgresqlWriteOptions

    def check(self, server: Server) -> None:
        """Return where one can log in."""
        with connected(server) as session:
            session.rows("SELECT 1")

    def tables(self, server: Server) -> list[Table]:
        """The tables and views that can be read, by schema and name."""
        with connected(server) as session:
            return session.tables()

    def probe(self, source: str, options: PostgresqlReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns of the table or query, which is not run for it."""
        with connected(options.server) as session, explained(source, SourceError):
            columns, _ = _columns(session, options, source, cursor)
        return Schema.of((column.name, column.type) for column in columns)

    def scan(self, source: str, options: PostgresqlReadOptions, context: ScanContext) -> Scan:
        """The table or query, ready to be read in batches."""
        with connected(options.server) as session, explained(source, SourceError):
            columns, query = _columns(session, options, source, context.cursor)
            select = f"SELECT {', '.join(column.select for column in columns)} FROM {query}"
            told = session.columns(select)
            rows = None if options.query else session.count(query)
        arrow = _arrow_schema(columns, told)

        def view(names: Sequence[str], filters: Sequence[exp.Expr]) -> BatchSource:
            chosen = [column for column in columns if column.name in names]
            selected = ", ".join(column.select for column in chosen) or "NULL"
            where = pushed_sql(filters, {column.name: _compared(column) for column in columns}, "postgres")
            sql = f"SELECT {selected} FROM {query}" + (f" WHERE {where}" if where else "")
            return BatchSource(arrow, lambda: _batches(options.server, sql, arrow, source, context))

        streamed = [Streamed(column.name, column.type, not column.is_plain) for column in columns]
        return streamed_scan(context, streamed, rows, view)

    def write(self, rows: Rows, target: Target, options: PostgresqlWriteOptions) -> Written:
        """Write the rows into a table, in one transaction.

        Raises:
            TargetError: The target can't be written, or the rows don't fit it.
            TransientError: The server can't be reached, or another writer holds the table for long.
        """
        where = target.where
        check_held(rows.schema, created_type, "PostgreSQL", where)
        stored = ", ".join(f"{as_stored(name, type_)} AS {quote(name)}" for name, type_ in rows.schema)
        schema, table = name_parts(options.table, options.server.schema)

        @contextmanager
        def transaction() -> Iterator[PostgresqlDatabase]:
            with (
                connected(options.server) as session,
                explained(where, TargetError),
                target.on_stop(session.cancel),
            ):
                # By its full name: writers that name it with and without its schema take turns too.
                home = schema or session.schema_of(table)
                session.begin_writing(lock_key(home, table))
                yield PostgresqlDatabase(session, home, table)
                session.commit()

        select = f"SELECT {stored} FROM ({rows.sql})"
        return write_rows(rows, target, options, table, select=select, transaction=transaction)


def _columns(
    session: Session, options: PostgresqlReadOptions, source: str, cursor: DuckDBPyConnection
) -> tuple[list[Column], str]:
    """The columns, and what stands behind FROM."""
    if options.query:
        query = f"({bare_query(options.query)}\n) AS odibi_query"
    else:
        name = options.table or ""
        if not name:
            names = [table.name for table in session.tables()]
            raise SourceError(
                "nothing says which table is read",
                where=source,
                fix="set table to one of " + ", ".join(names[:12]) if names else "the database has no table",
            )
        schema, table = name_parts(name, options.server.schema)
        query = session.qualified(schema, table)
        if not session.exists(schema, table):
            known = [f"{each.schema}.{each.name}" for each in session.tables()]
            raise unknown_table(name, known, source)
    columns = columns_of(session.columns(f"SELECT * FROM {query}"))
    if len({column.name.casefold() for column in columns}) < len(columns):
        raise SourceError(
            "two columns of the query have the same name", where=source, fix="name them apart with AS"
        )
    wanted = overridden([column.name for column in columns], options.column_types, source)
    # As text a value can be read as any type.
    return [
        column
        if column.name not in wanted
        else replace(
            column,
            select=f"{quote(column.name)}::text AS {quote(column.name)}",
            type=known_type(wanted[column.name], column.name, cursor),
        )
        for column in columns
    ], query


def _arrow_schema(columns: Sequence[Column], told: pa.Schema) -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [(column.name, arrow_type(column, field.type)) for column, field in zip(columns, told, strict=True)]
    )


def _compared(column: Column) -> Compared:
    if not column.is_plain:
        return Compared.NOT
    if column.native in ("int2", "int4", "int8", "float8", "numeric"):
        return Compared.NUMBER
    if column.type in _COMPARED:
        return Compared.ORDERED
    return Compared.EQUAL if column.native in ("text", "varchar") else Compared.NOT


def _batches(
    server: Server, sql: str, schema: pa.Schema, source: str, context: ScanContext
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with connected(server) as session, context.on_stop(session.cancel), explained(source, SourceError):
        for batch in session.batches(sql):
            arrays: list[Any] = []
            for field in schema:
                place = batch.schema.get_field_index(field.name)
                if place < 0:
                    arrays.append(pa.nulls(batch.num_rows, field.type))
                    continue
                arrays.append(_converted(batch.column(place), field, source))
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _converted(array: pa.Array, field: pa.Field, source: str) -> pa.Array:
    import pyarrow as pa

    if isinstance(array, pa.ExtensionArray) and array.type != field.type:
        array = array.storage
    if array.type == field.type:
        return without_wraps(array)
    try:
        return array.cast(field.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(
            f"column {field.name!r} holds a value that is not of type {field.type}: "
            f"{str(error).splitlines()[0]}",
            where=source,
            fix=f"read it as another type: schema: {{{field.name}: DOUBLE}}, or cast it in a query, such as "
            f"round({field.name}, 2)",
        ) from error
