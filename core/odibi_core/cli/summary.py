"""The end of a run as a person would tell it, and the same as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from odibi_core.cli.run_watch import RunWatch
from odibi_core.cli.terminal import Part, Terminal
from odibi_core.errors import OdibiError
from odibi_core.events import NodeState
from odibi_core.journal.record import RunRecord, RunState, StepProgress
from odibi_core.story.wording import duration, plural, rows

_COLORS = {
    RunState.SUCCESS: "green",
    RunState.FAILED: "red",
    RunState.CANCELLED: "yellow",
    RunState.LOST: "red",
    RunState.RUNNING: "cyan",
    RunState.QUEUED: "cyan",
}
_LISTED = 8
_MET = {"passed": "met", "warned": "warns", "failed": "fails", "quarantined": "set aside", "unmet": "unmet"}


def outcome(record: RunRecord) -> list[Part]:
    """The first line: what became of the run, how long it took, and how many steps went how."""
    counts = dict.fromkeys(NodeState, 0)
    for step in record.steps.values():
        counts[step.state] += 1
    good = counts[NodeState.SUCCESS] + counts[NodeState.CACHED]
    verb = {
        RunState.SUCCESS: "succeeded",
        RunState.FAILED: "failed",
        RunState.CANCELLED: "was cancelled",
        RunState.LOST: "was lost: its process ended without a word",
        RunState.RUNNING: "is running",
        RunState.QUEUED: "waits for its turn",
    }[record.state]
    took = f" after {duration(record.duration_ms)}" if record.duration_ms is not None else ""
    if record.state is RunState.SUCCESS:
        took = took.replace(" after ", " in ")
    steps = f"{good} of {plural(record.total_steps, 'step')} succeeded"
    if record.state is RunState.SUCCESS and good == record.total_steps:
        steps = plural(good, "step")
    cached = [f"{counts[NodeState.CACHED]} from the cache"] if counts[NodeState.CACHED] else []
    others = cached + [
        f"{counts[state]} {state.value}"
        for state in (NodeState.FAILED, NodeState.SKIPPED, NodeState.CANCELLED, NodeState.RUNNING)
        if counts[state]
    ]
    return [
        f"{record.pipeline_name} ",
        (verb, _COLORS[record.state]),
        f"{took}: {', '.join([steps, *others])}",
    ]


def tell_run(terminal: Terminal, watch: RunWatch, more_warnings: Iterable[str] = ()) -> None:
    """Write what became of a run: outcome, what was written, what to look at, and where to look closer."""
    record = watch.record
    assert record is not None
    terminal.line(*outcome(record))
    _tell_failures(terminal, record, watch.origins)
    if watch.written:
        terminal.line()
        terminal.line("Written:")
        terminal.table(
            ("", "", ""),
            [_written(terminal, record.steps[name], details) for name, details in watch.written.items()],
            indent=2,
        )
    tell_rejects_and_warnings(terminal, record, watch.rejects, more_warnings)
    terminal.line()
    terminal.line(f"Run    {record.run_id}")
    if (story := _story(record)) is not None:
        terminal.line(f"Story  {terminal.path(story)}")
    if record.state is not RunState.SUCCESS:
        terminal.line(f"Look closer with: odibi runs show {record.run_id}")


def tell_rejects_and_warnings(
    terminal: Terminal, record: RunRecord, rejects: Mapping[str, str], more_warnings: Iterable[str] = ()
) -> None:
    """Write the rows that were set aside, and the warnings."""
    steps = record.steps.values()
    aside = [step for step in steps if step.rejected_rows]
    if aside:
        total = sum(step.rejected_rows for step in aside)
        terminal.line()
        were = "was" if total == 1 else "were"
        terminal.line((f"{plural(total, 'row')} could not be read and {were} set aside:", "yellow"))
        cells = [
            (
                step.name,
                rows(step.rejected_rows),
                terminal.path(rejects.get(step.name, "")),
            )
            for step in aside
        ]
        terminal.table(("", "", ""), cells, indent=2)
    kept = [step for step in steps if step.quarantined_rows]
    if kept:
        total = sum(step.quarantined_rows for step in kept)
        terminal.line()
        were = "was" if total == 1 else "were"
        terminal.line((f"{plural(total, 'row')} that broke an expectation {were} set aside:", "yellow"))
        cells = [
            (step.name, rows(step.quarantined_rows), terminal.path(step.quarantine_path)) for step in kept
        ]
        terminal.table(("", "", ""), cells, indent=2)
        terminal.line("  Look at them, mend and replay them: odibi quarantine list")
    warnings = [
        f"{step.name}: {warning}"
        for step in steps
        for warning in step.warnings
        # The first row that was set aside is told as a warning too; above it is told with all others.
        if not (step.rejected_rows and "could not be read" in warning)
    ]
    warnings += more_warnings
    if warnings:
        terminal.line()
        terminal.line(("Look at this:", "yellow"))
        for warning in warnings:
            terminal.line(f"  {warning}")


def tell_expectations(terminal: Terminal, record: RunRecord) -> None:
    """Write what was found of every expectation."""
    cells = [
        (step.name, _MET[result["state"]], result["name"], result["message"] or rows(result["rows"]))
        for step in record.steps.values()
        for result in step.expectations
    ]
    if cells:
        terminal.line()
        terminal.line("Expectations:")
        terminal.table(("step", "", "expectation", "found"), cells, indent=2)


def _tell_failures(terminal: Terminal, record: RunRecord, origins: Mapping[str, str]) -> None:
    for step in record.steps.values():
        if step.state is NodeState.FAILED:
            tell_failure(terminal, step, origins.get(step.name, ""))
    skipped = [step.name for step in record.steps.values() if step.state is NodeState.SKIPPED]
    if skipped:
        terminal.line()
        more = f" and {len(skipped) - _LISTED} more" if len(skipped) > _LISTED else ""
        terminal.line(f"Skipped: {', '.join(skipped[:_LISTED])}{more}")
    if record.state is RunState.CANCELLED:
        terminal.line()
        terminal.line(f"Why: {record.reason}. Nothing half done was left behind.")


def tell_failure(terminal: Terminal, step: StepProgress, origin: str = "") -> None:
    """Write which step failed, why, where, and how to mend it."""
    terminal.line()
    terminal.line(f"Step {step.name!r} ", ("failed", "red"), f": {step.error_message}")
    if origin and origin != f"step {step.name!r}":
        terminal.line(f"  Where: {origin}")
    if step.retries:
        terminal.line(f"  It was tried {step.retries + 1} times.")
    if step.fix:
        terminal.line(f"  To mend it: {step.fix}")


def _written(terminal: Terminal, step: StepProgress, details: Mapping[str, Any]) -> tuple[str, str, str]:
    place = terminal.path(str(details.get("path") or details.get("url") or ""))
    if details.get("skipped"):
        return step.name, "nothing", f"{place} ({details['skipped']})"
    if step.state is NodeState.CACHED:
        place += " (an earlier run wrote it)"
    return step.name, rows(details.get("rows")), place


def _story(record: RunRecord) -> Path | None:
    """The story of the run; that of one which took all from the cache is made now."""
    from odibi_core.reports import STORY_STEPS
    from odibi_core.story_generator import story_of

    path = record.run_dir / "story.html"
    if path.is_file() or record.state is not RunState.SUCCESS or record.total_steps > STORY_STEPS:
        return path if path.is_file() else None
    try:
        return story_of(record.run_dir)
    except OdibiError:
        return None


def run_document(watch: RunWatch, code: int, more_warnings: Iterable[str] = ()) -> dict[str, Any]:
    """The run as JSON."""
    record = watch.record
    assert record is not None
    story = _story(record)
    return {
        "state": record.state.value,
        "exit_code": int(code),
        "pipeline": record.pipeline_name,
        "run_id": record.run_id,
        "run_dir": str(record.run_dir),
        "story": str(story) if story is not None else None,
        "start_time": record.start_time,
        "end_time": record.end_time,
        "duration_ms": record.duration_ms,
        "parameters": record.parameters,
        "total_steps": record.total_steps,
        "failed_step": record.failed_step or None,
        "reason": record.reason or None,
        "warnings": list(more_warnings),
        "steps": [_step_document(step, watch) for step in record.steps.values()],
    }


def _step_document(step: StepProgress, watch: RunWatch) -> dict[str, Any]:
    error = {"message": step.error_message, "where": watch.origins.get(step.name, ""), "fix": step.fix}
    return {
        "name": step.name,
        "layer": step.layer,
        "state": step.state.value,
        "duration_ms": step.duration_ms,
        "duration_scope": step.duration_scope,
        "row_count": step.row_count,
        "rejected_rows": step.rejected_rows,
        "rejects_path": watch.rejects.get(step.name),
        "quarantined_rows": step.quarantined_rows,
        "quarantine_path": step.quarantine_path or None,
        "expectations": step.expectations,
        "retries": step.retries,
        "written": dict(watch.written.get(step.name, {})) or None,
        "error": error if step.error_message else None,
        "reason": step.reason or None,
        "warnings": step.warnings,
    }
