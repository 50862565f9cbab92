"""What a reader of a story should look at first."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from odibi_core.events import NodeState
from odibi_core.story import wording
from odibi_core.story.cards import row_change
from odibi_core.story.lineage import Lineage, StepRecord

_MOST_OF_A_KIND = 5
_SLOW_SHARE = 0.4
_FEW_STEPS = 3


class Finding(NamedTuple):
    """Something worth a look: `mark` is "warning" or "note"; `step_id` None where it is about no one step."""

    mark: str
    text: str
    step: str = ""
    step_id: int | None = None


def find(lineage: Lineage) -> list[Finding]:
    """What stands out in a run, warnings first; never more than a few of a kind."""
    kinds: list[tuple[str, str, Callable[[StepRecord], str]]] = [
        ("warning", "more steps rejected rows", _rejected),
        ("warning", "more steps set rows aside", _quarantined),
        ("warning", "more steps have warnings", _warned),
        ("warning", "more steps gave no rows", _emptied),
        ("note", "more steps were tried again", _retried),
    ]
    findings: list[Finding] = []
    for mark, more, words in kinds:
        found = [
            Finding(mark, text, step.step_name, index)
            for index, step in enumerate(lineage.steps)
            if (text := words(step))
        ]
        findings += found[:_MOST_OF_A_KIND]
        if len(found) > _MOST_OF_A_KIND:
            findings.append(Finding(mark, f"{len(found) - _MOST_OF_A_KIND} {more}."))
    return [*findings, *_largest_drop(lineage), *_slowest(lineage)]


def _rejected(step: StepRecord) -> str:
    if not step.rejected_rows:
        return ""
    kept = f", kept in {step.rejects_path}" if step.rejects_path else ""
    return f"set {wording.rows(step.rejected_rows)} aside{kept}."


def _quarantined(step: StepRecord) -> str:
    if not step.quarantined_rows:
        return ""
    kept = f", kept in {step.quarantine_path}" if step.quarantine_path else ""
    return f"set {wording.rows(step.quarantined_rows)} aside that broke an expectation{kept}."


def _warned(step: StepRecord) -> str:
    if not step.warnings:
        return ""
    more = f" (and {len(step.warnings) - 1} more)" if len(step.warnings) > 1 else ""
    return f"warns: {wording.cut(step.warnings[0], 200)}{more}"


def _emptied(step: StepRecord) -> str:
    after = step.after_snapshot
    return "gave no rows." if step.has_run and after is not None and after.row_count == 0 else ""


def _retried(step: StepRecord) -> str:
    if not step.retry_count:
        return ""
    times = "once" if step.retry_count == 1 else f"{step.retry_count} times"
    ended = "" if step.has_run else ", and still failed" if step.status is NodeState.FAILED else ""
    return f"was tried again {times}{ended}."


def _largest_drop(lineage: Lineage) -> list[Finding]:
    """The step that lost most rows, among those that keep rows as rows: an aggregate loses them by design."""
    drops = []
    for index, step in enumerate(lineage.steps):
        change = row_change(step)
        if change is None or change.direction != "fewer" or step.before_snapshot is None:
            continue
        if step.after_snapshot is None or not step.after_snapshot.row_count or _aggregates(step):
            continue
        drops.append(((step.before_snapshot.row_count or 0) - step.after_snapshot.row_count, index, change))
    if not drops:
        return []
    _, index, change = max(drops, key=lambda drop: drop[0])
    text = f"dropped the most rows: {change.before} → {change.after} ({change.per_cent})."
    return [Finding("note", text, lineage.steps[index].step_name, index)]


def _aggregates(step: StepRecord) -> bool:
    return isinstance(step.value, str) and "group by" in " ".join(step.value.casefold().split())


def _slowest(lineage: Lineage) -> list[Finding]:
    timed = [
        (step.duration_ms, index)
        for index, step in enumerate(lineage.steps)
        if step.duration_ms and step.duration_scope == "step" and step.status is not NodeState.SKIPPED
    ]
    if len(timed) < _FEW_STEPS or not lineage.total_duration_ms:
        return []
    duration_ms, index = max(timed)
    share = duration_ms / lineage.total_duration_ms
    if not _SLOW_SHARE <= share <= 1:
        return []
    text = f"took {wording.duration(duration_ms)}, {share:.0%} of the run."
    return [Finding("note", text, lineage.steps[index].step_name, index)]
