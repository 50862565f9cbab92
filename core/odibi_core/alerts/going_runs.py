"""Runs that go on: what of them is to be told, and what was told already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from odibi_core.alerts.facts import run_facts
from odibi_core.alerts.lineage_going import changes
from odibi_core.alerts.outbox import Outbox
from odibi_core.alerts.rule import Alert, Channel, Outcome
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.record import RunRecord

RUNNING_EVERY_S = 60.0
"""How often an OpenLineage server is told that a run goes on, where none of its steps begins or ends."""


class _Look(NamedTuple):
    """How far a run had come: for how many minutes it went on, and how many begins and ends of steps."""

    minute: int = 0
    changes: int = 0


class GoingRuns:
    """Puts into the outbox what is to be told of runs that have begun, and of those that go on.

    Args:
        outbox: The outbox.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._looks: dict[str, _Look] = {}
        self._readers: dict[str, JournalReader] = {}

    def note(self, going: Iterable[RunRecord], alerts: Mapping[str, Alert]) -> None:
        """Look at the runs that go on now."""
        looks, readers = self._looks, self._readers
        self._looks, self._readers = {}, {}
        for record in going:
            told = [
                name
                for name, alert in alerts.items()
                if Outcome.STARTED in alert.on and alert.is_about(record.pipeline_name)
            ]
            lineage = [name for name in told if alerts[name].channel is Channel.OPENLINEAGE]
            begun = f"{record.run_id} started"
            if lineage:
                reader = readers.get(record.run_id) or JournalReader(record.run_dir)
                self._readers[record.run_id] = reader
                minute = int(_seconds_since(record.start_time) // RUNNING_EVERY_S)
                self._looks[record.run_id] = _Look(minute, len(changes(reader.record())))
            if told and not self._outbox.knows(begun):
                facts = [(name, begun, run_facts(name, record, 0) | {"event": "START"}) for name in told]
                self._outbox.note([begun], facts)
            elif lineage:
                self._note_progress(record, begun, lineage, looks.get(record.run_id, _Look()))

    def _note_progress(self, record: RunRecord, begun: str, lineage: list[str], before: _Look) -> None:
        look = self._looks[record.run_id]
        # A look at each second need not write each second.
        if look == before:
            return
        # What waits tells, once it is sent, of all that there is by then.
        waiting = self._outbox.waiting_alerts()
        about = f"{begun} {look.minute} {look.changes}"
        event = {"event": "RUNNING", "told": before.changes}
        facts = [(name, about, run_facts(name, record, 0) | event) for name in lineage if name not in waiting]
        if facts:
            self._outbox.note([], facts)


def _seconds_since(moment: str) -> float:
    return (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(moment)).total_seconds()
