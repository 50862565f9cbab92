"""Measures and says what it measured: `python -m benchmarks [GROUP …]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.groups import GROUPS, Bench
from benchmarks.measure import ROOT
from benchmarks.report import surroundings, write_json


def main(arguments: list[str]) -> None:
    """Run groups of cases, write bench-results/*.json, and print a Markdown table of each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=f"{', '.join(GROUPS)}; all if none is given"
    )
    parser.add_argument("--runs", type=int, default=3, help="fresh processes a case; medians are shown (3)")
    parser.add_argument(
        "--steps", type=int, nargs="+", default=[1_000, 3_000, 10_000], help="sizes of the overhead"
    )
    parser.add_argument(
        "--rows",
        type=int,
        nargs="+",
        default=[1_000_000, 10_000_000],
        help="sizes of the pipelines' data (1_000_000 10_000_000)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(tempfile.gettempdir(), "bench-data"),
        help="where the pipelines' data are kept from one time to the next",
    )
    parser.add_argument("--results", type=Path, default=ROOT / "bench-results", help="where the JSON goes")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.groups if name not in GROUPS]
    if unknown:
        parser.error(f"there is no group {unknown[0]!r}; the groups are {', '.join(GROUPS)}")
    given.data = given.data.resolve()
    print(", ".join(f"{name} {text}" for name, text in surroundings().items()), end="\n\n")
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        for name in given.groups or GROUPS:
            bench = Bench(Path(scratch), given.runs, tuple(given.steps), tuple(given.rows), given.data)
            tables = GROUPS[name](bench)
            for table in tables:
                print(table.as_markdown(), end="\n\n", flush=True)
            write_json(given.results, name, tables, bench.measured)


if __name__ == "__main__":
    main(sys.argv[1:])
