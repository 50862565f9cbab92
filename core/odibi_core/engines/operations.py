"""What a step asks an engine to do: a step's value and params, checked and typed.

A node turns a `Step` into one operation; an engine carries it out. Engines know operations, not steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from odibi_core.formats.base import Options, WriteMode


@dataclass(frozen=True, slots=True)
class Check:
    """Check that a named connection works."""

    connection: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Read a file, folder or table of a format; `server` is the URL of a database that is no file."""

    source: str
    format: str
    options: Options
    connection: str = ""
    server: str = ""


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
    """Write the input to a file, folder or table; `server` is the URL of a database that is no file."""

    target: str
    format: str
    mode: WriteMode
    options: Options
    partition_by: tuple[str, ...] = ()
    merge_key: tuple[str, ...] = ()
    connection: str = ""
    server: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """Send the input to an HTTP endpoint, in batches."""

    url: str
    method: str
    headers: Mapping[str, str]
    batch_size: int
    request_timeout_s: float


Operation = Check | Scan | Query | Call | Write | Send
