"""Objects as files that DuckDB reads: each of its reads becomes one request for just those bytes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from odibi_core.clouds.account import Object
from odibi_core.clouds.address import Address
from odibi_core.clouds.store import Store
from odibi_core.errors import SourceError, TransientError
from odibi_core.formats.streams import telling

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TAIL_BYTES = 1 << 16
_OLD = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


class _File:
    """One object, as an open file."""

    def __init__(self, store: Store, address: Address, found: Object) -> None:
        self._store, self._address, self._found = store, address, found
        self._place = 0

    def seek(self, place: int, _whence: int = 0) -> int:
        self._place = place
        return place

    def tell(self) -> int:
        return self._place

    def read(self, length: int = -1) -> bytes:
        size = self._found.size_bytes
        end = size if length < 0 else min(self._place + length, size)
        start, self._place = self._place, end
        try:
            content = self._read(start, end, size)
        except (SourceError, TransientError) as error:
            raise telling(error) from error
        if len(content) != end - start:
            cut = TransientError(
                "the store's answer was cut off, or the object has changed", where=str(self._address)
            )
            raise telling(cut)
        return content

    def _read(self, start: int, end: int, size: int) -> bytes:
        begin = max(0, size - _TAIL_BYTES)
        if start < begin or end <= start:
            return self._of_state(start, end) if end > start else b""
        tails, state = self._store.account.tails, self._found.state
        tail = tails.get(self._address, state)
        if tail is None:
            tail = self._of_state(begin, size)
            tails.keep(self._address, state, tail)
        return tail[start - begin : end - begin]

    def _of_state(self, start: int, end: int) -> bytes:
        return self._store.read(self._address, start, end, self._found.state)

    def close(self) -> None:
        """Nothing is open."""

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def lend(
    cursor: DuckDBPyConnection, name: str, store: Store, address: Address, objects: Iterable[Object]
) -> tuple[str, ...]:
    """The paths by which DuckDB reads objects, as long as the cursor's database is open.

    Args:
        cursor: Of that database.
        name: What no other call for this database has.
        store: Where the objects are.
        address: Of the same container.
        objects: The objects.
    """
    from fsspec import AbstractFileSystem

    scheme = "odibi" + "".join(letter for letter in name if letter.isalnum()).lower()
    known = {f"{scheme}://{address.container}/{found.key}": found for found in objects}

    class Bridge(AbstractFileSystem):  # type: ignore[misc]
        protocol = scheme

        def open(self, path: str, mode: str = "rb", **_: Any) -> _File:
            if mode != "rb":
                raise OSError("objects are read here, and nothing else")
            found = known[path]
            return _File(store, address.at(found.key), found)

        def size(self, path: str) -> int:
            return known[path].size_bytes

        def modified(self, _path: str) -> dt.datetime:
            return _OLD

        def exists(self, path: str, **_: Any) -> bool:
            return path in known

        isfile = exists

        def glob(self, path: str, **_: Any) -> list[str]:
            # DuckDB takes what it is told for patterns: in it every magic letter stands in brackets.
            plain = re.sub(r"\[([*?[])\]", r"\1", path)
            return [plain] if plain in known else []

    cursor.register_filesystem(Bridge(skip_instance_cache=True))
    return tuple(known)
