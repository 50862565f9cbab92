"""The runs of a workspace as Prometheus takes them: how many there are, and the latest of each pipeline."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.runs import run_ids, run_summary

if TYPE_CHECKING:
    from prometheus_client.core import Metric


class RunCollector:
    """A collector for a registry of Prometheus' client. Each scrape reads what is new in the journals.

    Args:
        runs: The folder of the runs.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._ended: dict[str, RunRecord] = {}
        self._numbers: dict[str, Mapping[str, Any]] = {}

    def describe(self) -> list[Metric]:
        """Nothing: which metrics there are is known only after a look at the runs."""
        return []

    def collect(self) -> Iterator[Metric]:
        """The metrics, as they are now."""
        records = self._records()
        yield from _counts(records)
        latest: dict[str, RunRecord] = {}
        for record in records:
            if record.state.is_final and record.start_time:
                latest.setdefault(record.pipeline_name, record)
        yield from _latest(list(latest.values()))
        self._numbers = {record.run_id: self._numbers_of(record) for record in latest.values()}
        yield from _steps([(record, self._numbers[record.run_id]) for record in latest.values()])

    def _records(self) -> list[RunRecord]:
        """Every run, the newest first."""
        found = {
            run_id: self._ended.get(run_id) or run_summary(self._runs / run_id)
            for run_id in run_ids(self._runs)
        }
        self._ended = {
            run_id: record
            for run_id, record in found.items()
            if record.state.is_final and not record.is_judged
        }
        return list(found.values())

    def _numbers_of(self, record: RunRecord) -> Mapping[str, Any]:
        if found := self._numbers.get(record.run_id):
            return found
        try:
            numbers = json.loads((record.run_dir / "metrics.json").read_bytes())["nodes"]
        except (OSError, ValueError, KeyError):
            # A run that was lost left none.
            return {}
        return numbers if isinstance(numbers, dict) else {}


def _counts(records: list[RunRecord]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    runs = GaugeMetricFamily(
        "odibi_runs", "Runs that the workspace keeps, by how they stand.", labels=["pipeline", "state"]
    )
    for (pipeline, state), count in sorted(
        Counter((it.pipeline_name, it.state.value) for it in records).items()
    ):
        runs.add_metric([pipeline, state], count)
    yield runs
    for state, help_text in (
        (RunState.RUNNING, "Runs that go on now."),
        (RunState.QUEUED, "Runs that wait for their turn."),
    ):
        value = sum(record.state is state for record in records)
        yield GaugeMetricFamily(f"odibi_runs_{state.value}", help_text, value=value)


def _latest(records: list[RunRecord]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    duration = GaugeMetricFamily(
        "odibi_pipeline_duration_seconds",
        "Wall time of the latest run that ended.",
        labels=["pipeline", "status"],
    )
    success = GaugeMetricFamily(
        "odibi_pipeline_success", "Whether the latest run that ended succeeded.", labels=["pipeline"]
    )
    started = GaugeMetricFamily(
        "odibi_pipeline_start_timestamp_seconds", "When that run started.", labels=["pipeline"]
    )
    for record in records:
        if record.duration_ms is not None:
            duration.add_metric([record.pipeline_name, record.state.value], record.duration_ms / 1000)
        success.add_metric([record.pipeline_name], float(record.state is RunState.SUCCESS))
        moment = dt.datetime.fromisoformat(record.start_time).timestamp()
        started.add_metric([record.pipeline_name], moment)
    yield from (duration, success, started)


def _steps(runs: list[tuple[RunRecord, Mapping[str, Any]]]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    labels = ["pipeline", "step", "layer", "status"]
    families = {
        "duration_ms": GaugeMetricFamily(
            "odibi_step_duration_seconds",
            "Wall time of the step, or of the region that it was fused into, in that run.",
            labels=[*labels, "scope"],
        ),
        "row_count": GaugeMetricFamily(
            "odibi_step_rows", "Rows that the step gave in that run.", labels=labels
        ),
    }
    for record, steps in runs:
        for name, step in steps.items():
            values = [record.pipeline_name, name, str(step["layer"]), str(step["status"])]
            if step["duration_ms"] is not None:
                scope = [*values, str(step["duration_scope"])]
                families["duration_ms"].add_metric(scope, step["duration_ms"] / 1000)
            if step["row_count"] is not None:
                families["row_count"].add_metric(values, step["row_count"])
    yield from families.values()
