"""Runs one case in this process: `python -m benchmarks.case GROUP NAME ARGUMENTS`; the last line is JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks import canvas, overhead, pipelines, typing_person


def main(group: str, name: str, arguments: str) -> None:
    """Run the case and print the figures that it measured itself."""
    cases = {
        "overhead": overhead.CASES,
        "pipelines": pipelines.CASES,
        "typing": typing_person.CASES,
        "canvas": canvas.CASES,
    }[group]
    print(json.dumps(cases[name](Path.cwd(), **json.loads(arguments))))


if __name__ == "__main__":
    main(*sys.argv[1:])
