"""Changing a table of SQLite inside a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from odibi_core.formats.sqlite_types import declared_type, stored
from odibi_core.formats.tables import LEDGER, Change
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH_ROWS = 20_000
_NEW = "odibi_new_rows"


@dataclass(frozen=True, slots=True)
class SqliteDatabase:
    """A database in a transaction."""

    database: sqlite3.Connection

    def columns(self, table: str) -> Schema | None:
        """The columns of a table, "" for the type where only values tell; None where there is no table."""
        found = self.database.execute(f"PRAGMA table_info({quote(table)})").fetchall()
        return Schema.of((str(row[1]), declared_type(str(row[2]))) for row in found) if found else None

    def holds(self, table: str, ticket: str) -> bool:
        """Whether a table already has what a ticket wrote."""
        if self.columns(LEDGER) is None:
            return False
        found = self.database.execute(
            f"SELECT 1 FROM {LEDGER} WHERE table_name = ? AND ticket = ?", [table, ticket]
        )
        return found.fetchone() is not None

    def record(self, table: str, ticket: str, *, alone: bool) -> None:
        """Note that a table has what a ticket wrote, and nothing else where `alone`."""
        self.database.execute(f"CREATE TABLE IF NOT EXISTS {LEDGER} (table_name TEXT, ticket TEXT)")
        if alone:
            self.database.execute(f"DELETE FROM {LEDGER} WHERE table_name = ?", [table])
        self.database.execute(f"INSERT INTO {LEDGER} VALUES (?, ?)", [table, ticket])

    def create(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Make the table anew with the rows; gives back their number."""
        self.database.execute(f"DROP TABLE IF EXISTS {quote(change.table)}")
        self._make(quote(change.table), change.types(cursor))
        return self._insert(quote(change.table), change, cursor)

    def append(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Add the rows; gives back their number."""
        return self._insert(quote(change.table), change, cursor)

    def merge(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Replace the rows of the same key and add the others; gives back how many were replaced."""
        table, keys = quote(change.table), ", ".join(map(quote, change.target.merge_key))
        columns = [quote(name) for name in change.columns.names]
        self._make(f"temp.{_NEW}", change.types(cursor))
        self._insert(f"temp.{_NEW}", change, cursor)
        execute = self.database.execute
        there = f"({keys}) IN (SELECT {keys} FROM {table})"
        updated = int(execute(f"SELECT count(*) FROM temp.{_NEW} WHERE {there}").fetchone()[0])
        added = f"CREATE TEMP TABLE odibi_added AS SELECT * FROM temp.{_NEW} WHERE NOT {there}"
        execute(added)
        others = [name for name in columns if name not in [quote(key) for key in change.target.merge_key]]
        if others and updated:
            on = " AND ".join(
                f"{table}.{quote(key)} = {_NEW}.{quote(key)}" for key in change.target.merge_key
            )
            values = ", ".join(f"{name} = {_NEW}.{name}" for name in others)
            execute(f"CREATE INDEX temp.odibi_keys ON {_NEW} ({keys})")
            execute(f"UPDATE {table} SET {values} FROM temp.{_NEW} AS {_NEW} WHERE {on}")
        execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns)} FROM temp.odibi_added"
        )
        execute(f"DROP TABLE temp.{_NEW}")
        execute("DROP TABLE temp.odibi_added")
        return updated

    def _make(self, table: str, types: Sequence[tuple[str, str]]) -> None:
        declared = ", ".join(f"{quote(name)} {stored(name, type_)[0]}" for name, type_ in types)
        self.database.execute(f"CREATE TABLE {table} ({declared})")

    def _insert(self, table: str, change: Change, cursor: DuckDBPyConnection) -> int:
        types = change.types(cursor)
        values = ", ".join(f"{stored(name, type_)[1]} AS {quote(name)}" for name, type_ in types)
        marks = ", ".join("?" for _ in types)
        names = ", ".join(quote(name) for name, _ in types)
        reader = cursor.sql(f"SELECT {values} FROM ({change.select})").to_arrow_reader(_BATCH_ROWS)
        written = 0
        for batch in reader:
            change.target.check()
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            self.database.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
            written += batch.num_rows
        return written
