"""Folders of objects that change at one moment, and never twice by one write.

A store renames nothing, and several objects don't appear at once. So a folder that is written has an object
`_odibi.json` that says which objects don't count: those that a write is sending and has not committed, and
those that a write has replaced and nobody has removed yet. It is put under the condition that it is as it was
read: a write counts from the moment in which its manifest is there. Other tools see each object as it comes.

A write may be tried again while an earlier attempt of it still sends. So each attempt has names of its own
for its objects, and those of an attempt that never committed stay hidden.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path

from odibi_core.clouds.account import ABSENT, ConflictError
from odibi_core.clouds.address import Address
from odibi_core.clouds.store import Store
from odibi_core.errors import SourceError, TransientError
from odibi_core.late_dataclass import dataclass

MANIFEST = "_odibi.json"
_KEPT_TICKETS = 500
_TRIES = 30


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is known of a folder's objects.

    Attributes:
        tickets: Which writes are in the folder.
        pending: An attempt to write → how the names of the objects begin that it is sending.
        gone: Names of objects that were replaced.
        state: The manifest's own state; `ABSENT` where there is none.
    """

    tickets: tuple[str, ...] = ()
    pending: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    state: str = ABSENT

    def hides(self, name: str) -> bool:
        """Whether an object doesn't count."""
        last = name.rpartition("/")[2]
        # Earlier versions called an attempt by its ticket, and may have told of one that has committed.
        return name in self.gone or any(
            last.startswith(prefix) for attempt, prefix in self.pending.items() if attempt not in self.tickets
        )


def is_counted(name: str) -> bool:
    """Whether nothing in a name hides it, as it does for every tool."""
    return not any(part.startswith((".", "_")) for part in name.split("/"))


def read_manifest(store: Store, folder: Address) -> Manifest:
    """What is known of a folder.

    Raises:
        SourceError: The manifest is damaged.
    """
    place = folder / MANIFEST
    found = store.head(place)
    if found is None:
        return Manifest()
    try:
        told = json.loads(store.read(place))
        return Manifest(tuple(told["tickets"]), dict(told["pending"]), frozenset(told["gone"]), found.state)
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(
            "the record of which objects of the folder count is damaged",
            where=str(place),
            fix="look at what the folder holds, then remove the record",
        ) from error


def change_manifest(store: Store, folder: Address, change: Callable[[Manifest], Manifest | None]) -> None:
    """Let what is known of a folder change in one step.

    Args:
        store: Where the folder is.
        folder: The folder.
        change: Gives the manifest anew; None where it stays. It is asked again where somebody was faster.

    Raises:
        TransientError: Others were faster each time.
    """
    for _ in range(_TRIES):
        known = read_manifest(store, folder)
        new = change(known)
        if new is None:
            return
        new = replace(new, tickets=new.tickets[-_KEPT_TICKETS:])
        told = {"tickets": list(new.tickets), "pending": dict(new.pending), "gone": sorted(new.gone)}
        with tempfile.TemporaryDirectory(prefix="odibi-manifest-") as scratch:
            file = Path(scratch, MANIFEST)
            file.write_text(json.dumps(told), encoding="utf-8")
            try:
                store.put(file, folder / MANIFEST, expected=known.state)
            except ConflictError:
                continue
            return
    raise changed_meanwhile(folder)


def changed_meanwhile(address: Address) -> TransientError:
    """The error of a target that is no longer what its new content was made from."""
    return TransientError(
        "another writer changed it at the same time",
        where=str(address),
        fix="let only one pipeline write it at a time, or use the format 'delta'; another try may pass",
    )
