"""What a target holds already, where a write reads it again: who is to blame when that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import SourceError, TargetError
from odibi_core.formats.sources import said_by_duckdb

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from odibi_core.formats.base import Format

_SAID_ALREADY = "the file can't be read: "
_ROW = "odibi_old_row"
"""Names a whole row: a column of the name that it has would stand in its way."""


@contextmanager
def read_before(format_: Format[Any, Any], path: Path) -> Iterator[None]:
    """Within it what reads the target alone fails as a TargetError.

    Args:
        format_: Of the target.
        path: The target.
    """
    from odibi_core import late_duckdb as duckdb

    try:
        yield
    except (SourceError, duckdb.Error) as error:
        if _is_of_the_engine(error):
            raise
        told = format_.explain_read_error(error, str(path))
        what = told.what if isinstance(told, SourceError) else said_by_duckdb(error)
        raise TargetError(
            f"the file that is there can't be read: {what.removeprefix(_SAID_ALREADY)}",
            where=str(path),
            fix="write with mode 'overwrite', or choose another path",
        ) from error


@contextmanager
def read_with_others(
    format_: Format[Any, Any], path: Path, before: str, cursor: DuckDBPyConnection
) -> Iterator[None]:
    """Within it a query over old and new rows fails as a TargetError where the old ones alone fail too.

    Args:
        format_: Of the target.
        path: The target.
        before: A SELECT of the old rows.
        cursor: Runs it, after a failure alone.
    """
    from odibi_core import late_duckdb as duckdb

    try:
        yield
    except duckdb.Error as error:
        if not _is_of_the_engine(error):
            with read_before(format_, path):
                read_through(cursor, before)
        raise


def read_through(cursor: DuckDBPyConnection, select: str) -> None:
    """Read every value that a SELECT gives, and hold none."""
    cursor.execute(f"SELECT bit_xor(hash({_ROW})) FROM ({select}) AS {_ROW}").fetchall()


def _is_of_the_engine(error: Exception) -> bool:
    """Whether a query failed for what says nothing of any file: it was stopped, or memory was short."""
    from odibi_core import late_duckdb as duckdb

    return isinstance(
        error,
        duckdb.InterruptException
        | duckdb.OutOfMemoryException
        | duckdb.FatalException
        | duckdb.InternalException
        | duckdb.TransactionException
        | duckdb.ConnectionException,
    )
