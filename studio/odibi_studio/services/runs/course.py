"""What a run went through: its log in words, what it took of the machine, and when rows were made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from odibi_core.events import EventType
from odibi_core.journal.writer import OUTPUT_FILE
from odibi_core.story.wording import duration, plural, rows

_OUTPUT_BYTES = 128 * 1024


class Level(StrEnum):
    """How much a line of a log matters."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a run's log.

    Attributes:
        time: UTC, ISO 8601.
        level: How much it matters.
        step: The step that it is about, or "".
        text: What happened.
    """

    time: str
    level: Level
    step: str
    text: str


@dataclass(frozen=True, slots=True)
class Vital:
    """What a run took of the machine at a moment (UTC, ISO 8601)."""

    time: str
    memory_mb: float
    cpu_percent: float


@dataclass(frozen=True, slots=True)
class Made:
    """Rows that a step had made at a moment (UTC, ISO 8601), and how long it took."""

    time: str
    step: str
    row_count: int
    duration_ms: float


@dataclass(slots=True)
class Course:
    """Gathers it from the events of a journal.

    Attributes:
        lines: The log.
        vitals: Memory and load, about each second.
        made: Steps that ended well, with their rows where these are known.
        cached: Steps that came from the cache or a checkpoint.
        started: Steps that began.
        retries: Tries after the first, of all steps.
    """

    lines: list[LogLine] = field(default_factory=list)
    vitals: list[Vital] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    cached: int = 0
    started: int = 0
    retries: int = 0

    def copy(self) -> Course:
        """The course up to now."""
        return Course([*self.lines], [*self.vitals], [*self.made], self.cached, self.started, self.retries)

    def take(self, event: Mapping[str, Any]) -> None:
        """Take what an event tells.

        Raises:
            KeyError: It lacks what an event of its type tells.
            TypeError: A value of it is of another type.
            ValueError: So.
        """
        time, told = _moment(event["timestamp"]), _told(event)
        match event["event_type"]:
            case EventType.RUN_VITALS:
                vital = Vital(time, float(event["memory_mb"]), float(event["cpu_percent"]))
                self.vitals.append(vital)
            case EventType.NODE_START:
                self.started += 1
            case EventType.NODE_RETRY:
                self.retries += 1
            case EventType.NODE_COMPLETE if event.get("status") == "cached":
                self.cached += 1
            case EventType.NODE_COMPLETE if event.get("row_count") is not None:
                self.made.append(
                    Made(
                        time,
                        str(event["step_name"]),
                        int(event["row_count"]),
                        float(event.get("duration_ms") or 0),
                    )
                )
        if told:
            level, text = told
            self.lines.append(LogLine(time, level, str(event.get("step_name", "")), text))


def output_lines(run_dir: Path) -> list[str]:
    """The last lines that the run's process wrote beside its journal: warnings, and what functions print."""
    try:
        with (run_dir / OUTPUT_FILE).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _OUTPUT_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = text.splitlines()
    return lines[1:] if size > _OUTPUT_BYTES else lines


def _moment(timestamp: str) -> str:
    dt.datetime.fromisoformat(timestamp)
    return timestamp


def _told(event: Mapping[str, Any]) -> tuple[Level, str] | None:
    """An event in words; None for one that says nothing to people."""
    match event["event_type"]:
        case EventType.RUN_QUEUED:
            author = (event.get("order") or {}).get("author")
            return Level.INFO, f"{author or 'Somebody'} asked for the run"
        case EventType.RUN_LAUNCHED:
            pid = (event.get("process") or {}).get("pid")
            return (
                Level.INFO,
                f"A process was started for it: {pid}" if pid else "A process was started for it",
            )
        case EventType.RUN_REFUSED:
            return Level.ERROR, f"It could not begin: {event.get('error_message')}"
        case EventType.CANCEL_REQUESTED:
            return Level.WARNING, f"{event.get('author') or 'Somebody'} asked it to stop"
        case EventType.PIPELINE_START:
            return Level.INFO, f"{event['pipeline_name']} starts, {plural(event['total_steps'], 'step')}"
        case EventType.PIPELINE_COMPLETE:
            level = Level.INFO if event.get("state") == "success" else Level.ERROR
            return level, f"The run ended after {duration(event.get('duration_ms'))}: {event.get('state')}"
        case EventType.PIPELINE_ERROR:
            return Level.ERROR, f"The run fails: {event.get('error_message')}"
        case EventType.RUN_CANCELLED:
            return Level.WARNING, f"The run was cancelled: {event.get('reason')}"
        case EventType.CHECKPOINT_SAVED:
            return Level.INFO, "A checkpoint was saved"
        case EventType.REPORT_FAILED:
            return Level.WARNING, f"The {event.get('report')} could not be made: {event.get('error_message')}"
    return _told_of_step(event)


def _told_of_step(event: Mapping[str, Any]) -> tuple[Level, str] | None:
    match event["event_type"]:
        case EventType.NODE_START:
            attempt = event.get("attempt", 1)
            return Level.INFO, "Starts" if attempt == 1 else f"Starts again, try {attempt}"
        case EventType.NODE_COMPLETE:
            made = rows(event.get("row_count"))
            if event.get("status") == "cached":
                return Level.INFO, f"Was taken from the cache: {made}"
            why = f" (ran because: {event['cache_reason']})" if event.get("cache_reason") else ""
            return Level.INFO, f"Is complete after {duration(event.get('duration_ms'))}: {made}{why}"
        case EventType.NODE_ERROR:
            return Level.ERROR, f"Failed: {event.get('error_message')}"
        case EventType.NODE_RETRY:
            delay_s = event.get("delay_s") or 0
            return Level.WARNING, f"Is tried again in {delay_s:g} s: {event.get('error_message')}"
        case EventType.NODE_SKIPPED:
            return Level.WARNING, f"Was skipped: {event.get('reason')}"
        case EventType.NODE_CANCELLED:
            return Level.WARNING, f"Was cancelled: {event.get('reason')}"
        case EventType.NODE_WARNING:
            return Level.WARNING, str(event.get("message"))
    return None
