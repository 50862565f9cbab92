"""Changing a table of PostgreSQL inside a transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from odibi_core.errors import TargetError
from odibi_core.formats.atomic import ticket_hash
from odibi_core.formats.postgresql_session import Session
from odibi_core.formats.postgresql_types import Column, columns_of, created_type, sent_sql
from odibi_core.formats.servers import BATCH_ROWS
from odibi_core.formats.tables import LEDGER, Change
from odibi_core.formats.types import mismatched_columns
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_STAGE = "odibi_new_rows"


def lock_key(schema: str, table: str) -> int:
    """The number of the lock that writers of a table take."""
    digest = hashlib.sha256(f"odibi {schema}.{table}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


@dataclass(frozen=True, slots=True)
class PostgresqlDatabase:
    """A database in a transaction.

    Attributes:
        session: The connection.
        schema: The schema of the table, where the ledger is too.
        table: The table.
    """

    session: Session
    schema: str
    table: str

    def columns(self, table: str) -> Schema | None:
        """The columns of the table; None where there is none."""
        if not self.session.exists(self.schema, table):
            return None
        ((kind,),) = self.session.rows(
            f"SELECT relkind::text FROM pg_class WHERE oid = {literal(self._name)}::regclass"
        )
        if kind not in ("r", "p", "f"):
            raise TargetError(
                f"{table!r} is a view, which holds no rows of its own",
                where=str(self.session.server),
                fix="write to the table behind it, or to another one",
            )
        return Schema.of((column.name, column.type) for column in self._columns())

    def holds(self, table: str, ticket: str) -> bool:
        """Whether the table already has what a ticket wrote."""
        if not self.session.exists(self.schema, LEDGER):
            return False
        ledger = self.session.qualified(self.schema, LEDGER)
        is_this = f"table_name = {literal(table)} AND ticket = {literal(ticket)}"
        found = self.session.rows(f"SELECT 1 FROM {ledger} WHERE {is_this} LIMIT 1")
        return bool(found)

    def record(self, table: str, ticket: str, *, alone: bool) -> None:
        """Note that the table has what a ticket wrote, and nothing else where `alone`."""
        ledger = self.session.qualified(self.schema, LEDGER)
        if not self.session.exists(self.schema, LEDGER):
            # Two writers of two tables may both find it missing.
            self.session.rows(f"SELECT pg_advisory_xact_lock({lock_key(self.schema, LEDGER)})::text")
            self.session.execute(
                f"CREATE TABLE IF NOT EXISTS {ledger} (table_name text NOT NULL, ticket text NOT NULL, "
                "written_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (table_name, ticket))"
            )
        if alone:
            self.session.execute(f"DELETE FROM {ledger} WHERE table_name = {literal(table)}")
        self.session.execute(
            f"INSERT INTO {ledger} (table_name, ticket) VALUES ({literal(table)}, {literal(ticket)})"
        )

    def create(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Fill the table with the rows and nothing else; gives back their number.

        A table of the same columns stays, with its indexes, rights and views: readers see its old rows until
        the end. One of others gives way to a new one.
        """
        types = change.types(cursor)
        declared = [(name, created_type(type_)) for name, type_ in types]
        if change.exists and self._is_like(Schema.of(types), cursor):
            self.session.execute(f"DELETE FROM {self._name}")
            return self._load(change, cursor)
        made = f"odibi_new_{ticket_hash(change.target.ticket)}"
        place = self.session.qualified(self.schema, made)
        columns = ", ".join(f"{quote(name)} {type_}" for name, type_ in declared)
        self.session.execute(f"CREATE TABLE {place} ({columns})")
        rows = PostgresqlDatabase(self.session, self.schema, made)._load(change, cursor)
        if change.exists:
            self.session.execute(f"DROP TABLE {self._name}")
        self.session.execute(f"ALTER TABLE {place} RENAME TO {quote(self.table)}")
        return rows

    def append(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Add the rows; gives back their number."""
        return self._load(change, cursor)

    def merge(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Replace the rows of the same key and add the others; gives back how many were replaced."""
        execute, keys = self.session.execute, change.target.merge_key
        names = [quote(name) for name in change.columns.names]
        self._stage(change, cursor)
        execute(f"LOCK TABLE {self._name} IN SHARE ROW EXCLUSIVE MODE")
        on = " AND ".join(f"old.{quote(key)} = new.{quote(key)}" for key in keys)
        matches = (
            f"SELECT count(*) FROM {_STAGE} new WHERE EXISTS (SELECT 1 FROM {self._name} old WHERE {on})"
        )
        ((updated,),) = self.session.rows(matches)
        others = [name for name in names if name not in [quote(key) for key in keys]]
        if others and updated:
            values = ", ".join(f"{name} = new.{name}" for name in others)
            execute(f"UPDATE {self._name} AS old SET {values} FROM {_STAGE} AS new WHERE {on}")
        listed = ", ".join(names)
        execute(
            f"INSERT INTO {self._name} ({listed}) SELECT {listed} FROM {_STAGE} new "
            f"WHERE NOT EXISTS (SELECT 1 FROM {self._name} old WHERE {on})"
        )
        execute(f"DROP TABLE {_STAGE}")
        return int(updated)

    @property
    def _name(self) -> str:
        return self.session.qualified(self.schema, self.table)

    def _columns(self) -> list[Column]:
        return columns_of(self.session.columns(f"SELECT * FROM {self._name}"))

    def _declared(self) -> list[tuple[str, str]]:
        """The columns and their types as the server spells them."""
        return [
            (str(name), str(type_))
            for name, type_ in self.session.rows(
                "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attnum > 0 "
                f"AND NOT attisdropped AND attrelid = {literal(self._name)}::regclass ORDER BY attnum"
            )
        ]

    def _is_like(self, rows: Schema, cursor: DuckDBPyConnection) -> bool:
        """Whether the table has the rows' columns, in their order, of types that hold their values."""
        old = Schema.of((column.name, column.type) for column in self._columns())
        return old.names == rows.names and not mismatched_columns(old, rows, cursor)

    def _load(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Send the rows into the table: straight, where all its types have a form that can be sent."""
        types = dict(change.types(cursor))
        native = {column.name: column.native for column in self._columns()}
        values = {name: sent_sql(quote(name), type_, native[name]) for name, type_ in types.items()}
        if any(value is None for value in values.values()):
            self._stage(change, cursor)
            listed = ", ".join(map(quote, types))
            rows = self.session.execute(f"INSERT INTO {self._name} ({listed}) SELECT {listed} FROM {_STAGE}")
            self.session.execute(f"DROP TABLE {_STAGE}")
            return rows
        listed = ", ".join(f"{value} AS {quote(name)}" for name, value in values.items())
        reader = cursor.sql(f"SELECT {listed} FROM ({change.select})").to_arrow_reader(BATCH_ROWS)
        return self.session.load(self.table, _checked(reader, change), schema=self.schema)

    def _stage(self, change: Change, cursor: DuckDBPyConnection) -> None:
        """Put the rows into a temporary table with the types of the real one."""
        types = dict(change.types(cursor))
        native = {column.name: column.native for column in self._columns()}
        spelled = dict(self._declared())
        values = {name: sent_sql(quote(name), type_, native[name]) for name, type_ in types.items()}
        texts = [name for name, value in values.items() if value is None]
        listed = ", ".join(
            f"{value or _text(name, types[name], native[name])} AS {quote(name)}"
            for name, value in values.items()
        )
        columns = ", ".join(f"{quote(name)} {'text' if name in texts else spelled[name]}" for name in types)
        self.session.execute(f"CREATE TEMPORARY TABLE {_STAGE} ({columns}) ON COMMIT DROP")
        reader = cursor.sql(f"SELECT {listed} FROM ({change.select})").to_arrow_reader(BATCH_ROWS)
        self.session.load(_STAGE, _checked(reader, change), temporary=True)
        for name in texts:
            self.session.execute(
                f"ALTER TABLE {_STAGE} ALTER COLUMN {quote(name)} TYPE {spelled[name]} "
                f"USING {quote(name)}::{spelled[name]}"
            )
        self.session.execute(f"ANALYZE {_STAGE}")


def _text(name: str, type_: str, native: str) -> str:
    """The SQL, for DuckDB, of values as PostgreSQL reads them from text."""
    if not (native.startswith("_") and type_.endswith("]")):
        return f"CAST({quote(name)} AS VARCHAR)"
    escaped = "replace(replace(x, '\\', '\\\\'), '\"', '\\\"')"
    item = f"coalesce('\"' || {escaped} || '\"', 'NULL')"
    items = f"list_transform(CAST({quote(name)} AS VARCHAR[]), lambda x: {item})"
    return f"'{{' || array_to_string({items}, ',') || '}}'"


def _checked(rows: pa.RecordBatchReader, change: Change) -> pa.RecordBatchReader:
    import pyarrow as pa

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in rows:
            change.target.check()
            yield batch

    return pa.RecordBatchReader.from_batches(rows.schema, batches())
