"""From a file that was dropped on the canvas to the step that reads it."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from pathlib import Path
from typing import BinaryIO

from odibi_core.errors import OdibiError
from odibi_core.formats.registry import format_names, format_of
from odibi_core.workspace import Workspace
from odibi_studio.messages import SourceAnswer, StepForm
from odibi_studio.services.files import WorkspaceFiles

FOLDER = "data"
MAX_BYTES = 200 << 20
_CHUNK_BYTES = 1 << 20
_LONGEST_NAME = 120


class Sources:
    """Takes files into the workspace.

    Args:
        workspace: Gets them, in its folder `data`.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._root = workspace.root.resolve()
        self._files = WorkspaceFiles(workspace)

    def take(self, name: str, content: BinaryIO) -> SourceAnswer:
        """The file in the workspace, and the step that reads it.

        A file is never overwritten: where another has the name, this one gets a number; where the same
        content is there already under the name, that file is taken.

        Args:
            name: As the file was called.
            content: Its bytes.

        Raises:
            OdibiError: No format reads such a file, it is empty or too large, or it can't be kept.
        """
        safe = safe_name(name)
        folder = self._root / FOLDER
        _require_format(folder / safe)
        try:
            folder.mkdir(exist_ok=True)
            if not folder.resolve().is_relative_to(self._root):
                raise OdibiError("the folder of data lies outside of the workspace", where=str(folder))
            path = self._kept(folder, safe, content)
        except OSError as error:
            raise OdibiError(
                f"the file can't be kept: {error.strerror}",
                where=f"{FOLDER}/{safe}",
                fix="see that the disk has space, and that you may write there",
            ) from error
        return SourceAnswer(path=f"{FOLDER}/{path.name}", step=source_step(f"{FOLDER}/{path.name}"))

    def _kept(self, folder: Path, name: str, content: BinaryIO) -> Path:
        handle, temporary = tempfile.mkstemp(prefix=".upload-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                digest, size = hashlib.sha256(), 0
                while chunk := content.read(_CHUNK_BYTES):
                    size += len(chunk)
                    if size > MAX_BYTES:
                        raise OdibiError(
                            f"the file is larger than {MAX_BYTES >> 20} MB",
                            where=name,
                            fix="copy it into the folder of the workspace, and name it in the step",
                        )
                    digest.update(chunk)
                    file.write(chunk)
            if size == 0:
                raise OdibiError("the file is empty", where=name)
            Path(temporary).chmod(0o644)
            return _place(folder, name, Path(temporary), digest.digest(), size)
        finally:
            Path(temporary).unlink(missing_ok=True)


def source_step(path: str) -> StepForm:
    """The step that reads a file of the workspace: what its reader finds out by itself is not said."""
    word = _word(Path(path).name)
    return StepForm(
        name=f"read_{word}",
        layer="bronze",
        type="config_op",
        value=path,
        outputs={"data": word},
    )


def safe_name(name: str) -> str:
    """A file name that means a file of the folder and nothing else."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(letter for letter in base if letter.isprintable() and letter not in '<>:"|?*[]{}$')
    stem, dot, ending = kept.strip().lstrip(".").partition(".")
    shortened = f"{stem[: _LONGEST_NAME - len(dot + ending)]}{dot}{ending}".strip()
    if not stem or len(shortened.encode()) > 250:
        raise OdibiError(f"{name!r} can't be a file's name", fix="give the file a short name")
    return shortened


def _require_format(path: Path) -> None:
    try:
        format_ = format_of(path)
    except OdibiError as error:
        raise OdibiError(
            f"no format reads files such as {path.name!r}",
            fix=f"the formats are {', '.join(format_names())}",
        ) from error
    if not format_.abilities.read:
        raise OdibiError(f"{format_.name} can't be read", where=path.name)


def _place(folder: Path, name: str, temporary: Path, digest: bytes, size: int) -> Path:
    stem, dot, ending = name.partition(".")
    number = 1
    while True:
        path = folder / (name if number == 1 else f"{stem}_{number}{dot}{ending}")
        try:
            # A link fails where the name is taken: nothing is ever overwritten.
            os.link(temporary, path)
        except FileExistsError:
            if path.is_file() and path.stat().st_size == size and _digest(path) == digest:
                return path
            number += 1
        else:
            return path


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _word(name: str) -> str:
    stem = name.partition(".")[0]
    folded = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    word = re.sub(r"\W+", "_", folded).strip("_").lower()
    return word if word and not word[0].isdigit() else f"file_{word}".rstrip("_")
