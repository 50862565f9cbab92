"""Which writes the tables of a database hold, and the lock that their writers take turns by."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from odibi_core.errors import TransientError
from odibi_core.formats.dialect_session import Session, schema_name
from odibi_core.formats.postgresql_writing import lock_key
from odibi_core.formats.servers import LOCK_S
from odibi_core.formats.tables import LEDGER

if TYPE_CHECKING:
    import sqlalchemy as sa

TURN = "turn"
"""The ticket of the row that a writer of a table holds, so that the next one waits."""


def ledger_of(schema: str) -> sa.Table:
    """The table that says which writes the others of a schema hold."""
    import sqlalchemy as sa

    return sa.Table(
        LEDGER,
        sa.MetaData(),
        sa.Column("table_name", sa.String(255), primary_key=True),
        sa.Column("ticket", sa.String(255), primary_key=True),
        sa.Column("written_at", sa.DateTime(), nullable=False, server_default=sa.func.current_timestamp()),
        schema=schema_name(schema),
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        mariadb_charset="utf8mb4",
        mariadb_collate="utf8mb4_bin",
    )


def make_ledger(session: Session, schema: str, table: str) -> None:
    """Make the ledger where there is none, and the row of a table that its writers take turns by."""
    import sqlalchemy as sa

    connection, ledger = session.connection, ledger_of(schema)
    try:
        ledger.create(connection, checkfirst=True)
        connection.commit()
    except sa.exc.DBAPIError:
        # Two writers may both have found it missing.
        connection.rollback()
        if not session.exists(schema, LEDGER):
            raise
    if _has_locks(session):
        connection.rollback()
        return
    is_turn = sa.and_(ledger.c.table_name == table, ledger.c.ticket == TURN)
    if connection.execute(sa.select(ledger.c.ticket).where(is_turn)).first() is None:
        with suppress(sa.exc.IntegrityError):
            connection.execute(ledger.insert().values(table_name=table, ticket=TURN))
            connection.commit()
    connection.rollback()


def _has_locks(session: Session) -> bool:
    return session.is_mysql or session.dialect.name == "postgresql"


def lock(session: Session, schema: str, table: str) -> None:
    """Take the lock of a table, which the transaction holds to its end: writers of one table take turns.

    The locks of PostgreSQL and MySQL are those that the formats of these databases take, too.

    Raises:
        TransientError: Another writer holds it for long.
    """
    import sqlalchemy as sa

    connection = session.connection
    if session.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_key(schema, table))))
        return
    if session.is_mysql:
        digest = hashlib.sha256(f"{schema}.{table}".encode()).hexdigest()[:32]
        if connection.execute(sa.select(sa.func.get_lock(f"odibi {digest}", LOCK_S))).scalar() != 1:
            raise TransientError(
                f"another writer was in the way for {LOCK_S} seconds",
                where=str(session.server),
                fix="another try may pass",
            )
        # What is read from here on is what the last writer left.
        connection.commit()
        return
    ledger = ledger_of(schema)
    is_turn = sa.and_(ledger.c.table_name == table, ledger.c.ticket == TURN)
    connection.execute(ledger.update().where(is_turn).values(written_at=sa.func.current_timestamp()))
