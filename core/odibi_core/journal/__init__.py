"""The run journal: append, read, follow.

A run is a folder: `design.yaml` (what ran), `events.jsonl` (what happened, one event a line; the truth),
`heartbeat` (which process it is), and the reports that are made of it.
"""

from __future__ import annotations

from odibi_core.journal.reader import JournalReader, follow
from odibi_core.journal.record import RunRecord, RunState, StepProgress
from odibi_core.journal.runs import find_run, list_runs
from odibi_core.journal.writer import JournalWriter, new_run_id

__all__ = [
    "JournalReader",
    "JournalWriter",
    "RunRecord",
    "RunState",
    "StepProgress",
    "find_run",
    "follow",
    "list_runs",
    "new_run_id",
]
