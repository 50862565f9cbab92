"""The page that tells how healthy the runs of the workspace are."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from odibi_core.journal.record import RunRecord, RunState
from odibi_core.story.wording import duration
from odibi_studio.services.runs.health import (
    FEWEST_FOR_A_RANGE,
    RunFacts,
    Usual,
    causes,
    freshness,
    slowest_steps,
    success_rate,
)
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.run_navigation import open_run
from odibi_studio.views.runs import IDLE_LOOK_S, LOOK_S
from odibi_studio.views.widgets.moments import ago
from odibi_studio.views.widgets.run_states import RUN_WORDS, run_word

_SPANS = {"24 hours": 1, "7 days": 7, "30 days": 30, "90 days": 90}
_MOST_RUNS = 2_000
_MOST_STEPS = 12
_COLORS = {
    RunState.SUCCESS: "#2e9e6b",
    RunState.FAILED: "#d64545",
    RunState.LOST: "#d98a1f",
    RunState.CANCELLED: "#9a9a9a",
}
_STYLE = """
<style>
[data-testid="stMainBlockContainer"]:has(.st-key-monitor_head) { max-width: 90rem; padding-top: 5rem; }
.st-key-monitor_head h1 { padding: 0; font-size: 1.75rem; }
.st-key-monitor_figures [data-testid="stMetricValue"] {
  font-size: 1.5rem;
  font-variant-numeric: tabular-nums;
}
</style>
"""


def render() -> None:
    """Show the health of the workspace's runs."""
    studio = current_studio()
    st.html(_STYLE)
    with st.container(horizontal=True, vertical_alignment="bottom", key="monitor_head"):
        st.title("Monitor", anchor=False)
        span = st.segmented_control(
            "Time",
            list(_SPANS),
            default="30 days",
            required=True,
            key="monitor_span",
            label_visibility="collapsed",
        )
    records = studio.runs.book.summaries()
    if not records:
        st.info(
            "Nothing has run yet. Run a pipeline, and this page tells how it goes over time.",
            icon=":material/monitoring:",
        )
        return
    now = dt.datetime.now(dt.UTC)
    facts = _facts(studio, records, _SPANS[span], now)
    goes_on = any(not record.state.is_final for record in records)
    # What changes each moment is small; the charts are drawn anew once a run has ended.
    live = st.fragment(_show_live, run_every=LOOK_S if goes_on else IDLE_LOOK_S)
    live(studio, _SPANS[span], _ended(records), goes_on=goes_on)
    _show_outcomes(facts, _SPANS[span])
    _show_trends(facts)
    # The stalest dataset is the one that no run of the chosen time wrote.
    _show_freshness(studio.workspace.root, studio.runs.health.facts(records), now)
    left, right = st.columns(2)
    with left:
        _show_slowest(facts)
    with right:
        _show_causes(facts)


def _show_live(studio: Studio, days: int, ended: frozenset[str], *, goes_on: bool) -> None:
    records, now = studio.runs.book.summaries(), dt.datetime.now(dt.UTC)
    if _ended(records) != ended or any(not record.state.is_final for record in records) != goes_on:
        st.rerun()
    _show_figures(_facts(studio, records, days, now), records)
    with st.container(key="monitor_under_way"):
        _show_under_way(records, now)


def _ended(records: Sequence[RunRecord]) -> frozenset[str]:
    return frozenset(record.run_id for record in records if record.state.is_final)


def _facts(studio: Studio, records: Sequence[RunRecord], days: int, now: dt.datetime) -> list[RunFacts]:
    """What is known of the runs of the last days, at most the newest thousands of them."""
    since = (now - dt.timedelta(days=days)).isoformat()
    return studio.runs.health.facts([it for it in records if it.asked_time >= since][:_MOST_RUNS])


def _show_figures(facts: Sequence[RunFacts], records: Sequence[RunRecord]) -> None:
    rate = success_rate(facts)
    states = [record.state for record in records]
    written = sum(it.rows_written or 0 for it in facts)
    figures = (
        (
            "Success rate",
            "…" if rate is None else f"{100 * rate:.0f} %",
            "Of the runs that were not cancelled",
        ),
        ("Runs", f"{len(facts):,}", "That have ended"),
        (
            "Failed or lost",
            f"{sum(it.record.state in (RunState.FAILED, RunState.LOST) for it in facts):,}",
            None,
        ),
        ("Rows written", f"{written:,}", "To all targets"),
        ("Running", f"{states.count(RunState.RUNNING):,}", "Now"),
        ("Waiting", f"{states.count(RunState.QUEUED):,}", "Now"),
    )
    with st.container(key="monitor_figures"):
        for column, (label, value, help_) in zip(st.columns(len(figures)), figures, strict=True):
            column.metric(label, value, help=help_, border=True)


def _show_under_way(records: Sequence[RunRecord], now: dt.datetime) -> None:
    under_way = [record for record in records if not record.state.is_final]
    if not under_way:
        return
    with st.container(border=True):
        st.markdown("**Under way**")
        for record in under_way:
            with st.container(horizontal=True, vertical_alignment="center"):
                since = ago(record.asked_time, now) if record.asked_time else ""
                text = f"{run_word(record.state)} · **{record.pipeline_name}** · {record.trigger} · {since}"
                st.markdown(text, width="content")
                if st.button(
                    "Open", key=f"open_{record.run_id}", type="tertiary", icon=":material/open_in_new:"
                ):
                    open_run(record.run_id)


def _show_outcomes(facts: Sequence[RunFacts], days: int) -> None:
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
                "axis": {"title": None, "grid": False},
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


def _show_trends(facts: Sequence[RunFacts]) -> None:
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
            "x": {"field": "when", "type": "temporal", "axis": {"title": None, "grid": False}},
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


def _show_freshness(root: Path, facts: Sequence[RunFacts], now: dt.datetime) -> None:
    st.subheader("Freshness of datasets", anchor=False)
    found = freshness(facts, now)
    if not found:
        st.caption("No run has written a dataset yet.")
        return
    late = sum(it.is_late for it in found)
    if late:
        st.warning(
            f"{late} of {len(found)} datasets were not written for more than twice as long as usual.",
            icon=":material/schedule:",
        )
    rows = [
        {
            "State": "⚠ Late" if it.is_late else "✓ Fresh" if it.every_s is not None else "· Seldom",
            "Dataset": _relative(it.place, root),
            "Written": dt.datetime.fromisoformat(it.time),
            "Age": ago(it.time, now),
            "Usually every": duration(it.every_s * 1000) if it.every_s is not None else "",
            "Rows": it.row_count,
            "By": it.pipeline,
        }
        for it in found
    ]
    st.dataframe(
        rows,
        hide_index=True,
        height=min(38 + 35 * len(rows), 400),
        column_config={
            "Written": st.column_config.DatetimeColumn(
                format="D MMM YYYY, HH:mm", timezone=st.context.timezone
            ),
            "Rows": st.column_config.NumberColumn(format="localized"),
        },
        key="monitor_freshness",
    )


def _show_slowest(facts: Sequence[RunFacts]) -> None:
    st.subheader("Slowest steps", anchor=False)
    rows = [
        {
            "Pipeline": pipeline,
            "Step": step,
            "Median": middle / 1000,
            "Longest": longest / 1000,
            "Runs": times,
        }
        for pipeline, step, middle, longest, times in slowest_steps(facts, _MOST_STEPS)
    ]
    if not rows:
        st.caption("No step has ended in this time.")
        return
    seconds = st.column_config.NumberColumn(format="%.2f s")
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"Median": seconds, "Longest": seconds},
        key="monitor_slowest",
    )


def _show_causes(facts: Sequence[RunFacts]) -> None:
    st.subheader("Failures by cause", anchor=False)
    found = causes(facts)
    if not found:
        st.caption("No run failed or was lost in this time.")
        return
    rows = [
        {"Times": times, "Pipeline": pipeline, "Step": step, "Cause": cause, "Latest run": run_id}
        for pipeline, step, cause, times, run_id in found
    ]
    chosen = st.dataframe(
        rows, hide_index=True, on_select="rerun", selection_mode="single-row", key="monitor_causes"
    )
    for row in chosen["selection"]["rows"]:
        if row < len(found) and st.button("Open the latest run", icon=":material/open_in_new:"):
            open_run(found[row][4])


def _relative(place: str, root: Path) -> str:
    path = Path(place)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else place
