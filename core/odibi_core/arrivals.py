"""Files that come into a folder: which are new, and which are whole.

A file is whole when it has stayed as it is for a while and no process has it open for writing. The kernel
tells the latter of files that are ours, on disks of this machine; elsewhere the first alone counts.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

from odibi_core.errors import SourceError
from odibi_core.late_dataclass import dataclass

_UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".swp", "~")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A file that came.

    Attributes:
        path: The file, absolute.
        identity: What tells this state of it from every other.
        size_bytes: Its size.
        mtime: When it was last written, in seconds since 1970.
    """

    path: Path
    identity: str
    size_bytes: int
    mtime: float


class Arrivals:
    """The new whole files of a folder.

    Args:
        folder: The folder; it need not be there yet.
        pattern: Which of its files count; one with a "/" looks into the folders below, too.
        settle_s: How long a file must stay as it is.
    """

    def __init__(self, folder: Path, pattern: str, settle_s: float) -> None:
        self._folder, self._pattern, self._settle_s = folder, pattern, settle_s
        self._unsettled: dict[str, tuple[str, float]] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether some file was not whole yet when it was last looked."""
        return bool(self._unsettled)

    def look(self, known: Mapping[str, str]) -> tuple[list[Arrival], list[str]]:
        """The new whole files, the oldest first, and the paths of known ones that are gone.

        Args:
            known: Path → identity of files that count as old.

        Raises:
            SourceError: The folder is there, and can't be read.
        """
        now, wall = time.monotonic(), time.time()
        there: set[str] = set()
        unsettled: dict[str, tuple[str, float]] = {}
        whole: list[Arrival] = []
        for path, status in self._files():
            there.add(path)
            identity = f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"
            if known.get(path) == identity:
                continue
            before = self._unsettled.get(path)
            since = before[1] if before is not None and before[0] == identity else now
            # The time of change can't be set by anybody: what it says was so before we looked.
            has_settled = now - since >= self._settle_s or wall - status.st_ctime >= self._settle_s
            if has_settled and not is_open_for_writing(path):
                whole.append(Arrival(Path(path), identity, status.st_size, status.st_mtime))
            else:
                unsettled[path] = (identity, since)
        self._unsettled = unsettled
        whole.sort(key=lambda arrival: (arrival.mtime, str(arrival.path)))
        return whole, [path for path in known if path not in there]

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        for path in self._paths():
            try:
                status = path.stat()
            except OSError:
                continue
            if path.is_file() and not _is_private(path.relative_to(self._folder)):
                yield str(path), status

    def _paths(self) -> Iterator[Path]:
        if "/" in self._pattern:
            yield from self._folder.glob(self._pattern)
            return
        try:
            with os.scandir(self._folder) as entries:
                names = [entry.name for entry in entries if fnmatch(entry.name, self._pattern)]
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise SourceError(
                f"the folder can't be read: {(error.strerror or str(error)).lower()}",
                where=str(self._folder),
                fix="allow reading it for whom this runs as",
            ) from error
        for name in names:
            yield self._folder / name


def is_open_for_writing(path: str) -> bool:
    """Whether a process is known to have a file open for writing; False where that can't be known."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        # Whoever opens the file meanwhile has us told by this signal, which nobody minds; SIGIO would end us.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def _is_private(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts) or path.name.endswith(_UNFINISHED)
