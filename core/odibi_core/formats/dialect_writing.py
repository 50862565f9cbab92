"""Changing a table of any database that has a SQLAlchemy dialect.

Databases differ in what they can undo. PostgreSQL, SQLite and SQL Server make, drop and rename tables inside
a transaction: a new table takes the old one's place there. MySQL can't, but renames two tables at once: the
new one is filled under another name first. Of all others only rows change in a transaction, so that a table
whose columns would be others is refused.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, Any

from odibi_core.errors import TargetError
from odibi_core.formats.atomic import ticket_hash
from odibi_core.formats.dialect_created import created, sent_sql
from odibi_core.formats.dialect_ledger import TURN, ledger_of, lock, make_ledger
from odibi_core.formats.dialect_session import ROWS, Session, exact, schema_name, table_of
from odibi_core.formats.dialect_types import is_firebird
from odibi_core.formats.dialect_values import taken
from odibi_core.formats.merging import alike_keys
from odibi_core.formats.tables import Change
from odibi_core.formats.types import mismatched_columns
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import sqlalchemy as sa
    from duckdb import DuckDBPyConnection

_UNDOES_TABLES = ("postgresql", "sqlite", "mssql", "duckdb", "redshift", "cockroachdb")
_JOINS_UPDATES = ("postgresql", "sqlite", "mssql", "mysql", "mariadb", "duckdb", "redshift", "cockroachdb")
_STAGE = "odibi_new_rows"


@dataclass(slots=True)
class DialectDatabase:
    """A database in a transaction.

    Attributes:
        session: The connection.
        schema: The schema of the table, where the ledger is too.
        table: The table.
    """

    session: Session
    schema: str
    table: str
    _renames: list[tuple[str, str]] = field(default_factory=list)
    _drops: list[str] = field(default_factory=list)
    _made: list[str] = field(default_factory=list)

    def columns(self, table: str) -> Schema | None:
        """The columns of the table; None where there is none.

        Raises:
            TargetError: It is a view.
        """
        if not self.session.exists(self.schema, table):
            return None
        if table in self.session.inspect().get_view_names(schema_name(self.schema)):
            raise TargetError(
                f"{table!r} is a view, which holds no rows of its own",
                where=str(self.session.server),
                fix="write to the table behind it, or to another one",
            )
        return Schema.of((column.name, column.type) for column in self.session.columns(self.schema, table))

    def holds(self, table: str, ticket: str) -> bool:
        """Whether the table already has what a ticket wrote."""
        import sqlalchemy as sa

        ledger = ledger_of(self.schema)
        found = sa.select(ledger.c.ticket).where(ledger.c.table_name == table, ledger.c.ticket == ticket)
        return self._execute(found).first() is not None

    def record(self, table: str, ticket: str, *, alone: bool) -> None:
        """Note that the table has what a ticket wrote, and nothing else where `alone`."""
        ledger = ledger_of(self.schema)
        if alone:
            self._execute(ledger.delete().where(ledger.c.table_name == table, ledger.c.ticket != TURN))
        self._execute(ledger.insert().values(table_name=table, ticket=ticket))

    def create(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Fill the table with the rows and nothing else; gives back their number.

        A table of the same columns stays, with its indexes, rights and views: readers see its old rows until
        the end. One of others gives way to a new one.

        Raises:
            TargetError: The database can't replace a table in a transaction, and the columns are others.
        """
        types = Schema.of(change.types(cursor))
        if change.exists:
            old = self.columns(self.table)
            assert old is not None
            if old.names == types.names and not mismatched_columns(old, types, cursor):
                self._run(f"DELETE FROM {self._name}")
                return self._load(self.table, change, cursor)
        undoes = self.session.dialect.name in _UNDOES_TABLES
        if change.exists and not undoes and not self.session.is_mysql:
            raise TargetError(
                f"the columns of the table {self.table!r} would change, and the database can't replace a "
                "table in a transaction",
                where=change.target.where,
                fix="keep the columns, so that only the rows are replaced, or drop the table first",
            )
        mark = ticket_hash(change.target.ticket)
        made = f"odibi_new_{mark}" if change.exists or self.session.is_mysql else self.table
        self._make(made, types, undoes=undoes)
        written = self._load(made, change, cursor)
        if made != self.table:
            self._swap(made, f"odibi_old_{mark}", exists=change.exists)
        return written

    def append(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Add the rows; gives back their number."""
        return self._load(self.table, change, cursor)

    def merge(self, change: Change, cursor: DuckDBPyConnection) -> int:
        """Replace the rows of the same key and add the others; gives back how many were replaced."""
        import sqlalchemy as sa

        names, keys = change.columns.names, change.target.merge_key
        stage = self._stage(names)
        self._load(stage, change, cursor, schema="")
        new = table_of(self.session, "", stage, names)
        own = [new.c[key] for key in keys]
        if self._execute(sa.select(*own).group_by(*own).having(sa.func.count() > 1)).first() is not None:
            raise alike_keys(change.target)
        old = table_of(self.session, self.schema, self.table, names)
        on = sa.and_(*(old.c[key] == new.c[key] for key in keys))
        is_there = sa.exists().where(on)
        counted = sa.select(sa.func.count()).select_from(new).where(is_there.correlate(new))
        updated = int(self._execute(counted).scalar_one())
        others = [name for name in names if name not in keys]
        if others and updated:
            self._execute(update_statement(self.session.dialect.name, old, new, others, on))
        missing = sa.select(*(new.c[name] for name in names)).where(~is_there.correlate(new))
        self._execute(old.insert().from_select(list(names), missing))
        self._drop_stage(stage)
        return updated

    def commit(self) -> None:
        """Make it count, and let a new table take its place."""
        self.session.connection.commit()
        if self._renames:
            self._run("RENAME TABLE " + ", ".join(f"{old} TO {new}" for old, new in self._renames))
        self._made.clear()
        for table in self._drops:
            self._run(f"DROP TABLE {table}")
        self.session.connection.commit()

    def undo(self) -> None:
        """Leave everything as it was."""
        connection = self.session.connection
        with suppress(Exception):
            connection.rollback()
            for table in self._made:
                self._run(f"DROP TABLE {table}")
            connection.commit()

    @property
    def _name(self) -> str:
        return self.session.named(self.schema, self.table)

    def _execute(self, statement: sa.Executable, rows: list[dict[str, Any]] | None = None) -> Any:
        return self.session.connection.execute(statement, rows)

    def _run(self, statement: str) -> None:
        self.session.connection.exec_driver_sql(statement)

    def _make(self, table: str, types: Schema, *, undoes: bool) -> None:
        """Make a table for rows."""
        import sqlalchemy as sa

        made = self.session.named(self.schema, table)
        dialect = self.session.dialect
        if not undoes:
            # A try that was killed may have left it.
            with suppress(sa.exc.DBAPIError):
                if table != self.table:
                    self._run(f"DROP TABLE {made}")
            self._made.append(made)
        columns: list[sa.Column[Any]] = [
            sa.Column(exact(name, dialect), created(type_, dialect)) for name, type_ in types
        ]
        arguments: Any = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}
        new = sa.Table(
            exact(table, dialect), sa.MetaData(), *columns, schema=schema_name(self.schema), **arguments
        )
        new.create(self.session.connection)
        if not undoes:
            self._go_on()

    def _swap(self, made: str, gone: str, *, exists: bool) -> None:
        new, old = self.session.named(self.schema, made), self.session.named(self.schema, gone)
        if self.session.is_mysql:
            if exists:
                self._renames.append((self._name, old))
                self._drops.append(old)
            self._renames.append((new, self._name))
            return
        self._run(f"DROP TABLE {self._name}")
        if self.session.dialect.name == "mssql":
            import sqlalchemy as sa

            rename = sa.text("EXEC sp_rename :old, :new, 'OBJECT'").bindparams(old=new, new=self.table)
            self._execute(rename)
            return
        self._run(f"ALTER TABLE {new} RENAME TO {self.session.quoted(self.table)}")

    def _stage(self, names: tuple[str, ...]) -> str:
        """The name of a new table for incoming rows, with the types of the real one."""
        listed = ", ".join(map(self.session.quoted, names))
        copied = f"SELECT {listed} FROM {self._name} WHERE 1 = 0"
        if self.session.dialect.name == "mssql":
            stage = f"#{_STAGE}"
            # Of one query alone it would take over that the server numbers a column, and refuse our numbers.
            into = f"SELECT {listed} INTO {self.session.named('', stage)} FROM {self._name} WHERE 1 = 0"
            self._run(f"{into} UNION ALL {copied}")
            return stage
        if self.session.dialect.name in _JOINS_UPDATES:
            self._run(f"CREATE TEMPORARY TABLE {_STAGE} AS {copied}")
            return _STAGE
        stage = f"odibi_new_{hashlib.sha256(self._name.encode()).hexdigest()[:16]}"
        with suppress(Exception):
            self._run(f"DROP TABLE {stage}")
        if is_firebird(self.session.dialect):
            self._make_like(stage, names)
        else:
            self._run(f"CREATE TABLE {stage} AS {copied}")
        self._made.append(stage)
        self._go_on()
        return stage

    def _make_like(self, stage: str, names: tuple[str, ...]) -> None:
        """Make a table of some columns, in a database that makes none from a query."""
        import sqlalchemy as sa

        types = dict(self.session.types(self.schema, self.table))
        columns = [sa.Column(exact(name, self.session.dialect), types[name]) for name in names]
        sa.Table(stage, sa.MetaData(), *columns).create(self.session.connection)

    def _go_on(self) -> None:
        """Take the lock again: a new table ended the transaction, or is hidden from what is left of it."""
        self.session.connection.commit()
        lock(self.session, self.schema, self.table)

    def _drop_stage(self, stage: str) -> None:
        if stage in self._made:
            # Where this ends the transaction, it may only come behind it.
            self._drops.append(stage)
            return
        is_temporary = "TEMPORARY " if self.session.is_mysql else ""
        self._run(f"DROP {is_temporary}TABLE {self.session.named('', stage)}")

    def _load(
        self, table: str, change: Change, cursor: DuckDBPyConnection, *, schema: str | None = None
    ) -> int:
        """Send the rows, many with each statement."""
        types = change.types(cursor)
        dialect = self.session.dialect
        place = self.schema if schema is None else schema
        insert = _insert(self.session, place, table, types)
        values = ", ".join(f"{sent_sql(name, type_, dialect)} AS {quote(name)}" for name, type_ in types)
        names = [f"odibi_{place}" for place in range(len(types))]
        reader = cursor.sql(f"SELECT {values} FROM ({change.select})").to_arrow_reader(ROWS)
        written = 0
        for batch in reader:
            change.target.check()
            columns = []
            for (name, type_), array in zip(types, batch.columns, strict=True):
                try:
                    columns.append(taken(array, type_, dialect))
                except (ValueError, OverflowError) as error:
                    raise TargetError(
                        f"column {name!r} holds a value that Python has none for: {error}",
                        where=change.target.where,
                        fix=f"cast it in a step before, such as CAST({quote(name)} AS VARCHAR)",
                    ) from error
            if batch.num_rows:
                rows = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
                self._execute(insert, rows)
                written += len(rows)
        return written


def _insert(session: Session, schema: str, table: str, types: list[tuple[str, str]]) -> sa.Insert:
    """The statement that adds a row of values called odibi_0, odibi_1 and so on."""
    import sqlalchemy as sa

    place = table_of(session, schema, table, [name for name, _ in types])
    # PostgreSQL turns no text into another type by itself.
    held: dict[str, Any] = dict(session.types(schema, table)) if session.dialect.name == "postgresql" else {}
    values: dict[Any, Any] = {}
    for number, (name, type_) in enumerate(types):
        made = created(type_, session.dialect)
        is_text = isinstance(made, sa.JSON | sa.String)
        bound: Any = sa.bindparam(f"odibi_{number}", type_=sa.Text() if isinstance(made, sa.JSON) else made)
        there: Any = held.get(name)
        is_other = there is not None and not isinstance(there, sa.types.NullType)
        if is_text and is_other and (not isinstance(there, sa.String) or isinstance(there, sa.Enum)):
            bound = sa.cast(bound, there)
        values[place.c[name]] = bound
    return sa.insert(place).values(values)


def update_statement(
    dialect: str, old: sa.TableClause, new: sa.TableClause, others: list[str], on: sa.ColumnElement[bool]
) -> sa.Update:
    """The statement that gives old rows the values of the new ones."""
    import sqlalchemy as sa

    if dialect in _JOINS_UPDATES:
        return sa.update(old).values({old.c[name]: new.c[name] for name in others}).where(on)
    values = {
        old.c[name]: sa.select(new.c[name]).where(on).correlate(old).scalar_subquery() for name in others
    }
    return sa.update(old).values(values).where(sa.exists().where(on).correlate(old))


def begun(session: Session, schema: str, table: str) -> DialectDatabase:
    """A database in a transaction that has just begun, under a lock for the table."""
    home = session.home(schema)
    make_ledger(session, home, table)
    lock(session, home, table)
    return DialectDatabase(session, home, table)
