"""The page of all runs: found, started, opened."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.journal.order import Trigger
from odibi_core.journal.record import RunState
from odibi_studio.run_messages import RunSummary
from odibi_studio.services.runs.desk import RunFilter
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.run_form import ask_for_run
from odibi_studio.views.run_navigation import compare_engines, open_run
from odibi_studio.views.widgets.run_states import RUN_WORDS, run_word

LOOK_S, IDLE_LOOK_S = 2, 5
_MOST = 500
_SPANS = {
    "Any time": None,
    "Last hour": 1,
    "Last 24 hours": 24,
    "Last 7 days": 7 * 24,
    "Last 30 days": 30 * 24,
}


def render() -> None:
    """Show the runs of the workspace."""
    studio = current_studio()
    with st.container(horizontal=True, vertical_alignment="bottom", key="runs_head"):
        st.title("Runs", anchor=False)
        if st.button("Run a pipeline", type="primary", icon=":material/play_arrow:", key="start_run"):
            ask_for_run(studio)
        if st.button("Compare the engines", icon=":material/compare_arrows:", key="open_parity"):
            compare_engines()
    records = studio.runs.book.summaries()
    if not records:
        _show_first_run(studio)
        return
    wanted = _show_filters(sorted({record.pipeline_name for record in records if record.pipeline_name}))
    goes_on = any(not record.state.is_final for record in records)
    # Runs may come from elsewhere, too: a page on which nothing goes on looks now and then.
    st.fragment(_show_live, run_every=LOOK_S if goes_on else IDLE_LOOK_S)(studio, wanted, goes_on=goes_on)


def _show_live(studio: Studio, wanted: RunFilter, *, goes_on: bool) -> None:
    if any(not record.state.is_final for record in studio.runs.book.summaries()) != goes_on:
        st.rerun()
    _show_found(studio, wanted)


def _show_first_run(studio: Studio) -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("#### Nothing has run yet")
        st.caption(
            "Run a pipeline here, in the designer, or by `odibi run`: every run shows up on this page."
        )
        names = [path.stem for path in studio.workspace.pipelines()]
        if names and st.button(f"Run {names[0]}", type="primary", icon=":material/play_arrow:"):
            ask_for_run(studio, names[0])


def _show_filters(pipelines: list[str]) -> RunFilter:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        pipeline = st.selectbox(
            "Pipeline", pipelines, index=None, placeholder="All pipelines", key="runs_pipeline", width=220
        )
        states = st.multiselect(
            "State",
            list(RunState),
            format_func=RUN_WORDS.__getitem__,
            placeholder="Any state",
            key="runs_states",
            width=260,
        )
        trigger = st.selectbox(
            "Started from",
            [it.value for it in Trigger],
            index=None,
            placeholder="Anywhere",
            key="runs_trigger",
            width=170,
        )
        span = st.selectbox("Time", list(_SPANS), key="runs_span", width=160)
        text = st.text_input(
            "Search",
            placeholder="Id, author, error, name=value",
            help="A part of the id, pipeline, author, error, or of a parameter, as in month=3",
            icon=":material/search:",
            key="runs_text",
        )
    hours = _SPANS[span]
    since = "" if hours is None else (dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)).isoformat()
    return RunFilter(pipeline or "", frozenset(states), trigger or "", since, text=text.strip())


def _show_found(studio: Studio, wanted: RunFilter) -> None:
    found = studio.runs.find(wanted, _MOST)
    _show_queue(studio, [run for run in found.runs if run.queue_position])
    if not found.runs:
        st.info("No run is like that. Take a filter away.", icon=":material/search_off:")
        return
    _keep_chosen([run.run_id for run in found.runs])
    chosen = st.dataframe(
        [run_row(run) for run in found.runs],
        hide_index=True,
        height=min(38 + 35 * len(found.runs), 700),
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="",
        column_config={
            "Started": st.column_config.DatetimeColumn(
                format="D MMM YYYY, HH:mm:ss", timezone=st.context.timezone
            ),
            "Steps": st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1, width="small"
            ),
            "Took": st.column_config.NumberColumn(format="%.2f s", width="small"),
        },
        key="runs_table",
    )
    rows = [found.runs[row] for row in chosen["selection"]["rows"] if row < len(found.runs)]
    with st.container(horizontal=True, vertical_alignment="center"):
        _show_choice(rows)
        more = f", of which {len(found.runs):,} are shown" if found.total > len(found.runs) else ""
        st.caption(f"{found.total:,} run{'' if found.total == 1 else 's'}{more}")


def _keep_chosen(run_ids: list[str]) -> None:
    """Have the same runs chosen as before: a table knows rows by their place, and new ones come above."""
    before = st.session_state.get("runs_shown", run_ids)
    st.session_state["runs_shown"] = run_ids
    if before == run_ids or "runs_table" not in st.session_state:
        return
    rows = st.session_state["runs_table"]["selection"]["rows"]
    chosen = {before[row] for row in rows if row < len(before)}
    places = [row for row, run_id in enumerate(run_ids) if run_id in chosen]
    st.session_state["runs_table"] = {"selection": {"rows": places, "columns": [], "cells": []}}


def _show_choice(rows: list[RunSummary]) -> None:
    if len(rows) == 1 and st.button("Open", type="primary", icon=":material/open_in_new:", key="open_run"):
        open_run(rows[0].run_id)
    if len(rows) == 2:
        newer, older = rows
        if st.button("Compare the two", type="primary", icon=":material/compare:", key="compare_runs"):
            st.session_state["run_part"] = "Compare"
            st.switch_page(
                st.session_state["pages"]["run"], query_params={"run": newer.run_id, "with": older.run_id}
            )
    if not rows:
        st.caption("Choose a run to open it, or two to compare them.")


def _show_queue(studio: Studio, waiting: list[RunSummary]) -> None:
    if not waiting:
        return
    at_once = studio.workspace.load().runs.at_once
    with st.container(border=True):
        st.markdown(f"**Waiting** · {at_once} run{'' if at_once == 1 else 's'} at once, one of each pipeline")
        for run in sorted(waiting, key=lambda run: run.queue_position):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{run.queue_position}. {run.pipeline} · `{run.run_id}`", width="content")
                if st.button(
                    "Take out", key=f"withdraw_{run.run_id}", type="tertiary", icon=":material/close:"
                ):
                    _take_out(studio, run.run_id)


def _take_out(studio: Studio, run_id: str) -> None:
    try:
        studio.runs.cancel(run_id)
    except OdibiError as error:
        # It may have begun, and ended, since the page was drawn.
        show_error(error)
    else:
        st.rerun()


def run_row(run: RunSummary) -> dict[str, object]:
    """A run as a row of the table."""
    started = run.started or run.queued
    good = run.success_count or 0
    return {
        "State": "Cancelling" if run.is_cancelling else run_word(run.state),
        "Pipeline": run.pipeline,
        "Started": dt.datetime.fromisoformat(started) if started else None,
        "Took": run.duration_ms / 1000 if run.duration_ms is not None else None,
        "Steps": good / run.total_steps if run.total_steps else None,
        "From": run.trigger,
        "By": run.author,
        "Parameters": ", ".join(f"{name}={value}" for name, value in run.parameters.items()),
        "What to know": run.error or run.reason,
        "Run": run.run_id,
    }
