"""How pages begin, and the dialog that a page has open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import streamlit as st

_DIALOG = "open_dialog"
_NOTICE = "notice"


@contextmanager
def page_head(title: str) -> Iterator[None]:
    """The line at the top of a page; within it, what stands beside the title."""
    slug = title.casefold().replace(" ", "_")
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{slug}_head"):
        st.title(title, anchor=False)
        yield
    notice = st.session_state.pop(_NOTICE, "")
    if notice:
        st.toast(notice, icon=":material/check:")


def ask(dialog: str, name: str = "") -> None:
    """Open a dialog of the page with the next look at it; it stays open until it is closed."""
    count = st.session_state.get(_DIALOG, ("", "", 0))[2] + 1
    st.session_state[_DIALOG] = (dialog, name, count)


def ask_from_fragment(dialog: str, name: str = "") -> NoReturn:
    """Open a dialog of the page from inside of a fragment, which the dialog lies outside of."""
    ask(dialog, name)
    st.rerun()
    raise AssertionError("a page that runs again does not go on")


def asked() -> tuple[str, str]:
    """The dialog that is open, and what it is about; two empty texts where none is."""
    dialog, name, _ = st.session_state.get(_DIALOG, ("", "", 0))
    return dialog, name


def dialog_key(name: str) -> str:
    """The key of a widget in the dialog that is open: another each time that it opens."""
    return f"dialog_{st.session_state.get(_DIALOG, ('', '', 0))[2]}_{name}"


def close_dialog() -> None:
    """Close the dialog that is open."""
    count = st.session_state.get(_DIALOG, ("", "", 0))[2]
    for key in [key for key in st.session_state if str(key).startswith("dialog_")]:
        del st.session_state[key]
    st.session_state[_DIALOG] = ("", "", count)


def done(notice: str = "") -> NoReturn:
    """Close the dialog that is open, say what was done, and show the page as it is now."""
    close_dialog()
    st.session_state[_NOTICE] = notice
    st.rerun()
    raise AssertionError("a page that runs again does not go on")
