"""Files that are made here and become objects: one by one, or the objects of a folder all together."""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from odibi_core.clouds.account import ABSENT, ConflictError, Object
from odibi_core.clouds.address import Address
from odibi_core.clouds.folders import (
    Manifest,
    change_manifest,
    changed_meanwhile,
    is_counted,
    read_manifest,
)
from odibi_core.clouds.store import Store, local_part, room_for, together
from odibi_core.errors import OdibiError, TargetError
from odibi_core.formats.atomic import ticket_hash
from odibi_core.formats.base import Format, Options, Rows, Target, WriteMode, Written
from odibi_core.formats.folders import is_in_dataset, refused_overwrite
from odibi_core.formats.plain import TARGET_EXISTS, WRITTEN_BEFORE, part_prefix
from odibi_core.formats.sources import bare
from odibi_core.late_dataclass import dataclass

_KEPT_TICKETS = 50


def write(
    format_: Format[Any, Any],
    store: Store,
    scratch: Path,
    rows: Rows,
    target: Target,
    address: Address,
    options: Options,
) -> Written:
    """Write rows to an object, or to the objects of a folder.

    Args:
        format_: Makes the files.
        store: Where they go.
        scratch: Where they are made.
        rows: The rows.
        target: How the target changes; its path doesn't count.
        address: The target.
        options: The format's.

    Raises:
        TargetError: The target can't be written, or the store refuses.
        TransientError: The store can't be reached, or another writer came first.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="write-", dir=scratch) as folder:
        job = _Job(format_, store, Path(folder), rows, target, address, options)
        is_one = "." in address.name and not target.partition_by and not address.key.endswith("/")
        if is_one and not format_.abilities.tables and store.head(address) is None:
            is_one = not store.is_folder(address)
        return _one(job) if is_one else _folder(job)


@dataclass(frozen=True, slots=True)
class _Job:
    format: Format[Any, Any]
    store: Store
    folder: Path
    rows: Rows
    target: Target
    address: Address
    options: Options

    @property
    def ticket(self) -> str:
        return ticket_hash(self.target.ticket)

    def make(self, path: Path) -> Written:
        """Write the rows to a file or folder of this machine."""
        try:
            return self.format.write(self.rows, replace(self.target, path=path), self.options)
        except OdibiError as error:
            for name in ("what", "where", "fix"):
                setattr(error, name, getattr(error, name).replace(str(path), str(self.address)))
            raise


def _one(job: _Job) -> Written:
    """Write one object."""
    mode, path = job.target.mode, job.folder / local_part(job.address.name, "")
    old = job.store.head(job.address)
    if old is not None and mode is not WriteMode.OVERWRITE and job.ticket in old.tickets:
        return Written(0, WRITTEN_BEFORE)
    if old is not None and not job.format.abilities.tables:
        if mode is WriteMode.IGNORE:
            return Written(0, TARGET_EXISTS)
        if mode is WriteMode.ERROR:
            raise _already_there("object", job.address)
    builds_on_it = mode in (WriteMode.APPEND, WriteMode.MERGE) or job.format.abilities.tables
    if old is not None and builds_on_it:
        room_for(job.folder, old.size_bytes, str(job.address))
        job.store.fetch(job.address, old, path)
    written = job.make(path)
    if written.skipped:
        return written
    job.target.check()
    tickets = [*(old.tickets if old and builds_on_it else ()), job.ticket][-_KEPT_TICKETS:]
    # Also where nothing of the old one is kept: a request of an attempt that was given up on may land late.
    expected = old.state if old else ABSENT
    is_needed = builds_on_it or mode is not WriteMode.OVERWRITE
    try:
        job.store.put(path, job.address, tickets, expected, is_needed=is_needed)
    except ConflictError as error:
        now = job.store.head(job.address)
        # The answer to a request may be lost, and the library ask again; or an attempt before was slow.
        if now is None or job.ticket not in now.tickets:
            raise changed_meanwhile(job.address) from error
    return written


def _folder(job: _Job) -> Written:
    """Write the objects of a folder."""
    mode, folder = job.target.mode, job.address.at(f"{job.address.key.rstrip('/')}/")
    if job.store.head(job.address.at(job.address.key.rstrip("/"))) is not None:
        raise TargetError(
            "an object stands where a folder should be",
            where=str(job.address),
            fix="remove that object, or choose another path",
        )
    manifest = read_manifest(job.store, folder)
    if job.ticket in manifest.tickets:
        return Written(0, WRITTEN_BEFORE)
    there = _contents(job, folder, manifest)
    if there.sample is not None and mode is WriteMode.IGNORE:
        return Written(0, TARGET_EXISTS)
    if there.sample is not None and mode is WriteMode.ERROR:
        raise _already_there("folder", job.address)
    path = job.folder / "data"
    if there.sample is not None and mode is WriteMode.APPEND:
        # One of the old ones shows which columns and partitions the new ones must have.
        key = there.sample.key
        job.store.fetch(folder.at(key), there.sample, path / local_part(key, folder.key))
    written = job.make(path)
    attempt = _Attempt(job, folder, secrets.token_hex(4))
    try:
        attempt.send(path)
        attempt.commit(manifest, there)
    except _CommittedError:
        return Written(0, WRITTEN_BEFORE)
    return written


@dataclass(frozen=True, slots=True)
class _Contents:
    """What counts in a folder.

    Attributes:
        names: Of all objects, where they are to be replaced.
        sample: The smallest of them; None where there is none.
    """

    names: frozenset[str]
    sample: Object | None


def _contents(job: _Job, folder: Address, manifest: Manifest) -> _Contents:
    """What counts in the folder.

    Raises:
        TargetError: It holds other things than the format's objects, or others than parts of a dataset where
            they are to be replaced.
    """
    names, sample = [], None
    for found in job.store.inside(folder):
        name = found.key.removeprefix(folder.key)
        if name.startswith("_delta_log/"):
            raise _other(job, "_delta_log")
        if not is_counted(name) or manifest.hides(name):
            continue
        if not bare(name).endswith(job.format.extensions):
            raise _other(job, name)
        if job.target.mode is WriteMode.OVERWRITE:
            names.append(name)
        if sample is None or found.size_bytes < sample.size_bytes:
            sample = found
    if others := [name for name in names if not is_in_dataset(name, job.format.extensions)]:
        raise refused_overwrite(others, str(job.address), "objects")
    return _Contents(frozenset(names), sample)


class _CommittedError(Exception):
    """Another attempt of the same write has committed."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One try to let the objects of a folder change.

    It may be given up on and yet go on, while another does the same: so each has objects of its own.
    """

    job: _Job
    folder: Address
    name: str

    @property
    def prefix(self) -> str:
        """How the names of its objects begin."""
        return f"{part_prefix(self.job.target.ticket)}{self.name}-"

    @property
    def key(self) -> str:
        """What the manifest calls it."""
        return f"{self.job.ticket}-{self.name}"

    def send(self, path: Path) -> None:
        """Send the files, which count for nobody before the commit.

        Raises:
            _CommittedError: Another attempt of the same write was faster.
        """
        store, check, made = self.job.store, self.job.target.check, part_prefix(self.job.target.ticket)

        def announced(known: Manifest) -> Manifest:
            check()
            if self.job.ticket in known.tickets:
                raise _CommittedError
            return replace(known, pending={**known.pending, self.key: self.prefix})

        def put(file: Path) -> None:
            within = file.relative_to(path).parent.as_posix()
            name = self.prefix + file.name.removeprefix(made)
            store.put(file, self.folder / name if within == "." else self.folder / within / name)

        change_manifest(store, self.folder, announced)
        together(put, [file for file in path.rglob(f"{made}*") if file.is_file()], check)

    def commit(self, begun: Manifest, there: _Contents) -> None:
        """Let what was sent count, and what it replaces not count any more, at one moment.

        Args:
            begun: What was known of the folder when it was looked at.
            there: What was found in it.

        Raises:
            TransientError: Another writer committed since the manifest was read.
            _CommittedError: Another attempt of the same write was faster.
        """
        job, mode, ticket = self.job, self.job.target.mode, self.job.ticket
        # Only what was added to was looked at: anything else that came meanwhile may not fit.
        is_alone = mode is not WriteMode.APPEND or there.sample is None
        others: list[str] = []

        def committed(known: Manifest) -> Manifest:
            job.target.check()
            if ticket in known.tickets:
                raise _CommittedError
            if self.key not in known.pending or (is_alone and known.tickets != begun.tickets):
                raise changed_meanwhile(job.address)
            pending = {name: prefix for name, prefix in known.pending.items() if name != self.key}
            others[:] = [prefix for name, prefix in pending.items() if name.startswith(f"{ticket}-")]
            tickets = (*(() if mode is WriteMode.OVERWRITE else known.tickets), ticket)
            return replace(known, tickets=tickets, pending=pending, gone=known.gone | there.names)

        change_manifest(job.store, self.folder, committed)
        self._clear(there.names | begun.gone, tuple(others))

    def _clear(self, gone: frozenset[str], others: tuple[str, ...]) -> None:
        """Remove what was replaced, also by an earlier writer, and what other attempts have sent.

        What such an attempt may still send stays hidden by its entry.
        """
        store = self.job.store
        if others:
            inside = store.inside(self.folder)
            store.remove(
                [
                    self.folder.at(found.key)
                    for found in inside
                    if found.key.rpartition("/")[2].startswith(others)
                ]
            )
        if gone:
            store.remove(self.folder / name for name in sorted(gone))
            change_manifest(store, self.folder, lambda known: replace(known, gone=known.gone - gone))


def _already_there(what: str, address: Address) -> TargetError:
    return TargetError(
        f"the {what} exists already, and the mode is 'error'",
        where=str(address),
        fix="use mode 'overwrite' or 'append', or choose another path",
    )


def _other(job: _Job, name: str) -> TargetError:
    return TargetError(
        f"the folder holds more than {job.format.name} objects: {name}",
        where=str(job.address),
        fix="choose a folder of its own for the data",
    )
