"""Changing a table of MySQL or MariaDB, where changing tables themselves can't be undone.

So a new table is filled under another name, its ledger row in the same transaction as its rows, and takes its
place by one RENAME TABLE, which is atomic. Rows of a table that stays change in one transaction.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.errors import TargetError
from odibi_core.formats.atomic import ticket_hash
from odibi_core.formats.merging import alike_keys
from odibi_core.formats.mysql_session import Session, named
from odibi_core.formats.mysql_types import created_type, is_bytes, sent_sql
from odibi_core.formats.servers import BATCH_ROWS
from odibi_core.formats.tables import LEDGER, Change
from odibi_core.formats.types import mismatched_columns
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_STAGE = "odibi_new_rows"
_NO_LOCAL_FILES = (1148, 3948, 4166, 2068)
_INSERTED_ROWS = 5_000


@dataclass(slots=True)
class MysqlDatabase:
    """A database in a transaction.

    Attributes:
        session: The connection.
        schema: The database of the table.
        table: The table.
    """

    session: Session
    schema: str
    table: str
    _renames: list[tuple[str, str]] = field(default_factory=list)
    _drops: list[str] = field(default_factory=list)

    def columns(self, table: str) -> Schema | None:
        """The columns of the table; None where there is none.

        Raises:
            TargetError: It is a view.
        """
        kinds = self.session.rows(
            "SELECT table_type FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
            [self.schema, table],
        )
        if not kinds:
            return None
        if "VIEW" in kinds[0][0]:
            raise TargetError(
                f"{table!r} is a view, which holds no rows of its own",
                where=str(self.session.server),
                fix="write to the table behind it, or to another one",
            )
        return Schema.of((column.name, column.type) for column in self.session.columns(self._name))

    def holds(self, table: str, ticket: str) -> bool:
        """Whether the table already has what a ticket wrote."""
        return bool(
            self.session.rows(
                f"SELECT 1 FROM {self._ledger} WHERE table_name = %s AND ticket = %s LIMIT 1", [table, ticket]
            )
        )

    def record(self, table: str, ticket: str, *, alone: bool) -> None:
        """Note that the table has what a ticket wrote, and nothing else where `alone`."""
        if alone:
            self.session.execute(f"DELETE FROM {self._ledger} WHERE table_name = %s", [table])
        self.session.execute(
            f"INSERT INTO {self._ledger} (table_name, ticket) VALUES (%s, %s)", [table, ticket]
        )

    def create(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Fill the table with the rows and nothing else; gives back their number.

        A table of the same columns stays, with its indexes and rights. One of others gives way to a new one.
        """
        types = change.types(cursor)
        rows = Schema.of(types)
        if change.exists:
            old = Schema.of((column.name, column.type) for column in self.session.columns(self._name))
            if old.names == rows.names and not mismatched_columns(old, rows, cursor):
                self.session.execute(f"DELETE FROM {self._name}")
                return self._load(self._name, change, cursor)
        mark = ticket_hash(change.target.ticket)
        made = self.session.qualified(self.schema, f"odibi_new_{mark}")
        declared = ", ".join(f"{named(name)} {created_type(type_)}" for name, type_ in types)
        self.session.execute(f"DROP TABLE IF EXISTS {made}")
        self.session.execute(f"CREATE TABLE {made} ({declared}) CHARACTER SET utf8mb4")
        written = self._load(made, change, cursor)
        if change.exists:
            gone = self.session.qualified(self.schema, f"odibi_old_{mark}")
            self._renames.append((self._name, gone))
            self._drops.append(gone)
        self._renames.append((made, self._name))
        return written

    def append(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Add the rows; gives back their number."""
        return self._load(self._name, change, cursor)

    def merge(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Replace the rows of the same key and add the others; gives back how many were replaced."""
        execute, keys = self.session.execute, change.target.merge_key
        names = change.columns.names
        execute(f"CREATE TEMPORARY TABLE {_STAGE} LIKE {self._name}")
        self._load(_STAGE, change, cursor)
        own = ", ".join(map(named, keys))
        if self.session.rows(f"SELECT 1 FROM {_STAGE} GROUP BY {own} HAVING count(*) > 1 LIMIT 1"):
            raise alike_keys(change.target)
        on = " AND ".join(f"o.{named(key)} = n.{named(key)}" for key in keys)
        ((updated,),) = self.session.rows(
            f"SELECT count(*) FROM {_STAGE} n WHERE EXISTS (SELECT 1 FROM {self._name} o WHERE {on})"
        )
        values = ", ".join(f"o.{named(name)} = n.{named(name)}" for name in names if name not in keys)
        if values and int(updated):
            execute(f"UPDATE {self._name} o JOIN {_STAGE} n ON {on} SET {values}")
        listed, picked = ", ".join(map(named, names)), ", ".join(f"n.{named(name)}" for name in names)
        execute(
            f"INSERT INTO {self._name} ({listed}) SELECT {picked} FROM {_STAGE} n "
            f"LEFT JOIN {self._name} o ON {on} WHERE o.{named(keys[0])} IS NULL"
        )
        execute(f"DROP TEMPORARY TABLE {_STAGE}")
        return int(updated)

    def commit(self) -> None:
        """Make it count, and let a new table take its place."""
        self.session.connection.commit()
        if self._renames:
            renames = ", ".join(f"{old} TO {new}" for old, new in self._renames)
            self.session.execute(f"RENAME TABLE {renames}")
        for table in self._drops:
            self.session.execute(f"DROP TABLE {table}")

    @property
    def _name(self) -> str:
        return self.session.qualified(self.schema, self.table)

    @property
    def _ledger(self) -> str:
        return self.session.qualified(self.schema, LEDGER)

    def _load(self, table: str, change: Change, cursor: DuckDBPyConnection) -> int:
        import pymysql

        with tempfile.TemporaryDirectory(prefix="odibi-load-") as folder:
            try:
                return self._load_file(Path(folder) / "rows.csv", table, change, cursor)
            except pymysql.MySQLError as error:
                if error.args[0] not in _NO_LOCAL_FILES:
                    raise
        return self._insert(table, change, cursor)

    def _load_file(self, path: Path, table: str, change: Change, cursor: DuckDBPyConnection) -> int:
        """Send the rows as a file. LOAD DATA only warns of what doesn't fit: a warning is an error here."""
        types = change.types(cursor)
        values = ", ".join(f"{sent_sql(name, type_)} AS {quote(name)}" for name, type_ in types)
        select = f"SELECT {values} FROM ({change.select})"
        options = "FORMAT csv, HEADER false, NULL 'NULL', FORCE_QUOTE *"
        cursor.execute(f"COPY ({select}) TO {literal(str(path))} ({options})")
        change.target.check()
        taken = ", ".join(
            f"@v{n}" if is_bytes(type_) else named(name) for n, (name, type_) in enumerate(types)
        )
        sets = [f"{named(name)} = UNHEX(@v{n})" for n, (name, type_) in enumerate(types) if is_bytes(type_)]
        rows = self.session.load_file(
            f"LOAD DATA LOCAL INFILE %s INTO TABLE {_bound(table)} CHARACTER SET utf8mb4 "
            "FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n' "
            f"({_bound(taken)})" + (f" SET {_bound(', '.join(sets))}" if sets else ""),
            path,
        )
        warnings = self.session.rows("SHOW WARNINGS LIMIT 1")
        if warnings:
            raise TargetError(
                f"the rows don't fit the table: {warnings[0][2]}",
                where=change.target.where,
                fix="cast or filter them in a step before, change the table, or use mode 'merge' for rows "
                "whose key is there already",
            )
        return rows

    def _insert(self, table: str, change: Change, cursor: DuckDBPyConnection) -> int:
        """Send the rows in statements, where the server takes no files."""
        types = change.types(cursor)
        values = ", ".join(f"{sent_sql(name, type_)} AS {quote(name)}" for name, type_ in types)
        listed = ", ".join(named(name) for name, _ in types)
        marks = ", ".join("UNHEX(%s)" if is_bytes(type_) else "%s" for _, type_ in types)
        statement = f"INSERT INTO {_bound(table)} ({_bound(listed)}) VALUES ({marks})"
        written = 0
        reader = cursor.sql(f"SELECT {values} FROM ({change.select})").to_arrow_reader(BATCH_ROWS)
        for batch in reader:
            change.target.check()
            for start in range(0, batch.num_rows, _INSERTED_ROWS):
                part = batch.slice(start, _INSERTED_ROWS)
                rows = list(zip(*(column.to_pylist() for column in part.columns), strict=True))
                written += self.session.execute_many(statement, rows)
        return written


def _bound(names: str) -> str:
    """Names in a statement that has values: the driver puts one wherever a single % stands."""
    return names.replace("%", "%%")


def prepared(session: Session, schema: str, table: str) -> MysqlDatabase:
    """A database in a transaction that has just begun, under a lock for the table."""
    digest = hashlib.sha256(f"{schema}.{table}".encode()).hexdigest()[:32]
    session.lock(f"odibi {digest}")
    session.execute(
        f"CREATE TABLE IF NOT EXISTS {session.qualified(schema, LEDGER)} ("
        "table_name VARCHAR(255) NOT NULL, ticket VARCHAR(255) NOT NULL, "
        "written_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (table_name, ticket)) "
        "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    )
    session.connection.begin()
    return MysqlDatabase(session, schema, table)
