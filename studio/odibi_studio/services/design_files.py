"""The pipeline files of a workspace: found, read, written whole, never outside the workspace."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from odibi_core.design.source import MAX_SIZE_BYTES
from odibi_core.errors import OdibiError, WorkspaceError
from odibi_core.text_file import reason, write_text_file
from odibi_core.workspace import PIPELINE_SUFFIXES, Workspace, file_name
from odibi_studio.services.documents import Content

FOLDER = "pipelines"


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """A file in the folder, as it was when it was read.

    Attributes:
        path: Relative to the workspace, with slashes.
        digest: Of its bytes.
        modified: When it was changed last, UTC, ISO 8601.
        text: Its text; "" where there is a problem.
        problem: Why it can't be a design, or "".
    """

    path: str
    digest: str
    modified: str = ""
    text: str = ""
    problem: str = ""


class DesignFolder:
    """The folder `pipelines` of a workspace. What was read is kept for as long as the file stays as it is.

    Args:
        workspace: Whose folder it is.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._root = workspace.root
        self._known: dict[str, tuple[tuple[int, ...], PipelineFile]] = {}
        self._lock = Lock()

    def scan(self) -> dict[str, PipelineFile]:
        """Every pipeline file by its path, also those that can't be read; nothing below a subfolder.

        Raises:
            WorkspaceError: The folder is a link, or can't be read.
        """
        folder = self._root / FOLDER
        try:
            if folder.is_symlink():
                raise _link(folder)
            with os.scandir(folder) as entries:
                names = sorted(
                    entry.name
                    for entry in entries
                    if entry.name.endswith(PIPELINE_SUFFIXES)
                    and not entry.name.startswith(".")
                    and not entry.is_dir(follow_symlinks=False)
                )
        except FileNotFoundError:
            names = []
        except OSError as error:
            raise WorkspaceError(f"the folder can't be read: {reason(error)}", where=str(folder)) from error
        with self._lock:
            found = {f"{FOLDER}/{name}": self._read(f"{FOLDER}/{name}") for name in names}
            self._known = {path: known for path, known in self._known.items() if path in found}
        return {path: file for path, file in found.items() if file is not None}

    def write(self, path: str, text: str) -> str:
        """The digest of the file that now holds the text, line breaks as they are.

        Raises:
            OdibiError: It can't be written; what was there is unchanged.
        """
        write_text_file(self._inside(path), text)
        return _digest(text.encode("utf-8", errors="backslashreplace"))

    def move(self, path: str, target: str) -> None:
        """Give a file another name, where that is free.

        Raises:
            OdibiError: There is a file of that name, or it can't be renamed.
        """
        old, new = self._inside(path), self._inside(target)
        try:
            is_same_file = new.exists() and old.samefile(new)
            if not is_same_file and new.exists():
                raise WorkspaceError(
                    "there is another file of that name", where=target, fix="choose another name"
                )
            old.rename(new)
        except OSError as error:
            raise WorkspaceError(f"the file can't be renamed: {reason(error)}", where=path) from error

    def remove(self, path: str) -> None:
        """Remove a file; it may be gone already.

        Raises:
            OdibiError: It can't be removed.
        """
        try:
            self._inside(path).unlink(missing_ok=True)
        except OSError as error:
            raise WorkspaceError(f"the file can't be removed: {reason(error)}", where=path) from error

    def set_aside(self, path: str) -> Path:
        """Where a file now lies that a new one takes the place of: in `.odibi/set_aside`, out of every way.

        Raises:
            OdibiError: It can't be moved.
        """
        source = self._inside(path, follows=True)
        folder = self._root / ".odibi" / "set_aside"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            digest = hashlib.sha256(str(source.lstat().st_mtime_ns).encode()).hexdigest()[:8]
            target = folder / f"{source.stem}-{digest}{source.suffix}"
            source.rename(target)
        except OSError as error:
            raise WorkspaceError(f"the file can't be moved away: {reason(error)}", where=path) from error
        return target

    def path_for(self, name: str, suffix: str = PIPELINE_SUFFIXES[0]) -> str:
        """The path of the file of a pipeline of that name."""
        return f"{FOLDER}/{file_name(name)}{suffix}"

    def _inside(self, path: str, *, follows: bool = False) -> Path:
        folder, _, name = path.partition("/")
        target = self._root / folder / name
        if folder != FOLDER or not name or "/" in name or name in (".", ".."):
            raise WorkspaceError("a pipeline file lies in the folder pipelines and nowhere else", where=path)
        if target.parent.is_symlink():
            raise _link(target.parent)
        if target.is_symlink() and not follows:
            raise _link(target)
        return target

    def _read(self, path: str) -> PipelineFile | None:
        file = self._root / path
        try:
            found = file.lstat()
            if stat.S_ISLNK(found.st_mode):
                return PipelineFile(path, "", problem="it is a link, and links are not followed")
            if not stat.S_ISREG(found.st_mode):
                return PipelineFile(path, "", problem="it is no regular file")
            sign = (found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)
            known = self._known.get(path)
            if known is not None and known[0] == sign:
                return known[1]
            if found.st_size > MAX_SIZE_BYTES:
                limit = f"a design holds at most {MAX_SIZE_BYTES // 2**20} MB"
                return PipelineFile(path, f"size {found.st_size}", problem=limit)
            modified = dt.datetime.fromtimestamp(found.st_mtime, dt.UTC).isoformat(timespec="microseconds")
            made = _parsed(path, _content(file), modified)
        except FileNotFoundError:
            return None
        except OSError as error:
            return PipelineFile(path, "", problem=f"it can't be read: {reason(error)}")
        self._known[path] = (sign, made)
        return made


def _content(file: Path) -> bytes:
    # Between the look and the reading someone may have put a link there.
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
        return stream.read(MAX_SIZE_BYTES + 1)


def _parsed(path: str, data: bytes, modified: str) -> PipelineFile:
    digest = _digest(data)
    try:
        text = data.decode("utf-8")
        # Whoever takes the file in asks for its pipeline again, and then gets the one that is read here.
        _ = Content(text).pipeline
        return PipelineFile(path, digest, modified, text)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problem = f"line {line}: the file is not UTF-8 text; save it with the encoding UTF-8"
    except OdibiError as error:
        problem = str(error)
    return PipelineFile(path, digest, modified, problem=problem)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _link(path: Path) -> WorkspaceError:
    return WorkspaceError(
        "it is a link, and links are not followed", where=str(path), fix="put the folder or file itself there"
    )
