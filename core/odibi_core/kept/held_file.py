"""Files that several checkpoints hold: written once a run, and linked from then on."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from odibi_core.late_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file of an earlier checkpoint, which later ones hold too.

    Attributes:
        path: Where it is.
        about: Its digest and size, as a manifest has them.
    """

    path: Path
    about: Mapping[str, Any]


def place(held: HeldFile | None, target: Path, known: dict[str, Mapping[str, Any]]) -> bool:
    """Whether `target` now holds what an earlier checkpoint does; False where that has gone, or never was.

    Args:
        held: The file of the earlier checkpoint.
        target: Where it is wanted.
        known: Takes the name of the target → what a manifest says of it.
    """
    if held is None:
        return False
    try:
        link_or_copy(held.path, target)
    except FileNotFoundError:
        return False
    known[target.name] = held.about
    return True


def link_or_copy(source: Path, target: Path) -> None:
    """Have `target` hold what `source` does; that may be one file with two names.

    Raises:
        FileNotFoundError: There is no source.
    """
    try:
        target.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, target)
