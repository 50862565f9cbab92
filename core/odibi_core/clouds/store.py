"""What steps do at an object store: look, list, fetch and put, with errors that a person understands."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from odibi_core.clouds.account import Account, ConflictError, NoConditionsError, Object
from odibi_core.clouds.address import Address
from odibi_core.clouds.faults import explained
from odibi_core.errors import SourceError, TargetError, TransientError
from odibi_core.late_dataclass import dataclass

_AT_ONCE = 8
_PIECE_BYTES = 16 << 20


@dataclass(frozen=True)
class Store:
    """An account, as steps see it.

    Attributes:
        account: How the store is reached.
    """

    account: Account

    def head(self, address: Address) -> Object | None:
        """The object as it is now; None where there is none."""
        if not address.key or address.key.endswith("/"):
            return None
        with explained(address):
            return self.account.head(address)

    def under(self, address: Address) -> Iterator[Object]:
        """The objects whose keys begin with the address's key; no more than a page is held at once."""
        with explained(address):
            for page in self.account.pages(address):
                yield from page

    def inside(self, folder: Address) -> Iterator[Object]:
        """The objects in a folder and below it."""
        key = folder.key.rstrip("/")
        return self.under(folder.at(f"{key}/" if key else ""))

    def matching(self, pattern: Address, also: str = "") -> Iterator[Object]:
        """The objects that a glob means: `*` and `?` stop at a slash, `**` does not.

        Args:
            pattern: The glob.
            also: A name that objects beside them have which are given too.
        """
        wanted = glob_expression(pattern.key)
        return (
            found
            for found in self.under(pattern.at(_literal_start(pattern.key)))
            if wanted.fullmatch(found.key) or (also and found.key.rpartition("/")[2] == also)
        )

    def read(
        self, address: Address, start: int | None = None, end: int | None = None, state: str = ""
    ) -> bytes:
        """Bytes of an object, from `start` up to, not including, `end`; of one state, where that is given.

        Raises:
            TransientError: The object is in another state.
        """
        try:
            with explained(address):
                return self.account.read(address, start, end, state)
        except ConflictError as error:
            raise TransientError(
                "another writer changed it at the same time as it was read",
                where=str(address),
                fix="let the one who writes it end first; another try may pass",
            ) from error

    def fetch(
        self, address: Address, found: Object, target: Path, check: Callable[[], None] = lambda: None
    ) -> None:
        """Copy an object to a file: in pieces that come at the same time, each after a check."""
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.part"[-200:])
        with explained(address):
            with draft.open("wb") as file:
                file.truncate(found.size_bytes)
            starts = range(0, found.size_bytes, _PIECE_BYTES)

            def take(start: int) -> None:
                end = min(start + _PIECE_BYTES, found.size_bytes)
                content = self.read(address, start, end, found.state)
                if len(content) != end - start:
                    raise ConnectionError("the answer was cut off")
                with draft.open("r+b") as file:
                    file.seek(start)
                    file.write(content)

            together(take, starts, check)
            draft.replace(target)

    def put(
        self,
        source: Path,
        address: Address,
        tickets: Sequence[str] = (),
        expected: str | None = None,
        *,
        is_needed: bool = True,
    ) -> None:
        """Let a file become an object, all of it at once.

        Args:
            source: The file.
            address: Where to.
            tickets: Which writes are in it.
            expected: The state that the object must be in, `ABSENT` where there must be none; None for any.
            is_needed: Whether that must hold even at a store that takes no conditions.

        Raises:
            ConflictError: The object is not in the state that was expected.
            TargetError: The store takes no conditions, or refuses.
        """
        with explained(address, TargetError):
            try:
                self.account.put(source, address, tickets, expected)
            except NoConditionsError as error:
                if is_needed:
                    raise TargetError(
                        "the store takes no conditions, without which writers would undo each other's work",
                        where=str(address),
                        fix="write one object with the mode 'overwrite', or use a store that knows If-Match",
                    ) from error
                self.account.put(source, address, tickets)

    def remove(self, addresses: Iterable[Address]) -> None:
        """Remove objects; those that are gone already don't matter."""

        def drop(address: Address) -> None:
            with explained(address, TargetError):
                try:
                    self.account.remove(address)
                except FileNotFoundError:
                    return

        together(drop, addresses)

    def buckets(self) -> list[str]:
        """The names of the buckets or containers that the account shows."""
        with explained(self.account.provider):
            return sorted(self.account.buckets())

    def is_folder(self, address: Address) -> bool:
        """Whether there is anything in a folder of that name."""
        return next(self.inside(address), None) is not None


def together(
    do: Callable[[Any], object], items: Iterable[Any], check: Callable[[], None] = lambda: None
) -> None:
    """Do the same with many things, some of them at the same time; after a failure no more is begun.

    Args:
        do: What is done with each.
        items: The things.
        check: Called before each; raises where the step was stopped meanwhile.

    Raises:
        Exception: What the first one that failed raised.
    """

    def checked(thing: Any) -> None:
        check()
        do(thing)

    things = list(items)
    if len(things) == 1:
        checked(things[0])
    elif things:
        pool = ThreadPoolExecutor(min(_AT_ONCE, len(things)))
        try:
            begun = [pool.submit(checked, thing) for thing in things]
            wait(begun, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(cancel_futures=True)
        for each in begun:
            if not each.cancelled():
                each.result()


def local_part(key: str, below: str) -> Path:
    """The path of an object below a folder of keys, as a file system has it.

    Raises:
        SourceError: No file can have such a name.
    """
    parts = key.removeprefix(below).split("/")
    if any(part in ("", ".", "..") or "\0" in part or len(part.encode()) > 255 for part in parts):
        raise SourceError(
            "no file of this machine can have the object's name", where=key, fix="rename the object"
        )
    return Path(*parts)


def room_for(folder: Path, size_bytes: int, where: str) -> None:
    """Refuse to fetch what the disk can't hold.

    Raises:
        SourceError: It can't.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if size_bytes > free:
        raise SourceError(
            f"the source holds {size_bytes / 1e9:,.1f} GB, and the disk of this machine has room for "
            f"{free / 1e9:,.1f} GB",
            where=where,
            fix="keep it as Parquet or Delta, of which only what is needed is fetched, or free some space",
        )


def glob_expression(pattern: str) -> re.Pattern[str]:
    """What the keys of a glob look like."""
    text, place = "", 0
    while place < len(pattern):
        rest = pattern[place:]
        if rest.startswith("**/"):
            text, place = f"{text}(?:[^/]+/)*", place + 3
        elif rest.startswith("**"):
            text, place = f"{text}.*", place + 2
        elif rest[0] == "*":
            text, place = f"{text}[^/]*", place + 1
        elif rest[0] == "?":
            text, place = f"{text}[^/]", place + 1
        elif rest[0] == "[" and (found := re.match(r"\[(!?)([^\]]+)\]", rest)):
            chosen = found[2].replace("\\", "\\\\").replace("^", "\\^").replace("[", "\\[")
            text, place = f"{text}[{'^' if found[1] else ''}{chosen}]", place + found.end()
        else:
            text, place = f"{text}{re.escape(rest[0])}", place + 1
    return re.compile(text, re.DOTALL)


def _literal_start(pattern: str) -> str:
    found = re.search(r"[*?[]", pattern)
    return pattern if found is None else pattern[: found.start()]
