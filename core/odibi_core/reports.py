"""What is made of a run after its last step: metrics, lineage, story. None of it changes the outcome."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from odibi_core.errors import OdibiError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType
from odibi_core.metrics_manager import MetricsManager
from odibi_core.story_generator import StoryGenerator
from odibi_core.tracker import Tracker


def write_reports(
    run_dir: Path, tracker: Tracker | None, metrics: MetricsManager, bus: EventBus
) -> list[str]:
    """Warnings about reports that could not be written; empty where all were.

    Args:
        run_dir: The folder of the run's journal.
        tracker: Makes the lineage and the story; neither is made where it is None.
        metrics: Makes the metrics as JSON and as Prometheus text.
        bus: Hears of what failed.
    """
    reports: dict[str, Callable[[], object]] = {
        "metrics": lambda: metrics.save_to_file(run_dir / "metrics.json"),
        "Prometheus metrics": lambda: metrics.export_prometheus(run_dir / "metrics.prom"),
    }
    if tracker is not None:
        reports["lineage"] = lambda: tracker.export_lineage(run_dir / "lineage.json")
        reports["story"] = lambda: StoryGenerator().generate_story(
            run_dir / "lineage.json", run_dir / "story.html"
        )
    warnings = []
    for name, write in reports.items():
        try:
            write()
        except (OdibiError, OSError) as error:
            bus.emit(EventType.REPORT_FAILED, report=name, error_message=str(error))
            warnings.append(f"the {name} could not be written: {error}")
    return warnings
