"""The database of a workspace: opened whole and up to date, shared with other processes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlmodel import Session, create_engine

from odibi_core.errors import WorkspaceError
from odibi_studio.store.backups import back_up, backups, damage, is_backed_up
from odibi_studio.store.migrations import upgrade

FILE_NAME = "studio.db"
BUSY_TIMEOUT_S = 10.0
_BACKUP_AGE = dt.timedelta(hours=1)
_IS_WRITING = "odibi_is_writing"


class Database:
    """One SQLite file; threads and processes may use it side by side.

    Attributes:
        path: The file.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine

    @classmethod
    def open(cls, path: Path) -> Database:
        """The database at a path, made where there is none, its tables brought up to date.

        Raises:
            WorkspaceError: The file is damaged, made by a newer Studio, or can't be used.
        """
        if path.exists() and path.stat().st_size:
            _refuse_damage(path)
            if not is_backed_up(path, dt.timedelta()):
                back_up(path)
        engine = _engine(path)
        database = cls(path, engine)
        try:
            with _words_for_errors(path), engine.connect() as connection:
                upgrade(connection.execution_options(**{_IS_WRITING: True}), str(path))
        except BaseException:
            engine.dispose()
            raise
        return database

    def close(self) -> None:
        """End all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the database, whatever others write meanwhile."""
        with _words_for_errors(self.path), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose changes are kept together when it ends without an error, else not at all.

        It is the only writer from its beginning on: what it reads stays so until it ends.
        """
        engine = self._engine.execution_options(**{_IS_WRITING: True})
        with (
            _words_for_errors(self.path),
            Session(engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            # Without a statement nothing would be locked yet.
            session.connection()
            yield session

    def back_up_hourly(self) -> None:
        """Keep a backup, where the newest one is older than an hour."""
        if not is_backed_up(self.path, _BACKUP_AGE):
            back_up(self.path)


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_TIMEOUT_S})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin without a lock, which two writers then fight for.
    connection.isolation_level = None
    # A write-ahead log can be damaged by SQLite up to 3.51.2.
    for pragma in ("journal_mode = TRUNCATE", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get(_IS_WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _refuse_damage(path: Path) -> None:
    found = damage(path)
    if not found:
        return
    whole = next((backup for backup in backups(path) if not damage(backup)), None)
    fix = f"end all Studios of this workspace and move {path.name} away"
    if whole is not None:
        fix += f"; then put the backup in its place: cp '{whole}' '{path}'"
    fix += "; saved versions also stand in pipelines/"
    raise WorkspaceError(f"the Studio's database is damaged: {found}", where=str(path), fix=fix)


@contextmanager
def _words_for_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig)
        fix = (
            "wait for the other Studio of this workspace, or end it"
            if "locked" in reason
            else "allow writing there, and see that the disk has free space"
        )
        raise WorkspaceError(
            f"the Studio's database can't be used: {reason}", where=str(path), fix=fix
        ) from error
    except DatabaseError as error:
        fix = "open the Studio anew: it then checks the database and names a backup"
        raise WorkspaceError(
            f"the Studio's database fails: {error.orig}", where=str(path), fix=fix
        ) from error
