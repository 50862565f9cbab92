"""How a stream stands, as it is seen from outside of the process that runs it; and pausing it from there."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

from odibi_core.arrivals import Arrivals
from odibi_core.errors import WorkspaceError
from odibi_core.file_lock import FileLock
from odibi_core.late_dataclass import dataclass
from odibi_core.streams.config import StreamMode, state_folder
from odibi_core.streams.declared import STREAMS, Stream, checkpoint_folder, failed_folder
from odibi_core.streams.events import SUFFIX
from odibi_core.streams.ledger import Entry, StreamLedger, age_s
from odibi_core.text_file import reason
from odibi_core.workspace import Workspace

PAUSE_FILE = "paused"
_REASON = ".reason.json"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a stream stands.

    Attributes:
        is_running: Whether a process runs it.
        is_paused: Whether it takes nothing until it is resumed.
        waiting: Files, posts or batches that wait.
        lag_s: For how many seconds the oldest of them has.
        done: Files, posts or batches that are committed.
        failed: Those that could not be taken.
        watermark: How far rows were taken, as text; "" where there is none.
        error: Why the batch that is under way is not committed, or why there is none; or "".
        latest: What was taken, the latest first.
    """

    is_running: bool
    is_paused: bool
    waiting: int
    lag_s: float
    done: int
    failed: int
    watermark: str
    error: str
    latest: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file that was set aside.

    Attributes:
        name: The file's name, in the folder of failed files.
        reason: Why; "" where nobody wrote it down.
        run_id: The run that failed, or "".
        time: When, UTC, ISO 8601, or "".
        size_bytes: Its size.
    """

    name: str
    reason: str
    run_id: str
    time: str
    size_bytes: int


def standing(workspace: Workspace, name: str, stream: Stream, *, entries: int = 200) -> Standing:
    """How a stream stands now.

    Args:
        workspace: Where it is.
        name: Its name.
        stream: What it says.
        entries: How many of what was taken are told at most.

    Raises:
        OdibiError: Its ledger or its folder can't be read.
    """
    folder = checkpoint_folder(workspace, name) / state_folder(stream.mode, stream.source_path)
    counts: dict[str, int] = {}
    mark, trouble, latest, open_ = "", "", list[Entry](), list[Entry]()
    if (folder / "ledger.db").exists():
        ledger = StreamLedger(folder / "ledger.db")
        try:
            counts, mark, latest = ledger.count(), ledger.mark, ledger.latest(entries)
            open_, trouble = ledger.open_entries(), ledger.trouble
        finally:
            ledger.close()
    came = _came(workspace, stream, folder)
    ages = [age_s(entry.noticed) for entry in open_] + [time.time() - moment for moment in came[:1]]
    errors = [entry.reason for entry in open_ if entry.reason]
    return Standing(
        is_running=FileLock(folder / "lock").is_taken,
        is_paused=is_paused(checkpoint_folder(workspace, name)),
        waiting=len(came) + len(open_),
        lag_s=max(ages, default=0.0),
        done=counts.get("done", 0),
        failed=counts.get("failed", 0),
        watermark=str(json.loads(mark)["value"]) if mark else "",
        error=errors[0] if errors else trouble,
        latest=latest,
    )


def failed_files(workspace: Workspace, stream: Stream) -> list[FailedFile]:
    """The files that a stream of files could not take, the latest first; none of a stream of another mode."""
    if stream.mode is not StreamMode.FILE_WATCH:
        return []
    folder = failed_folder(workspace, stream)
    found = list(folder.iterdir()) if folder.is_dir() else []
    files = [_failed(path) for path in found if path.is_file() and not path.name.endswith(_REASON)]
    return sorted(files, key=lambda file: (file.time, file.name), reverse=True)


def pause(workspace: Workspace, name: str) -> bool:
    """Whether the stream was not paused yet; it is now: no batch begins until it is resumed.

    Raises:
        UnknownNameError: There is no such stream.
        WorkspaceError: It can't be written down.
    """
    STREAMS.find_file(workspace, name)
    path = checkpoint_folder(workspace, name) / PAUSE_FILE
    if path.exists():
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError as error:
        raise WorkspaceError(f"the stream can't be paused: {reason(error)}", where=str(path)) from error
    return True


def resume(workspace: Workspace, name: str) -> bool:
    """Whether the stream was paused; it takes batches again.

    Raises:
        UnknownNameError: There is no such stream.
    """
    STREAMS.find_file(workspace, name)
    path = checkpoint_folder(workspace, name) / PAUSE_FILE
    was_paused = path.exists()
    path.unlink(missing_ok=True)
    return was_paused


def is_paused(checkpoints: Path) -> bool:
    """Whether the stream that keeps its checkpoints in a folder is paused."""
    return (checkpoints / PAUSE_FILE).exists()


def _came(workspace: Workspace, stream: Stream, folder: Path) -> list[float]:
    """When each of what waits was written, in seconds since 1970, the oldest first."""
    match stream.mode:
        case StreamMode.FILE_WATCH:
            source = workspace.resolve(stream.source_path)
            arrivals = Arrivals(source, stream.file_pattern, stream.settle_s)
        case StreamMode.EVENT:
            arrivals = Arrivals(folder / "inbox", f"*{SUFFIX}", 0)
        case _:
            return []
    return [arrival.mtime for arrival in arrivals.look({})[0]]


def _failed(path: Path) -> FailedFile:
    told: dict[str, object] = {}
    try:
        told = json.loads(path.with_name(f"{path.name}{_REASON}").read_bytes())
    except (OSError, ValueError):
        told = {}
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    if not isinstance(told, dict):
        told = {}
    return FailedFile(
        path.name,
        str(told.get("reason", "")),
        str(told.get("run_id", "")),
        str(told.get("time", "")),
        size,
    )
