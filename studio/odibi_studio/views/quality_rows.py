"""The rows that were set aside: seen in a grid, mended, and sent into the pipeline again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.expectations.measuring import ROW
from odibi_core.quality.quarantine import SetAside
from odibi_studio.services.quality_book import MOST_SHOWN, REASONS
from odibi_studio.services.studio import Studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.run_navigation import open_run

_TOLD = "quality_told"
_TAKE = "Take"


def show_sets(studio: Studio) -> None:
    """Show the sets of rows, and the one that is chosen."""
    told = st.session_state.pop(_TOLD, "")
    if told:
        st.success(told, icon=":material/check_circle:")
    shows_all = st.toggle("Also those that are settled", key="quality_all")
    try:
        sets = studio.quality.sets(only_open=not shows_all)
    except OdibiError as error:
        show_error(error)
        return
    if not sets:
        st.info(
            "No rows are set aside. Rows that break an expectation of severity `quarantine`, and rows that "
            "can't be read, come here.",
            icon=":material/playlist_add_check:",
        )
        return
    chosen = _choose(sets)
    if chosen is None:
        st.caption("Choose a set to see its rows.")
    else:
        _show_rows(studio, chosen)


def _choose(sets: Sequence[SetAside]) -> SetAside | None:
    number = st.column_config.NumberColumn(format="localized")
    found = st.dataframe(
        [
            {
                "Set": one.number,
                "Pipeline": one.pipeline,
                "Step": one.step,
                "Open": one.open_rows,
                "Of": one.row_count,
                "Why": ", ".join(f"{name} ({rows:,})" for name, rows in one.reasons.items()) or one.kind,
                "When": dt.datetime.fromisoformat(one.moment),
                "Run": one.run_id,
            }
            for one in sets
        ],
        hide_index=True,
        height=min(38 + 35 * len(sets), 300),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        column_config={
            "When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone=st.context.timezone),
            "Open": number,
            "Of": number,
        },
        key="quality_sets",
        alt="Sets of rows",
    )
    rows = found["selection"]["rows"]
    return sets[rows[0]] if rows and rows[0] < len(sets) else None


def _show_rows(studio: Studio, chosen: SetAside) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{chosen.pipeline} · {chosen.step}", anchor=False, width="content")
        if st.button("Open the run", icon=":material/open_in_new:", key="set_run"):
            open_run(chosen.run_id)
    if not chosen.open_rows:
        st.caption("All its rows were replayed or discarded.")
        return
    if not chosen.is_good:
        st.warning(
            "The run did not succeed: these rows come again with the next run. What you replay now counts "
            "twice then, unless the pipeline merges.",
            icon=":material/warning:",
        )
    # Read once for each state of the set: what somebody types must not be reset by a look at the files.
    key = f"quality_form_{chosen.number}_{chosen.open_rows}"
    try:
        if key not in st.session_state:
            st.session_state[key] = studio.quality.form(chosen)
    except OdibiError as error:
        show_error(error)
        return
    rows = st.session_state[key]
    reasons = [name for name in REASONS if rows and name in rows[0]]
    st.caption("Mend the values, leave out what is to stay, and replay: the rows go on from this step.")
    edited = st.data_editor(
        [{_TAKE: True, **row} for row in rows],
        hide_index=True,
        disabled=[ROW, *reasons],
        column_order=[
            _TAKE,
            ROW,
            *reasons,
            *(name for name in (rows[0] if rows else ()) if name not in (ROW, *reasons)),
        ],
        column_config={
            ROW: st.column_config.TextColumn("Row", width="small"),
            "odibi_reasons": st.column_config.TextColumn("Why"),
            "odibi_reason": st.column_config.TextColumn("Why"),
            "odibi_text": st.column_config.TextColumn("As it stands in the file"),
        },
        height=min(38 + 35 * max(len(rows), 1), 460),
        key=f"{key}_editor",
        alt="Rows to mend",
    )
    if chosen.open_rows > MOST_SHOWN:
        st.caption(
            f"The first {MOST_SHOWN:,} of {chosen.open_rows:,}; the others come when these are settled."
        )
    taken = [row for row in edited if row[_TAKE]]
    with st.container(horizontal=True):
        words = f"{len(taken):,} row{'' if len(taken) == 1 else 's'}"
        if st.button(
            f"Replay {words}",
            type="primary",
            icon=":material/replay:",
            key="quality_replay",
            disabled=not taken,
        ):
            _replay(studio, chosen, taken)
        if st.button(
            f"Discard {words}", icon=":material/delete_sweep:", key="quality_discard", disabled=not taken
        ):
            _discard(studio, chosen, taken)


def _replay(studio: Studio, chosen: SetAside, taken: list[dict[str, Any]]) -> None:
    try:
        with st.spinner("The rows go into the pipeline …"):
            studio.quality.replay(chosen, taken)
    except OdibiError as error:
        show_error(error)
    else:
        st.session_state[_TOLD] = f"{len(taken):,} of the rows went into the pipeline."
        st.rerun()


def _discard(studio: Studio, chosen: SetAside, taken: list[dict[str, Any]]) -> None:
    try:
        studio.quality.discard(chosen, [int(row[ROW]) for row in taken])
    except OdibiError as error:
        show_error(error)
    else:
        st.session_state[_TOLD] = f"{len(taken):,} of the rows were discarded."
        st.rerun()
