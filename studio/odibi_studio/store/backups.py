"""Copies of the database that are whole, kept beside it."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

FOLDER = "backups"
KEPT = 5
_STAMP = "%Y%m%dT%H%M%S%fZ"


def damage(path: Path) -> str:
    """What is wrong with a database file, or "" where nothing is.

    A quick check is not enough: it passes about half of all damaged files.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            if found != ["ok"]:
                return "; ".join(found)
            orphan = connection.execute("PRAGMA foreign_key_check").fetchone()
            return f"a row of {orphan[0]!r} belongs to nothing" if orphan else ""
    except (sqlite3.Error, UnicodeDecodeError) as error:
        return str(error)


def backups(path: Path) -> list[Path]:
    """The backups of a database file, newest first."""
    return sorted((path.parent / FOLDER).glob(f"{path.stem}-*{path.suffix}"), reverse=True)


def back_up(path: Path) -> Path:
    """A new backup of a whole database file, made while others use it. The oldest ones go."""
    folder = path.parent / FOLDER
    folder.mkdir(exist_ok=True)
    stamp = dt.datetime.now(dt.UTC).strftime(_STAMP)
    target = folder / f"{path.stem}-{stamp}{path.suffix}"
    draft = folder / f".tmp-{secrets.token_hex(8)}"
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(draft)) as copy:
            source.backup(copy)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    for old in backups(path)[KEPT:]:
        old.unlink(missing_ok=True)
    return target


def is_backed_up(path: Path, age_limit: dt.timedelta) -> bool:
    """Whether the newest backup is younger than the limit, or than the last change."""
    newest = next(iter(backups(path)), None)
    if newest is None:
        return False
    made = newest.stat().st_mtime
    now = dt.datetime.now(dt.UTC).timestamp()
    return path.stat().st_mtime <= made or now - made < age_limit.total_seconds()
