"""The page that tells how healthy the runs of the workspace are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from odibi_core.journal.record import RunRecord, RunState
from odibi_core.story.wording import duration
from odibi_studio.services.runs.health import (
    RunFacts,
    causes,
    freshness,
    slowest_steps,
    success_rate,
)
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.monitor_charts import show_outcomes, show_trends
from odibi_studio.views.run_navigation import open_run
from odibi_studio.views.runs import IDLE_LOOK_S, LOOK_S
from odibi_studio.views.widgets.moments import ago
from odibi_studio.views.widgets.run_states import run_word

_SPANS = {"24 hours": 1, "7 days": 7, "30 days": 30, "90 days": 90}
_MOST_RUNS = 2_000
_MOST_STEPS = 12


def render() -> None:
    """Show the health of the workspace's runs."""
    studio = current_studio()
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
    show_outcomes(facts, _SPANS[span], now)
    show_trends(facts)
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
