"""A Studio in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_TIMEOUT_S = 60


@contextmanager
def serving(workspace: Path) -> Iterator[tuple[str, int]]:
    """The address of a Studio of the workspace and its process id, for as long as it is needed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = "import sys; from odibi_core.cli import main; sys.exit(main())"
    command = (sys.executable, "-c", program, "studio", "--no-browser", "--port", str(port))
    with (workspace / "studio.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=workspace, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        ends = time.monotonic() + _START_TIMEOUT_S
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError((workspace / "studio.log").read_text(encoding="utf-8"))
            time.sleep(0.1)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
