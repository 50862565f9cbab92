"""Tables on servers and objects in stores, as the Studio asks them: by a process that logs in there."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path

from odibi_core.engines.operations import Scan
from odibi_core.errors import OdibiError, StepTimeoutError
from odibi_core.schema import Schema
from odibi_core.workers.pool import ProcessPool
from odibi_core.workspace import Workspace
from odibi_studio.services.far_reader import packed, read_columns, read_rows
from odibi_studio.services.fetching import READ_WITHIN_S, too_slow

MOST_ROWS = 5_000_000
"""How many rows are asked of a dataset at most: others work on its server."""
_KNOWN_S = 60.0
"""How long columns are taken as they were told, and servers as gone."""


class FarData:
    """Reads what is far away.

    Args:
        workspace: Whose connections lead there.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._columns: dict[str, tuple[float, Schema | OdibiError]] = {}

    def columns(self, scan: Scan, *, again: bool = False) -> Schema:
        """The columns; none where only reading tells them.

        Args:
            scan: How it is read.
            again: Whether it is asked anew where it could not be read a moment ago.

        Raises:
            OdibiError: It can't be read.
        """
        key = repr(packed(scan))
        known = self._columns.get(key)
        is_old = known is None or time.monotonic() - known[0] > _KNOWN_S
        if known is None or is_old or (again and isinstance(known[1], OdibiError)):
            known = self._columns[key] = (time.monotonic(), self._asked(scan))
        if isinstance(known[1], OdibiError):
            raise known[1]
        return known[1]

    def _asked(self, scan: Scan) -> Schema | OdibiError:
        params = {"root": str(self._workspace.root), "scan": packed(scan)}
        try:
            found = self._workers().run(read_columns, {}, params, timeout_s=READ_WITHIN_S)["data"]
        except StepTimeoutError:
            return too_slow(scan.server)
        except OdibiError as error:
            return error.with_traceback(None)
        return Schema.of(zip(*(column.to_pylist() for column in found.columns), strict=True))

    def fetch(
        self,
        sql: str,
        scans: Mapping[str, Scan],
        near: Mapping[str, Schema],
        rows: int,
        files: Mapping[str, Path],
    ) -> list[str]:
        """What a person should know of the rows that a query needs; they are in Parquet files then.

        Args:
            sql: The query.
            scans: Name in the query → how it is read.
            near: The columns of the other datasets that it asks.
            rows: How many rows of its result are wanted.
            files: Name in the query → the file to be.

        Raises:
            OdibiError: One can't be read, or not in time.
        """
        if not scans:
            return []
        params = {
            "root": str(self._workspace.root),
            "sql": sql,
            "scans": {name: packed(scan) for name, scan in scans.items()},
            "near": {name: [list(column) for column in schema] for name, schema in near.items()},
            "rows": rows,
            "most": MOST_ROWS,
            "files": {name: str(path) for name, path in files.items()},
        }
        try:
            found = self._workers().run(read_rows, {}, params, timeout_s=READ_WITHIN_S)["data"]
        except StepTimeoutError:
            raise too_slow(", ".join(scans)) from None
        return list(found.column("note").to_pylist())

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._pool is not None:
                self._pool.close()
                self._pool = None

    def _workers(self) -> ProcessPool:
        with self._lock:
            self._pool = self._pool or ProcessPool(1)
            return self._pool
