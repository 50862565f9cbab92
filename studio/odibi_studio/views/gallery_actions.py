"""What the gallery does with a pipeline, beside showing it."""

from __future__ import annotations

import streamlit as st

from odibi_studio.messages import DesignCard
from odibi_studio.services.studio import Studio

DELETED = "gallery_deleted"
DIALOG = "gallery_dialog"


def ask(dialog: str, card: DesignCard | None = None) -> None:
    """Open a dialog of the gallery with the next look at the page; it stays open until it is closed."""
    st.session_state[DIALOG] = (dialog, card)


def close_dialog() -> None:
    """Close the dialog that is open."""
    st.session_state.pop(DIALOG, None)


def open_design(design_id: str) -> None:
    """Go to the designer with a pipeline in it."""
    close_dialog()
    st.session_state["design_id"] = design_id
    st.switch_page(st.session_state["pages"]["designer"], query_params={"design": design_id})


def delete(studio: Studio, card: DesignCard) -> None:
    """Put a pipeline into the trash, and offer to undo it."""
    studio.designs.delete(card.id)
    st.session_state[DELETED] = (card.id, card.name)


def show_undo(studio: Studio) -> None:
    """Say what was put into the trash last, with a button that undoes it."""
    deleted = st.session_state.get(DELETED)
    if deleted is None:
        return
    design_id, name = deleted
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="gallery_undo"):
        st.text(f"“{name}” is in the trash.")
        st.button(
            "Undo", icon=":material/undo:", key="undo_delete", on_click=_bring_back, args=(studio, design_id)
        )
        st.button(
            "Dismiss", type="tertiary", icon=":material/close:", key="dismiss_undo", on_click=_forget_deleted
        )


def _bring_back(studio: Studio, design_id: str) -> None:
    studio.designs.bring_back(design_id)
    _forget_deleted()


def _forget_deleted() -> None:
    st.session_state.pop(DELETED, None)
