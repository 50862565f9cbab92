"""A lock that one process of a machine holds while it lives: however it ends, the kernel lets go of it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path


class FileLock:
    """A lock on a file.

    Args:
        path: The file; it is made where it is missing, and stays.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether it is held here."""
        return self._handle is not None

    def take(self) -> bool:
        """Whether the lock is held here now; False where another holds it."""
        if self._handle is not None:
            return True
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._handle = handle
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        return True

    def holder(self) -> int | None:
        """The id of the process that took it last; None where it is not known."""
        with suppress(OSError, ValueError):
            return int(self._path.read_text())
        return None

    @property
    def is_taken(self) -> bool:
        """Whether a process that lives holds it, here or elsewhere; asking takes nothing from anybody."""
        if self._handle is not None:
            return True
        pid, place = self.holder(), os.path.realpath(self._path)
        if pid is None:
            return False
        try:
            opened = Path(f"/proc/{pid}/fd")
            return any(os.path.realpath(opened / name) == place for name in os.listdir(opened))  # noqa: PTH208
        except PermissionError:
            # Another person's process: all that can be seen of it is that it lives.
            return True
        except OSError:
            return False

    def release(self) -> None:
        """Let go of it."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
