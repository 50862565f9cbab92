"""The charts of a run. They keep their place, zoom and colours while their data grow.

A specification that stays the same while only its data change is updated in place by the browser.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from odibi_core.events import NodeState
from odibi_core.story.wording import duration, rows
from odibi_studio.run_messages import StepRun
from odibi_studio.services.runs.course import Course
from odibi_studio.views.widgets.run_states import STEP_COLORS, STEP_WORDS

_BAR_PX = 22
_TALLEST_PX = 620
_MOST_POINTS = 600
_X = {
    "grid": True,
    "title": None,
    "labelExpr": "format(datum.value, '.4~r') + ' s'",
    "labelFlush": False,
    "labelOverlap": True,
    "tickCount": {"expr": "width / 90"},
}


def show_timeline(steps: Sequence[StepRun], origin: str, now: str) -> None:
    """Draw a bar a step from its start to its end, or to the present.

    Args:
        steps: The steps, in their order.
        origin: When the run started, UTC, ISO 8601.
        now: The present, or the end of the run.
    """
    data = timeline_rows(steps, origin, now)
    if not data:
        st.caption("No step has started yet.")
        return
    names = [step.name for step in steps]
    height = len(names) * _BAR_PX
    with st.container(
        height=_TALLEST_PX if height > _TALLEST_PX else "content", border=False, key="timeline"
    ):
        st.vega_lite_chart(data, timeline_spec(names), key="run_timeline", alt="When each step ran")


def timeline_spec(names: Sequence[str]) -> dict[str, Any]:
    """The chart of a run's steps, the same from its first moment to its last.

    All steps have their place, and all states their colour, before the first step starts: a specification
    that followed the data would have the browser draw the chart anew, and its zoom would be lost.

    Args:
        names: All steps that the run is to take, from the top down.
    """
    return {
        "height": {"step": _BAR_PX},
        "layer": [
            {
                "mark": {"type": "bar", "cornerRadius": 3, "height": {"band": 0.68}, "minBandSize": 2},
                "params": [
                    {"name": "zoom", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"}
                ],
            },
            {
                "mark": {"type": "text", "align": "left", "baseline": "middle", "dx": 5, "fontSize": 11},
                "encoding": {
                    "x": {"field": "end", "type": "quantitative"},
                    "text": {"field": "label"},
                    "color": {"value": "gray"},
                },
            },
            # Leaves room for the words behind the last bar, without a scale that changes with each look.
            {
                "mark": {"type": "point", "opacity": 0},
                "encoding": {
                    "x": {"field": "limit", "type": "quantitative"},
                    "x2": {"value": None},
                    "tooltip": {"value": None},
                },
            },
        ],
        "encoding": {
            "y": {
                "field": "step",
                "type": "nominal",
                "scale": {"domain": list(names)},
                "axis": {"title": None, "labelLimit": 220, "ticks": False, "domain": False},
            },
            "x": {
                "field": "start",
                "type": "quantitative",
                "axis": _X,
                "scale": {"nice": False, "padding": 4},
            },
            "x2": {"field": "end"},
            "color": {
                "field": "state",
                "type": "nominal",
                "scale": {
                    "domain": [STEP_WORDS[state] for state in STEP_COLORS],
                    "range": list(STEP_COLORS.values()),
                },
                "legend": {"title": None, "orient": "top"},
            },
            "tooltip": [
                {"field": name, "title": name.capitalize()} for name in ("step", "state", "took", "rows")
            ],
        },
    }


def show_resources(course: Course, origin: str) -> None:
    """Draw memory, load and rows over time."""
    vitals = vital_rows(course, origin)
    made = rate_rows(course, origin)
    left, middle, right = st.columns(3)
    with left:
        st.caption("Memory, MiB")
        _show_line(vitals, "memory_mb", "run_memory", "#2f6fed")
    with middle:
        st.caption("Load, 100 for each core")
        _show_line(vitals, "cpu_percent", "run_cpu", "#c9772b")
    with right:
        st.caption("Rows per second")
        _show_line(made, "rate", "run_rate", "#2e9e6b", mark="bar")


def timeline_rows(steps: Sequence[StepRun], origin: str, now: str) -> list[dict[str, Any]]:
    """A row a step that has started: seconds from the start of the run, and words."""
    found = []
    for step in steps:
        if not step.started or step.state not in STEP_COLORS:
            continue
        start, end = seconds_between(origin, step.started), seconds_between(origin, step.ended or now)
        if step.ended and step.duration_ms is not None and step.duration_scope == "step" and not step.retries:
            # What is counted for whoever watches is no part of the step's own time.
            end = min(end, start + step.duration_ms / 1000)
        took = duration(step.duration_ms if step.duration_ms is not None else (end - start) * 1000)
        if step.duration_scope == "region":
            took += " together with its neighbours"
        found.append(
            {
                "step": step.name,
                "state": STEP_WORDS[step.state],
                "start": round(start, 3),
                "end": round(max(end, start), 3),
                "took": took,
                "rows": "" if step.state is NodeState.RUNNING else rows(step.row_count),
                "label": took.partition(" together")[0],
                "limit": round(1.08 * max(end, start), 3),
            }
        )
    return found


def vital_rows(course: Course, origin: str) -> list[dict[str, Any]]:
    """A row a measurement: seconds from the start of the run, memory and load; of many, every nth."""
    every = math.ceil(len(course.vitals) / _MOST_POINTS) or 1
    return [
        {
            "at": round(seconds_between(origin, vital.time), 1),
            "memory_mb": vital.memory_mb,
            "cpu_percent": vital.cpu_percent,
        }
        for vital in course.vitals[::every]
    ]


def rate_rows(course: Course, origin: str) -> list[dict[str, Any]]:
    """Rows per second: what a step made counts evenly for the time that it ran."""
    spans = []
    for made in course.made:
        end = seconds_between(origin, made.time)
        spans.append((max(0.0, end - made.duration_ms / 1000), end, made.row_count))
    width = math.ceil(max((end for _, end, _ in spans), default=0.0) / _MOST_POINTS) or 1
    rows: dict[int, float] = {}
    for start, end, count in spans:
        for place in range(int(start // width), int(end // width) + 1):
            inside = min(end, (place + 1) * width) - max(start, place * width)
            rows[place] = rows.get(place, 0.0) + count * (inside / (end - start) if end > start else 1.0)
    return [
        {"at": place * width, "until": (place + 1) * width, "rate": round(rows[place] / width)}
        for place in sorted(rows)
    ]


def seconds_between(origin: str, moment: str) -> float:
    """Seconds from one moment to another, both ISO 8601."""
    return (dt.datetime.fromisoformat(moment) - dt.datetime.fromisoformat(origin)).total_seconds()


def _show_line(data: list[dict[str, Any]], field: str, key: str, color: str, mark: str = "area") -> None:
    if not data:
        st.caption("Nothing was measured yet: the first look is taken after a second.")
        return
    area: dict[str, Any] = {"type": mark, "color": color}
    is_bar = mark == "bar"
    binned = {"bin": {"binned": True}} if is_bar else {}
    if not is_bar:
        area |= {"line": {"color": color, "strokeWidth": 1.5}, "fillOpacity": 0.15, "interpolate": "monotone"}
    spec = {
        "height": 150,
        "mark": area,
        "params": [{"name": "zoom", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"}],
        "encoding": {
            "x": {"field": "at", "type": "quantitative", "axis": _X, "scale": {"nice": False}, **binned},
            **({"x2": {"field": "until"}} if is_bar else {}),
            "y": {
                "field": field,
                "type": "quantitative",
                "axis": {"title": None, "format": ",.0f", "tickCount": 4},
            },
            "tooltip": [
                {"field": "at", "title": "Second"},
                {"field": field, "title": "Value", "format": ",.1f"},
            ],
        },
    }
    st.vega_lite_chart(data, spec, key=key, alt=f"{field} over the seconds of the run")
