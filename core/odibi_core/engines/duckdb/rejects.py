"""Rows that could not be read: counted, and kept as they stand in the source."""

from __future__ import annotations

import csv
from pathlib import Path

from odibi_core.engines.base import Outcome
from odibi_core.formats.base import Scan
from odibi_core.workspace import file_name

HEADER = ("source", "line", "column", "reason", "text")


def keep_rejects(scan: Scan, outcome: Outcome, folder: Path) -> None:
    """Write what a tolerant scan set aside into a CSV file of the step's own, and say so in its outcome."""
    if scan.rejects is None:
        return
    rejected = scan.rejects()
    if not rejected:
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file_name(outcome.name)}.csv"
    with path.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for row in rejected:
            writer.writerow((row.source, row.line or "", row.column, row.reason, row.text))
    outcome.rejected_rows = len(rejected)
    outcome.rejects_path = str(path)
    first = rejected[0]
    place = f" (first: line {first.line}, {first.reason})" if first.line else f" (first: {first.reason})"
    rows = (
        "1 row could not be read and was"
        if len(rejected) == 1
        else f"{len(rejected):,} rows could not be read and were"
    )
    outcome.warnings.append(f"{rows} set aside{place}")
