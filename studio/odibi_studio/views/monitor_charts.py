"""The charts of the monitor: how runs ended, how long they took, how much they wrote, over time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from odibi_core.journal.record import RunState
from odibi_studio.services.runs.health import FEWEST_FOR_A_RANGE, RunFacts, Usual
from odibi_studio.views.widgets.moments import zone_of
from odibi_studio.views.widgets.run_states import RUN_WORDS

_COLORS = {
    RunState.SUCCESS: "#2e9e6b",
    RunState.FAILED: "#d64545",
    RunState.LOST: "#d98a1f",
    RunState.CANCELLED: "#9a9a9a",
}
_NARROWEST = dt.timedelta(minutes=2)
_MARGIN = 0.04
# The browser's own short forms, such as ".500", say nothing without the ticks before them.
_WHEN = {
    "title": None,
    "grid": False,
    "tickCount": {"expr": "width / 110"},
    "labelOverlap": True,
    "format": {
        "milliseconds": "%H:%M:%S",
        "seconds": "%H:%M:%S",
        "minutes": "%H:%M",
        "hours": "%H:%M",
        "date": "%-d %b",
        "day": "%-d %b",
        "week": "%-d %b",
        "month": "%b %Y",
        "quarter": "%b %Y",
        "year": "%Y",
    },
}


def show_outcomes(facts: Sequence[RunFacts], days: int, now: dt.datetime) -> None:
    """Draw how many runs ended how, a bar a day, or an hour where it is one day."""
    st.subheader("Outcomes", anchor=False)
    if not facts:
        st.caption("No run has ended in this time.")
        return
    rows = [{"when": it.record.asked_time, "state": RUN_WORDS[it.record.state]} for it in facts]
    unit = "yearmonthdatehours" if days == 1 else "yearmonthdate"
    spec = {
        "height": 210,
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {
            "x": {
                "field": "when",
                "timeUnit": unit,
                "type": "temporal",
                "axis": _WHEN,
                "scale": {"domain": period(days, now, st.context.timezone)},
            },
            "y": {"aggregate": "count", "axis": {"title": None, "tickMinStep": 1}},
            "color": {
                "field": "state",
                "type": "nominal",
                "scale": {
                    "domain": [RUN_WORDS[state] for state in _COLORS],
                    "range": list(_COLORS.values()),
                },
                "legend": {"title": None, "orient": "top"},
            },
            "tooltip": [
                {"field": "when", "timeUnit": unit, "title": "When"},
                {"field": "state", "title": "Outcome"},
                {"aggregate": "count", "title": "Runs"},
            ],
        },
    }
    st.vega_lite_chart(rows, spec, key="monitor_outcomes", alt="How many runs ended how, over time")


def show_trends(facts: Sequence[RunFacts]) -> None:
    """Draw durations and volumes of the good runs of a pipeline that is chosen."""
    good = [it for it in facts if it.record.state is RunState.SUCCESS]
    counts = Counter(it.record.pipeline_name for it in good)
    names = [name for name, _ in counts.most_common()]
    if not names:
        return
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.subheader("Durations and volumes", anchor=False)
        name = st.selectbox(
            "Pipeline", names, key="monitor_pipeline", label_visibility="collapsed", width=260
        )
    mine = [it for it in reversed(good) if it.record.pipeline_name == name]
    left, right = st.columns(2)
    with left:
        st.caption("Seconds that a run took")
        _show_trend([(it, (it.record.duration_ms or 0) / 1000) for it in mine], "monitor_durations")
    with right:
        st.caption("Rows that a run wrote")
        volumes = [(it, float(it.rows_written)) for it in mine if it.rows_written is not None]
        _show_trend(volumes, "monitor_volumes")


def _show_trend(points: Sequence[tuple[RunFacts, float]], key: str) -> None:
    if not points:
        st.caption("It writes no rows to a file or table.")
        return
    usual = Usual.of([value for _, value in points])
    rows = trend_rows(points, usual)
    layers: list[dict[str, Any]] = [
        {"mark": {"type": "line", "color": "#2f6fed", "strokeWidth": 1.5, "opacity": 0.7}},
        {
            "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
            "encoding": {
                "color": {
                    "field": "kind",
                    "type": "nominal",
                    "scale": {"domain": ["Usual", "Outlier"], "range": ["#2f6fed", "#d64545"]},
                    "legend": None,
                },
                "shape": {
                    "field": "kind",
                    "type": "nominal",
                    "scale": {"domain": ["Usual", "Outlier"], "range": ["circle", "triangle-up"]},
                    "legend": None,
                },
                "tooltip": [
                    {"field": "when", "type": "temporal", "title": "Started", "format": "%-d %b %Y, %H:%M"},
                    {"field": "value", "title": "Value", "format": ",.2~f"},
                    {"field": "kind", "title": "Compared"},
                    {"field": "run", "title": "Run"},
                ],
            },
        },
    ]
    if usual is not None:
        band = {"type": "area", "color": "#2f6fed", "opacity": 0.12}
        layers.insert(0, {"mark": band, "encoding": {"y": {"field": "low"}, "y2": {"field": "high"}}})
    spec = {
        "height": 190,
        "layer": layers,
        "encoding": {
            "x": {
                "field": "when",
                "type": "temporal",
                "axis": _WHEN,
                "scale": {"domain": wide_enough([row["when"] for row in rows])},
            },
            "y": {"field": "value", "type": "quantitative", "axis": {"title": None, "tickCount": 5}},
        },
    }
    st.vega_lite_chart(rows, spec, key=key, alt="Each run over time, with the usual range")
    outliers = sum(row["kind"] == "Outlier" for row in rows)
    if usual is None:
        st.caption(f"A usual range is shown from {FEWEST_FOR_A_RANGE} runs on.")
    else:
        st.caption(f"Shaded: the usual range. {outliers:,} of {len(rows):,} runs lie outside it (▲).")


def trend_rows(points: Sequence[tuple[RunFacts, float]], usual: Usual | None) -> list[dict[str, Any]]:
    """A row a run for a chart: when, how much, the usual range, and whether it lies outside."""
    return [
        {
            "when": it.record.start_time,
            "value": value,
            "run": it.record.run_id,
            "kind": "Usual" if usual is None or usual.holds(value) else "Outlier",
            **({"low": usual.low, "high": usual.high} if usual else {}),
        }
        for it, value in points
    ]


def period(days: int, now: dt.datetime, zone: str | None) -> list[str]:
    """Both ends (ISO 8601) of the last days in a zone, whole ones with the present; or of 24 hours."""
    here = now.astimezone(zone_of(zone))
    if days == 1:
        end = here.replace(minute=0, second=0, microsecond=0) + dt.timedelta(hours=1)
        return _utc(end - dt.timedelta(days=1), end)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    return _utc(midnight - dt.timedelta(days=days - 1), midnight + dt.timedelta(days=1))


def wide_enough(moments: Sequence[str]) -> list[str]:
    """Both ends of a time that holds these moments with some room, all of them ISO 8601.

    It is never so short that ticks need parts of a second.
    """
    found = [dt.datetime.fromisoformat(moment) for moment in moments]
    first, last = min(found), max(found)
    room = max(_MARGIN * (last - first), (_NARROWEST - (last - first)) / 2)
    return _utc(first - room, last + room)


def _utc(*moments: dt.datetime) -> list[str]:
    # As text: Vega-Lite takes a number in the domain of a time for something else.
    return [moment.astimezone(dt.UTC).isoformat() for moment in moments]
