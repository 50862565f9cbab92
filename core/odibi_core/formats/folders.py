"""What a folder holds besides a dataset: files that somebody would miss if it were replaced."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

from odibi_core.formats.sources import bare

_PART = re.compile(r"part-([mr]-)?(\d|[0-9a-f]{8})|data_(\d+|[0-9a-f]{8}-[0-9a-f-]{27})\.", re.IGNORECASE)
"""How the names of parts begin, as odibi, Spark, Hadoop, Arrow and DuckDB give them."""
_SIDE_FILES = (
    "_SUCCESS",
    "_committed_*",
    "_started_*",
    "_metadata",
    "_common_metadata",
    "_odibi.json",
    ".*.odibi.json",
    ".*.crc",
    ".DS_Store",
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
            yield from other_files(inner, extensions) if _is_partition(inner) else _all_files(inner)
        elif not is_part(inner.name, extensions) and not _is_side_file(inner.name):
            yield inner


def is_part(name: str, extensions: tuple[str, ...]) -> bool:
    """Whether a file is called as engines call the parts of a dataset."""
    return _PART.match(name) is not None and bare(name).endswith(extensions)


def _is_side_file(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in _SIDE_FILES)


def _is_partition(folder: Path) -> bool:
    """Whether a folder is named by a value, such as `year=2024`."""
    return folder.name.find("=") > 0


def _all_files(folder: Path) -> Iterator[Path]:
    for inner, folders, names in os.walk(folder):
        links = [name for name in folders if Path(inner, name).is_symlink()]
        yield from (Path(inner, name) for name in sorted([*links, *names]) if not _is_side_file(name))
