"""The tracker: what every step of a run did to its data, and the lineage made of it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

from odibi_core.dataset import CountScope, Dataset, Snapshot
from odibi_core.engines.base import Profiles
from odibi_core.errors import OdibiError
from odibi_core.events import EventType, NodeState
from odibi_core.json_text import JsonEncoder
from odibi_core.late_dataclass import dataclass
from odibi_core.pipeline import Pipeline
from odibi_core.secret_store import Redactor
from odibi_core.step import NodeKind, Step
from odibi_core.text_file import write_file

LINEAGE_FORMAT = 1


_NO_PROFILES = Profiles()

_Shown = dict[int, tuple[Snapshot, dict[str, Any]]]
"""What snapshots look like in lineage, by their ids."""


@dataclass(frozen=True, slots=True)
class _Data:
    """What a step took and gave, before anyone looked at it."""

    record: dict[str, Any]
    inputs: Mapping[str, Dataset]
    outputs: Mapping[str, Dataset]
    row_count: int | None


class Tracker:
    """Follows one run through its events (`bus.subscribe(tracker.observe)`).

    Snapshots are taken late: when somebody reads them, or by `settle`. Until then the tracker holds on to the
    datasets' handles.

    Args:
        pipeline: What runs; `attach` gives it later.
        redactor: Hides secrets in what is read and exported.
    """

    def __init__(self, pipeline: Pipeline | None = None, *, redactor: Redactor | None = None) -> None:
        self.redactor = redactor or Redactor()
        self._lock = threading.RLock()
        self._settling = threading.Lock()
        self._waiting: dict[str, _Data] = {}
        self._begin(pipeline)

    def attach(self, pipeline: Pipeline) -> None:
        """Follow a run of this pipeline from now on; what is known of an earlier run is forgotten."""
        with self._lock:
            self._begin(pipeline)

    def observe(self, event: Mapping[str, Any]) -> None:
        """Take what an event tells."""
        with self._lock:
            if "step_name" in event:
                self._observe_step(event)
            else:
                self._observe_run(event)

    def settle(self) -> None:
        """Take the snapshots that are still to be taken, and let go of the datasets."""
        # Not under the lock that events wait for: a snapshot may run a query.
        with self._settling:
            with self._lock:
                waiting, self._waiting = self._waiting, {}
            # What one step gave is what others took: it is shown once for all of them.
            shown: _Shown = {}
            for data in waiting.values():
                _describe(data, shown)

    @property
    def step_executions(self) -> list[dict[str, Any]]:
        """Every step that the run came to, in that order, each as lineage has it.

        The keys: step_name, layer, kind, type, engine, value, params, inputs, outputs, status, start_time,
        end_time (UTC, ISO 8601), duration_ms, duration_scope ("step", or "region" where the time is that of
        all the steps fused with it), region, retry_count, error_message, fix, skipped_reason, row_delta (rows
        of the first output less those of the first input; None where one is unknown), rejected_rows,
        rejects_path, quarantined_rows, quarantine_path, expectations (see `ExpectationResult`), warnings,
        written, before_snapshot (first input), after_snapshot (first output; what a store wrote),
        input_snapshots, output_snapshots, schema_diff, profiles (output → `row_count`, `columns`: each with
        nulls, distinct, low, high, mean, shares, frequent; or `why` there are none).
        """
        self.settle()
        with self._lock:
            reached = [self._records[name] for name in self._reached]
            return [self.redactor.value(dict(record)) for record in reached]

    def lineage(self) -> dict[str, Any]:
        """The run as a mapping: itself, all its steps with those that never ran, and the edges between them.

        Raises:
            OdibiError: No run has begun.
        """
        self.settle()
        with self._lock:
            if not self._run["start_time"]:
                raise OdibiError("there is no run to tell of", fix="execute the pipeline first")
            records = [dict(record) for record in self._records.values()]
            lineage = {"format": LINEAGE_FORMAT, **self._run, "steps": records, "edges": _edges(records)}
            return dict(self.redactor.value(lineage))

    def export_lineage(self, path: str | Path) -> Path:
        """The path of the JSON file that it wrote, replaced whole; a story is made from it.

        Raises:
            OdibiError: No run has begun.
            TargetError: The file can't be written.
        """
        return write_file(path, _lineage_line(self.lineage(), JsonEncoder(self.redactor)))

    def _begin(self, pipeline: Pipeline | None) -> None:
        self._run: dict[str, Any] = {
            "pipeline_name": pipeline.name if pipeline else "",
            "execution_id": "",
            "description": pipeline.description if pipeline else "",
            "state": NodeState.PENDING.value,
            "start_time": None,
            "end_time": None,
            "total_duration_ms": None,
            "engine": pipeline.engine if pipeline else "",
            "tracking": "",
            "parameters": {},
            "error": None,
        }
        engine = pipeline.engine if pipeline else ""
        steps = pipeline.steps if pipeline else []
        self._records = {step.name: _record(step, engine) for step in steps}
        self._reached: dict[str, None] = {}
        self._waiting = {}

    def _observe_run(self, event: Mapping[str, Any]) -> None:
        run = self._run
        match event["event_type"]:
            case EventType.PIPELINE_START:
                run["pipeline_name"] = event["pipeline_name"]
                run["execution_id"] = event["run_id"]
                run["state"] = NodeState.RUNNING.value
                run["start_time"] = event.get("start_time") or event["timestamp"]
                run.update(
                    {key: event[key] for key in ("engine", "tracking", "parameters") if event.get(key)}
                )
            case EventType.PIPELINE_ERROR:
                step = event.get("failed_step")
                fix = event.get("fix") or (self._records.get(str(step)) or {}).get("fix")
                run["error"] = {"message": event["error_message"], "step": step, "fix": fix}
            case EventType.PIPELINE_COMPLETE:
                self._end(event, event.get("state", NodeState.SUCCESS.value))
            case EventType.RUN_CANCELLED:
                self._end(event, NodeState.CANCELLED.value)

    def _end(self, event: Mapping[str, Any], state: str) -> None:
        # A cancelled run may still say that it is complete: that it was cancelled is what counts.
        if self._run["state"] != NodeState.CANCELLED:
            self._run["state"] = str(state)
        self._run["end_time"] = event["timestamp"]
        self._run["total_duration_ms"] = event.get("duration_ms")
        for record in self._records.values():
            if record["status"] == NodeState.RUNNING:
                # The run broke off by a mistake of ours, which no step tells of.
                record["status"] = NodeState.FAILED.value

    def _observe_step(self, event: Mapping[str, Any]) -> None:
        name = event["step_name"]
        record = self._records.get(name)
        if record is None:
            record = self._records[name] = _record(Step(event.get("layer", ""), name, "", "", None), "")
        self._reached[name] = None
        match event["event_type"]:
            case EventType.NODE_START:
                record["status"] = NodeState.RUNNING.value
                record["start_time"] = record["start_time"] or event.get("start_time") or event["timestamp"]
            case EventType.NODE_COMPLETE:
                self._complete(record, event)
            case EventType.NODE_ERROR:
                _end_step(record, event, NodeState.FAILED)
                record["error_message"], record["fix"] = event["error_message"], event.get("fix") or None
                record["retry_count"] = event.get("retry_count", record["retry_count"])
            case EventType.NODE_RETRY:
                record["retry_count"] = event["retry_count"]
            case EventType.NODE_SKIPPED:
                record["status"] = NodeState.SKIPPED.value
                record["skipped_reason"] = event.get("reason")
            case EventType.NODE_CANCELLED:
                _end_step(record, event, NodeState.CANCELLED)
                record["skipped_reason"] = event.get("reason")
            case EventType.ROWS_REJECTED:
                record["rejected_rows"] = event["rejected_rows"]
                record["rejects_path"] = event.get("path")
            case EventType.EXPECTATIONS_CHECKED:
                record["expectations"] = list(event["results"])
            case EventType.ROWS_QUARANTINED:
                record["quarantined_rows"] += event["quarantined_rows"]
                record["quarantine_path"] = event["path"]
            case EventType.NODE_WARNING:
                record["warnings"].append(event["message"])

    def _complete(self, record: dict[str, Any], event: Mapping[str, Any]) -> None:
        _end_step(record, event, event.get("status", NodeState.SUCCESS))
        record["duration_scope"] = event.get("duration_scope", "step")
        record["region"] = event.get("region")
        record["rejected_rows"] = event.get("rejected_rows") or record["rejected_rows"]
        record["written"] = event.get("written") or {}
        record["profiles"] = dict(event.get("_profiles", _NO_PROFILES).outputs)
        self._waiting[record["step_name"]] = _Data(
            record, event.get("_inputs") or {}, event.get("_outputs") or {}, event.get("row_count")
        )


def _record(step: Step, engine: str) -> dict[str, Any]:
    return {
        "step_name": step.name,
        "layer": step.layer,
        "kind": step.kind.value if step.kind else None,
        "type": step.type,
        "engine": step.engine or engine,
        "value": step.value,
        "params": step.params,
        "inputs": step.inputs,
        "outputs": step.outputs,
        "status": NodeState.PENDING.value,
        "start_time": None,
        "end_time": None,
        "duration_ms": None,
        "duration_scope": "step",
        "region": None,
        "retry_count": 0,
        "error_message": None,
        "fix": None,
        "skipped_reason": None,
        "row_delta": None,
        "rejected_rows": 0,
        "rejects_path": None,
        "quarantined_rows": 0,
        "quarantine_path": None,
        "expectations": [],
        "warnings": [],
        "written": {},
        "profiles": {},
        "schema_diff": {"added": {}, "removed": {}, "changed": {}},
        "before_snapshot": None,
        "after_snapshot": None,
        "input_snapshots": {},
        "output_snapshots": {},
    }


def _end_step(record: dict[str, Any], event: Mapping[str, Any], state: str) -> None:
    record["status"] = str(state)
    record["end_time"] = event.get("end_time") or event["timestamp"]
    record["duration_ms"] = event.get("duration_ms")


def _describe(data: _Data, shown: _Shown) -> None:
    record = data.record
    taken = _snapshots(record, data.inputs)
    given = _snapshots(record, data.outputs)
    shown_inputs = {alias: _shown(snapshot, shown) for alias, snapshot in taken.items()}
    shown_outputs = {name: _shown(snapshot, shown) for name, snapshot in given.items()}
    record["input_snapshots"], record["output_snapshots"] = shown_inputs, shown_outputs
    record["before_snapshot"] = next(iter(shown_inputs.values()), None)
    record["after_snapshot"] = next(iter(shown_outputs.values()), None)
    before = next(iter(taken.values()), None)
    after = next(iter(given.values()), None)
    if before is not None and not data.outputs and record["kind"] in (NodeKind.STORE, NodeKind.PUBLISH):
        written = before
        if data.row_count is not None:
            written = replace(before, row_count=data.row_count, row_count_scope=CountScope.EXACT)
        record["after_snapshot"] = written.as_dict()
    elif before is not None and after is not None:
        if before.schema != after.schema:
            record["schema_diff"] = before.schema.diff(after.schema).as_dict()
        if before.row_count is not None and after.row_count is not None:
            record["row_delta"] = after.row_count - before.row_count
    record["inputs"] = record["inputs"] or {alias: dataset.key for alias, dataset in data.inputs.items()}
    record["outputs"] = record["outputs"] or {name: dataset.key for name, dataset in data.outputs.items()}


def _shown(snapshot: Snapshot, shown: _Shown) -> dict[str, Any]:
    known = shown.get(id(snapshot))
    if known is None:
        # The snapshot is held with it: no other can have the same id meanwhile.
        known = shown[id(snapshot)] = (snapshot, snapshot.as_dict())
    return known[1]


def _snapshots(record: dict[str, Any], datasets: Mapping[str, Dataset]) -> dict[str, Snapshot]:
    snapshots: dict[str, Snapshot] = {}
    for name, dataset in datasets.items():
        try:
            snapshots[name] = dataset.snapshot()
        except Exception as error:  # noqa: BLE001 - the engines' errors; the outcome of the run stands all the same
            record["warnings"].append(f"no snapshot of {dataset.key!r} could be taken: {error}")
    return snapshots


def _lineage_line(lineage: dict[str, Any], encoder: JsonEncoder) -> bytes:
    """The lineage, which is used up, as JSON. What stands in several places of it is encoded once."""
    known: dict[int, Any] = {}
    named = cache(encoder.default)

    def encoded(snapshot: dict[str, Any] | None) -> Any:
        if snapshot is None:
            return None
        found = known.get(id(snapshot))
        if found is None:
            found = known[id(snapshot)] = encoder.fragment(snapshot)
        return found

    for record in lineage["steps"]:
        for side in ("before_snapshot", "after_snapshot"):
            record[side] = encoded(record[side])
        for sides in ("input_snapshots", "output_snapshots"):
            record[sides] = {name: encoded(snapshot) for name, snapshot in record[sides].items()}
        if isinstance(record["value"], FunctionType):
            record["value"] = named(record["value"])
    line = encoder.plain_line(lineage)
    if line is not None:
        return line
    # A value that needs a closer look has only its own step be encoded in the slower way.
    lineage["steps"] = [encoder.fragment(record) for record in lineage["steps"]]
    return encoder.encode_line(lineage)


def _edges(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    producers: dict[str, tuple[str, str]] = {}
    for record in records:
        for name, key in record["outputs"].items():
            producers.setdefault(key, (record["step_name"], name))
    made_by = {record["step_name"]: record for record in records}
    edges = []
    for record in records:
        for alias, key in record["inputs"].items():
            if key in producers:
                producer, output = producers[key]
                snapshot = made_by[producer]["output_snapshots"].get(output)
                snapshot = snapshot or record["input_snapshots"].get(alias) or {}
                edges.append(
                    {
                        "from": producer,
                        "to": record["step_name"],
                        "dataset": key,
                        "row_count": snapshot.get("row_count"),
                    }
                )
    return edges
