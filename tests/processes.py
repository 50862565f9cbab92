"""Processes that tests start: none outlives its test, however that ends."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def started(command: Sequence[str], *, text: bool = True, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A process, killed at the end where it still runs; `more` goes to `subprocess.Popen`."""
    with subprocess.Popen(command, text=text, **more) as process:
        try:
            yield process
        finally:
            process.kill()
