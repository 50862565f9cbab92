"""What is made of a run after its last step: metrics, lineage, story. None of it changes the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.errors import OdibiError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType, NodeState
from odibi_core.metrics_manager import MetricsManager
from odibi_core.tracker import Tracker

if TYPE_CHECKING:
    from odibi_core.story_generator import StoryGenerator

STORY_STEPS = 200
"""The story of a longer pipeline is made when somebody asks for it: it would cost more than the run."""

_ENDS = frozenset({EventType.PIPELINE_COMPLETE, EventType.RUN_CANCELLED})


class Reporter:
    """Writes the reports when the run ends (`bus.subscribe(reporter.observe)`, after the other watchers).

    A run that took all of its results from the cache has nothing new to tell: its story, half of what such a
    run costs, is made when somebody asks for it.

    A watcher has an event before any hook: whoever hears that the run is complete finds the reports there.

    Args:
        run_dir: The folder of the run's journal.
        tracker: Makes the lineage and the story; neither is made where it is None.
        metrics: Makes the metrics as JSON and as Prometheus text.
        bus: Hears of what failed.

    Attributes:
        warnings: What could not be written, and why.
    """

    def __init__(
        self, run_dir: Path, tracker: Tracker | None, metrics: MetricsManager, bus: EventBus
    ) -> None:
        self._run_dir, self._tracker, self._metrics, self._bus = run_dir, tracker, metrics, bus
        self._stories: StoryGenerator | None = None
        self._has_news = False
        self.warnings: list[str] = []

    def observe(self, event: Mapping[str, Any]) -> None:
        """Write the reports where the event ends the run."""
        if event["event_type"] == EventType.PIPELINE_START:
            is_told = self._tracker is not None and event["total_steps"] <= STORY_STEPS
            self._stories = _load_stories() if is_told else None
            self._has_news = False
        elif event["event_type"] == EventType.NODE_COMPLETE:
            self._has_news |= event["status"] != NodeState.CACHED
        if event["event_type"] not in _ENDS:
            return
        is_news = self._has_news or event.get("state") != NodeState.SUCCESS
        for name, write in self._reports(tells=is_news).items():
            try:
                write()
            except (OdibiError, OSError) as error:
                self.warnings.append(f"the {name} could not be written: {error}")
                self._bus.emit(EventType.REPORT_FAILED, report=name, error_message=str(error))

    def _reports(self, *, tells: bool) -> dict[str, Callable[[], object]]:
        folder, tracker = self._run_dir, self._tracker
        reports: dict[str, Callable[[], object]] = {
            "metrics": lambda: self._metrics.save_to_file(folder / "metrics.json"),
            "Prometheus metrics": lambda: self._metrics.export_prometheus(folder / "metrics.prom"),
        }
        if tracker is not None:
            lineage = folder / "lineage.json"
            reports["lineage"] = lambda: tracker.export_lineage(lineage)
            if tells and (stories := self._stories) is not None:
                reports["story"] = lambda: stories.generate_story(lineage, folder / "story.html")
        return reports


def _load_stories() -> StoryGenerator:
    # A long run does without; a short one loads it before its first step, for a cancelled run must end soon.
    from odibi_core.story_generator import StoryGenerator

    return StoryGenerator()
