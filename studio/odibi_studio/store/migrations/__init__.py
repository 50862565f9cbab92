"""Brings the tables of an older Studio up to date. Each step is a module in `versions`, made once."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from odibi_core.errors import WorkspaceError

HEAD = "0001"


def upgrade(connection: Connection, where: str) -> None:
    """Make or change the tables until they are those of `tables.py`, all or nothing.

    Args:
        connection: One that takes the write lock when it begins.
        where: The file, for messages.

    Raises:
        WorkspaceError: A newer Studio made the tables.
    """
    with connection.begin():
        if _revision(connection) != HEAD:
            _run(connection, where)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _run(connection: Connection, where: str) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise WorkspaceError(
            f"a newer version of the Studio made the database: {error}",
            where=where,
            fix="upgrade odibi-studio",
        ) from error
