"""The charts of a run: when each step ran, and what the run took of the machine.

The browser draws them and keeps their zoom and place; a refresh gives it figures alone.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from odibi_studio.run_messages import StepRun
from odibi_studio.services.runs.course import Course
from odibi_studio.services.runs.desk import Watched
from odibi_studio.views.widgets.run_states import STEP_COLORS, STEP_WORDS

_MOST_POINTS = 600
_PLACES = {state: place for place, state in enumerate(STEP_COLORS)}


def show_charts(watched: Watched, now: str) -> None:
    """Draw the run from its start to the present, or to its end.

    Args:
        watched: A run that has started.
        now: The present, or the end of the run, UTC, ISO 8601.
    """
    if not watched.steps:
        st.caption("The run has no steps yet.")
        return
    about, origin = watched.about, watched.about.started
    told = {
        "run_id": about.run_id,
        "now": seconds_between(origin, now),
        "is_live": not about.state.is_final,
        "steps": [step.name for step in watched.steps],
        "states": [[STEP_WORDS[state], color] for state, color in STEP_COLORS.items()],
        "bars": bars(watched.steps, origin),
        "vitals": vitals(watched.course, origin),
        **rates(watched.course, origin),
    }
    # Named at each refresh, as Streamlit's own examples do: outside of an app there is nothing to name it to.
    charts = st.components.v2.component("odibi-studio.charts", js="charts-*.js")
    charts(key="run_charts", data=told, height="content")


def bars(steps: Sequence[StepRun], origin: str) -> list[list[Any]]:
    """Of each step that has started: its place, that of its state, start and end, time, sharing and rows.

    Start and end are seconds from the start of the run; the end is None while it goes on. The time is in ms,
    None where it is not known, and may be that of all the steps which ran with it as one query.

    Args:
        steps: The steps, in their order.
        origin: When the run started, UTC, ISO 8601.
    """
    zero = dt.datetime.fromisoformat(origin)
    found = []
    for place, step in enumerate(steps):
        if not step.started or step.state not in _PLACES:
            continue
        start = (dt.datetime.fromisoformat(step.started) - zero).total_seconds()
        end = (dt.datetime.fromisoformat(step.ended) - zero).total_seconds() if step.ended else None
        is_shared = step.duration_scope == "region"
        if end is not None and step.duration_ms is not None and not is_shared and not step.retries:
            # What is counted for whoever watches is no part of the step's own time.
            end = min(end, start + step.duration_ms / 1000)
        end = None if end is None else round(max(end, start), 4)
        found.append(
            [place, _PLACES[step.state], round(start, 4), end, step.duration_ms, is_shared, step.row_count]
        )
    return found


def vitals(course: Course, origin: str) -> list[tuple[float, float, float]]:
    """Seconds from the start of the run, memory in MiB and load in per cent of a core; of many, every nth."""
    zero = dt.datetime.fromisoformat(origin)
    every = math.ceil(len(course.vitals) / _MOST_POINTS) or 1
    return [
        (
            round((dt.datetime.fromisoformat(it.time) - zero).total_seconds(), 1),
            it.memory_mb,
            it.cpu_percent,
        )
        for it in course.vitals[::every]
    ]


def rates(course: Course, origin: str) -> dict[str, Any]:
    """Rows per second: what a step made counts evenly for the time that it ran.

    Returns:
        `rates` with the seconds from which on there were how many, `rate_width` for how many seconds.
    """
    zero = dt.datetime.fromisoformat(origin)
    spans = []
    for made in course.made:
        end = (dt.datetime.fromisoformat(made.time) - zero).total_seconds()
        spans.append((max(0.0, end - made.duration_ms / 1000), end, made.row_count))
    width = math.ceil(max((end for _, end, _ in spans), default=0.0) / _MOST_POINTS) or 1
    rows: dict[int, float] = {}
    for start, end, count in spans:
        for place in range(int(start // width), int(end // width) + 1):
            inside = min(end, (place + 1) * width) - max(start, place * width)
            rows[place] = rows.get(place, 0.0) + count * (inside / (end - start) if end > start else 1.0)
    return {
        "rates": [(place * width, round(rows[place] / width)) for place in sorted(rows)],
        "rate_width": width,
    }


def seconds_between(origin: str, moment: str) -> float:
    """Seconds from one moment to another, both ISO 8601."""
    return (dt.datetime.fromisoformat(moment) - dt.datetime.fromisoformat(origin)).total_seconds()
