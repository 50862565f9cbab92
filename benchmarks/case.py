"""Runs one case in this process: `python -m benchmarks.case GROUP NAME ARGUMENTS`; the last line is JSON."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

MODULES = {
    "overhead": "overhead",
    "pipelines": "pipelines",
    "typing": "typing_person",
    "canvas": "canvas",
    "waits": "waits",
    "live": "live",
    "streams": "streams",
    "cloud": "cloud",
    "databases": "databases",
    "spark": "spark",
    "quality": "quality",
}


def main(group: str, name: str, arguments: str) -> None:
    """Run the case and print the figures that it measured itself."""
    # Only the one module: what the others stand on would count to this case's time and memory.
    cases = importlib.import_module(f"benchmarks.{MODULES[group]}").CASES
    print(json.dumps(cases[name](Path.cwd(), **json.loads(arguments))))


if __name__ == "__main__":
    main(*sys.argv[1:])
