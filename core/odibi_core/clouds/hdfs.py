"""HDFS, by way of Arrow's client; it needs Hadoop's own library (libhdfs) on the machine."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from odibi_core.clouds.account import ABSENT, PAGE, Account, ConflictError, Object
from odibi_core.clouds.address import Address

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


@dataclass(frozen=True)
class HdfsLogin:
    """How a cluster is reached.

    Attributes:
        host: The name node; what Hadoop's configuration says where it is empty.
        port: Its port.
        user: Who asks.
    """

    host: str = ""
    port: int = 8020
    user: str = ""


class FilesystemAccount(Account):
    """A file system of fsspec that knows renames, but neither conditions nor metadata.

    A file is sent under another name and renamed. Which writes are in it is kept in a file beside it, which
    tells it of the file as it is and as it is about to be: a rename changes neither its size nor its moment.
    """

    def pages(self, address: Address) -> Iterator[Sequence[Object]]:
        """The files whose paths begin with the address's key, a page at a time."""
        walked = self._files(address)
        while page := list(islice(walked, PAGE)):
            yield page

    def _files(self, address: Address) -> Iterator[Object]:
        root = self.path(address.at(""))
        folder = self.path(address.at(address.key.rpartition("/")[0]))
        for _, _, files in self.filesystem.walk(folder, detail=True):
            for path, found in sorted((about["name"], about) for about in files.values()):
                key = path.removeprefix(root).lstrip("/")
                if key.startswith(address.key):
                    yield _object(key, found)

    def head(self, address: Address) -> Object | None:
        """The file as it is now; None where there is none."""
        path = self.path(address)
        try:
            found = self.filesystem.info(path)
        except FileNotFoundError:
            return None
        if found["type"] != "file":
            return None
        try:
            known = json.loads(self.filesystem.cat_file(_beside(path)))
        except FileNotFoundError:
            known = {}
        now = _object(address.key, found)
        return _object(address.key, found, known.get(now.state, ()))

    def _read_of(self, address: Address, start: int, end: int, state: str) -> bytes:
        content: bytes = self.filesystem.cat_file(self.path(address), start=start, end=end)
        now = self.head(address)
        if now is None or now.state != state:
            raise ConflictError
        return content

    def put(
        self, source: Path, address: Address, tickets: Sequence[str] = (), expected: str | None = None
    ) -> None:
        """Let a file take the place of another at once.

        Raises:
            ConflictError: The old one is not in the state that was expected.
        """
        path = self.path(address)
        draft = f"{path.rpartition('/')[0]}/.tmp-{secrets.token_hex(8)}"
        self.filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.filesystem.put_file(str(source), draft)
        found = self.head(address)
        if expected is not None and (found.state if found else ABSENT) != expected:
            self.filesystem.rm_file(draft)
            raise ConflictError
        try:
            if tickets:
                now = _object(address.key, self.filesystem.info(draft))
                known = {found.state: found.tickets} if found is not None else {}
                told = json.dumps({**known, now.state: list(tickets)})
                self.filesystem.pipe_file(_beside(path), told.encode())
            self.filesystem.mv(draft, path)
        except BaseException:
            with suppress(Exception):
                # What was there may be gone already: then the draft is all there is.
                if found is None or self.filesystem.exists(path):
                    self.filesystem.rm_file(draft)
            raise


class HdfsAccount(FilesystemAccount):
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
        self._host = name or login.host or "default"
        self._port, self._user = int(port or login.port), login.user

    def _open(self) -> AbstractFileSystem:
        import fsspec

        who = {"user": self._user} if self._user else {}
        return fsspec.filesystem("hdfs", host=self._host, port=self._port, skip_instance_cache=True, **who)

    def path(self, address: Address) -> str:
        """The path below the root."""
        return f"/{address.key}"

    def delta_options(self) -> Mapping[str, str]:
        """What delta-rs needs to reach the cluster: nothing beside its address."""
        return {}


class LocalAccount(FilesystemAccount):
    """The files of this machine."""

    provider: ClassVar[str] = "local"
    extra: ClassVar[str] = "local"

    def _open(self) -> AbstractFileSystem:
        import fsspec

        return fsspec.filesystem("file", skip_instance_cache=True)

    def path(self, address: Address) -> str:
        """The absolute path."""
        return f"/{address.key}"

    def delta_options(self) -> Mapping[str, str]:
        """What delta-rs needs to reach them: nothing."""
        return {}


def _object(key: str, found: Mapping[str, Any], tickets: Sequence[str] = ()) -> Object:
    moment = found.get("mtime", found.get("last_modified_time", ""))
    return Object(key, int(found.get("size") or 0), f"{found.get('size')}-{moment}", tuple(tickets))


def _beside(path: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/.{name}.odibi.json"
