"""A database in memory that is open and empty, for the next who needs one: to open one takes 17 ms of CPU.

A plan reads the heads of sources with it, and the run that follows goes on with the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OWN = 3
"""The databases of DuckDB's own: memory, system, temp."""

_SPARE: list[DuckDBPyConnection] = []


def take_database(settings: Mapping[str, str]) -> DuckDBPyConnection:
    """An empty database that nobody else has.

    Args:
        settings: DuckDB's own, as texts; without `threads`, queries use every core.
    """
    from odibi_core import late_duckdb as duckdb

    try:
        database = _SPARE.pop()
    except IndexError:
        return duckdb.connect(":memory:", config=dict(settings))
    if "threads" not in settings:
        database.execute("RESET GLOBAL threads")
    for name, value in settings.items():
        quoted = value.replace("'", "''")
        database.execute(f"SET GLOBAL {name} = '{quoted}'")
    return database


def give_back(database: DuckDBPyConnection) -> None:
    """Let go of a database whose settings are still those that it was opened with, but for `threads`.

    It is kept for the next where nothing is attached to it and none is kept yet, else closed. Whoever gives
    it back made no tables in it: to ask for them takes 5 ms.
    """
    # A database file that it has open can't be written by anybody.
    if _SPARE or len(database.execute("FROM duckdb_databases()").fetchall()) > _OWN:
        database.close()
    else:
        _SPARE.append(database)
