"""The rows that were set aside: which sets there are, held as they are while somebody mends one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.quality.quarantine import SetAside
from odibi_studio.services.studio import Studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.quality_mending import show_mending
from odibi_studio.views.run_navigation import open_run

_HELD = "quality_held"
_CHOSEN = "quality_chosen"
_LOOKS = "quality_looks"
_TOLD = "quality_told"


def show_sets(studio: Studio) -> None:
    """Show the sets of rows, and the one that is chosen."""
    # Of one height, whatever stands there: what comes and goes moves no button from under a pointer.
    with st.container(horizontal=True, vertical_alignment="center", height=56, border=False):
        shows_all = st.toggle("Also those that are settled", key="quality_all", on_change=_let_go)
        try:
            sets = _held(studio, shows_all)
        except OdibiError as error:
            show_error(error)
            return
        _watch(studio, shows_all, sets)
        told = st.session_state.pop(_TOLD, "")
        if told:
            st.badge(told, icon=":material/check_circle:", color="green")
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
        st.session_state[_CHOSEN] = chosen.number
        _show_rows(studio, chosen)


def _held(studio: Studio, shows_all: bool) -> list[SetAside]:
    """The sets as they were at the last look: what comes meanwhile moves nothing under anybody's hands."""
    if _HELD not in st.session_state:
        st.session_state[_HELD] = studio.quality.sets(only_open=not shows_all)
        st.session_state[_LOOKS] = st.session_state.get(_LOOKS, 0) + 1
    held: list[SetAside] = st.session_state[_HELD]
    return held


def _let_go() -> None:
    st.session_state.pop(_HELD, None)


@st.fragment(run_every="5s")
def _watch(studio: Studio, shows_all: bool, sets: Sequence[SetAside]) -> None:
    """Say that there is something new, and leave it to the person when the page takes it."""
    if _HELD not in st.session_state:
        st.rerun()
    try:
        there = studio.quality.sets(only_open=not shows_all)
    except OdibiError:
        # The next look at the page tells.
        return
    if there == sets:
        return
    if not sets:
        _let_go()
        st.rerun()
    known = {one.place for one in sets}
    has_more = any(one.place not in known for one in there)
    words = "New rows have come · Show them" if has_more else "The rows have changed · Show them as they are"
    # As a callback: a value that comes from the grid in the same moment starts the page anew, and would have
    # the click forgotten.
    st.button(words, icon=":material/refresh:", key="quality_new", on_click=_let_go)


def _choose(sets: Sequence[SetAside]) -> SetAside | None:
    # A table that was not on the page at the last look would be taken for the one that it was before that.
    if _table_key() not in st.session_state:
        st.session_state[_LOOKS] += 1
    number = st.column_config.NumberColumn(format="localized")
    last = st.session_state.get(_CHOSEN)
    first = next((place for place, one in enumerate(sets) if one.number == last), 0)
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
        selection_default={"selection": {"rows": [first]}},
        column_config={
            "Set": st.column_config.NumberColumn(format="plain", width="small"),
            "When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm", timezone=st.context.timezone),
            "Open": number,
            "Of": number,
        },
        # A selection is of places in the list: of another list it would choose another set.
        key=_table_key(),
        alt="Sets of rows",
    )
    rows = found["selection"]["rows"]
    return sets[rows[0]] if rows and rows[0] < len(sets) else None


def _table_key() -> str:
    return f"quality_sets_{st.session_state[_LOOKS]}"


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
    show_mending(studio, chosen, _settle)


def _settle(told: str) -> None:
    _let_go()
    st.session_state[_TOLD] = told
