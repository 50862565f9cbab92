"""How healthy the runs of a workspace are: outcomes, usual ranges, outliers, freshness, causes."""

from __future__ import annotations

import datetime as dt
import json
import statistics
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from odibi_core.events import EventType
from odibi_core.health.joins import JoinCounts
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.writer import EVENTS_FILE
from odibi_studio.services.runs.steps import given_rows

FEWEST_FOR_A_RANGE = 5
_FENCE = 1.5
_LATE = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """What a step wrote: where to, when (UTC, ISO 8601), and how many rows."""

    place: str
    time: str
    row_count: int | None


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the monitor takes of a run that has ended.

    Attributes:
        record: The run.
        rows_written: Rows of all its targets; None where it wrote none or they are not known.
        step_ms: Step → how long it took, or the region that it ran in.
        targets: What it wrote.
        step_rows: Step → rows of its first output.
        joins: Step → how the sides of its joins met, where it was counted.
    """

    record: RunRecord
    rows_written: int | None
    step_ms: dict[str, float]
    targets: tuple[Target, ...]
    step_rows: dict[str, int | None] = field(default_factory=dict)
    joins: dict[str, tuple[JoinCounts, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual range of a quantity: between the quartiles, and one and a half times their distance around.

    Attributes:
        low: Its lower end, never below 0.
        middle: The median.
        high: Its upper end.
    """

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Usual | None:
        """The range; None where there are too few values to speak of one."""
        if len(values) < FEWEST_FOR_A_RANGE:
            return None
        first, middle, third = statistics.quantiles(values, n=4, method="inclusive")
        reach = _FENCE * (third - first)
        return cls(max(0.0, first - reach), middle, third + reach)

    def holds(self, value: float) -> bool:
        """Whether that is usual."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Freshness:
    """When a dataset was last written.

    Attributes:
        place: Where it is, relative to the workspace.
        pipeline: What wrote it last.
        run_id: The run that did.
        time: When, UTC, ISO 8601.
        row_count: Rows that were written.
        every_s: Seconds between two writes, usually; None where it was written less than three times.
        age_s: Seconds since it was written.
    """

    place: str
    pipeline: str
    run_id: str
    time: str
    row_count: int | None
    every_s: float | None
    age_s: float

    @property
    def is_late(self) -> bool:
        """Whether it was not written for twice as long as usual."""
        return self.every_s is not None and self.age_s > _LATE * self.every_s


@dataclass(slots=True)
class RunHealth:
    """Facts of ended runs, kept so that each journal is read once."""

    _facts: dict[str, RunFacts] = field(default_factory=dict)
    _given: dict[str, dict[str, int | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def facts(self, records: Iterable[RunRecord]) -> list[RunFacts]:
        """What the monitor takes of those of the runs that have ended, in their order."""
        found = []
        for record in records:
            if record.state.is_final:
                with self._lock:
                    known = self._facts.get(record.run_id)
                if known is None:
                    known = _read(record)
                    if not record.is_judged:
                        with self._lock:
                            self._facts[record.run_id] = known
                found.append(known)
        return found

    def given(self, record: RunRecord) -> dict[str, int | None]:
        """Dataset → rows of a run that succeeded; empty where it kept no lineage."""
        with self._lock:
            known = self._given.get(record.run_id)
        if known is None:
            try:
                known = given_rows(json.loads((record.run_dir / "lineage.json").read_bytes()))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                # Its reports may still be on their way.
                return {}
            with self._lock:
                self._given[record.run_id] = known
        return known


def success_rate(facts: Sequence[RunFacts]) -> float | None:
    """The share of runs that succeeded among those that succeeded, failed or were lost; None without any."""
    told = [it for it in facts if it.record.state is not RunState.CANCELLED]
    good = sum(it.record.state is RunState.SUCCESS for it in told)
    return good / len(told) if told else None


def freshness(facts: Iterable[RunFacts], now: dt.datetime) -> list[Freshness]:
    """Every dataset that a run wrote, the oldest first."""
    written: dict[str, list[tuple[str, RunFacts, Target]]] = {}
    for it in facts:
        for target in it.targets:
            written.setdefault(target.place, []).append((target.time, it, target))
    found = []
    for place, times in written.items():
        times.sort(key=lambda entry: entry[0])
        moments = [dt.datetime.fromisoformat(time) for time, _, _ in times]
        gaps = [(after - before).total_seconds() for before, after in pairwise(moments)]
        time, last, target = times[-1]
        found.append(
            Freshness(
                place,
                last.record.pipeline_name,
                last.record.run_id,
                time,
                target.row_count,
                statistics.median(gaps) if len(gaps) >= 2 else None,
                max(0.0, (now - moments[-1]).total_seconds()),
            )
        )
    return sorted(found, key=lambda it: it.time)


def slowest_steps(facts: Iterable[RunFacts], most: int) -> list[tuple[str, str, float, float, int]]:
    """Pipeline, step, median and longest milliseconds, and times that it ran; the slowest median first."""
    taken: dict[tuple[str, str], list[float]] = {}
    for it in facts:
        for step, took_ms in it.step_ms.items():
            taken.setdefault((it.record.pipeline_name, step), []).append(took_ms)
    found = [
        (pipeline, step, statistics.median(times), max(times), len(times))
        for (pipeline, step), times in taken.items()
    ]
    return sorted(found, key=lambda row: -row[2])[:most]


def causes(facts: Iterable[RunFacts]) -> list[tuple[str, str, str, int, str]]:
    """Pipeline, step, cause, how often, and the newest run of it; the most frequent first.

    Args:
        facts: The runs, the newest first.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for it in facts:
        record = it.record
        match record.state:
            case RunState.FAILED:
                key = (record.pipeline_name, record.failed_step, record.error_message)
            case RunState.LOST:
                key = (record.pipeline_name, "", "the process ended without a word")
            case _:
                continue
        found.setdefault(key, []).append(record.run_id)
    rows = [(*key, len(runs), runs[0]) for key, runs in found.items()]
    return sorted(rows, key=lambda row: -row[3])


def _read(record: RunRecord) -> RunFacts:
    step_ms, targets = dict[str, float](), list[Target]()
    step_rows, joins = dict[str, int | None](), dict[str, tuple[JoinCounts, ...]]()
    for event in _completed(record):
        step_ms[event["step_name"]] = event.get("duration_ms") or 0.0
        step_rows[event["step_name"]] = event.get("row_count")
        if told := (event.get("health") or {}).get("joins"):
            joins[event["step_name"]] = tuple(JoinCounts.from_dict(join) for join in told)
        place = str((event.get("written") or {}).get("path") or "")
        if place and event.get("status") == "success":
            targets.append(Target(place, event["timestamp"], event.get("row_count")))
    counts = [target.row_count for target in targets if target.row_count is not None]
    return RunFacts(record, sum(counts) if counts else None, step_ms, tuple(targets), step_rows, joins)


def _completed(record: RunRecord) -> list[dict[str, Any]]:
    """The events of steps that ended well; damaged lines are left out."""
    mark = f'{{"event_type":"{EventType.NODE_COMPLETE.value}"'.encode()
    try:
        lines = (record.run_dir / EVENTS_FILE).read_bytes().split(b"\n")
    except OSError:
        return []
    found = []
    for line in lines:
        if line.startswith(mark):
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and "step_name" in event:
                found.append(event)
    return found
