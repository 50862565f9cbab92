"""The folder for a run's own files, which goes when the run ends, however it ends."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from odibi_core.formats.atomic import locked


class Scratch:
    """A folder of its own among others; it is locked for as long as its process lives.

    What dead processes left beside it is swept when it is made.

    Args:
        folder: The folder of all scratch folders.
        kind: What it is for: the first word of its name.

    Attributes:
        path: The folder.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        # Nobody may sweep a folder between its making and its locking.
        with locked(folder):
            dead = list(_claim_dead(folder))
            self.path = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=folder))
            handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_EX)
        self._handle: int | None = handle
        for path, lock in dead:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)

    def close(self) -> None:
        """Remove the folder. Safe to call often."""
        handle, self._handle = self._handle, None
        if handle is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(handle)


def _claim_dead(folder: Path) -> Iterator[tuple[Path, int]]:
    """The folders whose processes are gone, each with the handle that locks it now."""
    for path in folder.iterdir():
        with suppress(OSError):
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(handle)
                continue
            yield path, handle
