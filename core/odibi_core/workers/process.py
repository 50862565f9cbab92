"""One worker process, seen from the run: started, asked, and ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from odibi_core.errors import RunCancelledError, StepTimeoutError, WorkerLostError

_LOOK_EVERY_S = 0.05
_EXIT_WITHIN_S = 5.0

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from odibi_core.workers.child import serve; serve(int(sys.argv[2]), int(sys.argv[3]))"
)


class WorkerProcess:
    """A process that carries out one request at a time.

    It has the run's `sys.path` and working directory, and leads a process group of its own: Ctrl-C reaches
    the run alone, and ending the worker ends what it started. What its functions print goes to stderr.

    Attributes:
        is_busy: Whether it was asked something that it has not answered.
    """

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        # The kernel ends the worker when this pipe loses its writing end: with the run, however it dies.
        lifeline, self._lifeline = os.pipe()
        command = [sys.executable, "-P", "-c", _START, json.dumps(sys.path)]
        try:
            self._process = subprocess.Popen(  # noqa: S603  nothing in the command comes from a user
                [*command, str(theirs.fileno()), str(lifeline)],
                stdin=subprocess.DEVNULL,
                stdout=2,
                pass_fds=(theirs.fileno(), lifeline),
                start_new_session=True,
            )
        except OSError as error:
            self._socket.close()
            os.close(self._lifeline)
            raise WorkerLostError(f"a worker process can't be started: {error.strerror}") from error
        finally:
            theirs.close()
            os.close(lifeline)
        self._received = b""
        self._is_ready = False
        self.is_busy = False

    @property
    def is_alive(self) -> bool:
        """Whether it can take a request."""
        return self._process.poll() is None

    def ask(
        self, request: dict[str, Any], *, timeout_s: float | None, is_stopped: Callable[[], bool]
    ) -> dict[str, Any]:
        """The answer to a request. After an error the worker is still busy, and can only be ended.

        Args:
            request: What `child.serve` takes.
            timeout_s: Seconds from the moment at which the worker has the request; None waits for ever.
            is_stopped: Looked at twenty times a second; True gives the request up.

        Raises:
            StepTimeoutError: The time is up.
            RunCancelledError: The request was given up.
            WorkerLostError: The process died.
        """
        self.is_busy = True
        if not self._is_ready:
            self._receive(None, is_stopped)
            self._is_ready = True
        try:
            self._socket.settimeout(None)
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            raise self._lost() from None
        answer: dict[str, Any] = json.loads(self._receive(timeout_s, is_stopped))
        self.is_busy = False
        return answer

    def _receive(self, timeout_s: float | None, is_stopped: Callable[[], bool]) -> bytes:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while b"\n" not in self._received:
            if is_stopped():
                raise RunCancelledError("the step was stopped")
            left_s = _LOOK_EVERY_S if deadline is None else deadline - time.monotonic()
            if left_s <= 0:
                raise StepTimeoutError(
                    f"the step was stopped at its time limit of {timeout_s:g} s",
                    fix="give it more time with timeout_s, or less to do",
                )
            self._socket.settimeout(min(_LOOK_EVERY_S, left_s))
            try:
                chunk = self._socket.recv(1 << 16)
            except TimeoutError:
                # Something that the worker started may hold its end of the socket open when it is dead.
                if self.is_alive:
                    continue
                chunk = b""
            except ConnectionError:
                chunk = b""
            if not chunk:
                raise self._lost()
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        return line

    def _lost(self) -> WorkerLostError:
        try:
            code = self._process.wait(_EXIT_WITHIN_S)
        except subprocess.TimeoutExpired:
            return WorkerLostError("the worker process closed its connection to the run")
        if not self._is_ready:
            return WorkerLostError(
                f"a worker process could not start: it {_how_it_ended(code)}",
                fix="its messages are on stderr",
            )
        return WorkerLostError(f"the worker process {_how_it_ended(code)}")

    def end(self) -> None:
        """End the process, and all that it started, now."""
        if self.is_alive:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._socket.close()
        os.close(self._lifeline)


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    reasons = {
        signal.SIGKILL: ": probably out of memory",
        signal.SIGSEGV: ": a native library crashed",
        signal.SIGABRT: ": a native library gave up",
    }
    return f"was killed by signal {-code} ({name}){reasons.get(-code, '')}"  # type: ignore[call-overload]
