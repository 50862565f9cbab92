"""Writes down, at the end of a run, what its expectations found and which rows it set aside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from odibi_core.errors import WorkspaceError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType, NodeState
from odibi_core.quality.variants import variant_of
from odibi_core.secret_store import Redactor
from odibi_core.workspace import Workspace

EXPECTATION = "expectation"
"""Rows that broke an expectation."""
UNREADABLE = "unreadable"
"""Rows that could not be read."""

REPLAY = "replay"
"""What started a run that takes mended rows."""

_ENDS = frozenset({EventType.PIPELINE_COMPLETE, EventType.RUN_CANCELLED})
_EVENTS = _ENDS | {
    EventType.PIPELINE_START,
    EventType.EXPECTATIONS_CHECKED,
    EventType.ROWS_QUARANTINED,
    EventType.ROWS_REJECTED,
    EventType.NODE_COMPLETE,
}
"""What tells of expectations, and of rows that were set aside."""


class QualityKeeper:
    """A watcher of a run (`bus.subscribe(keeper.observe)`). A run without anything to keep costs nothing.

    Args:
        workspace: Where it is kept.
        redactor: Hides secrets in what is kept.
        bus: Hears where it can't be written.
    """

    def __init__(self, workspace: Workspace, redactor: Redactor, bus: EventBus) -> None:
        self._workspace, self._redactor, self._bus = workspace, redactor, bus
        self._is_replay, self._variant = False, ""
        self._checked: dict[str, Mapping[str, Any]] = {}
        self._set_aside: dict[str, list[dict[str, Any]]] = {}

    def observe(self, event: Mapping[str, Any]) -> None:
        """Take what an event tells; write where it ends the run."""
        if event["event_type"] not in _EVENTS:
            return
        match event["event_type"]:
            case EventType.PIPELINE_START:
                self._variant = variant_of(self._redactor.value(event.get("parameters") or {}))
                self._is_replay = (event.get("order") or {}).get("trigger") == REPLAY
            case EventType.EXPECTATIONS_CHECKED:
                self._checked[event["step_name"]] = event
            case EventType.ROWS_QUARANTINED:
                self._note(event, EXPECTATION, event["quarantined_rows"], event["output"], event["reasons"])
            case EventType.ROWS_REJECTED:
                self._note(event, UNREADABLE, event["rejected_rows"], "", {})
            case EventType.NODE_COMPLETE if event["status"] == NodeState.CACHED:
                # The run that read them has told of them, and this one has only a copy.
                kept = self._set_aside.get(event["step_name"], [])
                self._set_aside[event["step_name"]] = [one for one in kept if one["kind"] != UNREADABLE]
            case kind if kind in _ENDS and (self._checked or any(self._set_aside.values())):
                try:
                    self._write(event)
                except WorkspaceError as error:
                    self._bus.emit(
                        EventType.REPORT_FAILED, report="quality results", error_message=str(error)
                    )

    def _note(
        self, event: Mapping[str, Any], kind: str, rows: int, output: str, reasons: Mapping[str, int]
    ) -> None:
        place = Path(event["path"]).relative_to(self._workspace.runs).as_posix()
        self._set_aside.setdefault(event["step_name"], []).append(
            {"place": place, "kind": kind, "row_count": rows, "output": output, "reasons": dict(reasons)}
        )

    def _write(self, event: Mapping[str, Any]) -> None:
        from odibi_core.quality.database import open_quality

        run = (event["run_id"], event["pipeline_name"])
        is_good, moment = int(event.get("state") == NodeState.SUCCESS), event["timestamp"]
        with open_quality(self._workspace) as database:
            for step, checked in self._checked.items():
                for result in self._redactor.value(list(checked["results"])):
                    database.execute(
                        "INSERT INTO results (run_id, pipeline, step, name, kind, state, row_count, "
                        "offending_rows, message, observed, moment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        [
                            *(*run, step, result["name"], result["check"], result["state"], result["rows"]),
                            *(result["offending_rows"], result["message"]),
                            *(json.dumps(result["observed"], default=str), moment),
                        ],
                    )
                # A handful of mended rows is nothing that a whole output could be compared with.
                outputs = {} if self._is_replay else checked["outputs"]
                for output, found in outputs.items():
                    database.execute(
                        "INSERT INTO outputs (run_id, pipeline, step, output, variant, row_count, columns, "
                        "is_good, moment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        [
                            *(*run, step, output, self._variant, found["row_count"]),
                            *(json.dumps(found["schema"]), is_good, moment),
                        ],
                    )
            for step, kept in self._set_aside.items():
                for one in kept:
                    # A run that goes on from a checkpoint tells again of what the run before it set aside.
                    database.execute(
                        "INSERT INTO set_aside (place, run_id, pipeline, step, output, kind, row_count, "
                        "reasons, is_good, moment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                        "ON CONFLICT (place) DO UPDATE SET is_good = max(is_good, excluded.is_good)",
                        [
                            *(one["place"], one["place"].partition("/")[0], run[1], step, one["output"]),
                            *(
                                one["kind"],
                                one["row_count"],
                                json.dumps(self._redactor.value(one["reasons"])),
                                is_good,
                                moment,
                            ),
                        ],
                    )
