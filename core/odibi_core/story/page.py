"""The page of a story: what its templates show, and the rules of what a browser may do with it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from odibi_core.events import NodeState
from odibi_core.story import wording
from odibi_core.story.cards import BRIEF_ABOVE_STEPS, limits_for, write_cards
from odibi_core.story.compiled import environment
from odibi_core.story.findings import find
from odibi_core.story.graph import draw_graph
from odibi_core.story.lineage import Lineage
from odibi_core.story.timeline import draw_timeline

_OUTCOMES = {
    "success": ("success", "Succeeded"),
    "failed": ("failed", "Failed"),
    "cancelled": ("cancelled", "Cancelled"),
    "lost": ("failed", "Lost"),
    "running": ("running", "Not finished"),
}
_TRACKING = {
    "exact": "Exact: every step ran on its own, so counts and durations are the step's own.",
    "fused": (
        "Fused: neighbouring SQL steps ran as one query, a region. Row counts, columns and samples are each "
        "step's own; a duration marked “region” is that of the whole query."
    ),
}
_TEXT_DIRECTIONS = {
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
}
_HIDDEN_CHARACTER = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class Total(NamedTuple):
    """A number of the summary, and how it was counted."""

    label: str
    value: str
    note: str = ""
    mark: str = ""


def render_page(lineage: Lineage, title: str | None = None) -> str:
    """The story of a run as one HTML page that needs nothing beside itself.

    Raises:
        OdibiError: The edges of the lineage go round in a circle.
    """
    page = environment.render("story.html.j2", contents(lineage, title))
    return _HIDDEN_CHARACTER.sub(lambda match: _visible(match[0]), page)


def contents(lineage: Lineage, title: str | None = None) -> dict[str, Any]:
    """Name → what the templates show under it.

    Raises:
        OdibiError: The edges of the lineage go round in a circle.
    """
    mark, outcome = _OUTCOMES.get(lineage.state, ("pending", lineage.state or "Unknown"))
    cards = write_cards(lineage)
    style, script = _asset("story.css"), _asset("story.js")
    failed_step = _failed_step(lineage)
    failed = sum(step.status is NodeState.FAILED for step in lineage.steps)
    return {
        "title": title or lineage.pipeline_name,
        "lineage": lineage,
        "mark": mark,
        "outcome": outcome,
        "tracking": _TRACKING.get(lineage.tracking, lineage.tracking),
        "parameters": [(name, _as_text(value)) for name, value in lineage.parameters.items()],
        "totals": _totals(lineage),
        "statuses": _statuses(lineage),
        "findings": find(lineage),
        "failed_step": failed_step,
        "failed_too": max(0, failed - (failed_step is not None)),
        "graph": draw_graph(lineage),
        "timeline": draw_timeline(lineage),
        "cards": cards,
        "is_brief": len(cards) > BRIEF_ABOVE_STEPS,
        "limits": limits_for(lineage),
        "style": style,
        "script": script,
        "style_hash": _content_hash(style),
        "script_hash": _content_hash(script),
        "words": wording,
    }


def _asset(name: str) -> str:
    return Path(__file__).with_name("templates").joinpath(name).read_text(encoding="utf-8")


def _content_hash(text: str) -> str:
    """What a content security policy calls an inline script or style, so that no other one counts."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _totals(lineage: Lineage) -> list[Total]:
    steps = lineage.steps
    done = sum(step.has_run for step in steps)
    rejected = sum(step.rejected_rows or 0 for step in steps)
    retries = sum(step.retry_count for step in steps)
    read = [
        step.after_snapshot.row_count if step.after_snapshot else None
        for step in steps
        if step.kind == "ingest" and step.has_run
    ]
    written = [step.written_rows for step in steps if step.kind in ("store", "publish") and step.has_run]
    return [
        Total("Steps", wording.count(len(steps)), "all done" if done == len(steps) else f"{done:,} done"),
        _row_total("Rows in", read, "source"),
        _row_total("Rows out", written, "target"),
        Total(
            "Rejected rows",
            wording.count(rejected),
            "set aside, not lost" if rejected else "",
            "warning" if rejected else "",
        ),
        Total("Retries", wording.count(retries), "", "warning" if retries else ""),
    ]


def _row_total(label: str, counts: list[int | None], noun: str) -> Total:
    known = [count for count in counts if count is not None]
    unknown = len(counts) - len(known)
    if counts and not known:
        return Total(label, "—", f"not counted, {wording.plural(len(counts), noun)}")
    prefix = "≥ " if unknown else ""
    note = wording.plural(len(counts), noun) + (f", {unknown} not counted" if unknown else "")
    return Total(label, prefix + wording.count(sum(known)), note)


def _statuses(lineage: Lineage) -> list[tuple[str, str, int]]:
    """Each status that occurs, in words, with its number of steps."""
    counts = Counter(step.status for step in lineage.steps)
    return [
        (status.value, wording.STATUS_WORDS[status], counts[status]) for status in NodeState if counts[status]
    ]


def _failed_step(lineage: Lineage) -> int | None:
    """The step to show at the top: the one that the run's error names, else the first that failed."""
    named = lineage.error.step if lineage.error else None
    failed = [index for index, step in enumerate(lineage.steps) if step.status is NodeState.FAILED]
    return next(
        (index for index, step in enumerate(lineage.steps) if step.step_name == named),
        failed[0] if failed else None,
    )


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _visible(character: str) -> str:
    """A sign for a character that shows nothing, or that makes the text around it read as what it is not."""
    if character in _TEXT_DIRECTIONS:
        return f"[{_TEXT_DIRECTIONS[character]}]"
    return "\u2421" if character == "\x7f" else chr(0x2400 + ord(character))
