"""The inside of a worker process."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from odibi_core.errors import OdibiError
from odibi_core.functions import TableSource, call_function
from odibi_core.functions.results import result_to_arrow
from odibi_core.workers.reference import FunctionReference
from odibi_core.workers.transfer import pack_error, read_table, unpack, write_table


def serve(control: int, lifeline: int) -> None:
    """Carry out requests, one JSON text a line, until the run closes the connection.

    Args:
        control: The file descriptor of the socket to the run.
        lifeline: The file descriptor of a pipe that the run holds open as long as it lives.
    """
    for descriptor in (control, lifeline):
        os.set_inheritable(descriptor, False)
    _die_with_the_run(lifeline)
    # Standard output is the run's stderr here; a print must be seen even when the worker is ended after it.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    import pandas  # noqa: F401  a worker is ready when its first task need not wait for imports
    import pyarrow  # noqa: F401

    home = Path.cwd()
    with socket.socket(fileno=control) as connection, connection.makefile("rb") as requests:
        connection.sendall(b"{}\n")
        for line in requests:
            os.chdir(home)
            answer = _carry_out(json.loads(line))
            connection.sendall(json.dumps(answer).encode() + b"\n")


def _die_with_the_run(lifeline: int) -> None:
    """Have the kernel kill this process group when the run is gone, even while C code holds the interpreter.

    PR_SET_PDEATHSIG would not do: it fires when the thread that started the worker ends.
    """
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    try:
        is_gone = os.read(lifeline, 1) == b""
    except BlockingIOError:
        is_gone = False
    if is_gone:
        raise SystemExit(1)


def _carry_out(request: dict[str, Any]) -> dict[str, Any]:
    reference = FunctionReference(**request["function"])
    folder = Path(request["folder"])
    try:
        frames = call_function(
            reference.find(),
            {name: TableSource(read_table(Path(path))) for name, path in request["inputs"].items()},
            {name: unpack(value) for name, value in request["params"].items()},
            outputs=request["outputs"],
            name=reference.name,
        )
        written = {}
        for number, (output, frame) in enumerate(frames.items()):
            written[output] = str(folder / f"output-{number}.arrow")
            write_table(result_to_arrow(frame, output, reference.name), Path(written[output]))
    except OdibiError as error:
        return {"error": pack_error(error)}
    return {"outputs": written}
