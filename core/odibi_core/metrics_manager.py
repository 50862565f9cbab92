"""Metrics of a run: how long, how many rows, how much memory, how many retries, cache hits and errors."""

from __future__ import annotations

import math
import re
import resource
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import OdibiError
from odibi_core.events import EventType, NodeState
from odibi_core.json_text import JsonEncoder
from odibi_core.late_dataclass import dataclass
from odibi_core.prometheus_text import Family, write_families
from odibi_core.text_file import write_file, write_text_file

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_RUSAGE_UNITS_PER_MB = 1024 * 1024 if sys.platform == "darwin" else 1024
_LOOK_S = 0.01
"""A step that is over sooner has the figure of the one before it: to look takes longer than to note it."""
_TAKEN = frozenset(
    {
        "pipeline_duration_seconds",
        "pipeline_success",
        "pipeline_runs",
        "step_duration_seconds",
        "step_rows",
        "process_peak_memory_bytes",
        "step_retries",
        "step_errors",
        "step_cache_hits",
        "step_quarantined_rows",
        "expectation_met",
        "expectation_offending_rows",
    }
)


_EVENTS = frozenset(
    {
        EventType.PIPELINE_START,
        EventType.NODE_COMPLETE,
        EventType.NODE_ERROR,
        EventType.NODE_RETRY,
        EventType.EXPECTATIONS_CHECKED,
        EventType.ROWS_QUARANTINED,
        EventType.PIPELINE_COMPLETE,
        EventType.RUN_CANCELLED,
    }
)
"""What the metrics are made of: of most events it is told at once that they are none of these."""


@dataclass(slots=True)
class _Node:
    layer: str
    status: str = NodeState.RUNNING.value
    duration_ms: float | None = None
    duration_scope: str = "step"
    row_count: int | None = None
    memory_mb: float | None = None
    retries: int = 0
    quarantined_rows: int = 0
    expectations: dict[str, dict[str, Any]] = field(default_factory=dict)

    def throughput(self) -> float | None:
        if self.status != NodeState.SUCCESS or self.duration_scope != "step":
            return None
        if self.row_count is None or not self.duration_ms:
            return None
        return self.row_count / (self.duration_ms / 1000)

    def as_dict(self) -> dict[str, Any]:
        return {
            "layer": self.layer,
            "status": self.status,
            "duration_ms": self.duration_ms,
            "duration_scope": self.duration_scope,
            "row_count": self.row_count,
            "memory_mb": self.memory_mb,
            "throughput": self.throughput(),
            "retries": self.retries,
            **self._quality(),
        }

    def _quality(self) -> dict[str, Any]:
        if not self.expectations:
            return {}
        return {"quarantined_rows": self.quarantined_rows, "expectations": self.expectations}


@dataclass(frozen=True, slots=True)
class _Series:
    name: str
    labels: tuple[tuple[str, str], ...]


class MetricsManager:
    """Collects metrics from a run's events (`bus.subscribe(metrics.observe)`), and those that users record.

    The summary and the gauges are of the latest run; counters go on rising from run to run. `memory_mb` is
    the highest resident memory that the whole process has had by the end of the step, looked at no more
    often than every 10 ms: it never falls, and steps that ran at the same time share it. `throughput` is in
    rows per second; it is None where a step has no duration of its own (it ran fused in a region, or came
    from the cache). Prometheus gets rows and seconds, which it is made of.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._pipeline_name = ""
        self._run_id = ""
        self._state = NodeState.PENDING.value
        self._duration_ms = 0.0
        self._nodes: dict[str, _Node] = {}
        self._runs: Counter[tuple[str, str]] = Counter()
        self._counts: dict[str, Counter[tuple[str, str, str]]] = {
            "retries": Counter(),
            "errors": Counter(),
            "cache_hits": Counter(),
        }
        self._memory_mb, self._looked = 0.0, -math.inf
        self._recorded: dict[_Series, float] = {}
        self._incremented: dict[_Series, float] = {}

    def record(self, name: str, value: float, **labels: object) -> None:
        """Keep the latest value of a quantity; Prometheus knows it as the gauge `odibi_<name>`.

        Raises:
            OdibiError: The name or a label can't be exported, or the value is not a number.
        """
        self._keep(self._recorded, self._incremented, name, value, labels, added=False)

    def increment(self, name: str, amount: float = 1, **labels: object) -> None:
        """Add to a count; Prometheus knows it as the counter `odibi_<name>_total`.

        Raises:
            OdibiError: The name or a label can't be exported, or the amount is negative or not a number.
        """
        self._keep(self._incremented, self._recorded, name, amount, labels, added=True)

    def observe(self, event: Mapping[str, Any]) -> None:
        """Take what an event tells."""
        if event["event_type"] not in _EVENTS:
            return
        with self._lock:
            match event["event_type"]:
                case EventType.NODE_COMPLETE:
                    self._complete(event)
                case EventType.PIPELINE_START:
                    self._pipeline_name, self._run_id = event["pipeline_name"], event["run_id"]
                    self._state, self._duration_ms = NodeState.RUNNING.value, 0.0
                    self._nodes = {}
                case EventType.NODE_ERROR:
                    node = self._node(event)
                    node.status = NodeState.FAILED.value
                    node.duration_ms = event.get("duration_ms")
                    node.memory_mb = self._peak_memory_mb()
                    self._count("errors", event)
                case EventType.EXPECTATIONS_CHECKED:
                    self._node(event).expectations = {
                        result["name"]: {
                            "check": result["check"],
                            "state": result["state"],
                            "offending_rows": result["offending_rows"],
                        }
                        for result in event["results"]
                    }
                case EventType.ROWS_QUARANTINED:
                    self._node(event).quarantined_rows += event["quarantined_rows"]
                case EventType.NODE_RETRY:
                    self._node(event).retries += 1
                    self._count("retries", event)
                case EventType.PIPELINE_COMPLETE:
                    self._end(event, event.get("state", NodeState.SUCCESS.value))
                case EventType.RUN_CANCELLED:
                    self._end(event, NodeState.CANCELLED.value)

    def get_summary(self) -> dict[str, Any]:
        """The latest run in numbers.

        `total_nodes` counts the steps that ran or came from the cache; `total_duration_ms` is the pipeline's
        (0 until it ends); `cache_hit_rate` is the part of the finished steps that came from the cache, 0 to
        1; `nodes` maps step names to their figures.
        """
        with self._lock:
            nodes = {name: node.as_dict() for name, node in self._nodes.items()}
            statuses = Counter(node.status for node in self._nodes.values())
            hits, done = statuses[NodeState.CACHED], statuses[NodeState.CACHED] + statuses[NodeState.SUCCESS]
            return {
                "pipeline_name": self._pipeline_name,
                "run_id": self._run_id,
                "state": self._state,
                "total_nodes": len(nodes),
                "total_duration_ms": self._duration_ms,
                "cache_hits": hits,
                "cache_hit_rate": hits / done if done else 0.0,
                "error_count": statuses[NodeState.FAILED],
                "retry_count": sum(node.retries for node in self._nodes.values()),
                "nodes": nodes,
                "recorded": _as_rows(self._recorded),
                "counters": _as_rows(self._incremented),
            }

    def save_to_file(self, path: str | Path) -> Path:
        """The path of the JSON file that it wrote: `get_summary()`, replaced whole.

        Raises:
            TargetError: The file can't be written.
        """
        return write_file(path, JsonEncoder().encode_line(self.get_summary()))

    def export_prometheus(self, path: str | Path) -> Path:
        """The path of the file that it wrote in Prometheus' text format, replaced whole.

        Raises:
            TargetError: The file can't be written.
        """
        return write_text_file(path, write_families(self._families()))

    def collect(self) -> Iterator[Metric]:
        """The metrics as Prometheus' client takes them: a registry may have the manager as a collector."""
        for family in self._families():
            yield family.metric()

    def describe(self) -> list[Metric]:
        """Nothing: what there is to collect is known only after a run."""
        return []

    def _families(self) -> list[Family]:
        with self._lock:
            return [*self._pipeline_metrics(), *self._step_metrics(), *self._user_metrics()]

    def _node(self, event: Mapping[str, Any]) -> _Node:
        name = event["step_name"]
        node = self._nodes.get(name)
        if node is None:
            node = self._nodes[name] = _Node(event.get("layer", ""))
        return node

    def _complete(self, event: Mapping[str, Any]) -> None:
        node = self._node(event)
        node.status = event.get("status", NodeState.SUCCESS.value)
        node.duration_ms = event.get("duration_ms")
        node.duration_scope = event.get("duration_scope", "step")
        node.row_count = event.get("row_count")
        node.memory_mb = self._peak_memory_mb()
        if node.status == NodeState.CACHED:
            self._count("cache_hits", event)

    def _peak_memory_mb(self) -> float:
        """The highest resident memory that the process has had so far, in MB."""
        moment = time.monotonic()
        if moment - self._looked >= _LOOK_S:
            usage = resource.getrusage(resource.RUSAGE_SELF)
            self._memory_mb, self._looked = usage.ru_maxrss / _RUSAGE_UNITS_PER_MB, moment
        return self._memory_mb

    def _count(self, what: str, event: Mapping[str, Any]) -> None:
        self._counts[what][event["pipeline_name"], event["step_name"], event.get("layer", "")] += 1

    def _end(self, event: Mapping[str, Any], state: str) -> None:
        if self._state != NodeState.RUNNING:
            return
        self._looked = -math.inf
        self._memory_mb = self._peak_memory_mb()
        self._state = str(state)
        self._duration_ms = event.get("duration_ms") or 0.0
        self._runs[event["pipeline_name"], self._state] += 1

    def _keep(
        self,
        kept: dict[_Series, float],
        others: Mapping[_Series, float],
        name: str,
        value: float,
        labels: Mapping[str, object],
        *,
        added: bool,
    ) -> None:
        where = f"metric {name!r}"
        for text in (name, *labels):
            if not _NAME.fullmatch(text) or text.startswith("__"):
                raise OdibiError(
                    f"{text!r} can't name a metric or a label",
                    where=where,
                    fix="use letters of a to z, digits and _, and begin with a letter",
                )
        name = name.removesuffix("_total") if added else name
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise OdibiError(f"{value!r} is not a number", where=where, fix="give a number")
        if added and not (value >= 0 and math.isfinite(value)):
            raise OdibiError(
                f"a count can't rise by {value}",
                where=where,
                fix="use record() for what goes up and down",
            )
        series = _Series(name, tuple(sorted((label, str(text)) for label, text in labels.items())))
        with self._lock:
            bare = name.removesuffix("_total")
            if bare in _TAKEN or any(other.name.removesuffix("_total") == bare for other in others):
                raise OdibiError(
                    "the name is taken by another metric", where=where, fix="choose another name"
                )
            kept[series] = kept.get(series, 0) + value if added else value

    def _pipeline_metrics(self) -> Iterator[Family]:
        if self._run_id and self._state not in (NodeState.PENDING, NodeState.RUNNING):
            duration = Family(
                "odibi_pipeline_duration_seconds",
                "Wall time of the latest run.",
                labels=["pipeline", "status"],
            )
            duration.add([_text(self._pipeline_name), self._state], self._duration_ms / 1000)
            success = Family(
                "odibi_pipeline_success", "Whether the latest run succeeded.", labels=["pipeline"]
            )
            success.add([_text(self._pipeline_name)], float(self._state == NodeState.SUCCESS))
            memory = Family(
                "odibi_process_peak_memory_bytes",
                "Highest resident memory of the process by the end of the latest run.",
                labels=["pipeline"],
            )
            memory.add([_text(self._pipeline_name)], self._memory_mb * 1024 * 1024)
            yield from (duration, success, memory)
        runs = Family("odibi_pipeline_runs", "Runs that ended.", ["pipeline", "status"], is_counter=True)
        for (pipeline, status), count in self._runs.items():
            runs.add([_text(pipeline), status], count)
        yield runs

    def _step_metrics(self) -> Iterator[Family]:
        labels = ["pipeline", "step", "layer", "status"]
        duration = Family(
            "odibi_step_duration_seconds",
            "Wall time of the step, or of the region that it was fused into, in the latest run.",
            labels=[*labels, "scope"],
        )
        rows = Family("odibi_step_rows", "Rows that the step gave in the latest run.", labels=labels)
        pipeline = _text(self._pipeline_name)
        for name, node in self._nodes.items():
            values = [pipeline, _text(name), _text(node.layer), node.status]
            if node.duration_ms is not None:
                duration.add([*values, node.duration_scope], node.duration_ms / 1000)
            if node.row_count is not None:
                rows.add(values, node.row_count)
        yield from (duration, rows, *self._quality_metrics())
        for what, help_text in (
            ("retries", "Tries of the step after its first."),
            ("errors", "Failures of the step."),
            ("cache_hits", "Times that the step's result came from the cache."),
        ):
            counter = Family(f"odibi_step_{what}", help_text, ["pipeline", "step", "layer"], is_counter=True)
            for key, count in self._counts[what].items():
                counter.add([_text(part) for part in key], count)
            yield counter

    def _quality_metrics(self) -> Iterator[Family]:
        labels = ["pipeline", "step"]
        aside = Family(
            "odibi_step_quarantined_rows",
            "Rows of the step that broke an expectation and were set aside in the latest run.",
            labels=labels,
        )
        labels = [*labels, "expectation", "check"]
        met = Family(
            "odibi_expectation_met", "Whether the expectation was met in the latest run.", labels=labels
        )
        offending = Family(
            "odibi_expectation_offending_rows",
            "Rows that broke the expectation in the latest run.",
            labels=labels,
        )
        for name, node in self._nodes.items():
            if not node.expectations:
                continue
            values = [_text(self._pipeline_name), _text(name)]
            aside.add(values, node.quarantined_rows)
            for expectation, found in node.expectations.items():
                named = [*values, _text(expectation), found["check"]]
                met.add(named, float(found["state"] == "passed"))
                if found["offending_rows"] is not None:
                    offending.add(named, found["offending_rows"])
        yield from (metric for metric in (aside, met, offending) if metric.samples)

    def _user_metrics(self) -> Iterator[Family]:
        for kept, is_counter in ((self._recorded, False), (self._incremented, True)):
            for name in sorted({series.name for series in kept}):
                chosen = {series: value for series, value in kept.items() if series.name == name}
                labels = sorted({label for series in chosen for label, _ in series.labels})
                metric = Family(f"odibi_{name}", f"Recorded by the pipeline as {name}.", labels, is_counter)
                for series, value in chosen.items():
                    texts = dict(series.labels)
                    metric.add([_text(texts.get(label, "")) for label in labels], value)
                yield metric


def _as_rows(kept: Mapping[_Series, float]) -> list[dict[str, Any]]:
    return [
        {"name": series.name, "labels": dict(series.labels), "value": value} for series, value in kept.items()
    ]


def _text(label: str) -> str:
    # Half of a surrogate pair can't be written as UTF-8.
    return label.encode("utf-8", errors="backslashreplace").decode()
