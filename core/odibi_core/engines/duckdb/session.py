"""The DuckDB database of one run. Every thread has a cursor of its own: sharing one corrupts results."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.cores import usable_cores
from odibi_core.engines.duckdb.budget import budget
from odibi_core.sql.spare import take_database

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Session:
    """An in-memory database whose tables spill to disk where memory is short.

    It is opened when it is first asked for anything: a run that finds all in the cache needs none.

    Args:
        scratch: The folder to spill into.
        memory_limit: How much memory the process may take, such as "4GB"; DuckDB's own default where empty.
        threads: Threads that a query may use; where None all cores, as far as the memory is enough for them.
        most_threads: Where `threads` is None, more are of no use.
        ordered: Whether rows keep their order where no query sorts them.
    """

    def __init__(
        self,
        scratch: Path,
        *,
        memory_limit: str = "",
        threads: int | None = None,
        most_threads: int | None = None,
        ordered: bool = True,
    ) -> None:
        config = {
            "python_enable_replacements": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "temp_directory": str(scratch / "spill"),
            "preserve_insertion_order": str(ordered).lower(),
        }
        if memory_limit:
            import psutil

            allowed = budget(memory_limit, psutil.Process().memory_info().rss)
            config["memory_limit"] = f"{allowed.memory_bytes}B"
            most_threads = min(most_threads or usable_cores(), allowed.most_threads)
        if threads := threads or most_threads:
            config["threads"] = str(threads)
        self._config = config
        self._root: DuckDBPyConnection | None = None
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._plain: list[DuckDBPyConnection] = []
        self._is_open = True

    def cursor(self) -> DuckDBPyConnection:
        """A connection to the same tables for one thread.

        Raises:
            RuntimeError: The session is closed.
        """
        with self._lock:
            if not self._is_open:
                raise RuntimeError(
                    "the run's database is closed: its result was closed before its rows were asked for"
                )
            if self._root is None:
                self._root = self._open()
            return self._root.cursor()

    @contextmanager
    def plain_cursor(self) -> Iterator[DuckDBPyConnection]:
        """A connection that runs queries as they are written, unoptimized; the next who asks gets it again.

        Nothing may be registered on it. It is closed where what is done within fails.

        Raises:
            RuntimeError: The session is closed.
        """
        try:
            cursor = self._plain.pop()
        except IndexError:
            cursor = self.cursor()
            cursor.execute("PRAGMA disable_optimizer")
        try:
            yield cursor
        except BaseException:
            cursor.close()
            raise
        with self._lock:
            if self._is_open:
                self._plain.append(cursor)
                return
        cursor.close()

    def new_name(self, prefix: str) -> str:
        """A name that nothing else in the database has."""
        return f"odibi_{prefix}_{next(self._numbers)}"

    def close(self) -> None:
        """Let go of all tables."""
        with self._lock:
            self._is_open = False
            while self._plain:
                self._plain.pop().close()
            if self._root is not None:
                self._root.close()
                self._root = None

    def _open(self) -> DuckDBPyConnection:
        root = take_database(self._config)
        # Global: a cursor takes over no setting of the connection that it is made of.
        root.execute("SET GLOBAL TimeZone = 'UTC'")
        return root
