"""The cache on an object store: what one machine has computed, others need not."""

from __future__ import annotations

import hashlib
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.cloud_connections import CloudConnection, connections_to
from odibi_core.clouds.account import Account
from odibi_core.clouds.accounts import open_account
from odibi_core.clouds.address import Address, is_address, parse_address
from odibi_core.connections import Connection
from odibi_core.kept.manifest import DamagedError, check_file, sealed, unsealed, write_manifest
from odibi_core.kept.object_store import ObjectStore, open_filesystem
from odibi_core.parameters import Resolver

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_ENTRY = re.compile(r"entries/([0-9a-f]{64})\.json")
_FILE = re.compile(r"data/([0-9a-f]{64})/([0-9a-f]+)/.+")
_DAMAGED = ".damaged"
_OLD_S = 24 * 3600
"""Files that no manifest names, and that are older, were left by a writer that died or a damaged entry."""


class CloudCacheManager:
    """Results of regions on an object store. Several machines, processes and threads may share it.

    An object is there whole or not at all, but several are not there at once: so the files of an entry are
    sent first, to a place of their own, and its manifest, which names the place, last. Every file is checked
    against its SHA-256 before it is used.

    Args:
        cloud_provider: "azure", "s3", "gcs", "hdfs", "local", or any other file system that fsspec knows.
        container: The bucket or container; of "local" a folder.
        prefix: The folder in it.
        max_bytes: How much the entries may take; what was used longest ago goes first. None sets no limit.
        filesystem: An fsspec file system that is open already; then `cloud_provider` only names it.
        options: What the provider's file system takes, such as `endpoint_url` or `key`; what is not given
            comes from the environment, as the provider's own tools do it.

    Raises:
        OdibiError: There is no such provider, or its library is not installed.
    """

    def __init__(
        self,
        cloud_provider: str,
        container: str,
        prefix: str = "odibi-cache",
        *,
        max_bytes: int | None = None,
        filesystem: AbstractFileSystem | None = None,
        **options: Any,
    ) -> None:
        self.max_bytes = max_bytes
        root = "/".join(part for part in (container.rstrip("/"), prefix.strip("/")) if part)
        self._store = ObjectStore(filesystem or open_filesystem(cloud_provider, **options), root)

    @classmethod
    def at(
        cls,
        url: str,
        max_bytes: int | None = None,
        connections: Mapping[str, Connection] | None = None,
        resolve: Resolver | None = None,
    ) -> CloudCacheManager:
        """The cache at a URL such as `s3://bucket/folder`.

        Args:
            url: The folder.
            max_bytes: How much the entries may take.
            connections: The named connections: one that leads there says who logs in.
            resolve: Gives the secrets that they refer to.

        Raises:
            OdibiError: There is no such provider, its library is not installed, or a secret is missing.
        """
        if is_address(url):
            address = parse_address(url)
            account = _account(address, connections or {}, resolve)
            place = account.path(address)
            return cls(address.provider, place, "", max_bytes=max_bytes, filesystem=account.filesystem)
        provider, _, path = url.partition("://")
        container, _, prefix = path.partition("/")
        return cls(provider, container, prefix, max_bytes=max_bytes)

    def find(self, key: str) -> dict[str, Any] | None:
        """The manifest of an entry; None where there is none.

        Raises:
            DamagedError: The entry is not as it was kept.
            OSError: It can't be read.
        """
        try:
            return unsealed(self._store.get(_manifest(key)), _manifest(key))
        except FileNotFoundError:
            return None

    def take(self, key: str, manifest: Mapping[str, Any], name: str, target: Path) -> bool:
        """Whether `target` now is a file of the entry, whole; False where the entry went meanwhile.

        Raises:
            DamagedError: The file is not as it was kept.
            OSError: It can't be read.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._store.fetch(f"data/{key}/{manifest['place']}/{name}", target)
        except FileNotFoundError:
            now = self.find(key)
            if now is not None and now["place"] == manifest["place"]:
                raise DamagedError(f"{name} is missing") from None
            return False
        check_file(target, manifest, name)
        return True

    def mark_used(self, key: str) -> None:
        """Note that the entry was used now."""
        # Stores keep times in whole seconds, and some can't change them.
        with suppress(OSError):
            self._store.put(_used(key), str(time.time()).encode())

    def keep(self, key: str, fill: Callable[[Path], Mapping[str, Any]]) -> None:
        """Keep an entry.

        Args:
            key: Its key.
            fill: Writes its files into the folder that it is given, and gives the manifest. An entry whose
                `targets` are others is replaced.

        Raises:
            OSError: It can't be written.
        """
        with tempfile.TemporaryDirectory(prefix="odibi-cache-") as draft:
            folder = Path(draft)
            manifest = {**write_manifest(folder, fill(folder)), "place": secrets.token_hex(8)}
            old = self._known(key)
            if old is not None and old["targets"] == manifest["targets"]:
                return
            for name in manifest["files"]:
                self._store.send(folder / name, f"data/{key}/{manifest['place']}/{name}")
        self._store.put(_manifest(key), sealed(manifest).encode())
        self.mark_used(key)
        if old is not None:
            self._remove_files(key, old)
        # The entry is kept: what others have there is no reason to say otherwise.
        with suppress(OSError):
            self._evict()

    def set_aside(self, key: str) -> None:
        """Move a damaged entry out of the way, so that somebody can look at it for a day."""
        with suppress(OSError):
            self._store.put(_manifest(key) + _DAMAGED, self._store.get(_manifest(key)))
            self._store.remove(_manifest(key), _used(key))

    def invalidate(self, name: str) -> int:
        """How many entries of the step of that name there were; none is left.

        Raises:
            OSError: The store can't be reached.
        """
        found = 0
        for key in self._keys(self._store.sizes("entries")):
            known = self._known(key)
            if known is not None and name in known["steps"]:
                self._drop(key)
                found += 1
        return found

    def clear_all(self) -> int:
        """How many entries there were; none is left, and nothing is remembered of earlier runs.

        Raises:
            OSError: The store can't be reached.
        """
        names = self._store.sizes()
        keys = self._keys(names)
        # Manifests first: an entry is there whole or not at all.
        self._store.remove(*sorted(names, key=lambda name: not name.startswith("entries/")))
        return len(keys)

    def size_bytes(self) -> int:
        """How much the entries take.

        Raises:
            OSError: The store can't be reached.
        """
        names = self._store.sizes()
        keys = set(self._keys(names))
        return sum(size for name, size in names.items() if _key_of(name) in keys)

    def last_parts(self, pipeline: str, step: str) -> dict[str, str] | None:
        """The parts of the fingerprint that a step had when it last ran; None where that is not known."""
        try:
            return unsealed(self._store.get(_note(pipeline, step)), step)
        except (OSError, DamagedError):
            return None

    def note_parts(self, pipeline: str, step: str, parts: Mapping[str, str]) -> None:
        """Remember the parts of a step's fingerprint.

        Raises:
            OSError: They can't be written.
        """
        self._store.put(_note(pipeline, step), sealed(parts).encode())

    def _known(self, key: str) -> dict[str, Any] | None:
        try:
            return self.find(key)
        except (DamagedError, OSError):
            return None

    def _keys(self, names: Mapping[str, int]) -> list[str]:
        return [found[1] for name in names if (found := _ENTRY.fullmatch(name))]

    def _drop(self, key: str) -> None:
        known = self._known(key)
        self._store.remove(_manifest(key), _used(key))
        if known is not None:
            self._remove_files(key, known)

    def _remove_files(self, key: str, manifest: Mapping[str, Any]) -> None:
        with suppress(OSError):
            self._store.remove(*(f"data/{key}/{manifest['place']}/{name}" for name in manifest["files"]))

    def _evict(self) -> None:
        names = self._store.sizes()
        keys = self._keys(names)
        self._sweep(names, self._places(names, keys))
        if self.max_bytes is None:
            return
        sizes: dict[str, int] = dict.fromkeys(keys, 0)
        for name, size in names.items():
            if (key := _key_of(name)) in sizes:
                sizes[key] += size
        total = sum(sizes.values())
        if total <= self.max_bytes:
            return
        for key in sorted(keys, key=self._last_used):
            self._drop(key)
            total -= sizes[key]
            if total <= self.max_bytes:
                return

    def _places(self, names: Mapping[str, int], keys: Sequence[str]) -> dict[str, str]:
        """Key of an entry → where its files are; "?" where nobody can tell."""
        found: dict[str, set[str]] = {key: set() for key in keys}
        for name in names:
            if (file := _FILE.fullmatch(name)) and file[1] in found:
                found[file[1]].add(file[2])
        places = {key: next(iter(there), "?") for key, there in found.items()}
        # Most have one place, and need not be asked.
        for key in (key for key, there in found.items() if len(there) > 1):
            known = self._known(key)
            places[key] = str(known["place"]) if known else "?"
        return places

    def _last_used(self, key: str) -> float:
        try:
            return float(self._store.get(_used(key)))
        except (OSError, ValueError):
            return 0.0

    def _sweep(self, names: Mapping[str, int], places: Mapping[str, str]) -> None:
        """Remove what writers that died left, and what was set aside a day ago.

        Args:
            names: Every object.
            places: Key of an entry → where its files are; "?" where its manifest can't be read.
        """
        for name in names:
            found = _FILE.fullmatch(name)
            is_left = places.get(found[1], "") not in ("?", found[2]) if found else name.endswith(_DAMAGED)
            with suppress(OSError):
                if is_left and time.time() - self._store.modified(name) > _OLD_S:
                    self._store.remove(name)


def _account(address: Address, connections: Mapping[str, Connection], resolve: Resolver | None) -> Account:
    """How a URL is reached, as for a step that names no connection."""
    found = connections_to(address, connections)
    connection = connections[found[0]] if len(found) == 1 else None
    if isinstance(connection, CloudConnection) and resolve is not None:
        return connection.account(resolve, address)
    return open_account(address.provider, None, address)


def _manifest(key: str) -> str:
    return f"entries/{key}.json"


def _used(key: str) -> str:
    return f"entries/{key}.used"


def _note(pipeline: str, step: str) -> str:
    name = hashlib.sha256(f"{pipeline}\0{step}".encode()).hexdigest()
    return f"steps/{name}.json"


def _key_of(name: str) -> str:
    """The key of the entry that an object belongs to; "" of none."""
    found = _ENTRY.fullmatch(name) or _FILE.fullmatch(name)
    return found[1] if found else ""
