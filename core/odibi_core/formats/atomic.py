"""Files and folders that change in one step: whoever looks sees the old state or the new one.

What is written goes into a private folder beside the target, `.tmp-<ticket>-<name>`, is flushed to the disk
there, and then takes the target's place by one rename. The writer holds a lock on the private folder for as
long as it lives, so that the next writer can tell what a dead one left behind and sweep it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from odibi_core.errors import TargetError
from odibi_core.formats.base import Ticket

_PREFIX = ".tmp-"
_HASH_LENGTH = 16
_HEXADECIMAL = frozenset("0123456789abcdef")
_OLD = "old"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2

_REASONS = {
    errno.ENOSPC: (
        "the disk is full",
        "free some space, or write to another disk; what was there is unchanged",
    ),
    errno.EDQUOT: ("the disk quota is used up", "free some space; what was there is unchanged"),
    errno.EFBIG: ("the file grows past the largest size allowed", "raise the limit, or write to a folder"),
    errno.EACCES: ("permission denied", "give write permission on the folder, or choose another path"),
    errno.EPERM: ("permission denied", "give write permission on the folder, or choose another path"),
    errno.EROFS: ("the file system is read-only", "choose a path on a file system that can be written"),
    errno.ENOTDIR: ("a file stands where a folder should be", "remove that file, or choose another path"),
    errno.EISDIR: ("a folder stands where a file should be", "remove that folder, or choose another path"),
    errno.EEXIST: ("another run writes it right now", "let that run end, then run the step again"),
    errno.ENAMETOOLONG: ("the name is too long for the file system", "choose a shorter name"),
    errno.ENOENT: ("the folder can't be created", "choose another path"),
}


# These may as well be about a source of the same query.
_ABOUT_PATHS = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EEXIST)


def target_error(error: BaseException, path: Path) -> TargetError | None:
    """A TargetError that explains a failed write, or None where the error is not about writing.

    Libraries written in other languages keep the system's reason only in their text.
    """
    text = str(error)
    if isinstance(error, OSError) and error.errno is not None:
        number = error.errno
        place = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
        is_ours = path.is_relative_to(place) or place.is_relative_to(path.parent)
    else:
        number = next((code for code in _REASONS if os.strerror(code) in text), 0)
        is_ours = str(path) in text or _PREFIX in text
    if number in _ABOUT_PATHS and not is_ours:
        return None
    if number not in _REASONS:
        return None
    what, fix = _REASONS[number]
    return TargetError(what, where=str(path), fix=fix)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn a failed write of `path` into a TargetError; other errors pass as they are."""
    try:
        yield
    except TargetError:
        raise
    except Exception as error:
        explanation = target_error(error, path)
        if explanation is None:
            raise
        raise explanation from error


def ticket_hash(ticket: Ticket) -> str:
    """A short name for a ticket that any file system takes."""
    return hashlib.sha256(str(ticket).encode()).hexdigest()[:_HASH_LENGTH]


@contextmanager
def staged(target: Path, ticket: Ticket) -> Iterator[Path]:
    """A path of the target's name to write to; it goes with everything around it at the end.

    Call `publish` inside to let it take the target's place.
    """
    place = real(target)
    with explained(place):
        make_parents(place.parent)
        sweep(place)
        room = place.parent / f"{_PREFIX}{ticket_hash(ticket)}-{_short(place.name)}"
        room.mkdir(mode=0o700)
        handle = os.open(room, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield room / target.name
        finally:
            shutil.rmtree(room, ignore_errors=True)
            os.close(handle)


def publish(prepared: Path, target: Path, check: Callable[[], None] = lambda: None) -> None:
    """Let a file or folder made under `staged` take the target's place, at once.

    A link stays: what it leads to is replaced. The permissions and the owner of what is replaced stay too,
    unless a folder takes the place of a file.

    Args:
        prepared: What `staged` gave.
        target: What it replaces.
        check: Called at the last moment; raises where the step was stopped meanwhile.
    """
    target = real(target)
    if prepared.is_dir() == target.is_dir():
        keep_permissions(prepared, target)
    flush(prepared)
    check()
    if prepared.is_dir() and target.exists():
        if not _exchange(prepared, target):
            target.rename(prepared.parent / _OLD)
            prepared.rename(target)
    else:
        prepared.replace(target)
    flush_folder(target.parent)


def real(path: Path) -> Path:
    """The file or folder that a path means, behind any links."""
    return Path(os.path.realpath(path))


def sweep(target: Path) -> None:
    """Clear what dead writers of this target left, and finish a swap that one of them began."""
    target = real(target)
    for room in _rooms(target):
        with suppress(FileNotFoundError):
            handle = os.open(room, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _recover(room, target)
                shutil.rmtree(room)
            except BlockingIOError:
                continue
            finally:
                os.close(handle)


def _rooms(target: Path) -> list[Path]:
    """The folders in which writers of this target have prepared it."""
    rest = f"-{_short(target.name)}"
    length = len(_PREFIX) + _HASH_LENGTH + len(rest)
    try:
        with os.scandir(target.parent) as entries:
            names = [entry.name for entry in entries]
    except OSError:
        return []
    return [
        target.parent / name
        for name in names
        if len(name) == length
        and name.startswith(_PREFIX)
        and name.endswith(rest)
        and _HEXADECIMAL.issuperset(name[len(_PREFIX) : -len(rest)])
    ]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: for the moment in which a target is compared and replaced."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def flush(path: Path) -> None:
    """Bring a file, or a folder and all in it, to the disk."""
    if path.is_dir():
        for inside in path.iterdir():
            flush(inside)
        flush_folder(path)
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_folder(path: Path) -> None:
    """Bring a folder's list of names to the disk."""
    """Bring a folder's list of names to the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_parents(folder: Path) -> None:
    """Create a folder and those above it.

    Raises:
        TargetError: A file stands where one of them should be, or it can't be created.
    """
    for part in (folder, *folder.parents):
        if part.exists() and not part.is_dir():
            raise TargetError(
                "a file stands where a folder should be",
                where=str(part),
                fix="remove that file, or choose another path",
            )
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)


def keep_permissions(prepared: Path, target: Path) -> None:
    """Give what was prepared the permissions, and where allowed the owner, of what it replaces."""
    try:
        old = target.stat()
    except FileNotFoundError:
        return
    # Only a privileged user may give files away; to others the writer's own ownership is all there is.
    with suppress(PermissionError):
        os.chown(prepared, old.st_uid, old.st_gid)
    prepared.chmod(stat.S_IMODE(old.st_mode))


def _recover(room: Path, target: Path) -> None:
    # Only the swap by two renames leaves an old folder and no target.
    old, new = room / _OLD, room / target.name
    if old.exists() and not target.exists():
        (new if new.exists() else old).rename(target)
        flush_folder(target.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Whether the kernel exchanged the two paths in one step."""
    import ctypes

    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(other))


def _short(name: str) -> str:
    # The prefix and the ticket's hash take 22 of the 255 bytes that a name may have.
    encoded = name.encode()
    return name if len(encoded) <= 220 else hashlib.sha256(encoded).hexdigest()
