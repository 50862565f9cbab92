"""Keeps what a run tells, so that its end can be told even when the journal can't be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from odibi_core.events import EventType
from odibi_core.journal.record import RunRecord
from odibi_core.late_dataclass import dataclass


@dataclass(slots=True)
class RunWatch:
    """A watcher of the event bus.

    Attributes:
        runs: The folder of the journals.
        record: How the run stands; None before its first event.
        written: Name of a step → what it wrote.
        rejects: Name of a step → the file with the rows that it set aside.
        origins: Name of a failed step → where exactly it failed.
    """

    runs: Path
    record: RunRecord | None = None
    written: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    rejects: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def observe(self, event: Mapping[str, Any]) -> None:
        """Take what an event tells."""
        if self.record is None:
            self.record = RunRecord(event["run_id"], self.runs / event["run_id"])
        self.record.apply(event)
        match event["event_type"]:
            case EventType.NODE_COMPLETE if event["written"]:
                self.written[event["step_name"]] = event["written"]
            case EventType.ROWS_REJECTED:
                self.rejects[event["step_name"]] = str(event["path"])
            case EventType.NODE_ERROR:
                self.origins[event["step_name"]] = str(event.get("where", ""))
