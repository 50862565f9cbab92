"""The trash: what was deleted, to be brought back or removed for ever."""

from __future__ import annotations

import datetime as dt
import math

import streamlit as st

from odibi_studio.messages import DesignCard
from odibi_studio.services.studio import Studio
from odibi_studio.views.gallery_actions import close_dialog
from odibi_studio.views.widgets.moments import ago

ASKED = "gallery_purge_asked"
_ALL = "all of them"


def _close() -> None:
    st.session_state.pop(ASKED, None)
    close_dialog()


@st.dialog("Trash", width="medium", on_dismiss=_close)
def show_trash(studio: Studio) -> None:
    """Show what was deleted, with buttons that bring each back or remove it for ever."""
    studio.clear_trash()
    cards = studio.designs.trash()
    if not cards:
        st.text("Nothing is in the trash. What you delete in the gallery waits here.")
        return
    days = studio.trash_days()
    now = dt.datetime.now(dt.UTC)
    for card in cards:
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(gap=None):
                st.text(card.name)
                st.caption(_fate(card, days, now))
            if st.button("Restore", key=f"restore_{card.id}", icon=":material/undo:"):
                studio.designs.bring_back(card.id)
                _close()
                st.rerun()
            _ask_button("Delete", card.id, f"Delete {card.name} for ever")
        if st.session_state.get(ASKED) == card.id:
            _confirm(studio, card.id, f"“{card.name}” and {_versions(card)} can't be brought back then.")
    if len(cards) > 1:
        st.divider()
        _ask_button("Empty the trash", _ALL, "Delete everything here for ever")
        if st.session_state.get(ASKED) == _ALL:
            _confirm(studio, _ALL, f"These {len(cards):,} pipelines can't be brought back then.")


def _fate(card: DesignCard, days: int, now: dt.datetime) -> str:
    said = f"{card.step_count:,} step{'' if card.step_count == 1 else 's'}, deleted {ago(card.trashed, now)}"
    if not days:
        return said
    left = dt.datetime.fromisoformat(card.trashed) + dt.timedelta(days=days) - now
    days_left = max(1, math.ceil(left / dt.timedelta(days=1)))
    return f"{said}; goes for ever in {days_left:,} day{'' if days_left == 1 else 's'}"


def _versions(card: DesignCard) -> str:
    if not card.version:
        return "its draft"
    return "its version" if card.version == 1 else f"its {card.version:,} versions"


def _ask_button(label: str, asked: str, help_: str) -> None:
    st.button(
        label,
        key=f"purge_{asked}",
        icon=":material/delete_forever:",
        type="tertiary",
        help=help_,
        on_click=_ask,
        args=(asked,),
    )


def _confirm(studio: Studio, asked: str, warning: str) -> None:
    with st.container(border=True, key="purge_confirm"):
        st.text(warning)
        with st.container(horizontal=True):
            st.button(
                "Delete for ever", key="purge_now", type="primary", on_click=_purge, args=(studio, asked)
            )
            st.button("Keep", key="purge_not", on_click=_ask)


def _ask(asked: str = "") -> None:
    st.session_state[ASKED] = asked


def _purge(studio: Studio, asked: str) -> None:
    if asked == _ALL:
        studio.designs.empty_trash()
    else:
        studio.designs.purge(asked)
    _ask()
