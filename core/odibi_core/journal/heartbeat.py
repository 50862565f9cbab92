"""The heartbeat of a run: tells a reader whether the process behind a journal is still there.

The file says which process writes the journal. It is touched about each second, for readers that can't see
the process: on another machine, or in another container.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from odibi_core.journal.identity import ProcessIdentity

HEARTBEAT_FILE = "heartbeat"
BEAT_S = 1.0
STALE_S = 15.0


class Heartbeat:
    """Beats from a thread of its own until it is stopped.

    Args:
        run_dir: The run's folder.
        on_beat: Called at each beat, in that thread.

    Raises:
        OSError: The file can't be written.
    """

    def __init__(self, run_dir: Path, on_beat: Callable[[], object] = lambda: None) -> None:
        self._on_beat = on_beat
        self._identity = ProcessIdentity.of_this_process()
        self._file = os.open(run_dir / HEARTBEAT_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        self._stopped = threading.Event()
        self._write(has_ended=False)
        self._thread = threading.Thread(target=self._beat, name="odibi-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Say that the process is done with the run.

        Raises:
            OSError: The file can't be written.
        """
        self._stopped.set()
        self._thread.join()
        try:
            self._write(has_ended=True)
        finally:
            os.close(self._file)

    def _write(self, *, has_ended: bool) -> None:
        identity = asdict(self._identity) if self._identity else {"pid": os.getpid()}
        text = json.dumps({**identity, "has_ended": has_ended})
        # The same length both times: on a full disk, too, the end can be written over the beginning.
        os.pwrite(self._file, text.encode().ljust(256), 0)

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT_S):
            with suppress(OSError):  # the next beat tries again
                os.utime(self._file)
            self._on_beat()


def is_beating(run_dir: Path) -> bool:
    """Whether the process behind a journal is there and still at the run."""
    path = run_dir / HEARTBEAT_FILE
    said = _read(path)
    if said.get("has_ended") is True:
        return False
    identity = _identity(said)
    alive = identity.is_alive() if identity else None
    if alive is not None:
        return alive
    # Not written yet, damaged, or of a process that can't be seen from here: its age has to do.
    return age_s(path if path.exists() else run_dir) < STALE_S


def running_process(run_dir: Path) -> ProcessIdentity | None:
    """The process that is at the run; None where there is none, or the system doesn't tell."""
    said = _read(run_dir / HEARTBEAT_FILE)
    return None if said.get("has_ended") is True else _identity(said)


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _identity(said: dict[str, Any]) -> ProcessIdentity | None:
    try:
        return ProcessIdentity(said["pid"], said["start_ticks"], said["boot_id"], said["pid_namespace"])
    except KeyError:
        return None


def age_s(path: Path) -> float:
    """Seconds since a file or folder was touched; infinite where it is not there."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
