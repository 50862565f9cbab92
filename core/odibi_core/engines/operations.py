"""What a step asks an engine to do: a step's value and params, checked and typed.

A node turns a `Step` into one operation; an engine carries it out. Engines know operations, not steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from odibi_core.formats.base import Options, WriteMode
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from odibi_core.clouds.account import Account
    from odibi_core.clouds.address import Address


class Reaching(Protocol):
    """What a program gives a step to reach an object store with; a `CloudAdapter` does."""

    def account_of(self, address: Address) -> Account:
        """The account that an address is in."""


@dataclass(frozen=True, slots=True)
class Check:
    """Check that a named connection works."""

    connection: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Read a file, folder or table of a format.

    Attributes:
        server: The URL of what is no file of this machine: a database, an object; else "".
        adapter: A CloudAdapter of the program that reaches it, if one was given.
    """

    source: str
    format: str
    options: Options
    connection: str = ""
    server: str = ""
    adapter: Reaching | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Run a SELECT over the step's inputs."""

    sql: str
    dialect: str = "auto"


@dataclass(frozen=True, slots=True)
class Call:
    """Call a Python function with the step's inputs."""

    function: str | Callable[..., Any]
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Write:
    """Write the input to a file, folder or table.

    Attributes:
        server: The URL of what is no file of this machine: a database, an object; else "".
        adapter: A CloudAdapter of the program that reaches it, if one was given.
    """

    target: str
    format: str
    mode: WriteMode
    options: Options
    partition_by: tuple[str, ...] = ()
    merge_key: tuple[str, ...] = ()
    connection: str = ""
    server: str = ""
    adapter: Reaching | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Send the input to an HTTP endpoint, in batches.

    Attributes:
        connection: The connection that leads there, with the headers that it has; "" for none.
    """

    url: str
    method: str
    headers: Mapping[str, str]
    batch_size: int
    request_timeout_s: float
    connection: str = ""


Operation = Check | Scan | Query | Call | Write | Send
