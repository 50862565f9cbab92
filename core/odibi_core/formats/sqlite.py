"""Tables in an SQLite database file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote as url_quote

from pydantic import Field

from odibi_core.errors import OdibiError, SourceError, TargetError, TransientError
from odibi_core.formats import atomic
from odibi_core.formats.base import Abilities, Format, Rows, Scan, ScanContext, Target, Written
from odibi_core.formats.sqlite_types import can_hold, declared_type, found_type, stored
from odibi_core.formats.sqlite_writing import SqliteDatabase
from odibi_core.formats.streams import BatchSource, told_error
from odibi_core.formats.tables import (
    TableReadOptions,
    TableWriteOptions,
    check_target_file,
    chosen_table,
    find_database,
    write_table,
)
from odibi_core.formats.typed_values import arrow_type, cast_sql, to_arrow
from odibi_core.formats.types import known_type
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

LOCK_WAIT_S = 30.0
_BATCH_ROWS = 20_000
_KEEPS = frozenset(
    {
        *("BOOLEAN", "BIGINT", "DOUBLE", "DECIMAL", "VARCHAR", "BLOB", "DATE", "TIME", "TIMESTAMP"),
        *("TIMESTAMP WITH TIME ZONE", "UUID"),
    }
)


class SqliteReadOptions(TableReadOptions):
    """What is read of an SQLite database."""

    column_types: dict[str, str] | None = Field(
        default=None,
        alias="schema",
        description="Column → type, for some or all columns; the others are of the type that they are "
        "declared with, else of what all their values are.",
    )


class SqliteWriteOptions(TableWriteOptions):
    """Where in an SQLite database rows are written."""


class SqliteFormat(Format[SqliteReadOptions, SqliteWriteOptions]):
    """Tables in an SQLite database file.

    A write is one transaction of the database. SQLite knows whole numbers, doubles, texts and bytes: dates,
    times, UUIDs and long decimals are written as texts under a declaration that says what they are, lists,
    structs and maps as JSON. NaN, which it lacks, is refused, and so are intervals and unions.
    """

    name: ClassVar[str] = "sqlite"
    extensions: ClassVar[tuple[str, ...]] = (".sqlite", ".sqlite3", ".db", ".db3")
    abilities: ClassVar[Abilities] = Abilities(partition=False, tables=True, keeps_types=_KEEPS)
    read_options = SqliteReadOptions
    write_options = SqliteWriteOptions

    def probe(self, source: str, options: SqliteReadOptions, cursor: DuckDBPyConnection) -> Schema:
        """The columns of the table or query."""
        with closing(_open(find_database(source))) as database:
            return _columns(database, _select(database, options, source), options, source, cursor)

    def scan(self, source: str, options: SqliteReadOptions, context: ScanContext) -> Scan:
        """The table or query, ready to be read."""
        import pyarrow as pa

        place = find_database(source)
        with closing(_open(place)) as database, _explained(place):
            select = _select(database, options, source)
            schema = _columns(database, select, options, source, context.cursor)
            rows = int(database.execute(f"SELECT count(*) FROM ({select})").fetchone()[0])
        arrow = pa.schema([(name, arrow_type(type_)) for name, type_ in schema])
        view = f"{context.name}_rows"
        batches = BatchSource(arrow, lambda: _batches(place, select, arrow))
        return Scan(cast_sql(schema, view), schema, rows, views={view: batches})

    def explain_read_error(self, error: Exception, source: str) -> Exception:  # noqa: ARG002
        """A SourceError where a value is not of its column's type, or the file is damaged."""
        return told_error(error) or error

    def write(self, rows: Rows, target: Target, options: SqliteWriteOptions) -> Written:
        """Write the rows into a table, in one transaction.

        Raises:
            TargetError: The target can't be written, or the rows don't fit it.
            TransientError: Another program holds the database locked.
        """
        from odibi_core import late_duckdb as duckdb

        check_target_file(target.path)
        for name, type_ in rows.schema:
            if not can_hold(type_):
                raise TargetError(
                    f"column {name!r} is of type {type_}, which SQLite can't hold",
                    where=str(target.path),
                    fix=f"cast it in a step before, such as CAST({quote(name)} AS VARCHAR)",
                )

        def check_types(old: Schema, new: Schema) -> None:
            held = old.as_dict()
            wrong = []
            for name, type_ in new:
                wanted, there = declared_type(stored(name, type_)[0]), held[name]
                if (
                    there
                    and type_ != '"NULL"'
                    and wanted != there
                    and (wanted, there) != ("BIGINT", "DOUBLE")
                ):
                    wrong.append(f"{name!r} is {type_}, the table's is {there}")
            if wrong:
                raise TargetError(
                    f"the rows' types don't fit the table's: {'; '.join(wrong)}",
                    where=f"{target.path}, table {options.table!r}",
                    fix="cast the columns in a step before, or use mode 'overwrite'",
                )

        @contextmanager
        def transaction() -> Iterator[SqliteDatabase]:
            with _written(target.path) as database:
                yield SqliteDatabase(database)

        try:
            with atomic.explained(target.path):
                return write_table(
                    rows,
                    target,
                    options.table,
                    select=rows.sql,
                    transaction=transaction,
                    check_types=check_types,
                )
        except duckdb.Error as error:
            if "which SQLite would turn into null" not in str(error):
                raise
            raise TargetError(
                str(error).splitlines()[0].removeprefix("Invalid Input Error: "),
                where=str(target.path),
                fix="turn those values into null or text in a step before",
            ) from error


def _open(place: Path) -> sqlite3.Connection:
    _roll_back(place)
    # DuckDB draws the rows from threads of its own, one at a time.
    return sqlite3.connect(
        f"file:{url_quote(str(place))}?mode=ro", uri=True, check_same_thread=False, timeout=LOCK_WAIT_S
    )


def _roll_back(place: Path) -> None:
    """Undo what a writer left half done that died: a connection that only reads can't."""
    if not place.with_name(f"{place.name}-journal").exists():
        return
    # Where another still writes, nothing is undone; where nobody may, reading says why.
    with suppress(sqlite3.Error), closing(sqlite3.connect(place, timeout=LOCK_WAIT_S)) as database:
        database.execute("PRAGMA schema_version").fetchone()


@contextmanager
def _written(place: Path) -> Iterator[sqlite3.Connection]:
    """A database in a transaction that commits at the end, or leaves everything as it was."""
    was_there = place.exists()
    with closing(sqlite3.connect(place, isolation_level=None, timeout=LOCK_WAIT_S)) as database:
        try:
            with _explained(place, TargetError):
                database.execute("BEGIN IMMEDIATE")
                yield database
                database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:
                database.execute("ROLLBACK")
            if not was_there:
                place.unlink(missing_ok=True)
            raise


@contextmanager
def _explained(place: Path, kind: type[OdibiError] = SourceError) -> Iterator[None]:
    """Turn SQLite's errors into those of a source or target."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise TransientError(
                "another program has locked the database",
                where=str(place),
                fix="let it end its transaction; another try may pass",
            ) from error
        if "disk is full" in str(error):
            raise TargetError(
                "the disk is full", where=str(place), fix="free some space; what was there is unchanged"
            ) from error
        raise kind(f"SQLite says: {error}", where=str(place), fix="see to the table and the query") from error
    except sqlite3.DatabaseError as error:
        raise kind(
            f"this is no usable SQLite database: {error}",
            where=str(place),
            fix="see that the path is right, or restore the file from a backup",
        ) from error


def _select(database: sqlite3.Connection, options: SqliteReadOptions, source: str) -> str:
    with _explained(Path(source)):
        if options.query:
            return options.query.strip().rstrip(";")
        found = database.execute(
            "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' "
            "ORDER BY name"
        )
        return f"SELECT * FROM {quote(chosen_table(options, [name for (name,) in found], source))}"


def _columns(
    database: sqlite3.Connection,
    select: str,
    options: SqliteReadOptions,
    source: str,
    cursor: DuckDBPyConnection,
) -> Schema:
    """The columns of a SELECT: by the step, by their declarations, else by all their values."""
    with _explained(Path(source)):
        # A view tells what the columns that it hands through are declared as.
        database.execute(f"CREATE TEMP VIEW odibi_columns AS {select}")
        found = database.execute("PRAGMA temp.table_info(odibi_columns)").fetchall()
    names = [str(row[1]) for row in found]
    types = {str(row[1]): declared_type(str(row[2])) for row in found}
    if len({name.casefold() for name in names}) < len(names):
        raise SourceError(
            "two columns of the query have the same name", where=source, fix="name them apart with AS"
        )
    for name, type_ in (options.column_types or {}).items():
        if name not in types:
            raise SourceError(
                f"the schema names a column that there is none of: {name!r}",
                where=source,
                fix=f"the columns are {', '.join(names)}",
            )
        types[name] = known_type(type_, name, cursor)
    unknown = [name for name, type_ in types.items() if not type_]
    if unknown:
        kinds = ", ".join(f"group_concat(DISTINCT typeof({quote(name)}))" for name in unknown)
        with _explained(Path(source)):
            row = database.execute(f"SELECT {kinds} FROM odibi_columns").fetchone()
        types |= {
            name: found_type(set((kind or "").split(","))) for name, kind in zip(unknown, row, strict=True)
        }
    return Schema.of(types)


def _batches(place: Path, select: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    with closing(_open(place)) as database, _explained(place):
        found = database.execute(select)
        while rows := found.fetchmany(_BATCH_ROWS):
            arrays = []
            for field, values in zip(schema, zip(*rows, strict=True), strict=True):
                try:
                    arrays.append(to_arrow(values, field.type))
                except (ValueError, TypeError, OverflowError) as error:
                    raise SourceError(
                        f"column {field.name!r} holds a value that is not of type {field.type}: "
                        f"{str(error).splitlines()[0]}",
                        where=str(place),
                        fix=f"read it as text: schema: {{{field.name}: VARCHAR}}",
                    ) from error
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
