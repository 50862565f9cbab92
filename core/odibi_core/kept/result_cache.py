"""What a run asks of a cache, wherever its results are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol


class ResultCache(Protocol):
    """Results of regions, each under a key. Several threads and processes may share one."""

    def find(self, key: str) -> dict[str, Any] | None:
        """The manifest of an entry; None where there is none.

        Raises:
            DamagedError: The entry is not as it was kept.
            OSError: It can't be read.
        """

    def take(self, key: str, manifest: Mapping[str, Any], name: str, target: Path) -> bool:
        """Whether `target` now is a file of the entry, whole; False where the entry went meanwhile.

        Raises:
            DamagedError: The file is not as it was kept.
            OSError: It can't be read.
        """

    def mark_used(self, key: str) -> None:
        """Note that the entry was used now."""

    def keep(self, key: str, fill: Callable[[Path], Mapping[str, Any]]) -> None:
        """Keep an entry.

        Args:
            key: Its key.
            fill: Writes its files into the folder that it is given, and gives the manifest. An entry whose
                `targets` are others is replaced.

        Raises:
            OSError: It can't be written.
        """

    def set_aside(self, key: str) -> None:
        """Move a damaged entry out of the way, so that somebody can look at it."""

    def last_parts(self, pipeline: str, step: str) -> dict[str, str] | None:
        """The parts of the fingerprint that a step had when it last ran; None where that is not known."""

    def note_parts(self, pipeline: str, step: str, parts: Mapping[str, str]) -> None:
        """Remember the parts of a step's fingerprint.

        Raises:
            OSError: They can't be written.
        """
