"""What a folder holds besides a dataset: files that somebody would miss if it were replaced."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from odibi_core.errors import TargetError
from odibi_core.formats.sources import bare

TOLD = 3
"""How many files are named that stand in the way."""
_PART = re.compile(
    r"part-([mr]-)?(\d|[0-9a-f]{8})|part\.\d+\.|data_(\d+(_\d+)*|[0-9a-f]{8}-[0-9a-f-]{27})\.|[0-9a-f]{32}-\d+\.",
    re.IGNORECASE,
)
"""How the names of parts begin, as odibi, Spark, Hadoop, Arrow, Dask, pandas and DuckDB give them."""
_SIDE_FILES = (
    "_SUCCESS",
    "_committed_*",
    "_started_*",
    "_metadata",
    "_common_metadata",
    "_odibi.json",
    ".*.odibi.json",
    ".odibi~*",
    ".*.crc",
    ".DS_Store",
    "._*",
    ".gitkeep",
)
"""What engines, the system and odibi itself keep beside the parts."""


def other_files(folder: Path, extensions: tuple[str, ...]) -> Iterator[Path]:
    """The files in a folder, at any depth, that no engine wrote there as part of a dataset.

    Args:
        folder: The folder.
        extensions: How the names of the dataset's parts end, with the dot.
    """
    for inner in sorted(folder.iterdir()):
        if inner.is_dir() and not inner.is_symlink():
            yield from other_files(inner, extensions) if _names_value(inner.name) else _all_files(inner)
        elif not is_part(inner.name, extensions) and not _is_side_file(inner.name):
            yield inner


def is_in_dataset(name: str, extensions: tuple[str, ...]) -> bool:
    """Whether an object, named as from a folder, is one that engines write there as part of a dataset."""
    *folders, last = name.split("/")
    return is_part(last, extensions) and all(map(_names_value, folders))


def refused_overwrite(names: Sequence[str], where: str, kind: str = "files") -> TargetError:
    """The error of overwriting a folder that holds files which are no parts of a dataset.

    Args:
        names: The files; a few are told.
        where: The folder.
        kind: What they are.
    """
    told = ", ".join(names[:TOLD]) + (" and more" if len(names) > TOLD else "")
    return TargetError(
        f"overwriting the folder would delete {kind} that are no parts of a dataset: {told}",
        where=where,
        fix=f"choose a folder of its own for the data, or move these {kind} elsewhere",
    )


def is_part(name: str, extensions: tuple[str, ...]) -> bool:
    """Whether a file is called as engines call the parts of a dataset."""
    return _PART.match(name) is not None and bare(name).endswith(extensions)


def _is_side_file(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in _SIDE_FILES)


def _names_value(folder: str) -> bool:
    """Whether a folder's name is that of a value, such as `year=2024`."""
    return folder.find("=") > 0


def _all_files(folder: Path) -> Iterator[Path]:
    for inner, folders, names in os.walk(folder):
        links = [name for name in folders if Path(inner, name).is_symlink()]
        yield from (Path(inner, name) for name in sorted([*links, *names]) if not _is_side_file(name))
