"""Objects brought to this machine, for formats whose readers need files."""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from odibi_core.clouds.account import Object
from odibi_core.clouds.found import Found
from odibi_core.clouds.store import Store, local_part, room_for, together
from odibi_core.errors import OdibiError
from odibi_core.formats.base import Rejected
from odibi_core.late_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Brought:
    """Objects as files.

    Attributes:
        source: What a format's reader is given: a file, a folder or a glob.
        folder: What all of them are in.
        origin: The URL of what that folder stands for, with a slash at its end.
    """

    source: str
    folder: Path
    origin: str

    def text(self, text: str) -> str:
        """A text that speaks of the files, in which it speaks of the objects."""
        return text.replace(f"{self.folder}/", self.origin).replace(str(self.folder), self.origin.rstrip("/"))

    def rename(self, error: OdibiError) -> None:
        """Have an error speak of the objects."""
        error.what, error.where, error.fix = map(self.text, (error.what, error.where, error.fix))
        error.args = (error.what,)

    def rejected(self, row: Rejected) -> Rejected:
        """A row that could not be read, with the object that it is in."""
        return replace(row, source=self.text(row.source), reason=self.text(row.reason))


def bring(
    store: Store,
    found: Found,
    scratch: Path,
    head_bytes: int | None = None,
    check: Callable[[], None] = lambda: None,
) -> Brought:
    """The objects of a source as files; those that are there from an earlier try are not fetched again.

    Args:
        store: Where they are.
        found: The source.
        scratch: A folder for them.
        head_bytes: How much of each is fetched; all of it where None.
        check: Raises where the step was stopped meanwhile.

    Raises:
        SourceError: One can't be read, or has a name that no file can have.
        TransientError: The store can't be reached.
    """
    named = json.dumps([str(found.address), sorted(found.state.items()), head_bytes])
    folder = scratch / "cloud" / hashlib.sha256(named.encode()).hexdigest()[:16]
    origin = str(found.address.at(found.base))
    if not folder.exists():
        size = sum(min(each.size_bytes, head_bytes or each.size_bytes) for each in found.objects)
        room_for(folder.parent, size, str(found.address))
        # Several steps may want the same at once: the first to have all of it names it.
        draft = folder.with_name(f"{folder.name}-{secrets.token_hex(4)}")
        files = [(each, draft / local_part(each.key, found.base)) for each in found.objects]
        try:
            together(lambda file: _fetch(store, found, file[0], file[1], head_bytes, check), files, check)
            draft.rename(folder)
        except OSError:
            if not folder.exists():
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return Brought(_source(found, folder), folder, origin)


def _fetch(
    store: Store,
    found: Found,
    each: Object,
    target: Path,
    head_bytes: int | None,
    check: Callable[[], None],
) -> None:
    address = found.address.at(each.key)
    if head_bytes is None or each.size_bytes <= head_bytes:
        store.fetch(address, each, target, check)
        return
    content = store.read(address, 0, head_bytes, each.state)
    target.parent.mkdir(parents=True, exist_ok=True)
    # What the cut goes through is no whole line.
    target.write_bytes(content[: content.rfind(b"\n") + 1] or content)


def _source(found: Found, folder: Path) -> str:
    if found.is_one:
        return str(folder / local_part(found.objects[0].key, found.base))
    if found.address.is_pattern:
        return f"{folder}/{found.address.key.removeprefix(found.base)}"
    return str(folder)
