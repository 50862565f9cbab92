"""HDFS, by way of hdfs-native: a client that needs neither Java nor Hadoop on the machine.

HDFS knows renames that take the place of a file at one moment, and leases, but neither conditions nor
metadata. So a file is sent under another name and renamed; who puts it under a condition, or says which
writes are in it, does so with a lease. Those writes are the names in a folder beside it, one for each state
of the file: a name costs little, while a file with content is only there once a data node has told of it.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, unquote

from odibi_core.clouds.account import ABSENT, PAGE, Account, ConflictError, Object
from odibi_core.clouds.address import Address
from odibi_core.clouds.hdfs_lease import leased
from odibi_core.errors import OdibiError
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem
    from hdfs_native import Client, FileStatus

DEFAULT_PORT = 8020

_OWN = ".odibi~"
"""How the names begin of files that only this module looks at."""

_CHUNK_BYTES = 4 << 20
_NAME_BYTES = 200
_AS_IT_IS = (1 << 64) - 1
"""A moment that HDFS leaves unchanged."""

_TRIES: dict[str, Any] = {
    "dfs.client.failover.sleep.base.millis": "100",
    "dfs.client.failover.sleep.max.millis": "1000",
    "dfs.client.failover.max.attempts": "6",
}
"""A name node that does not answer is asked again for some seconds; a step's own retries come behind."""


@dataclass(frozen=True)
class HdfsLogin:
    """How a cluster is reached. Who asks is said as to Hadoop's own tools: HADOOP_USER_NAME, or Kerberos.

    Attributes:
        host: The name node, or a name service of Hadoop's configuration; what that says where it is empty.
        port: The port of the name node.
    """

    host: str = ""
    port: int = DEFAULT_PORT


class HdfsAccount(Account):
    """A cluster.

    Args:
        login: How it is reached.
        host: The name node that a URL names; may be empty.
    """

    provider: ClassVar[str] = "hdfs"
    extra: ClassVar[str] = "hdfs"

    def __init__(self, login: HdfsLogin, host: str = "") -> None:
        super().__init__()
        name, _, port = host.partition(":")
        self._host, self._port = name or login.host, int(port or login.port)

    @property
    def _client(self) -> Client:
        client: Client = self.filesystem.client
        return client

    def _open(self) -> AbstractFileSystem:
        from hdfs_native.fsspec import HdfsFileSystem

        if self._host and self._port == DEFAULT_PORT:
            # Hadoop's configuration may know a name for several name nodes, which have ports of their own.
            with suppress(RuntimeError):
                return HdfsFileSystem(self._host, skip_instance_cache=True, **_TRIES)
        try:
            port = self._port if self._host else None
            return HdfsFileSystem(self._host or None, port, skip_instance_cache=True, **_TRIES)
        except RuntimeError as error:
            raise OdibiError(
                f"nothing says which cluster is meant: {error}",
                where="HDFS",
                fix="write hdfs://namenode:8020/path, or let HADOOP_CONF_DIR name the folder of Hadoop's "
                "core-site.xml",
            ) from error

    def path(self, address: Address) -> str:
        """The path below the root."""
        return f"/{address.key.rstrip('/')}"

    def buckets(self) -> list[str]:
        """The names of what is in the root."""
        return [_key(found.path) for found in self._client.list_status("/")]

    def pages(self, address: Address) -> Iterator[Sequence[Object]]:
        """The files whose paths begin with the address's key, by path, a page at a time."""
        walked = self._walk(address.key.rpartition("/")[0], address.key)
        while page := list(islice(walked, PAGE)):
            yield page

    def _walk(self, folder: str, beginning: str) -> Iterator[Object]:
        # A folder comes where its path with a slash stands among the paths of files.
        waiting: list[str] = []
        for found in self._listed(folder):
            key = f"{_key(found.path)}/" if found.isdir else _key(found.path)
            for inner in sorted(each for each in waiting if each < key):
                waiting.remove(inner)
                yield from self._walk(inner, beginning)
            if not key.startswith(beginning) or _name(found.path).startswith(_OWN):
                continue
            if found.isdir:
                waiting.append(key)
            else:
                yield Object(key, found.length, _state(found))
        for inner in sorted(waiting):
            yield from self._walk(inner, beginning)

    def _listed(self, folder: str) -> Iterator[FileStatus]:
        with suppress(FileNotFoundError):
            yield from self._client.list_status(f"/{folder.strip('/')}")

    def head(self, address: Address) -> Object | None:
        """The file as it is now; None where there is none."""
        found = self._status(self.path(address))
        if found is None:
            return None
        tickets = self._tickets(self.path(address), _state(found))
        return Object(address.key, found.length, _state(found), tickets)

    def _status(self, path: str) -> FileStatus | None:
        try:
            found = self._client.get_file_info(path)
        except FileNotFoundError:
            return None
        return None if found.isdir else found

    def _read(self, address: Address, start: int | None, end: int | None) -> bytes:
        reader = self._client.read(self.path(address))
        first, last = start or 0, len(reader) if end is None else min(end, len(reader))
        return reader.read_range(first, last - first) if last > first else b""

    def _read_of(self, address: Address, start: int, end: int, state: str) -> bytes:
        content = self._read(address, start, end)
        now = self._status(self.path(address))
        if now is None or _state(now) != state:
            raise ConflictError
        return content

    def _put(self, source: Path, address: Address, tickets: Sequence[str], expected: str | None) -> None:
        """Send a file under another name, and let it take the place of the old one at one moment."""
        path = self.path(address)
        draft = _beside(path, f"draft-{secrets.token_hex(8)}")
        try:
            self._send(source, draft)
            if expected is None and not tickets:
                self._client.rename(draft, path, overwrite=True)
                return
            # A client of its own: the lease of one that lives on would outlive a failure here.
            with leased(self._open().client, _beside(path, "lock")):
                self._replace(draft, address, tickets, expected)
        except BaseException:
            with suppress(Exception):
                self._client.delete(draft)
            raise

    def _send(self, source: Path, path: str) -> None:
        from hdfs_native import WriteOptions

        with source.open("rb") as file, self._client.create(path, WriteOptions(overwrite=False)) as target:
            shutil.copyfileobj(file, target, _CHUNK_BYTES)

    def _replace(self, draft: str, address: Address, tickets: Sequence[str], expected: str | None) -> None:
        client, path = self._client, self.path(address)
        old, new = self._status(path), client.get_file_info(draft)
        if expected is not None and (_state(old) if old else ABSENT) != expected:
            raise ConflictError
        if old is not None and new.modification_time <= old.modification_time:
            # Two states of one file are never alike.
            client.set_times(draft, old.modification_time + 1, _AS_IT_IS)
            new = client.get_file_info(draft)
        self._note(path, {_state(new), _state(old) if old else ""}, _state(new), tickets)
        try:
            client.rename(draft, path, overwrite=True)
        except (OSError, RuntimeError):
            # The answer may have been lost, and the client have asked again.
            now = self._status(path)
            if now is None or _state(now) != _state(new):
                raise

    def _tickets(self, path: str, state: str) -> tuple[str, ...]:
        """The writes that are in the file in that state."""
        named = [_name(found.path) for found in self._listed(f"{_beside(path, 'tickets')}/{state}")]
        parts = sorted((int(number), part) for number, _, part in (name.partition("+") for name in named))
        return tuple(unquote(ticket) for _, part in parts for ticket in part.split(","))

    def _note(self, path: str, kept: Container[str], state: str, tickets: Sequence[str]) -> None:
        """Name the writes that are in the file in a state, and forget those of all but the kept states."""
        client, folder = self._client, _beside(path, "tickets")
        for found in self._listed(folder):
            if _name(found.path) not in kept:
                client.delete(found.path, recursive=True)
        for number, part in enumerate(_joined(tickets)):
            client.mkdirs(f"{folder}/{state}/{number}+{part}", create_parent=True)

    def remove(self, address: Address) -> None:
        """Remove a file, and what is known of it."""
        path = self.path(address)
        self._client.delete(path)
        self._client.delete(_beside(path, "tickets"), recursive=True)

    def delta_options(self) -> Mapping[str, str]:
        """What delta-rs needs to reach the cluster: nothing beside its address."""
        return {}

    def delta_uri(self, address: Address) -> str:
        """The address as delta-rs spells it.

        Raises:
            OdibiError: delta-rs would write to a path that it does not read.
        """
        if quote(address.key, safe="/=") != address.key:
            raise OdibiError(
                "delta-rs finds no table in HDFS whose path holds other than plain letters, digits and -._~=",
                where=str(address),
                fix="choose a plain path, or another format",
            )
        filesystem: Any = self.filesystem
        port = f":{filesystem.port}" if filesystem.port else ""
        return f"hdfs://{filesystem.host or ''}{port}/{address.key}"


def _key(path: str) -> str:
    return path.strip("/")


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _state(found: FileStatus) -> str:
    return f"{found.length}-{found.modification_time}"


def _beside(path: str, what: str) -> str:
    """A file of this module's own beside another, whose name may be as long as names can be."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{_OWN}{hashlib.sha256(name.encode()).hexdigest()[:24]}-{what}"


def _joined(tickets: Sequence[str]) -> list[str]:
    """Tickets as names that are no longer than names can be."""
    parts: list[str] = []
    for ticket in map(quote, tickets, repeat("")):
        if parts and len(parts[-1]) + len(ticket) < _NAME_BYTES:
            parts[-1] += f",{ticket}"
        else:
            parts.append(ticket)
    return parts
