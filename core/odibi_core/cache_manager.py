"""The cache: results of regions, kept for later runs of the same steps on the same data."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from odibi_core.kept.cloud_cache import CloudCacheManager
from odibi_core.kept.held_file import link_or_copy
from odibi_core.kept.manifest import (
    NAME,
    DamagedError,
    check_file,
    read_manifest,
    sealed,
    unsealed,
    write_manifest,
)

__all__ = ["CacheManager", "CloudCacheManager"]

_KEY = re.compile(r"[0-9a-f]{64}")
_DRAFT = ".tmp-"
_DAMAGED = ".damaged"
_OLD_DRAFT_S = 24 * 3600
"""Drafts that are older were left by a process that died."""


class CacheManager:
    """Results of regions in a folder. Several threads and processes may share it.

    An entry is a folder `<kk>/<key>/` that appears and goes whole. It holds a manifest and one
    Parquet file a dataset; every file is checked against its SHA-256 before it is used.

    Args:
        cache_dir: The folder; it is made when something is kept.
        max_bytes: How much the entries may take; what was used longest ago goes first. None sets no limit.
    """

    def __init__(self, cache_dir: Path | str = "cache/", max_bytes: int | None = None) -> None:
        self.folder, self.max_bytes = Path(cache_dir), max_bytes

    def find(self, key: str) -> dict[str, Any] | None:
        """The manifest of an entry; None where there is none.

        Raises:
            DamagedError: The entry is not as it was kept.
        """
        try:
            return read_manifest(self._entry(key))
        except FileNotFoundError:
            return None

    def take(self, key: str, manifest: Mapping[str, Any], name: str, target: Path) -> bool:
        """Whether `target` now is a file of the entry, whole; False where the entry went meanwhile.

        Raises:
            DamagedError: The file is not as it was kept.
        """
        source = self._entry(key) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # A link stays when the entry is evicted.
            link_or_copy(source, target)
        except FileNotFoundError:
            if self._entry(key).exists():
                raise DamagedError(f"{name} is missing") from None
            return False
        check_file(target, manifest, name)
        return True

    def mark_used(self, key: str) -> None:
        """Note that the entry was used now."""
        with suppress(OSError):
            os.utime(self._entry(key) / NAME)

    def keep(self, key: str, fill: Callable[[Path], Mapping[str, Any]]) -> None:
        """Keep an entry.

        Args:
            key: Its key.
            fill: Writes its files into the folder that it is given, and gives the manifest. An entry whose
                `targets` are others is replaced.

        Raises:
            OSError: It can't be written.
        """
        self._prepare()
        draft = self.folder / f"{_DRAFT}{secrets.token_hex(8)}"
        draft.mkdir()
        try:
            manifest = write_manifest(draft, fill(draft))
            entry = self._entry(key)
            entry.parent.mkdir(exist_ok=True)
            if self._is_outdated(key, manifest):
                self._drop(entry)
            # Where there is one still, somebody kept the same meanwhile.
            with suppress(OSError):
                draft.rename(entry)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        self._evict()

    def set_aside(self, key: str) -> None:
        """Move a damaged entry out of the way, so that somebody can look at it."""
        entry = self._entry(key)
        aside = entry.with_name(entry.name + _DAMAGED)
        shutil.rmtree(aside, ignore_errors=True)
        with suppress(OSError):
            entry.rename(aside)

    def invalidate(self, name: str) -> int:
        """How many entries of the step of that name there were; none is left."""
        found = 0
        for entry in list(self._entries()):
            try:
                steps = read_manifest(entry)["steps"]
            except (DamagedError, FileNotFoundError):
                continue
            if name in steps:
                self._drop(entry)
                found += 1
        return found

    def clear_all(self) -> int:
        """How many entries there were; none is left, and nothing is remembered of earlier runs."""
        entries = list(self._entries())
        for entry in entries:
            self._drop(entry)
        for aside in self.folder.glob(f"??/*{_DAMAGED}"):
            shutil.rmtree(aside, ignore_errors=True)
        shutil.rmtree(self.folder / "steps", ignore_errors=True)
        return len(entries)

    def size_bytes(self) -> int:
        """How much the entries take."""
        return sum(_size(entry) for entry in self._entries())

    def last_parts(self, pipeline: str, step: str) -> dict[str, str] | None:
        """The parts of the fingerprint that a step had when it last ran; None where that is not known."""
        try:
            return unsealed(self._note(pipeline, step).read_bytes(), step)
        except (OSError, DamagedError):
            return None

    def note_parts(self, pipeline: str, step: str, parts: Mapping[str, str]) -> None:
        """Remember the parts of a step's fingerprint.

        Raises:
            OSError: They can't be written.
        """
        self._prepare()
        note = self._note(pipeline, step)
        note.parent.mkdir(exist_ok=True)
        draft = note.with_name(f"{_DRAFT}{secrets.token_hex(8)}")
        draft.write_text(sealed(parts), encoding="utf-8")
        draft.replace(note)

    def _is_outdated(self, key: str, manifest: Mapping[str, Any]) -> bool:
        try:
            known = self.find(key)
        except DamagedError:
            return True
        return known is not None and known["targets"] != manifest["targets"]

    def _entry(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _entries(self) -> Iterator[Path]:
        return (entry for entry in self.folder.glob("??/*") if _KEY.fullmatch(entry.name))

    def _note(self, pipeline: str, step: str) -> Path:
        name = hashlib.sha256(f"{pipeline}\0{step}".encode()).hexdigest()
        return self.folder / "steps" / f"{name}.json"

    def _prepare(self) -> None:
        if self.folder.is_dir():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")

    def _drop(self, entry: Path) -> None:
        # A reader sees the whole entry or none of it.
        draft = self.folder / f"{_DRAFT}{secrets.token_hex(8)}"
        with suppress(OSError):
            entry.rename(draft)
        shutil.rmtree(draft, ignore_errors=True)

    def _evict(self) -> None:
        for draft in self.folder.glob(f"{_DRAFT}*"):
            with suppress(OSError):
                if time.time() - draft.stat().st_mtime > _OLD_DRAFT_S:
                    shutil.rmtree(draft, ignore_errors=True)
        if self.max_bytes is None:
            return
        known: list[tuple[float, int, Path]] = []
        for entry in self._entries():
            with suppress(OSError):
                known.append(((entry / NAME).stat().st_mtime, _size(entry), entry))
        total = sum(size for _, size, _ in known)
        for _, size, entry in sorted(known):
            if total <= self.max_bytes:
                return
            self._drop(entry)
            total -= size


def _size(entry: Path) -> int:
    total = 0
    for file in entry.iterdir() if entry.is_dir() else ():
        with suppress(OSError):
            total += file.stat().st_size
    return total
