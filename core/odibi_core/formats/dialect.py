"""Tables in any database that has a SQLAlchemy dialect, SQL Server among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.base import COMMON_TYPES, Abilities, Rows, Scan, ScanContext, Target, Written
from odibi_core.formats.dialect_created import created, stored_type
from odibi_core.formats.dialect_errors import explained
from odibi_core.formats.dialect_filters import conditions
from odibi_core.formats.dialect_session import Session, connected, exact, query_text, table_of
from odibi_core.formats.dialect_types import Column
from odibi_core.formats.dialect_urls import full_url
from odibi_core.formats.dialect_values import arrow_type, to_arrow
from odibi_core.formats.dialect_writing import DialectDatabase, begun
from odibi_core.formats.pushed import Compared
from odibi_core.formats.server_tables import Streamed, check_held, streamed_scan, write_rows
from odibi_core.formats.servers import (
    Server,
    ServerFormat,
    ServerReadOptions,
    ServerWriteOptions,
    Table,
    bare_query,
    name_parts,
    overridden,
    unknown_table,
)
from odibi_core.formats.streams import BatchSource
from odibi_core.formats.types import known_type
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pyarrow as pa
    import sqlalchemy as sa
    from duckdb import DuckDBPyConnection
    from sqlalchemy import Dialect
    from sqlglot import exp

_KEEPS = COMMON_TYPES - {"FLOAT", "LIST", "STRUCT", "MAP"}
# SQL Server takes neither inside another query.
_ALONE = re.compile(r"\s*with\b|\border\s+by\b", re.IGNORECASE)


class SqlalchemyReadOptions(ServerReadOptions):
    """What is read of a database that has a SQLAlchemy dialect."""


class SqlalchemyWriteOptions(ServerWriteOptions):
    """Where in a database that has a SQLAlchemy dialect rows are written."""


class SqlalchemyFormat(ServerFormat[SqlalchemyReadOptions, SqlalchemyWriteOptions]):
    """Tables in a database that has a SQLAlchemy dialect.

    Rows come in batches, and go by INSERT of many rows at once. Lists, structs and maps are written as JSON,
    or as text where the database has no JSON.
    """

    name: ClassVar[str] = "sqlalchemy"
    abilities: ClassVar[Abilities] = Abilities(partition=False, tables=True, keeps_types=_KEEPS)
    read_options = SqlalchemyReadOptions
    write_options = SqlalchemyWriteOptions

    def check(self, server: Server) -> None:
        """Return where one can log in."""
        import sqlalchemy as sa

        with connected(server) as session, explained(str(server), SourceError, session.dialect.name):
            session.connection.execute(sa.select(1))

    def tables(self, server: Server) -> list[Table]:
        """The tables and views, by schema and name."""
        with connected(server) as session, explained(str(server), SourceError, session.dialect.name):
            return session.tables()

    def probe(self, source: str, options: SqlalchemyReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns of the table; those of a query by its first rows."""
        found = _found(source, options, cursor)
        return Schema.of((column.name, column.type) for column in found.columns)

    def scan(self, source: str, options: SqlalchemyReadOptions, context: ScanContext) -> Scan:
        """The table or query, ready to be read in batches."""
        import pyarrow as pa

        found = _found(source, options, context.cursor)
        arrow = pa.schema([(column.name, _arrow(column)) for column in found.columns])

        def view(names: Sequence[str], filters: Sequence[exp.Expr]) -> BatchSource:
            chosen = [column for column in found.columns if column.name in names]
            if found.stands_alone:
                chosen, statement = found.columns, found.whole
            else:
                statement = found.select(chosen, filters)
            return BatchSource(
                arrow, lambda: _batches(options.server, statement, chosen, arrow, source, context)
            )

        streamed = [
            Streamed(column.name, column.type, _arrow(column) == pa.string()) for column in found.columns
        ]
        return streamed_scan(context, streamed, None, view)

    def write(self, rows: Rows, target: Target, options: SqlalchemyWriteOptions) -> Written:
        """Write the rows into a table: all or none count.

        Raises:
            TargetError: The target can't be written, or the rows don't fit it.
            TransientError: The server can't be reached, or another writer holds the table for long.
        """
        server, where = options.server, target.where
        schema, table = name_parts(options.table, server.schema)

        with connected(server) as session:
            dialect = session.dialect
            check_held(rows.schema, lambda type_: created(type_, dialect), _product(server), where)
            listed = ", ".join(
                f"CAST({quote(name)} AS {stored_type(type_, dialect)}) AS {quote(name)}"
                if _is_converted(type_, stored_type(type_, dialect))
                else quote(name)
                for name, type_ in rows.schema
            )

            @contextmanager
            def transaction() -> Iterator[DialectDatabase]:
                with explained(where, TargetError, dialect.name), target.on_stop(session.cancel):
                    database = begun(session, schema, table)
                    try:
                        yield database
                        database.commit()
                    except BaseException:
                        database.undo()
                        raise

            select = f"SELECT {listed} FROM ({rows.sql})"
            return write_rows(
                rows,
                target,
                options,
                table,
                select=select,
                transaction=transaction,
                held_as=lambda type_: _held_as(type_, dialect),
            )


class SqlserverFormat(SqlalchemyFormat):
    """Tables in a SQL Server database.

    Rows come in batches, and go by INSERT of many rows at once, in one transaction. Lists, structs, maps and
    JSON are written as text.
    """

    name: ClassVar[str] = "sqlserver"


def _product(server: Server) -> str:
    return "SQL Server" if not server.url else f"the dialect {full_url(server).get_backend_name()}"


def _held_as(type_: str, dialect: Dialect) -> tuple[str, ...]:
    """The types of columns that hold values of a type without losing any."""
    stored = stored_type(type_, dialect)
    return (stored, "JSON", "VARCHAR") if stored == "JSON" or _is_nested(type_) else (stored,)


def _is_nested(type_: str) -> bool:
    return type_.endswith("]") or type_.startswith(("STRUCT", "MAP"))


def _is_converted(type_: str, stored: str) -> bool:
    """Whether rows are cast to the type that they come back as; nested ones are sent as JSON instead."""
    return type_ != stored and not _is_nested(type_) and stored != "JSON"


@dataclass(frozen=True, slots=True)
class _Found:
    """A table or query, and its columns.

    Attributes:
        columns: All columns.
        source: What stands behind FROM.
        whole: The query as it stands; None for a table.
        stands_alone: Whether the query can't stand behind FROM.
    """

    columns: list[Column]
    source: Any
    whole: Any = None
    stands_alone: bool = False

    def select(self, chosen: Sequence[Column], filters: Sequence[exp.Expr]) -> sa.Select[Any]:
        """The statement that gives columns of those rows that filters let."""
        import sqlalchemy as sa

        place = self.source.c
        selected = [
            sa.cast(place[column.name], _as_text()).label(column.name)
            if column.is_asked_as_text
            else place[column.name]
            for column in chosen
        ] or [sa.literal_column("1")]
        compared = {
            column.name: Compared.NOT if column.is_asked_as_text else column.compared
            for column in self.columns
        }
        where = conditions(filters, compared, lambda name: place[name])
        return sa.select(*selected).select_from(self.source).where(*where)


def _as_text() -> Any:
    import sqlalchemy as sa

    return sa.String().with_variant(sa.Unicode(), "mssql").with_variant(sa.String(4000), "oracle")


def _found(source: str, options: SqlalchemyReadOptions, cursor: DuckDBPyConnection) -> _Found:
    server = options.server
    with connected(server) as session, explained(source, SourceError, session.dialect.name):
        if options.query:
            return _query(session, options, source, cursor)
        return _table(session, options, source, cursor)


def _table(
    session: Session, options: SqlalchemyReadOptions, source: str, cursor: DuckDBPyConnection
) -> _Found:
    schema, table = name_parts(options.table or "", options.server.schema)
    if not table or not session.exists(schema, table):
        known = [f"{each.schema}.{each.name}".lstrip(".") for each in session.tables()]
        raise unknown_table(options.table or "", known, source)
    columns = _wanted(session.columns(schema, table), options, source, cursor)
    return _Found(columns, table_of(session, schema, table, [column.name for column in columns]))


def _query(
    session: Session, options: SqlalchemyReadOptions, source: str, cursor: DuckDBPyConnection
) -> _Found:
    import sqlalchemy as sa

    query = bare_query(options.query or "")
    stands_alone = session.dialect.name == "mssql" and _ALONE.search(query) is not None
    columns = session.sampled(query)
    if len({column.name.casefold() for column in columns}) < len(columns):
        raise SourceError(
            "two columns of the query have the same name", where=source, fix="name them apart with AS"
        )
    columns = _wanted(columns, options, source, cursor)
    whole = query_text(f"{query}\n")
    place = whole.columns(*(sa.column(exact(column.name, session.dialect)) for column in columns)).subquery(
        "odibi_query"
    )
    return _Found(columns, place, whole, stands_alone)


def _wanted(
    columns: list[Column], options: SqlalchemyReadOptions, source: str, cursor: DuckDBPyConnection
) -> list[Column]:
    wanted = overridden([column.name for column in columns], options.column_types, source)
    # As text a value can be read as any type.
    return [
        replace(column, type=known_type(wanted[column.name], column.name, cursor), is_asked_as_text=True)
        if column.name in wanted
        else column
        for column in columns
    ]


def _arrow(column: Column) -> pa.DataType:
    return arrow_type("VARCHAR" if column.is_asked_as_text else column.type)


def _batches(
    server: Server,
    statement: sa.Executable,
    columns: Sequence[Column],
    schema: pa.Schema,
    source: str,
    context: ScanContext,
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    places = {column.name: place for place, column in enumerate(columns)}
    with (
        connected(server) as session,
        context.on_stop(session.cancel),
        explained(source, SourceError, session.dialect.name),
    ):
        for rows in session.batches(statement):
            values = list(zip(*rows, strict=True))
            arrays = []
            for field in schema:
                if field.name not in places:
                    arrays.append(pa.nulls(len(rows), field.type))
                    continue
                try:
                    arrays.append(to_arrow(values[places[field.name]], field.type))
                except (ValueError, TypeError, ArithmeticError) as error:
                    raise SourceError(
                        f"column {field.name!r} holds a value that is not of type {field.type}: "
                        f"{str(error).splitlines()[0]}",
                        where=source,
                        fix=f"read it as text: schema: {{{field.name}: VARCHAR}}",
                    ) from error
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
