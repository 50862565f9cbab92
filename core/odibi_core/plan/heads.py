"""The columns of sources as their heads tell them: a CSV's first lines, a Parquet footer, a Delta log."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.engines.operations import Scan
from odibi_core.formats.registry import format_named
from odibi_core.schema import Schema
from odibi_core.sql.spare import give_back, take_database

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_KEPT = 512
_TICK_NS = 50_000_000
"""A file that changed less than that ago may change once more within the same tick of its clock."""
_COARSE_TICK_NS = 2_500_000_000
"""The same where the file system tells full seconds alone."""

Probe = Callable[[Scan, Path], Schema]
"""Tells the columns of a source from its head. Raises an OdibiError where the source can't be read."""

_KNOWN: dict[tuple[object, ...], Schema] = {}


@contextmanager
def head_reader() -> Iterator[Probe]:
    """A probe that reads the head of a source; of a file that is as it was, it knows the columns already."""
    opened: list[DuckDBPyConnection] = []

    def read(scan: Scan, path: Path) -> Schema:
        state = _state(scan, path)
        known = _KNOWN.get(state) if state else None
        if known is not None:
            return known
        if not opened:
            opened.append(take_database({"threads": "1"}))
        with opened[0].cursor() as cursor:
            schema = format_named(scan.format).probe(str(path), scan.options, cursor)
        if state:
            if len(_KNOWN) >= _KEPT:
                _KNOWN.clear()
            _KNOWN[state] = schema
        return schema

    try:
        yield read
    finally:
        for database in opened:
            give_back(database)


def _state(scan: Scan, path: Path) -> tuple[object, ...] | None:
    """What tells a state of a file from all others; None of what is no single file, or changed just now."""
    # A database has files beside it.
    if format_named(scan.format).abilities.tables:
        return None
    try:
        found = path.stat()
    except OSError:
        return None
    times = (found.st_mtime_ns, found.st_ctime_ns)
    tick = _TICK_NS if found.st_ctime_ns % 1_000_000_000 else _COARSE_TICK_NS
    if not stat.S_ISREG(found.st_mode) or time.time_ns() - max(times) < tick:
        return None
    file = (found.st_dev, found.st_ino, found.st_size, *times)
    return (scan.format, str(path), repr(vars(scan.options)), *file)
