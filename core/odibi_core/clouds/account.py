"""What an account of a provider offers: objects in pages, one object's state, and puts with conditions."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from odibi_core.clouds.address import Address
from odibi_core.clouds.tails import Tails
from odibi_core.errors import MissingPackageError
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

PAGE = 1_000
"""How many objects a page of a list holds; no provider gives more at once."""

TICKETS = "odibitickets"
"""The entry of an object's metadata that says which writes are in it."""

DELTA_RETRIES = {"max_retries": "4", "retry_timeout": "60s"}
"""How long delta-rs tries to reach a store; a step's own retries come behind."""

NO_CONTAINER = "NoSuchBucket"
"""The text of an error that tells a missing bucket from a missing object."""

ABSENT = ""
"""What `put` is told where there must be no object yet."""


class ConflictError(Exception):
    """The object is not as the one who writes it took it to be."""


class NoConditionsError(Exception):
    """The store takes no condition on a put."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object as it is now.

    Attributes:
        key: Its name in the bucket or container.
        size_bytes: Its size.
        state: What tells one state of it from every other, such as its ETag.
        tickets: Which writes are in it; only known of an object that was looked at by itself.
    """

    key: str
    size_bytes: int
    state: str
    tickets: tuple[str, ...] = ()


class Account(ABC):
    """One account. Its file system is opened when it is first needed, and anew in a process that was forked.

    Attributes:
        provider: The provider's name.
        extra: What is to be installed for it.
        tails: The last bytes of its objects, as far as they were read.
    """

    provider: ClassVar[str]
    extra: ClassVar[str]

    def __init__(self) -> None:
        self.tails = Tails()
        self._lock = threading.Lock()
        self._opened: tuple[int, AbstractFileSystem] | None = None

    @property
    def filesystem(self) -> AbstractFileSystem:
        """The file system in fsspec.

        Raises:
            MissingPackageError: Its library is not installed.
        """
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                try:
                    self._opened = os.getpid(), self._open()
                except ImportError as error:
                    raise MissingPackageError(
                        f"a library for {self.provider!r} is missing: {error}",
                        fix=f"pip install 'odibi-studio[{self.extra}]'",
                    ) from error
            return self._opened[1]

    @abstractmethod
    def _open(self) -> AbstractFileSystem:
        """A new file system."""

    def path(self, address: Address) -> str:
        """The address as the file system spells it."""
        return f"{address.container}/{address.key}"

    def buckets(self) -> list[str]:
        """The names of the buckets or containers that it shows."""
        return [str(name).strip("/") for name in self.filesystem.ls("", detail=False)]

    @abstractmethod
    def pages(self, address: Address) -> Iterator[Sequence[Object]]:
        """The objects whose keys begin with the address's key, by name, a page at a time."""

    @abstractmethod
    def head(self, address: Address) -> Object | None:
        """The object as it is now; None where there is none."""

    def read(self, address: Address, start: int | None, end: int | None, state: str = "") -> bytes:
        """Bytes of an object, from `start` up to, not including, `end`; of one state, where that is given.

        Raises:
            ConflictError: The object is in another state.
        """
        if state and start is not None and end is not None:
            with self._telling():
                return self._read_of(address, start, end, state)
        return self._read(address, start, end)

    def _read(self, address: Address, start: int | None, end: int | None) -> bytes:
        """Bytes of an object in whatever state it is."""
        content: bytes = self.filesystem.cat_file(self.path(address), start=start, end=end)
        return content

    @abstractmethod
    def _read_of(self, address: Address, start: int, end: int, state: str) -> bytes:
        """Bytes of one state of an object.

        Raises:
            ConflictError: It is in another one.
        """

    def put(
        self, source: Path, address: Address, tickets: Sequence[str] = (), expected: str | None = None
    ) -> None:
        """Let a file become an object: all of it at once.

        Args:
            source: The file.
            address: Where to.
            tickets: Which writes are in it.
            expected: The state that the object must be in, `ABSENT` where there must be none; None for any.

        Raises:
            ConflictError: It is in another state.
            NoConditionsError: The store takes no condition, and there is one.
        """
        with self._telling():
            self._put(source, address, tickets, expected)

    @abstractmethod
    def _put(self, source: Path, address: Address, tickets: Sequence[str], expected: str | None) -> None:
        """Let a file become an object; what it raises need not be a ConflictError."""

    def remove(self, address: Address) -> None:
        """Remove an object.

        Raises:
            FileNotFoundError: It is gone already; not every provider says so.
        """
        self.filesystem.rm_file(self.path(address))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what the provider's library raises for a condition that is not met into a ConflictError."""
        try:
            yield
        except ConflictError:
            raise
        except Exception as error:  # every library has errors of its own
            if self._is_conflict(error):
                raise ConflictError from error
            if self._knows_no_conditions(error):
                raise NoConditionsError from error
            raise

    def _is_conflict(self, _error: Exception) -> bool:
        """Whether the library says with it that a condition is not met."""
        return False

    def _knows_no_conditions(self, _error: Exception) -> bool:
        """Whether the server says with it that it does not know conditions."""
        return False

    @abstractmethod
    def delta_options(self) -> Mapping[str, str]:
        """What delta-rs needs to reach the account."""

    def delta_uri(self, address: Address) -> str:
        """The address as delta-rs spells it."""
        return str(address)

    def call(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        """What a coroutine of the file system's own event loop gives."""
        from fsspec.asyn import sync

        return sync(self.filesystem.loop, function, *args, **kwargs)


def delta_options(told: Mapping[str, str]) -> dict[str, str]:
    """What delta-rs is told: how long it tries, and what of the rest is not empty."""
    return {**DELTA_RETRIES, **{name: value for name, value in told.items() if value}}


def split_tickets(text: str | None) -> tuple[str, ...]:
    """Tickets as an object's metadata hold them."""
    return tuple(filter(None, (text or "").split(",")))
