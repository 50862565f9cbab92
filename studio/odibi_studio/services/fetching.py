"""What a query needs of a source that DuckDB can't read by itself, as a Parquet file for the sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.pushdown import Pushdown
from odibi_core.errors import OdibiError, SourceError
from odibi_core.formats.base import Format, ScanContext
from odibi_core.formats.base import Scan as Ready
from odibi_core.formats.types import storable_type, uses_type
from odibi_core.schema import literal, quote
from odibi_studio.services.far_needs import Need

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

READ_WITHIN_S = 30.0

_CONVERTED = {"HUGEINT": "DECIMAL(38,0)", "UHUGEINT": "DECIMAL(38,0)", "BIT": "VARCHAR"}
_AS_TEXT = ("INTERVAL", "TIMETZ", "UNION")
"""Types of whose values Parquet would lose something."""


def too_slow(where: str) -> OdibiError:
    """The error of a source that takes too long to read."""
    return OdibiError(
        f"reading took longer than {READ_WITHIN_S:g} s",
        where=where,
        fix="ask for fewer columns, or filter by dates, numbers or equal texts, which reach the source",
    )


@contextmanager
def in_time(database: DuckDBPyConnection, where: str) -> Iterator[None]:
    """Stop what the database does after `READ_WITHIN_S`.

    Raises:
        OdibiError: It was stopped.
    """
    is_late = threading.Event()

    def stop() -> None:
        is_late.set()
        database.interrupt()

    timer = threading.Timer(READ_WITHIN_S, stop)
    timer.start()
    try:
        yield
    except Exception as error:
        if is_late.is_set():
            raise too_slow(where) from error
        raise
    finally:
        timer.cancel()


@dataclass(frozen=True, slots=True)
class Source:
    """A source that is fetched.

    Attributes:
        name: What the query calls it.
        where: What errors call it.
        format: How it holds rows.
        context: How it is read.
        open: Gives the source in a context, ready to be read.
    """

    name: str
    where: str
    format: Format[Any, Any]
    context: ScanContext
    open: Callable[[ScanContext], Ready]

    def ready(self) -> tuple[Source, Ready]:
        """The source, tolerant where it must be, and what its rows are read of.

        Raises:
            OdibiError: It can't be read.
        """
        try:
            return self, self.open(self.context)
        except SourceError as error:
            if not self._is_malformed(error.__cause__):
                raise
        again = self._tolerant()
        return again, again.open(again.context)

    def fetch(self, ready: Ready, need: Need, path: Path, most: int | None = None) -> list[str]:
        """Write the rows that are needed, and all columns, empty where nobody looks.

        Args:
            ready: What the rows are read of.
            need: What is needed of them.
            path: The Parquet file to be.
            most: How many rows are read at most; None reads all.

        Returns:
            What a person should know of the rows.

        Raises:
            OdibiError: It can't be read.
        """
        import duckdb

        try:
            # Only reading all columns shows which rows are malformed.
            return self._write(ready, Need() if self.context.tolerant else need, path, most)
        except (duckdb.Error, OdibiError) as error:
            if self._is_malformed(error if isinstance(error, duckdb.Error) else error.__cause__):
                again = self._tolerant()
                return again.fetch(again.open(again.context), need, path, most)
            if isinstance(error, OdibiError):
                raise
            told = self.format.explain_read_error(error, self.where)
            if isinstance(told, OdibiError):
                raise told from error
            raise SourceError(str(error).partition("\n")[0], where=self.where) from error

    def _is_malformed(self, cause: BaseException | None) -> bool:
        """Whether reading tolerantly helps."""
        return not self.context.tolerant and isinstance(cause, Exception) and self.format.is_malformed(cause)

    def _tolerant(self) -> Source:
        context = replace(self.context, tolerant=True, name=f"{self.context.name}_again")
        return replace(self, context=context)

    def _write(self, ready: Ready, need: Need, path: Path, most: int | None) -> list[str]:
        cursor, name = self.context.cursor, quote(self.context.name)
        columns, texts = [], []
        for column, type_ in ready.schema:
            if need.columns is not None and column not in need.columns:
                columns.append(f"CAST(NULL AS {_stored(type_)}) AS {quote(column)}")
                continue
            if _stored(type_) != type_:
                columns.append(f"CAST({quote(column)} AS {_stored(type_)}) AS {quote(column)}")
            else:
                columns.append(quote(column))
            if _is_text(type_):
                texts.append(f"{column} of {self.name} is asked as text")
        limits = [limit for limit in (most, need.rows) if limit is not None]
        asked = f"SELECT {', '.join(columns)} FROM {name}"
        asked += f" WHERE {need.condition}" if need.condition else ""
        asked += f" LIMIT {min(limits)}" if limits else ""
        result = quote(f"{self.context.name}_result")
        query = Fragment(result, {name: f"SELECT * FROM {ready.sql}", result: asked}, ready.views)
        narrowed = Pushdown(cursor, [ready] if ready.narrow else []).narrowed(query)
        narrowed.register(cursor)
        ((count,),) = cursor.execute(
            f"COPY ({narrowed.sql()}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION snappy)"
        ).fetchall()
        notes = []
        rejected = len(ready.rejects()) if ready.rejects is not None else 0
        if rejected:
            notes.append(f"{rejected:,} rows of {self.name} can't be read and are left out")
        if most is not None and count >= most:
            notes.append(f"of {self.name} only the first {most:,} rows were asked")
        return notes + texts


def _stored(type_: str) -> str:
    """The type that a column has in the file."""
    return "VARCHAR" if _is_text(type_) else storable_type(type_, _CONVERTED)


def _is_text(type_: str) -> bool:
    short = type_.replace("TIME WITH TIME ZONE", "TIMETZ")
    return any(uses_type(short, word) for word in _AS_TEXT)
