"""The workspace's file of results, past outputs and quarantined rows: `.odibi/quality.db`, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from odibi_core.errors import WorkspaceError
from odibi_core.workspace import Workspace

QUALITY_FILE = "quality.db"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    number INTEGER PRIMARY KEY, run_id TEXT NOT NULL, pipeline TEXT NOT NULL, step TEXT NOT NULL,
    name TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, row_count INTEGER NOT NULL,
    offending_rows INTEGER, message TEXT NOT NULL, observed TEXT NOT NULL, moment TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS results_of ON results (pipeline, step, name, number);
CREATE TABLE IF NOT EXISTS outputs (
    number INTEGER PRIMARY KEY, run_id TEXT NOT NULL, pipeline TEXT NOT NULL, step TEXT NOT NULL,
    output TEXT NOT NULL, variant TEXT NOT NULL, row_count INTEGER NOT NULL, columns TEXT NOT NULL,
    is_good INTEGER NOT NULL, moment TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS outputs_of ON outputs (pipeline, step, output, variant, number) WHERE is_good = 1;
CREATE TABLE IF NOT EXISTS set_aside (
    number INTEGER PRIMARY KEY, place TEXT NOT NULL UNIQUE, run_id TEXT NOT NULL, pipeline TEXT NOT NULL,
    step TEXT NOT NULL, output TEXT NOT NULL, kind TEXT NOT NULL, row_count INTEGER NOT NULL,
    reasons TEXT NOT NULL, is_good INTEGER NOT NULL, moment TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS replays (
    replay_id TEXT PRIMARY KEY, place TEXT NOT NULL, state TEXT NOT NULL, run_id TEXT NOT NULL,
    row_count INTEGER NOT NULL, moment TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS settled_rows (
    place TEXT NOT NULL, row INTEGER NOT NULL, replay_id TEXT NOT NULL, PRIMARY KEY (place, row)
) STRICT;
"""


@contextmanager
def open_quality(workspace: Workspace) -> Iterator[sqlite3.Connection]:
    """The file, in one transaction that counts where nothing is raised within it.

    Raises:
        WorkspaceError: It can't be opened, read or written.
    """
    path = workspace.state / QUALITY_FILE
    try:
        with closing(_connect(path)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
    except sqlite3.Error as error:
        raise WorkspaceError(
            f"the file of results can't be used: {error}",
            where=str(path),
            fix="look whether it can be written; a damaged one may be moved away",
        ) from error


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(_SCHEMA)
    except BaseException:
        database.close()
        raise
    return database
