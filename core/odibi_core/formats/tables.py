"""What databases in a file share: tables named by settings, writes known by a ledger in the same database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pydantic import Field, model_validator

from odibi_core.bound_columns import bound_schema
from odibi_core.errors import SourceError, TargetError, did_you_mean
from odibi_core.formats import atomic
from odibi_core.formats.base import Options, Rows, Target, WriteMode, Written
from odibi_core.formats.merging import incoming
from odibi_core.formats.plain import TARGET_EXISTS, WRITTEN_BEFORE, check_columns, check_same_columns
from odibi_core.formats.sources import missing
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LEDGER = "odibi_writes"
"""The table that says which writes another table of the database holds."""


class TableReadOptions(Options):
    """What is read of a database."""

    table: str | None = Field(
        default=None,
        min_length=1,
        description="The table or view; may be left out where the database holds only one.",
    )
    query: str | None = Field(
        default=None, min_length=1, description="A SELECT in the database's own SQL, in the place of a table."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> TableReadOptions:
        if self.table and self.query:
            raise ValueError("table and query exclude each other: give one of them")
        return self


class TableWriteOptions(Options):
    """Where in a database rows are written."""

    table: str = Field(min_length=1, description="The table; it is made where it does not exist.")


@dataclass(frozen=True, slots=True)
class Change:
    """How rows change a table.

    Attributes:
        select: The rows, in the table's columns and order where it stays.
        columns: The columns that they have.
        target: Where and how.
        table: The table's name.
        exists: Whether it is there.
    """

    select: str
    columns: Schema
    target: Target
    table: str
    exists: bool

    def types(self, cursor: DuckDBPyConnection) -> list[tuple[str, str]]:
        """The columns that `select` gives, and their types."""
        return list(bound_schema(cursor, self.select))


class Database(Protocol):
    """A database inside a transaction that commits at its end, or leaves everything as it was."""

    def columns(self, table: str) -> Schema | None:
        """The columns of a table; None where there is no such table."""

    def holds(self, table: str, ticket: str) -> bool:
        """Whether a table already has what a ticket wrote."""

    def record(self, table: str, ticket: str, *, alone: bool) -> None:
        """Note that a table has what a ticket wrote, and nothing else where `alone`."""

    def create(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Make the table anew with the rows; gives back their number."""

    def append(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Add the rows; gives back their number."""

    def merge(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Replace the rows of the same key and add the others; gives back how many were replaced."""


def write_table(
    rows: Rows,
    target: Target,
    table: str,
    *,
    select: str,
    transaction: Callable[[], AbstractContextManager[Database]],
    check_types: Callable[[Schema, Schema], None],
) -> Written:
    """Write rows into a table of a database, all of them or none.

    Args:
        rows: The rows.
        target: The database file, and how the table changes.
        table: The table.
        select: The rows with the types that the database has.
        transaction: Begins a transaction.
        check_types: Raises where the first columns, of the table, can't hold the second ones.

    Raises:
        TargetError: The rows don't fit the table, or the mode does not allow the write.
    """
    check_columns(rows.schema, target)
    if target.mode is WriteMode.MERGE:
        with incoming(rows.cursor, select, target) as fresh:
            # What is staged is computed: the rows must not be drawn a second time inside the transaction.
            staged = f"SELECT * FROM {quote(fresh.table)}"
            return _written(rows, target, table, staged, transaction, check_types)
    return _written(rows, target, table, select, transaction, check_types)


def _written(
    rows: Rows,
    target: Target,
    table: str,
    select: str,
    transaction: Callable[[], AbstractContextManager[Database]],
    check_types: Callable[[Schema, Schema], None],
) -> Written:
    ticket, overwrites = str(target.ticket), target.mode is WriteMode.OVERWRITE
    with transaction() as database:
        old = database.columns(table)
        if old is not None and not overwrites and database.holds(table, ticket):
            return Written(0, WRITTEN_BEFORE)
        if old is not None and target.mode is WriteMode.IGNORE:
            return Written(0, TARGET_EXISTS)
        if old is not None and target.mode is WriteMode.ERROR:
            raise TargetError(
                f"the table {table!r} exists already, and the mode is 'error'",
                where=target.where,
                fix="use mode 'overwrite' or 'append', or choose another table",
            )
        details: dict[str, int] = {}
        if old is None or overwrites:
            written = database.create(
                Change(select, rows.schema, target, table, old is not None), rows.cursor
            )
        else:
            check_same_columns(old, rows.schema, f"{target.where}, table {table!r}")
            check_types(old, rows.schema)
            ordered = f"SELECT {', '.join(map(quote, old.names))} FROM ({select})"
            change = Change(ordered, old, target, table, True)
            if target.mode is WriteMode.MERGE:
                written = int(rows.cursor.execute(f"SELECT count(*) FROM ({select})").fetchall()[0][0])
                updated = database.merge(change, rows.cursor)
                details = {"updated": updated, "inserted": written - updated}
            else:
                written = database.append(change, rows.cursor)
        target.check()
        database.record(table, ticket, alone=old is None or overwrites)
    return Written(written, details=details)


def find_database(source: str) -> Path:
    """The file of a source.

    Raises:
        SourceError: There is none.
    """
    place = Path(source)
    if not place.exists():
        raise missing(place)
    if not place.is_file():
        raise SourceError("this is no database file", where=source, fix="give the path of the file")
    return place


def chosen_table(options: TableReadOptions, tables: Sequence[str], source: str) -> str:
    """The table that is read where there is no query.

    Raises:
        SourceError: There is no such table, or none was named among several.
    """
    known = [name for name in tables if name != LEDGER]
    if options.table is not None:
        if options.table not in tables:
            raise SourceError(
                f"the database has no table {options.table!r}",
                where=source,
                fix=did_you_mean(options.table, known) or "it has no table at all",
            )
        return options.table
    if len(known) == 1:
        return known[0]
    raise SourceError(
        f"the database has {len(known)} tables: say which is read" if known else "the database has no table",
        where=source,
        fix=f"set table to one of {', '.join(known[:12])}" if known else "write one, or give another path",
    )


def check_target_file(path: Path) -> None:
    """Refuse a target whose place is taken by a folder, or below a file.

    Raises:
        TargetError: It is.
    """
    if path.is_dir():
        raise TargetError(
            "a folder stands where the database file should be",
            where=str(path),
            fix="remove that folder, or choose another path",
        )
    atomic.make_parents(path.parent)
