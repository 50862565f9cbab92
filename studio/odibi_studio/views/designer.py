"""The page on which a pipeline is composed."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from odibi_core.story.wording import plural
from odibi_studio.designer.component import mount_designer
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.gallery_actions import open_design
from odibi_studio.views.widgets.moments import ago
from odibi_studio.views.widgets.page import page_head
from odibi_studio.views.widgets.plain_text import plain

_MOST_OFFERED = 12


def render() -> None:
    """Show the designer of the pipeline that the address or the gallery names, or a run as it was."""
    run_id = st.query_params.get("run") or ""
    if run_id and not st.query_params.get("design"):
        mount_designer("", current_studio().access, run_id)
        return
    design_id = st.query_params.get("design") or st.session_state.get("design_id")
    if not design_id:
        _show_choice(current_studio())
        return
    st.session_state["design_id"] = st.query_params["design"] = str(design_id)
    mount_designer(str(design_id), current_studio().access, run_id)


def _show_choice(studio: Studio) -> None:
    """Show the pipelines that were changed last, to be opened."""
    with page_head("Designer"):
        if st.button("All pipelines", type="primary", icon=":material/dashboard:"):
            st.switch_page(st.session_state["pages"]["gallery"])
    st.caption("No pipeline is open. Choose one, or make a new one.")
    cards = sorted(studio.designs.cards(), key=lambda card: card.updated, reverse=True)
    now = dt.datetime.now(dt.UTC)
    with st.grid(min_column_width=280, gap="small"):
        for card in [card for card in cards if card.id][:_MOST_OFFERED]:
            with st.container(border=True, gap="xsmall", key=f"choice_{card.id}"):
                name = plain(card.name) or "(no name)"
                if st.button(name, key=f"choose_{card.id}", type="tertiary", icon=":material/account_tree:"):
                    open_design(card.id)
                st.caption(f"{plural(card.step_count, 'step')} · changed {ago(card.updated, now)}")
