"""A card for each pipeline: its picture, what it is, how it stands, and what can be done with it."""

from __future__ import annotations

import datetime as dt
from html import escape

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.journal import RunRecord, RunState
from odibi_studio.messages import DesignCard
from odibi_studio.services.studio import Studio
from odibi_studio.views.gallery_actions import ask, delete, open_design
from odibi_studio.views.widgets.moments import ago, local_time
from odibi_studio.views.widgets.plain_text import plain

_ACTIONS = {
    "open": ":material/open_in_new: Open",
    "duplicate": ":material/content_copy: Duplicate",
    "rename": ":material/edit: Rename",
    "tags": ":material/sell: Edit tags",
    "export": ":material/download: Export",
    "form": ":material/dynamic_form: Open the form",
    "publish": ":material/dynamic_form: Publish as a form",
    "withdraw": ":material/dynamic_form: Withdraw the form",
    "delete": ":material/delete: Move to trash",
}
# A sign beside each colour: not everyone sees the difference between red and green.
_STATES = {
    RunState.QUEUED: ("running", "◔", "Waiting"),
    RunState.RUNNING: ("running", "◐", "Running"),
    RunState.SUCCESS: ("success", "✓", "Succeeded"),
    RunState.FAILED: ("failed", "✕", "Failed"),
    RunState.CANCELLED: ("other", "⊘", "Cancelled"),
    RunState.LOST: ("failed", "?", "Lost"),
}


def show_card(studio: Studio, card: DesignCard, run: RunRecord | None, now: dt.datetime) -> None:
    """Show a pipeline.

    Args:
        studio: The services.
        card: What is said of it.
        run: Its newest run, or None.
        now: The present.
    """
    with st.container(border=True, key=f"card_{card.id}"):
        # `st.html` drops SVG. All that comes from the pipeline is escaped.
        st.markdown(f'<div class="odibi-picture">{_picture(studio, card)}</div>', unsafe_allow_html=True)
        with st.container(horizontal=True, vertical_alignment="top", horizontal_alignment="distribute"):
            label = plain(card.name) or "(no name)"
            if st.button(label, key=f"open_{card.id}", type="tertiary"):
                open_design(card.id)
            chosen = st.menu_button(
                f"Actions for {label}",
                [action for action in _ACTIONS if action not in _not_for(card)],
                key=f"menu_{card.id}",
                type="tertiary",
                icon=":material/more_vert:",
                format_func=_ACTIONS.__getitem__,
            )
        st.html(_about(card) + _facts(card, now) + _tags(card.tags) + _run(run, now) + _problem(card.problem))
        if card.problem and card.version:
            st.button(
                "Settle",
                key=f"settle_{card.id}",
                icon=":material/merge:",
                on_click=ask,
                args=("settle", card),
            )
    if chosen:
        _act(studio, card, chosen)


def show_broken_file(card: DesignCard) -> None:
    """Show a file that can't be read as a pipeline."""
    with st.container(border=True, key=f"card_{_key(card.path)}"):
        st.html(
            f'<div class="odibi-file">{escape(card.name)}</div>'
            f'<p class="odibi-about">This file in the pipelines folder is not a pipeline that can be read. '
            f" Mend it in an editor, then look again.</p>{_problem(card.problem)}"
        )
        st.button("Look again", key=f"again_{_key(card.path)}", icon=":material/refresh:")


def _not_for(card: DesignCard) -> tuple[str, ...]:
    return ("publish",) if card.is_form else ("form", "withdraw")


def _act(studio: Studio, card: DesignCard, action: str) -> None:
    match action:
        case "open":
            open_design(card.id)
        case "duplicate":
            copy = studio.designs.duplicate(card.id)
            st.toast(f"Made “{copy.document.pipeline.name}”.", icon=":material/content_copy:")
            st.rerun()
        case "form":
            name = card.path.rpartition("/")[2].rpartition(".")[0]
            st.switch_page(st.session_state["pages"]["form"], query_params={"form": name})
        case "publish" | "withdraw":
            _publish(studio, card, is_form=action == "publish")
        case "delete":
            delete(studio, card)
            st.rerun()
        case _:
            ask(action, card)


def _publish(studio: Studio, card: DesignCard, *, is_form: bool) -> None:
    try:
        studio.designs.publish_form(card.id, is_form=is_form)
    except OdibiError as error:
        st.toast(f"{error.what}. {error.fix}", icon=":material/error:")
        return
    st.toast(
        "Published: the form is under Forms." if is_form else "The form is withdrawn.",
        icon=":material/dynamic_form:",
    )
    st.rerun()


def _picture(studio: Studio, card: DesignCard) -> str:
    try:
        return studio.thumbnails.of(card.id, card.revision)
    except OdibiError:
        # Put into the trash by someone else meanwhile: the next look at the page has no such card.
        return ""


def _about(card: DesignCard) -> str:
    return f'<p class="odibi-about">{escape(card.description) or "No description"}</p>'


def _facts(card: DesignCard, now: dt.datetime) -> str:
    steps = f"{card.step_count:,} step{'' if card.step_count == 1 else 's'}"
    version = f"version {card.version:,}" if card.version else "no version yet"
    if card.version and card.is_changed:
        version += ' <span class="odibi-unsaved">+ unsaved changes</span>'
    when = escape(local_time(card.updated, st.context.timezone))
    changed = f'<time title="{when}">changed {escape(ago(card.updated, now))}</time>'
    facts = (steps, version, changed, f"by {escape(card.owner)}")
    return '<div class="odibi-facts">' + "".join(f"<span>{fact}</span>" for fact in facts) + "</div>"


def _tags(tags: list[str]) -> str:
    if not tags:
        return ""
    return '<div class="odibi-tags">' + "".join(f"<span>{escape(tag)}</span>" for tag in tags) + "</div>"


def _run(run: RunRecord | None, now: dt.datetime) -> str:
    if run is None:
        return '<div class="odibi-run"><i aria-hidden="true">·</i><span>Not run yet</span></div>'
    kind, sign, word = _STATES[run.state]
    when = ""
    if run.start_time:
        title = escape(local_time(run.start_time, st.context.timezone))
        when = f'<span title="{title}">{escape(ago(run.start_time, now))}</span>'
    return f'<div class="odibi-run {kind}"><i aria-hidden="true">{sign}</i><b>{word}</b>{when}</div>'


def _problem(problem: str) -> str:
    return f'<div class="odibi-problem" role="note">{escape(problem)}</div>' if problem else ""


def _key(path: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in path)
