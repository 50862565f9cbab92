"""How a run is shown while it runs: a bar on a terminal, or a line for each finished step."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from odibi_core.cli.terminal import Terminal, has_color, is_terminal
from odibi_core.events import EventType, NodeState
from odibi_core.story.wording import duration, plural, rows

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_ENDS = (
    EventType.NODE_COMPLETE,
    EventType.NODE_ERROR,
    EventType.NODE_SKIPPED,
    EventType.NODE_CANCELLED,
)
_NAMED = 2


def shows_bar() -> bool:
    """Whether a person looks on: at a terminal that can move its cursor, and not in CI."""
    return is_terminal(sys.stderr) and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


class ProgressBar:
    """A watcher of the event bus that shows steps, rows, their rate and the time left, on standard error."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._rows = 0
        self._running: dict[str, None] = {}
        self._begun = time.monotonic()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        console = Console(file=sys.stderr, no_color=not has_color(sys.stderr), highlight=False, emoji=False)
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rows]}", markup=False),
            TimeElapsedColumn(),
            TextColumn("left", markup=False),
            TimeRemainingColumn(),
            TextColumn("{task.fields[running]}", markup=False),
            console=console,
            transient=True,
            redirect_stdout=False,
        )
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def observe(self, event: Mapping[str, Any]) -> None:
        """Take what an event tells."""
        progress, kind = self._progress, event["event_type"]
        if progress is None:
            return
        if kind == EventType.PIPELINE_START:
            self._begun = time.monotonic()
            self._task = progress.add_task("", total=event["total_steps"], rows="", running="")
        if self._task is None or not event.get("step_name"):
            return
        if kind == EventType.NODE_START:
            self._running[event["step_name"]] = None
        elif kind in _ENDS:
            self._running.pop(event["step_name"], None)
            self._rows += event.get("row_count") or 0
            progress.advance(self._task)
        else:
            return
        progress.update(self._task, rows=self._rate(), running=self._names())

    def _rate(self) -> str:
        elapsed_s = time.monotonic() - self._begun
        return f"{rows(self._rows)}, {self._rows / elapsed_s:,.0f}/s" if self._rows and elapsed_s else ""

    def _names(self) -> str:
        names = list(self._running)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return self._terminal.clean_name(", ".join(names[:_NAMED])) + more


class StepLines:
    """A watcher of the event bus that writes a line for each step that ends, on standard error."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to put away."""

    def observe(self, event: Mapping[str, Any]) -> None:
        """Take what an event tells."""
        if event["event_type"] not in _ENDS:
            return
        name = self._terminal.clean_name(event["step_name"])
        match event["event_type"]:
            case EventType.NODE_COMPLETE:
                facts = []
                if event["row_count"] is not None:
                    facts.append(rows(event["row_count"]))
                is_cached = event["status"] == NodeState.CACHED
                facts.append("taken from the cache" if is_cached else duration(event["duration_ms"]))
                if event["duration_scope"] == "region" and not is_cached:
                    facts[-1] += " with its neighbours"
                if event["rejected_rows"]:
                    facts.append(f"{plural(event['rejected_rows'], 'row')} set aside")
                self._terminal.note(f"{name}: {', '.join(facts)}")
            case EventType.NODE_ERROR:
                self._terminal.note(f"{name}: ", ("failed", "red"), f": {event['error_message']}")
            case EventType.NODE_SKIPPED:
                self._terminal.note(f"{name}: skipped, {event['reason']}")
            case _:
                self._terminal.note(f"{name}: cancelled")
