"""The sandbox as the Studio sees it: it takes tables and SQL, and gives tables."""

from __future__ import annotations

import array
import contextlib
import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odibi_core.errors import OdibiError
from odibi_studio.sandbox.wire import HungUpError, pack, receive, send, unpack

if TYPE_CHECKING:
    import pyarrow as pa

TIME_LIMIT_S = 5.0
_READY = 2
_TRIES = 3
_START_WITHIN_S = 60.0
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from odibi_studio.sandbox.child import serve; serve(int(sys.argv[2]))"
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One SELECT.

    Attributes:
        sql: The text.
        table: The table that it makes for the stages after it; "" where its rows are wanted.
        rows: How many rows are wanted at most; 0 wants all.
    """

    sql: str
    table: str = ""
    rows: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """Files that the SQL may read, by a name.

    Attributes:
        name: The name.
        sql: What the Studio, never a person, says to read them: a table expression of DuckDB.
        path: The file, or the folder that they are in; nothing else can be reached.
    """

    name: str
    sql: str
    path: str


class StageError(Exception):
    """A stage failed.

    Attributes:
        stage: Its number, from 0.
        cause: DuckDB's error, or None where the sandbox refused the SQL.
    """

    def __init__(self, stage: int, message: str, cause: Exception | None) -> None:
        super().__init__(message)
        self.stage, self.cause = stage, cause


class TooMuchError(OdibiError):
    """A preview used up its time or its memory."""


class Sandbox:
    """Runs SELECTs over given tables, each request in a process of its own that can reach nothing else.

    The first request waits for processes to start, unless they were warmed up before.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._filling = threading.Lock()
        self._ready: queue.SimpleQueue[_Cell] = queue.SimpleQueue()
        self._is_open = True
        self._parent: _Parent | None = None

    def warm_up(self) -> None:
        """Have the processes ready that the next requests need."""
        self._fill()

    def run(
        self,
        tables: Mapping[str, pa.Table],
        stages: Sequence[Stage],
        time_limit_s: float = TIME_LIMIT_S,
        views: Sequence[View] = (),
    ) -> list[pa.Table]:
        """The rows of the stages that make no table, in their order.

        Args:
            tables: Name → rows that the SQL may read.
            stages: Each may read the tables and those that stages before it made.
            time_limit_s: Seconds from the moment at which the process has the request.
            views: Files that the SQL may read.

        Raises:
            StageError: A stage failed.
            TooMuchError: The time is up, or the memory.
        """
        request = {
            "tables": list(tables),
            "stages": [{"sql": stage.sql, "table": stage.table, "rows": stage.rows} for stage in stages],
            "views": [{"name": view.name, "sql": view.sql, "path": view.path} for view in views],
        }
        streams = [pack(table) for table in tables.values()]
        answer, parts = self._ask(request, streams, time_limit_s)
        if answer["kind"] == "rows":
            return [unpack(part) for part in parts]
        raise _failure(answer)

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._is_open = False
            with contextlib.suppress(queue.Empty):
                while True:
                    self._ready.get_nowait().end()
            if self._parent is not None:
                self._parent.end()
                self._parent = None

    def _ask(
        self, request: dict[str, Any], streams: Sequence[bytes], time_limit_s: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        try:
            for _ in range(_TRIES):
                cell = self._take()
                try:
                    return cell.ask(request, streams, time_limit_s)
                except _DeadCellError:
                    continue
                finally:
                    cell.end()
        finally:
            threading.Thread(target=self._fill, name="sandbox", daemon=True).start()
        # Each that had the request died of it, whatever became of those that only waited.
        raise TooMuchError(
            "the preview needs more memory than it may use",
            fix="filter before joins, or choose fewer columns",
        )

    def _take(self) -> _Cell:
        # Those that waited may have died meanwhile, all of them: where memory is short, they go first.
        with contextlib.suppress(queue.Empty):
            while True:
                cell = self._ready.get_nowait()
                if cell.waits():
                    return cell
                cell.end()
        for _ in range(_TRIES):
            cell = self._start_cell()
            if cell.waits():
                return cell
            cell.end()
        raise _cannot_start()

    def _fill(self) -> None:
        # One at a time: several would each start what is missing.
        with self._filling:
            while self._ready.qsize() < _READY:
                try:
                    cell = self._start_cell()
                except OdibiError:
                    return
                with self._lock:
                    if not self._is_open:
                        cell.end()
                        return
                    self._ready.put(cell)

    def _start_cell(self) -> _Cell:
        with self._lock:
            if not self._is_open:
                raise OdibiError("the sandbox of previews is closed")
            for _ in range(2):
                if self._parent is None:
                    self._parent = _Parent()
                try:
                    return self._parent.fork()
                except (OSError, HungUpError):
                    self._parent.end()
                    self._parent = None
        raise _cannot_start()


class _Parent:
    """The process from which cells are forked. It has neither the Studio's environment nor its folder."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._folder = tempfile.TemporaryDirectory(prefix="odibi-sandbox-")
        paths = [os.path.abspath(path) for path in sys.path]  # noqa: PTH100 - "" is the current folder
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  nothing in the command comes from a user
                [sys.executable, "-I", "-c", _START, json.dumps(paths), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system"},
                cwd=self._folder.name,
                start_new_session=True,
            )
        self._socket.settimeout(_START_WITHIN_S)
        self._is_ready = False

    def fork(self) -> _Cell:
        """A new cell.

        Raises:
            OSError: The process is gone.
            HungUpError: The same.
        """
        if not self._is_ready:
            _expect(self._socket, 1)
            self._is_ready = True
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                rights = array.array("i", [theirs.fileno()])
                self._socket.sendmsg([b"\1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
            return _Cell(ours, int.from_bytes(_expect(self._socket, 8), "big"))
        except BaseException:
            ours.close()
            raise

    def end(self) -> None:
        """End the process."""
        self._socket.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()


class _DeadCellError(Exception):
    """A process is gone, without an answer."""


class _Cell:
    """A process for one request."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self._socket = connection
        try:
            self._handle: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle = None

    def waits(self) -> bool:
        """Whether it is alive and has opened its database: it can be asked now."""
        if self._handle is None:
            return False
        try:
            self._socket.settimeout(_START_WITHIN_S)
            _expect(self._socket, 1)
        except (HungUpError, OSError):
            return False
        # What it said may be all that is left of it.
        ended = select.poll()
        ended.register(self._handle, select.POLLIN)
        return not ended.poll(0)

    def ask(
        self, request: dict[str, Any], parts: Sequence[bytes], time_limit_s: float
    ) -> tuple[dict[str, Any], list[bytes]]:
        """The answer of one that waits.

        Raises:
            TooMuchError: The time is up.
            _DeadCellError: It died over the request.
        """
        try:
            send(self._socket, request, parts)
        except OSError as error:
            raise _DeadCellError from error
        self._socket.settimeout(time_limit_s)
        deadline = time.monotonic() + time_limit_s
        # The time limit of the socket is one for each piece of the answer.
        watch = threading.Timer(time_limit_s, self.kill)
        watch.daemon = True
        watch.start()
        try:
            return receive(self._socket)
        except (HungUpError, OSError, ValueError):
            if time.monotonic() >= deadline:
                raise _too_slow(time_limit_s) from None
            raise _DeadCellError from None
        finally:
            watch.cancel()

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError, OSError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def end(self) -> None:
        """End the process, and let go of it."""
        self.kill()
        self._socket.close()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _expect(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        chunk = connection.recv(length - len(received))
        if not chunk:
            raise HungUpError
        received += chunk
    return received


def _cannot_start() -> OdibiError:
    return OdibiError(
        "the sandbox of previews can't be started", fix="see whether the machine has memory left"
    )


def _too_slow(time_limit_s: float) -> TooMuchError:
    return TooMuchError(
        f"the preview was stopped after {time_limit_s:g} s",
        fix="see whether a join pairs every row with every other, or a recursion never ends",
    )


def _failure(answer: dict[str, Any]) -> StageError:
    import duckdb

    kind, message = answer["kind"], answer["message"]
    if kind == "refused":
        return StageError(answer["stage"], message, None)
    made = getattr(duckdb, kind, duckdb.Error)
    is_error = isinstance(made, type) and issubclass(made, duckdb.Error)
    return StageError(answer["stage"], message, made(message) if is_error else duckdb.Error(message))
