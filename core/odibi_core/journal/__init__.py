"""The run journal: append, read, follow.

A run is a folder: `design.yaml` (what ran), `events.jsonl` (what happened, one event a line; the truth),
`heartbeat` (which process it is), and the reports that are made of it.

A name brings its module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from odibi_core.journal.reader import JournalReader, follow
    from odibi_core.journal.record import RunRecord, RunState, StepProgress
    from odibi_core.journal.runs import find_run, list_runs
    from odibi_core.journal.writer import JournalWriter, new_run_id

_HOMES = {
    "JournalReader": "odibi_core.journal.reader",
    "JournalWriter": "odibi_core.journal.writer",
    "RunRecord": "odibi_core.journal.record",
    "RunState": "odibi_core.journal.record",
    "StepProgress": "odibi_core.journal.record",
    "find_run": "odibi_core.journal.runs",
    "follow": "odibi_core.journal.reader",
    "list_runs": "odibi_core.journal.runs",
    "new_run_id": "odibi_core.journal.writer",
}

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

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
