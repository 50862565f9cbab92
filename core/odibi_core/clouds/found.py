"""The objects behind a source: one object, a folder, or a glob."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from odibi_core.clouds.account import Object
from odibi_core.clouds.address import Address
from odibi_core.clouds.folders import is_counted, read_manifest
from odibi_core.clouds.store import Store
from odibi_core.errors import SourceError, did_you_mean
from odibi_core.formats.sources import bare, partition_types

_HINTS = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """The objects of a source.

    Attributes:
        address: The source.
        base: The folder that all of them are in: the part of their keys that every one begins with.
        objects: In the order of their names.
        partitions: Columns that the folders' names hold, and their types.
    """

    address: Address
    base: str
    objects: tuple[Object, ...]
    partitions: dict[str, str]

    @property
    def is_one(self) -> bool:
        """Whether the source is one object of that very name."""
        return len(self.objects) == 1 and self.objects[0].key == self.address.key

    @property
    def size_bytes(self) -> int:
        """How much all of them hold."""
        return sum(found.size_bytes for found in self.objects)

    @property
    def state(self) -> dict[str, str]:
        """Key → what tells its state."""
        return {found.key: found.state for found in self.objects}


def find_objects(store: Store, address: Address, extensions: tuple[str, ...]) -> Found:
    """The objects that a source names.

    Args:
        store: Where they are.
        address: An object, a folder or a glob. A folder stands for all objects in it, at any depth, that have
            one of the extensions; hidden ones and those that begin with "_" don't count.
        extensions: Endings of names, with the dot.

    Raises:
        SourceError: There are none, or the store refuses.
        TransientError: The store can't be reached.
    """
    one = store.head(address)
    if one is not None:
        return Found(address, address.key[: -len(address.name)], (one,), {})
    if address.is_pattern:
        objects = tuple(store.matching(address))
        if not objects:
            raise SourceError(
                "no object matches the pattern",
                where=str(address),
                fix="check the folder and the pattern's spelling",
            )
        return Found(address, address.fixed, objects, _partitions(address.fixed, objects))
    base = f"{address.key.rstrip('/')}/".lstrip("/")
    manifest, is_empty = read_manifest(store, address), True
    kept = []
    for found in store.inside(address):
        is_empty = False
        name = found.key.removeprefix(base)
        if is_counted(name) and bare(name).endswith(extensions) and not manifest.hides(name):
            kept.append(found)
    if is_empty:
        raise missing(store, address)
    if not kept:
        raise SourceError(
            f"the folder holds no object that ends in {' or '.join(extensions)}",
            where=str(address),
            fix="name the objects by a pattern, such as folder/*.txt, if they end otherwise",
        )
    return Found(address, base, tuple(kept), _partitions(base, kept))


def missing(store: Store, address: Address) -> SourceError:
    """A SourceError for an object that is not there, with the near names of its folder."""
    folder = address.key.rstrip("/").rpartition("/")[0]
    names: set[str] = set()
    for found in store.inside(address.at(folder)):
        names.add(found.key.removeprefix(f"{folder}/" if folder else "").partition("/")[0])
        if len(names) >= _HINTS:
            break
    if not names:
        return SourceError("the object does not exist, nor does its folder", where=str(address))
    return SourceError("the object does not exist", where=str(address), fix=did_you_mean(address.name, names))


def _partitions(base: str, objects: tuple[Object, ...] | list[Object]) -> dict[str, str]:
    root = Path("/")
    return partition_types(root, [f"/{found.key.removeprefix(base)}" for found in objects])
