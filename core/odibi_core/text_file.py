"""Files that are replaced whole: a reader sees the old text or the new one."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from odibi_core.errors import TargetError


def write_text_file(path: str | Path, text: str) -> Path:
    """The path of the file that now holds `text` as UTF-8. Folders that lack are made.

    Raises:
        TargetError: The file can't be written; what was there is unchanged.
    """
    # Half of a surrogate pair can't be written as UTF-8; its escape means the same in JSON.
    return write_file(path, text.encode("utf-8", errors="backslashreplace"))


def write_file(path: str | Path, data: bytes) -> Path:
    """The path of the file that now holds `data`. Folders that lack are made.

    Raises:
        TargetError: The file can't be written; what was there is unchanged.
    """
    target = Path(path)
    draft = target.with_name(f".tmp-{secrets.token_hex(8)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise TargetError(
            f"the file can't be written: {reason(error)}",
            where=str(target),
            fix="give the path of a file in a folder that you may write to, on a disk with free space",
        ) from error
    return target


def reason(error: OSError) -> str:
    """Why the system refused to write, in words."""
    match error:
        case FileExistsError() | NotADirectoryError():
            return "a file stands where a folder should be"
        case IsADirectoryError():
            return "a folder stands where a file should be"
    return (error.strerror or str(error)).lower()
