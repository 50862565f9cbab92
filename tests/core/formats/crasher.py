"""A process that writes in forked children, each of which dies at a chosen moment of its write.

Started as a script; takes one JSON order a line, and answers each with the child's fate.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.core.formats.bench import Bench, connect

from odibi_core.formats.registry import format_named, format_names

# What Python tells an audit hook about: each is a moment at which the disk is about to change.
POINTS = ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.link", "shutil.rmtree", "fcntl.flock")


def die_at_point(number: int) -> None:
    """Let this process kill itself just before its n-th change of the disk."""
    passed = 0

    def watch(event: str, details: tuple[Any, ...]) -> None:
        nonlocal passed
        is_read = event == "open" and not int(details[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_DIRECTORY)
        if event in POINTS and not is_read:
            passed += 1
            if passed == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def carry_out(order: dict[str, Any]) -> None:
    """Write, and die on the way."""
    bench = Bench(Path(order["path"]).parent, connect(Path(tempfile.gettempdir(), "spill")))
    if order.get("delay_s"):
        signal.setitimer(signal.ITIMER_REAL, order["delay_s"])
    else:
        die_at_point(order["point"])
    bench.write(
        Path(order["path"]),
        order["sql"],
        order["mode"],
        ticket=order["ticket"],
        format_name=order["format"],
        merge_key=tuple(order["merge_key"]),
        partition_by=tuple(order["partition_by"]),
        **order.get("options", {}),
    )


def main() -> None:
    # What is loaded before the fork is neither waited for nor counted afterwards.
    for name in format_names():
        format_named(name)
    for module in ("deltalake", "fastavro", "polars", "pyarrow.dataset", "pyarrow.orc"):
        importlib.import_module(module)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                carry_out(json.loads(line))
            except BaseException as error:  # noqa: BLE001 - a child must never go on as its parent
                sys.stderr.write(repr(error))
                sys.stderr.flush()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps(os.waitstatus_to_exitcode(status)), flush=True)


if __name__ == "__main__":
    main()
