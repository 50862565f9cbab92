"""Keeps several commands running, each in a process of its own, and ends them together."""

from __future__ import annotations

import ctypes
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from odibi_core.late_dataclass import dataclass
from odibi_core.signals import cancel_on_signals

_LOOK_EVERY_S = 0.25
_READ_EVERY_S = 2.0
_LONGEST_PAUSE_S = 60.0
_STEADY_S = 30.0
_PR_SET_PDEATHSIG = 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """What is to run.

    Attributes:
        arguments: Of `odibi`.
        state: Where it changes, the command is ended and started again.
    """

    arguments: tuple[str, ...]
    state: object = None


Commands = Callable[[], Mapping[str, Command]]
"""Gives name → command, for everything that is to run now."""


@dataclass(slots=True)
class _Child:
    command: Command
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    pause_s: float = 1.0
    due: float = field(default=0.0)


class Supervisor:
    """Keeps commands running; one that ends by itself is started again, later each time.

    Args:
        root: The workspace's folder.
        commands: Says what is to run, time and again.
    """

    def __init__(self, root: Path, commands: Commands) -> None:
        self._root, self._commands = root, commands
        self._children: dict[str, _Child] = {}
        self._stopping = threading.Event()

    def run(self) -> None:
        """Keep everything running until SIGINT or SIGTERM, then end it all."""
        with cancel_on_signals(lambda _reason: self._stopping.set(), ends_process=False):
            try:
                read_at = 0.0
                while not self._stopping.is_set():
                    if time.monotonic() >= read_at:
                        self._read()
                        read_at = time.monotonic() + _READ_EVERY_S
                    self._look()
                    self._stopping.wait(_LOOK_EVERY_S)
            finally:
                self._end(list(self._children))

    def _read(self) -> None:
        wanted = self._commands()
        self._end([name for name, child in self._children.items() if wanted.get(name) != child.command])
        for name, command in wanted.items():
            self._children.setdefault(name, _Child(command))

    def _look(self) -> None:
        now = time.monotonic()
        for name, child in self._children.items():
            if child.process is None:
                if now >= child.due:
                    child.process, child.began = _start(self._root, child.command.arguments), now
                continue
            code = child.process.poll()
            if code is None:
                continue
            is_steady = now - child.began > _STEADY_S
            child.pause_s = 1.0 if is_steady else min(child.pause_s * 2, _LONGEST_PAUSE_S)
            child.process, child.due = None, now + child.pause_s
            _log.error("%s has ended with code %d: it is started again in %g s", name, code, child.pause_s)

    def _end(self, names: Sequence[str]) -> None:
        ending = [child.process for name in names if (child := self._children.pop(name)).process is not None]
        for process in ending:
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
        while any(process is not None and process.poll() is None for process in ending):
            # In pieces: a second signal is to be heard.
            time.sleep(_LOOK_EVERY_S / 5)


def _start(root: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    # Without -m: that would put the current folder before the installed packages.
    code = "import sys; from odibi_core.cli import main; sys.exit(main())"
    return subprocess.Popen(  # noqa: S603 - it runs odibi itself
        [sys.executable, "-P", "-c", code, "-w", str(root), *arguments],
        cwd=root,
        stdin=subprocess.DEVNULL,
        # Ctrl-C at the terminal is for the supervisor alone: a second signal would cut a batch off.
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - no thread runs here
    )


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
