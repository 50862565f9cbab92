"""The columns of sources, read once for each state of their files."""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import ExitStack
from pathlib import Path

from odibi_core.engines.operations import Scan
from odibi_core.errors import OdibiError
from odibi_core.plan.fingerprint import place_identity
from odibi_core.plan.heads import Probe, head_reader
from odibi_core.schema import Schema

_KEPT = 512

SourceState = tuple[str, str, str, str]


def source_state(scan: Scan, path: Path) -> SourceState | None:
    """What tells one state of a source from every other; None where nothing is there to look at."""
    identity = place_identity(path)
    if not identity:
        return None
    return scan.format, str(path), scan.options.model_dump_json(), repr(identity)


class Heads:
    """Reads the heads of sources, and remembers them until a file, its time or an option changes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._read: Probe | None = None
        self._kept: OrderedDict[SourceState, Schema | OdibiError] = OrderedDict()

    def probe(self, scan: Scan, path: Path) -> Schema:
        """The columns of a source.

        Raises:
            OdibiError: The source can't be read.
        """
        state = source_state(scan, path)
        with self._lock:
            told = self._kept.get(state) if state is not None else None
            if told is None:
                told = self._read_head(scan, path)
                if state is not None:
                    self._keep(state, told)
        if isinstance(told, OdibiError):
            raise told
        return told

    def close(self) -> None:
        """Let go of the database that the heads are read with."""
        with self._lock:
            self._read = None
            self._stack.close()

    def _read_head(self, scan: Scan, path: Path) -> Schema | OdibiError:
        if self._read is None:
            self._read = self._stack.enter_context(head_reader())
        try:
            return self._read(scan, path)
        except OdibiError as error:
            return error.with_traceback(None)

    def _keep(self, state: SourceState, told: Schema | OdibiError) -> None:
        self._kept[state] = told
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
