"""What there is beside what a run names: built-in extensions, and those of installed packages."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints


class Door(NamedTuple):
    """Where a built-in extension is: as an entry point says it, without the library that reads those.

    Attributes:
        name: What it is called.
        value: Module and name in it, such as "odibi_core.formats.csv:CsvFormat".
        group: What kind of extension it is.
    """

    name: str
    value: str
    group: str

    def load(self) -> Any:
        """What is behind it."""
        module, _, name = self.value.partition(":")
        return getattr(import_module(module), name)


def brought(group: str) -> EntryPoints:
    """The entry points of a group that installed packages bring."""
    found: EntryPoints = _all().select(group=group)
    return found


@cache
def _all() -> Any:
    from importlib.metadata import entry_points

    # Each time that it is asked, it looks through all packages, whatever the group.
    return entry_points()
