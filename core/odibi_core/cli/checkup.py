"""What `odibi doctor` looks at."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Iterator
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, distribution, requires, version
from pathlib import Path

from odibi_core.cli.session import Session
from odibi_core.cores import usable_cores
from odibi_core.errors import OdibiError
from odibi_core.late_dataclass import dataclass
from odibi_core.story.wording import plural

DISTRIBUTION = "odibi-studio"
_OLDEST_PYTHON = (3, 11)
_LOW_BYTES = 1 << 30
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(==(?P<pinned>[^;,\s]+))?[^;]*$")


class State(StrEnum):
    """How something was found."""

    GOOD = "ok"
    WARNING = "look"
    BAD = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, and how to mend it where it is not good."""

    state: State
    subject: str
    what: str
    fix: str = ""


def check_up(session: Session) -> list[Finding]:
    """What was found, in the order in which one thing needs another."""
    return [
        _python(),
        *_packages(),
        *_other_command(),
        *_parts(),
        *_workspace(session),
        _memory(),
    ]


def _python() -> Finding:
    found = f"{platform.python_version()} ({sys.executable})"
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return Finding(State.BAD, "Python", found, "use Python 3.11 or later")
    return Finding(State.GOOD, "Python", found)


def _packages() -> Iterator[Finding]:
    """The packages that the distribution itself says it needs, with the versions that are here."""
    fix = f"install it again: pip install --upgrade --force-reinstall {DISTRIBUTION}"
    try:
        needed = [found for line in requires(DISTRIBUTION) or () if (found := _REQUIREMENT.match(line))]
    except PackageNotFoundError:
        what = "it is not installed, only its source is here"
        yield Finding(State.BAD, DISTRIBUTION, what, "pip install -e . in the folder of its source")
        return
    good = []
    for requirement in needed:
        name, pinned = requirement["name"], requirement["pinned"]
        try:
            found_version = version(name)
        except PackageNotFoundError:
            yield Finding(State.BAD, name, "it is not installed", fix)
            continue
        if pinned and found_version != pinned:
            yield Finding(State.BAD, name, f"it is {found_version}, and {pinned} is needed", fix)
            continue
        good.append(f"{name} {found_version}")
    yield Finding(State.GOOD, "Packages", ", ".join(good))


def _other_command() -> Iterator[Finding]:
    """Another distribution of nearly the same name installs the same command."""
    try:
        other = distribution("odibi")
    except PackageNotFoundError:
        return
    yield Finding(
        State.WARNING,
        "Command",
        f"the package 'odibi' {other.version} is installed too, and brings a command of the same name",
        f"keep one of the two: pip uninstall odibi, then pip install --force-reinstall {DISTRIBUTION}",
    )


def _parts() -> Iterator[Finding]:
    from odibi_core.engines.registry import engine_names
    from odibi_core.formats.registry import format_named, format_names

    yield Finding(State.GOOD, "Engines", ", ".join(engine_names()))
    working = []
    for name in format_names():
        try:
            format_named(name)
        except OdibiError as error:
            yield Finding(State.BAD, f"Format {name}", error.what, error.fix)
        else:
            working.append(name)
    yield Finding(State.GOOD, "Formats", ", ".join(working))


def _workspace(session: Session) -> Iterator[Finding]:
    workspace = session.workspace()
    root = str(workspace.root)
    if not workspace.is_declared:
        text = f"{root} has no odibi.toml"
        yield Finding(State.WARNING, "Workspace", text, "make a workspace: odibi init DIR")
    else:
        try:
            workspace.load()
        except OdibiError as error:
            yield Finding(State.BAD, "Workspace", f"{error.where}: {error.what}", error.fix)
        else:
            count = plural(len(workspace.pipelines()), "pipeline")
            yield Finding(State.GOOD, "Workspace", f"{root}, {count}")
    state = workspace.root / ".odibi"
    folder = state if state.exists() else workspace.root
    if not os.access(folder, os.W_OK | os.X_OK):
        fix = "allow writing there, or work in another folder"
        yield Finding(State.BAD, "Runs", f"{folder} can't be written to", fix)
        return
    yield _disk(folder)


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    what = f"{_size(free)} free in {folder}"
    if free < _LOW_BYTES:
        return Finding(State.WARNING, "Disk", what, "make room: large steps are spilled to the disk")
    return Finding(State.GOOD, "Disk", what)


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    what = f"{_size(memory.available)} of {_size(memory.total)} free, {usable_cores()} cores"
    if memory.available < _LOW_BYTES:
        fix = "close other programs, or set memory_limit in odibi.toml"
        return Finding(State.WARNING, "Memory", what, fix)
    return Finding(State.GOOD, "Memory", what)


def _size(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 30):,.1f} GiB"
