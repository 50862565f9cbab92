"""The page of all pipelines: found, opened, made, put away."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from odibi_core.journal import RunRecord, RunState
from odibi_studio.messages import DesignCard
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.gallery_actions import ask, open_design, show_undo
from odibi_studio.views.gallery_cards import show_broken_file, show_card
from odibi_studio.views.gallery_dialogs import show_dialog

PAGE_SIZE = 24
_SORTS = ("Last changed", "Name", "Last run", "Most steps")


def render() -> None:
    """Show the gallery."""
    studio = current_studio()
    _show(studio)
    show_dialog(studio)


def _show(studio: Studio) -> None:
    _show_head(studio)
    show_undo(studio)
    cards = studio.designs.cards()
    if not cards:
        _show_first_steps(studio)
        return
    search, tags, order = _show_tools(sorted({tag for card in cards for tag in card.tags}))
    found = studio.designs.cards(search) if search.strip() else cards
    found = [card for card in found if set(tags) <= set(card.tags)]
    if not found:
        _show_nothing_found(search)
        return
    runs = studio.last_runs.by_pipeline()
    _show_cards(studio, sorted_cards(found, order, runs), runs)
    if not all(run.state.is_final for run in runs.values()):
        _watch(studio, _states(runs))


def _states(runs: dict[str, RunRecord]) -> dict[str, tuple[str, RunState]]:
    return {name: (run.run_id, run.state) for name, run in runs.items()}


@st.fragment(run_every="2s")
def _watch(studio: Studio, shown: dict[str, tuple[str, RunState]]) -> None:
    """Show the page anew once a run has come further than what is shown."""
    if _states(studio.last_runs.by_pipeline()) != shown:
        st.rerun()


def sorted_cards(cards: list[DesignCard], order: str, runs: dict[str, RunRecord]) -> list[DesignCard]:
    """The cards in the order that a person chose; files that can't be read come first: they want mending."""
    by_name = sorted(cards, key=lambda card: card.name.casefold())
    match order:
        case "Last changed":
            by_name.sort(key=lambda card: card.updated, reverse=True)
        case "Last run":
            by_name.sort(key=lambda card: _run_time(runs.get(card.name)), reverse=True)
        case "Most steps":
            by_name.sort(key=lambda card: card.step_count, reverse=True)
    by_name.sort(key=lambda card: bool(card.id))
    return by_name


def _run_time(run: RunRecord | None) -> str:
    return run.start_time if run is not None else ""


def _show_head(studio: Studio) -> None:
    name = studio.workspace.load().name or studio.workspace.root.name
    with st.container(horizontal=True, vertical_alignment="bottom", key="gallery_head"):
        with st.container(gap="small"):
            st.title("Pipelines", anchor=False)
            st.caption(name)
        st.button(
            "Trash",
            icon=":material/delete:",
            type="tertiary",
            key="show_trash",
            on_click=ask,
            args=("trash",),
        )
        st.button(
            "New pipeline",
            icon=":material/add:",
            type="primary",
            key="new_pipeline",
            on_click=ask,
            args=("new",),
        )


def _show_tools(tags: list[str]) -> tuple[str, list[str], str]:
    """What a person searches for, the tags that all must have, and the order."""
    with st.container(horizontal=True, vertical_alignment="center", key="gallery_tools"):
        search = st.text_input(
            "Search pipelines",
            key="gallery_search",
            placeholder="Search names, tags, steps and SQL",
            label_visibility="collapsed",
            icon=":material/search:",
        )
        order = st.selectbox("Order", _SORTS, key="gallery_order", label_visibility="collapsed", width=170)
    chosen: list[str] = []
    if tags:
        chosen = st.pills(
            "Tags", tags, selection_mode="multi", key="gallery_tags", label_visibility="collapsed"
        )
    return search, chosen, order or _SORTS[0]


def _show_cards(studio: Studio, cards: list[DesignCard], runs: dict[str, RunRecord]) -> None:
    place = st.container()
    pages = -(-len(cards) // PAGE_SIZE)
    # With its number of pages in its key, it begins anew where a search leaves fewer.
    page = st.pagination(pages, key=f"gallery_page_of_{pages}") if pages > 1 else 1
    first = (page - 1) * PAGE_SIZE
    now = dt.datetime.now(dt.UTC)
    with place, st.grid(min_column_width=300, gap="small"):
        for card in cards[first : first + PAGE_SIZE]:
            if card.id:
                show_card(studio, card, runs.get(card.name), now)
            else:
                show_broken_file(card)


def _show_nothing_found(search: str) -> None:
    with st.container(key="gallery_empty", horizontal_alignment="center"):
        st.html('<p class="odibi-empty-title">No pipeline is like that</p>')
        what = "these words and tags" if search.strip() else "these tags"
        st.html(f'<p class="odibi-empty-text">Nothing has all of {what}. Take one away, or begin anew.</p>')
        st.button("Show all pipelines", on_click=_clear_tools, key="clear_search")


def _clear_tools() -> None:
    st.session_state["gallery_search"] = ""
    st.session_state["gallery_tags"] = []


def _show_first_steps(studio: Studio) -> None:
    with st.container(key="gallery_empty", horizontal_alignment="center"):
        st.html(
            '<p class="odibi-empty-title">No pipelines yet</p>'
            '<p class="odibi-empty-text">A pipeline takes rows from files, changes them step by step, and '
            "writes what comes out. Begin with one that works, and change it.</p>"
        )
        with st.container(horizontal=True, horizontal_alignment="center"):
            if st.button(
                "Begin with a first CSV", type="primary", icon=":material/play_arrow:", key="first_csv"
            ):
                open_design(studio.designs.create(template="first_csv").id)
            st.button("Choose another beginning", key="first_choice", on_click=ask, args=("new",))
