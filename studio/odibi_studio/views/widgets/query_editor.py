"""The editor in which a query is written: it completes, and keeps the text while somebody types.

The page hears of the text when the editor is left, and when it is to be asked; what the page does to the text
(another query, a name put in) it says by numbers that rise, so that a rerun changes nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from odibi_studio.services.access import Access

_KEY = "query_editor"
_STATE = "query_editor_state"

_editor = st.components.v2.component("odibi-studio.query", js="query-*.js")


@dataclass(frozen=True, slots=True)
class _State:
    """The text, as far as the page knows it, and what the page did to it."""

    sql: str
    revision: int = 0
    insertions: int = 0
    inserted: str = ""


def query_text() -> str:
    """The query as it was when the editor was left."""
    return _state().sql


def replace_query(sql: str) -> None:
    """Have another query in the editor."""
    state = _state()
    st.session_state[_STATE] = replace(state, sql=sql, revision=state.revision + 1)


def insert_into_query(text: str) -> None:
    """Put a text where the cursor is."""
    state = _state()
    st.session_state[_STATE] = replace(state, insertions=state.insertions + 1, inserted=text)


def show_query_editor(first: str, datasets: Sequence[str], access: Access, run: Callable[[], None]) -> None:
    """Show the editor.

    Args:
        first: The query that is there at first.
        datasets: The names that it completes; their columns it asks for itself.
        access: Lets it call the HTTP interface.
        run: Is called where somebody has the query run from the keyboard.
    """
    if _STATE not in st.session_state:
        st.session_state[_STATE] = _State(first)
    state = _state()

    def leave() -> None:
        _keep("sql")

    def ask() -> None:
        if _keep("run"):
            run()

    _editor(
        key=_KEY,
        data={
            "api": "/api",
            "token": access.token,
            "sql": state.sql,
            "revision": state.revision,
            "insertion": [state.insertions, state.inserted],
            "datasets": list(datasets),
        },
        height="content",
        on_sql_change=leave,
        on_run_change=ask,
    )


def _keep(what: str) -> bool:
    """Whether the editor said a text; it is the query from now on."""
    said = st.session_state[_KEY].get(what)
    if not isinstance(said, str):
        return False
    st.session_state[_STATE] = replace(_state(), sql=said)
    return True


def _state() -> _State:
    state: _State = st.session_state.get(_STATE, _State(""))
    return state
