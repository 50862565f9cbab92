"""What one case costs: CPU time of its whole process tree, wall time and peak memory, in a fresh process."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process and its children took.

    Attributes:
        cpu_s: User and system time of the whole tree, imports included.
        wall_s: From start to end.
        peak_mb: The highest resident memory of a single process of the tree.
        inside: Figures that the case measured itself.
    """

    cpu_s: float
    wall_s: float
    peak_mb: float
    inside: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """The cost as JSON can hold it."""
        return asdict(self)


class CaseFailedError(Exception):
    """A case did not end well; the message holds what it said."""


def run_python(arguments: Sequence[str], folder: Path, *, compiled: Path | None = None) -> Cost:
    """The cost of `python …` in a fresh process.

    Args:
        arguments: What follows `python`.
        folder: Where it runs.
        compiled: Where modules are compiled into, as an installation has them; None for beside them.

    Raises:
        CaseFailedError: It ended with an error.
    """
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if compiled is not None:
        environment["PYTHONPYCACHEPREFIX"] = str(compiled)
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "core"), str(ROOT / "studio")])
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=environment, stdout=said, stderr=complained
        )
        # `wait4` alone tells what this one process and the ones that it waited for took.
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            complained.seek(0)
            raise CaseFailedError(f"{' '.join(arguments)}\n{complained.read().decode(errors='replace')}")
        said.seek(0)
        lines = said.read().decode().splitlines()
    inside = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss * unit / _MB, inside)


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""

    def middle(values: Sequence[float]) -> float:
        return statistics.median(values)

    names = costs[0].inside
    return Cost(
        middle([cost.cpu_s for cost in costs]),
        middle([cost.wall_s for cost in costs]),
        middle([cost.peak_mb for cost in costs]),
        {name: middle([cost.inside[name] for cost in costs]) for name in names},
    )


def cpu_s() -> float:
    """User and system time of this process and the children that it waited for, so far."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
