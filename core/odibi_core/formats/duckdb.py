"""Tables in a DuckDB database file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from odibi_core.bound_columns import bound_schema, values_make_columns
from odibi_core.errors import SourceError, TargetError
from odibi_core.formats import atomic
from odibi_core.formats.base import COMMON_TYPES, Abilities, Format, Rows, Scan, ScanContext, Target, Written
from odibi_core.formats.duckdb_files import attach, is_attached, opened_for_writing, unusable
from odibi_core.formats.old_rows import read_before, read_through
from odibi_core.formats.tables import (
    LEDGER,
    Change,
    TableReadOptions,
    TableWriteOptions,
    check_target_file,
    chosen_table,
    find_database,
    write_table,
)
from odibi_core.formats.types import check_types
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_DAMAGE_SIGNS = ("Corrupt database file", "Could not read enough bytes")
_KEEPS = COMMON_TYPES | {
    *("TINYINT", "SMALLINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT", "UHUGEINT"),
    *(
        "TIME",
        "TIMESTAMP_S",
        "TIMESTAMP_MS",
        "TIMESTAMP_NS",
        "INTERVAL",
        "UUID",
        "ENUM",
        "BIT",
        "JSON",
        "UNION",
    ),
}


def _is_damage(error: Exception) -> bool:
    return not isinstance(error, SourceError) and any(sign in str(error) for sign in _DAMAGE_SIGNS)


class DuckdbReadOptions(TableReadOptions):
    """What is read of a DuckDB database."""


class DuckdbWriteOptions(TableWriteOptions):
    """Where in a DuckDB database rows are written."""


class DuckdbFormat(Format[DuckdbReadOptions, DuckdbWriteOptions]):
    """Tables in a DuckDB database file.

    Every type is kept. A write is one transaction of the database. The file is open for one process at a time
    while it is written; many can read it at once.
    """

    name: ClassVar[str] = "duckdb"
    extensions: ClassVar[tuple[str, ...]] = (".duckdb", ".ddb")
    abilities: ClassVar[Abilities] = Abilities(partition=False, tables=True, keeps_types=_KEEPS)
    read_options = DuckdbReadOptions
    write_options = DuckdbWriteOptions

    def probe(self, source: str, options: DuckdbReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns of the table or query."""
        place = find_database(source)
        was_attached = is_attached(cursor, place)
        name = attach(cursor, place, writable=False)
        try:
            sql = _table_sql(source, options, name, cursor)
            with _told_of(source):
                return bound_schema(cursor, f"FROM {sql}")
        finally:
            # A run that follows in this process may want to write the file.
            if not was_attached:
                cursor.execute(f"DETACH {name}")

    def scan(self, source: str, options: DuckdbReadOptions, context: ScanContext) -> Scan:
        """The table or query, ready to be read: filters and columns reach the file."""
        place = find_database(source)
        is_written = atomic.real(place) in context.written
        name = attach(context.cursor, place, writable=is_written)
        sql = _table_sql(source, options, name, context.cursor)
        tables: tuple[str, ...] = ()
        with _told_of(source):
            if options.query and values_make_columns(context.cursor, f"FROM {sql}"):
                # DuckDB runs a statement with such a query in several, and tells of none what it wrote.
                tables = (f"{context.name}_rows",)
                context.cursor.execute(f"CREATE OR REPLACE TABLE {quote(tables[0])} AS FROM {sql}")
                sql = quote(tables[0])
            schema = bound_schema(context.cursor, f"FROM {sql}")
        if options.query and not tables:
            return Scan(sql, schema)
        rows = int(context.cursor.execute(f"SELECT count(*) FROM {sql}").fetchall()[0][0])
        return Scan(sql, schema, rows, tables=tables)

    def explain_read_error(self, error: Exception, source: str) -> Exception:
        """A SourceError where the file turns out to be damaged while it is read."""
        return unusable(error, source) if _is_damage(error) else error

    def write(self, rows: Rows, target: Target, options: DuckdbWriteOptions) -> Written:
        """Write the rows into a table, in one transaction.

        Raises:
            TargetError: The target can't be written, or the rows don't fit it.
            TransientError: Another process has the database open.
        """
        from odibi_core import late_duckdb as duckdb

        check_target_file(target.path)
        cursor = rows.cursor
        select = ", ".join(
            f"CAST({quote(name)} AS INTEGER) AS {quote(name)}" if type_ == '"NULL"' else quote(name)
            for name, type_ in rows.schema
        )

        @contextmanager
        def transaction() -> Iterator[_Database]:
            with opened_for_writing(cursor, target.path) as name:
                cursor.execute("BEGIN")
                try:
                    yield _Database(cursor, name)
                    cursor.execute("COMMIT")
                except BaseException:
                    cursor.execute("ROLLBACK")
                    raise

        def check_fit(old: Schema, new: Schema) -> None:
            check_types(old, new, cursor, f"{target.path}, table {options.table!r}")

        try:
            with atomic.explained(target.path):
                return write_table(
                    rows,
                    target,
                    options.table,
                    select=f"SELECT {select} FROM ({rows.sql})",
                    transaction=transaction,
                    check_types=check_fit,
                )
        except SourceError as error:
            if error.where != str(target.path):
                raise
            raise TargetError(error.what, where=error.where, fix=error.fix) from error
        except duckdb.Error as error:
            if _is_damage(error) and target.path.exists():
                with read_before(self, target.path):
                    name = attach(cursor, target.path, writable=False)
                    read_through(cursor, f"FROM {name}.{_named(options.table)}")
            raise


@dataclass(frozen=True, slots=True)
class _Database:
    cursor: DuckDBPyConnection
    name: str

    def columns(self, table: str) -> Schema | None:
        """The columns of a table; None where there is no such table."""
        from odibi_core import late_duckdb as duckdb

        try:
            return bound_schema(self.cursor, f"FROM {self._place(table)}")
        except duckdb.CatalogException:
            return None

    def holds(self, table: str, ticket: str) -> bool:
        """Whether a table already has what a ticket wrote."""
        if self.columns(LEDGER) is None:
            return False
        found = self.cursor.execute(
            f"SELECT 1 FROM {self._place(LEDGER)} WHERE table_name = ? AND ticket = ?", [table, ticket]
        )
        return bool(found.fetchall())

    def record(self, table: str, ticket: str, *, alone: bool) -> None:
        """Note that a table has what a ticket wrote, and nothing else where `alone`."""
        place = self._place(LEDGER)
        self.cursor.execute(f"CREATE TABLE IF NOT EXISTS {place} (table_name VARCHAR, ticket VARCHAR)")
        if alone:
            self.cursor.execute(f"DELETE FROM {place} WHERE table_name = ?", [table])
        self.cursor.execute(f"INSERT INTO {place} VALUES (?, ?)", [table, ticket])

    def create(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Make the table anew with the rows; gives back their number."""
        statement = f"CREATE OR REPLACE TABLE {self._place(change.table)} AS {change.select}"
        return int(cursor.execute(statement).fetchall()[0][0])

    def append(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Add the rows; gives back their number."""
        statement = f"INSERT INTO {self._place(change.table)} BY NAME {change.select}"
        return int(cursor.execute(statement).fetchall()[0][0])

    def merge(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Replace the rows of the same key and add the others; gives back how many were replaced."""
        place, keys = self._place(change.table), change.target.merge_key
        on = " AND ".join(f"t.{quote(name)} = f.{quote(name)}" for name in keys)
        others = [name for name in change.columns.names if name not in keys]
        matches = f"SELECT count(*) FROM ({change.select}) AS f WHERE EXISTS (FROM {place} AS t WHERE {on})"
        updated = int(cursor.execute(matches).fetchall()[0][0])
        if others:
            values = ", ".join(f"{quote(name)} = f.{quote(name)}" for name in others)
            cursor.execute(f"UPDATE {place} AS t SET {values} FROM ({change.select}) AS f WHERE {on}")
        cursor.execute(
            f"INSERT INTO {place} BY NAME SELECT * FROM ({change.select}) AS f "
            f"WHERE NOT EXISTS (FROM {place} AS t WHERE {on})"
        )
        return updated

    def _place(self, table: str) -> str:
        return f"{self.name}.{_named(table)}"


def _named(table: str) -> str:
    """A table of the schema `main`, or of the one before the dot."""
    schema, _, name = table.rpartition(".")
    return f"{quote(schema or 'main')}.{quote(name)}"


def _table_sql(source: str, options: DuckdbReadOptions, name: str, cursor: DuckDBPyConnection) -> str:
    if options.query:
        return f"({_qualified(options.query, name, source)})"
    found = cursor.execute(
        "SELECT CASE WHEN table_schema = 'main' THEN table_name ELSE table_schema || '.' || table_name END "
        f"FROM information_schema.tables WHERE table_catalog = {literal(name)} ORDER BY ALL"
    )
    return f"{name}.{_named(chosen_table(options, [table for (table,) in found.fetchall()], source))}"


def _qualified(query: str, name: str, source: str) -> str:
    """The query with its tables named as those of the attached database."""
    from sqlglot import errors, exp, parse_one
    from sqlglot.optimizer.scope import traverse_scope

    try:
        tree = parse_one(query, dialect="duckdb")
    except errors.SqlglotError as error:
        raise SourceError(f"the query is no SQL: {str(error).splitlines()[0]}", where=source) from error
    if not isinstance(tree, exp.Query):
        raise SourceError("the query is no SELECT", where=source, fix="give a SELECT, or name a table")
    for scope in traverse_scope(tree):
        for table in scope.sources.values():
            if isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier) and not table.catalog:
                table.set("db", table.args.get("db") or exp.to_identifier("main"))
                table.set("catalog", exp.to_identifier(name))
    return tree.sql(dialect="duckdb")


@contextmanager
def _told_of(source: str) -> Iterator[None]:
    """Whatever DuckDB has against the table or query becomes a SourceError."""
    from odibi_core import late_duckdb as duckdb

    try:
        yield
    except duckdb.Error as error:
        first = str(error).splitlines()[0]
        raise SourceError(
            f"the table or query can't be read: {first.partition('Error: ')[2] or first}",
            where=source,
            fix="see to the names of tables and columns in it",
        ) from error
