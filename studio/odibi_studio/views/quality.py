"""The page of quality: what expectations found over time, and the rows that were set aside, to be mended."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.expectations.results import ResultState
from odibi_core.quality.history import PastResult
from odibi_core.story.wording import plural
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.quality_rows import show_sets
from odibi_studio.views.run_navigation import open_run
from odibi_studio.views.widgets.page import page_head

STATE_WORDS = {
    ResultState.PASSED: "✓ Passed",
    ResultState.WARNED: "⚠ Warned",
    ResultState.FAILED: "✕ Failed",
    ResultState.QUARANTINED: "↷ Set aside",
    ResultState.UNMET: "✕ Not met",
}
_COLORS = {
    ResultState.PASSED: "#2e9e6b",
    ResultState.WARNED: "#d98a1f",
    ResultState.FAILED: "#d64545",
    ResultState.QUARANTINED: "#8b7fd6",
    ResultState.UNMET: "#d64545",
}
_SHAPES = ("circle", "triangle-up", "cross", "diamond")
_RULES, _ROWS = "Expectations", "Rows set aside"
_PAST = 100
_FOUND_PX = 440
"""The columns beside it stay on a page of 1280 pixels; of the chosen one it stands below as a whole."""


def render() -> None:
    """Show the quality of what pipelines make."""
    studio = current_studio()
    with page_head("Quality"):
        part = st.segmented_control(
            "Part", [_RULES, _ROWS], default=_RULES, required=True, key="quality_part",
            label_visibility="collapsed",
        )  # fmt: skip
    if part == _ROWS:
        # Without a timer: rows that somebody mends must not move.
        show_sets(studio)
    else:
        _show_live(studio)


@st.fragment(run_every="5s")
def _show_live(studio: Studio) -> None:
    try:
        results = studio.quality.latest()
    except OdibiError as error:
        show_error(error)
        return
    if not results:
        _show_first()
        return
    _show_figures(results)
    result = _show_list(results)
    if result is None:
        st.caption("Choose an expectation to see how it was met over time.")
    else:
        _show_past(studio, result)


def _show_first() -> None:
    with st.container(border=True):
        st.markdown("#### Nothing is expected yet")
        st.caption(
            "Say at a step what its rows must be like, and each run checks it. Rows that offend are a "
            "warning, a failure, or are set aside to be mended. `odibi suggest PIPELINE STEP` proposes some."
        )
        st.code(
            "expectations:\n  - {check: not_null, columns: [id]}\n"
            "  - {check: range, column: amount, min: 0, severity: quarantine}",
            language="yaml",
        )


def _show_figures(results: list[PastResult]) -> None:
    with st.container(key="figures_quality"):
        for column, state in zip(st.columns(len(STATE_WORDS)), STATE_WORDS, strict=True):
            count = sum(result.state is state for result in results)
            column.metric(STATE_WORDS[state], f"{count:,}", help="In the newest run of each", border=True)


def _show_list(results: list[PastResult]) -> PastResult | None:
    order = list(STATE_WORDS)
    ranked = sorted(results, key=lambda one: (-order.index(one.state), one.pipeline, one.step, one.name))
    moment = st.column_config.DatetimeColumn(format="D MMM, HH:mm", timezone=st.context.timezone)
    number = st.column_config.NumberColumn(format="localized")
    found = st.dataframe(
        [
            {
                "State": STATE_WORDS[one.state],
                "Pipeline": one.pipeline,
                "Step": one.step,
                "Expectation": one.name,
                # What was found begins with the numbers: a column of its own for each would leave it no room.
                "Found": one.message or f"{plural(one.rows, 'row')}, as expected",
                "Offending": one.offending_rows,
                "Checked": dt.datetime.fromisoformat(one.moment),
            }
            for one in ranked
        ],
        hide_index=True,
        height=min(38 + 35 * len(ranked), 400),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        placeholder="",
        column_config={
            "Found": st.column_config.TextColumn(width=_FOUND_PX),
            "Checked": moment,
            "Offending": number,
        },
        key="quality_table",
        alt="Expectations",
    )
    rows = found["selection"]["rows"]
    return ranked[rows[0]] if rows and rows[0] < len(ranked) else None


def _show_past(studio: Studio, result: PastResult) -> None:
    past = studio.quality.history(result, _PAST)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{result.pipeline} · {result.step} · {result.name}", anchor=False, width="content")
        if st.button("Open the latest run", icon=":material/open_in_new:", key="quality_run"):
            open_run(result.run_id)
    if result.message:
        st.text(result.message)
    counts = any(one.offending_rows is not None for one in past)
    rows = [
        {
            "when": one.moment,
            "value": (one.offending_rows or 0) if counts else one.rows,
            "state": STATE_WORDS[one.state],
            "run": one.run_id,
        }
        for one in past
    ]
    title = "rows that offend" if counts else "rows"
    color = {
        "field": "state",
        "type": "nominal",
        "scale": {"domain": list(STATE_WORDS.values()), "range": list(_COLORS.values())},
        "legend": {"title": None, "orient": "top"},
    }
    shape = {**color, "scale": {"domain": list(STATE_WORDS.values()), "range": list(_SHAPES)}}
    when = {"title": None, "grid": False, "format": "%-d %b, %H:%M", "tickCount": 6}
    spec = {
        "height": 220,
        "layer": [
            {"mark": {"type": "line", "opacity": 0.4, "strokeWidth": 1.5}},
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {"color": color, "shape": shape},
            },
        ],
        "encoding": {
            "x": {"field": "when", "type": "temporal", "axis": when},
            "y": {"field": "value", "type": "quantitative", "axis": {"title": title, "tickMinStep": 1}},
            "tooltip": [
                {"field": "when", "type": "temporal", "title": "Checked", "format": "%-d %b %Y, %H:%M"},
                {"field": "state", "title": "State"},
                {"field": "value", "title": title.capitalize()},
                {"field": "run", "title": "Run"},
            ],
        },
    }
    st.vega_lite_chart(rows, spec, key="quality_past", alt="What the expectation found in each run")
