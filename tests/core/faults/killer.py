"""A process that runs the pipeline in forked children, each of which is killed at a chosen moment.

Started as a script; takes one JSON order a line, and answers each with the child's fate. What is loaded is
loaded once, before the forks, so that the moments fall into the runs.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tests.core.faults import job
from tests.core.formats.crasher import POINTS, die_at_point

from odibi_core.kept import checkpointed_run

# A kill falls between many checkpoints, not before the first.
checkpointed_run.AUTO_S, checkpointed_run.AUTO_SHARE = 0.0, math.inf

LOADED = (
    "polars",
    "odibi_core.pipeline_run",
    "odibi_core.engines.duckdb.engine",
    "odibi_core.formats.delta_writing",
    "odibi_core.formats.sqlite_writing",
    "odibi_core.formats.parquet",
    "odibi_core.formats.csv",
    "odibi_core.functions.calling",
    "odibi_core.story_generator",
    "sqlglot",
)


def carry_out(order: dict[str, Any]) -> int:
    """Run, and die on the way where that is a matter of the disk; the exit code."""
    if order.get("point"):
        die_at_point(order["point"])
    folder = Path(order["folder"])
    with job.run(folder, order["day"], order["mode"], order["seed"], resumes=order["resumes"]) as result:
        if not result.success:
            sys.stderr.write(f"{result.errors} {result.warnings}\n")
        return 0 if result.success else 1


def changes_of_disk(order: dict[str, Any]) -> int:
    """How often a run changes the disk, as far as Python is asked to."""
    passed = 0

    def watch(event: str, details: tuple[Any, ...]) -> None:
        nonlocal passed
        is_read = event == "open" and not int(details[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_DIRECTORY)
        passed += event in POINTS and not is_read

    sys.addaudithook(watch)
    code = carry_out(order)
    Path(order["folder"], "changes").write_text(str(passed))
    return code


def fate(child: int, delay_s: float) -> int:
    """The exit code of the child, which is killed after the delay where there is one."""
    deadline = time.monotonic() + delay_s
    while delay_s:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() >= deadline:
            os.kill(child, signal.SIGKILL)
            break
        time.sleep(0.001)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    for module in LOADED:
        importlib.import_module(module)
    for line in sys.stdin:
        order = json.loads(line)
        begun = time.monotonic()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = changes_of_disk(order) if order.get("counts") else carry_out(order)
            except BaseException as error:  # noqa: BLE001 - a child must never go on as its parent
                sys.stderr.write(repr(error))
            sys.stderr.flush()
            os._exit(code)
        code = fate(child, order.get("delay_s", 0.0))
        print(json.dumps({"code": code, "took_s": time.monotonic() - begun}), flush=True)


if __name__ == "__main__":
    main()
