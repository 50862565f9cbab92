"""The objects behind a source: one object, a folder, or a glob."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from odibi_core.clouds.account import ABSENT, Object
from odibi_core.clouds.address import Address
from odibi_core.clouds.folders import MANIFEST, Manifest, changed_meanwhile, is_counted, read_manifest
from odibi_core.clouds.store import Store, glob_expression, together
from odibi_core.errors import SourceError, did_you_mean
from odibi_core.formats.sources import bare, partition_types
from odibi_core.late_dataclass import dataclass

_HINTS = 1_000
_TRIES = 5


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
        wanted = glob_expression(address.key)
        parts = address.key.removeprefix(address.fixed).split("/")
        # What a pattern spells out is meant.
        shows_all = any(part.startswith((".", "_")) for part in parts)
        listed, counts = _listed(store, address, address.fixed)
        objects = tuple(
            found
            for found in listed
            if wanted.fullmatch(found.key)
            and counts(found.key)
            and (shows_all or is_counted(found.key.removeprefix(address.fixed)))
        )
        if not objects:
            raise SourceError(
                "no object matches the pattern",
                where=str(address),
                fix="check the folder and the pattern's spelling",
            )
        return Found(address, address.fixed, objects, _partitions(address.fixed, objects))
    base = f"{address.key.rstrip('/')}/".lstrip("/")
    listed, counts = _listed(store, address, base)
    if not listed:
        raise missing(store, address)
    kept = []
    for found in listed:
        name = found.key.removeprefix(base)
        if is_counted(name) and bare(name).endswith(extensions) and counts(found.key):
            kept.append(found)
    if not kept:
        raise SourceError(
            f"the folder holds no object that ends in {' or '.join(extensions)}",
            where=str(address),
            fix="name the objects by a pattern, such as folder/*.txt, if they end otherwise",
        )
    return Found(address, base, tuple(kept), _partitions(base, kept))


def _listed(store: Store, address: Address, base: str) -> tuple[list[Object], Callable[[str], bool]]:
    """The objects in a folder, or those that a glob means, and whether one of a key counts by all records.

    Raises:
        TransientError: Writers changed the records each time.
    """
    for _ in range(_TRIES):
        listed, manifests, is_settled = _looked(store, address, base)
        if is_settled:
            break
    else:
        raise changed_meanwhile(address)
    hiding = [(folder, manifest) for folder, manifest in manifests.items() if manifest.state != ABSENT]

    def counts(key: str) -> bool:
        return key.rpartition("/")[2] != MANIFEST and not any(
            key.startswith(folder) and manifest.hides(key.removeprefix(folder)) for folder, manifest in hiding
        )

    return listed, counts


def _looked(store: Store, address: Address, base: str) -> tuple[list[Object], dict[str, Manifest], bool]:
    """The objects, what is known of the folders above and below, and whether that stayed meanwhile."""
    manifests: dict[str, Manifest] = {}

    def look(folder: str) -> None:
        manifests[folder] = _above(store, address.at(folder))

    folders = base.split("/")[:-1]
    above = [f"{'/'.join(folders[:depth])}/" for depth in range(1, len(folders) + 1)]
    together(look, above)
    listed = list(store.matching(address, MANIFEST) if address.is_pattern else store.inside(address))
    told = {
        found.key.removesuffix(MANIFEST): found.state
        for found in listed
        if found.key.rpartition("/")[2] == MANIFEST
    }
    together(look, [folder for folder in told if folder not in manifests])
    # A record that changed while the objects were listed may speak of others.
    for folder in above:
        if folder not in told and manifests[folder].state != ABSENT:
            told[folder] = _above(store, address.at(folder)).state
    return listed, manifests, all(manifests[folder].state == state for folder, state in told.items())


def _above(store: Store, folder: Address) -> Manifest:
    """What is known of a folder; nothing where one may not look into it."""
    try:
        return read_manifest(store, folder)
    except SourceError:
        if not _may_look(store, folder):
            return Manifest()
        raise


def _may_look(store: Store, folder: Address) -> bool:
    try:
        store.head(folder / MANIFEST)
    except SourceError:
        return False
    return True


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
