"""The files of this machine, as an adapter looks at them by hand; steps know them by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from odibi_core.clouds.account import PAGE, Account, Object
from odibi_core.clouds.address import Address

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem


class LocalAccount(Account):
    """The files of this machine: looked at, listed and removed."""

    provider: ClassVar[str] = "local"
    extra: ClassVar[str] = "local"

    def _open(self) -> AbstractFileSystem:
        import fsspec

        return fsspec.filesystem("file", skip_instance_cache=True)

    def path(self, address: Address) -> str:
        """The absolute path."""
        return f"/{address.key}"

    def pages(self, address: Address) -> Iterator[Sequence[Object]]:
        """The files whose paths begin with the address's key, a page at a time."""
        walked = self._files(address)
        while page := list(islice(walked, PAGE)):
            yield page

    def _files(self, address: Address) -> Iterator[Object]:
        folder = self.path(address.at(address.key.rpartition("/")[0]))
        for _, _, files in self.filesystem.walk(folder, detail=True):
            for path, found in sorted((about["name"], about) for about in files.values()):
                key = path.lstrip("/")
                if key.startswith(address.key):
                    yield _object(key, found)

    def head(self, address: Address) -> Object | None:
        """The file as it is now; None where there is none."""
        try:
            found = self.filesystem.info(self.path(address))
        except FileNotFoundError:
            return None
        return _object(address.key, found) if found["type"] == "file" else None

    def _read_of(self, address: Address, _start: int, _end: int, _state: str) -> NoReturn:
        raise _by_path(address)

    def _put(self, _source: Path, address: Address, _tickets: Sequence[str], _expected: str | None) -> None:
        raise _by_path(address)

    def delta_options(self) -> Mapping[str, str]:
        """What delta-rs needs to reach them: nothing."""
        return {}


def _object(key: str, found: Mapping[str, Any]) -> Object:
    return Object(key, int(found["size"]), f"{found['size']}-{found['mtime']}")


def _by_path(address: Address) -> TypeError:
    return TypeError(f"files of this machine are read and written by their paths: /{address.key}")
