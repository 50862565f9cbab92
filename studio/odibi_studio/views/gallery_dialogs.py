"""The gallery's dialogs: make, import, rename, tag, export, settle, restore."""

from __future__ import annotations

from typing import Literal, NoReturn, cast

import streamlit as st

from odibi_core.design.templates import templates
from odibi_core.errors import OdibiError
from odibi_studio.messages import DesignCard, ImportAnswer, ProblemForm, Severity
from odibi_studio.services.exchange import Form, export, import_text
from odibi_studio.services.studio import Studio
from odibi_studio.views.gallery_actions import DIALOG, close_dialog, open_design
from odibi_studio.views.gallery_trash import show_trash

_BEGINNINGS = ("Blank", "Template", "Import")
_FORMS: dict[str, tuple[Form, str]] = {"YAML": ("yaml", "yaml"), "Python": ("python", "python")}
_FILE_TYPES = ["yaml", "yml", "py"]


def show_dialog(studio: Studio) -> None:
    """Show the dialog that is open, if one is."""
    dialog, card = st.session_state.get(DIALOG, ("", None))
    match dialog:
        case "new":
            make_pipeline(studio)
        case "trash":
            show_trash(studio)
        case "rename":
            rename_pipeline(studio, card)
        case "tags":
            edit_tags(studio, card)
        case "export":
            export_pipeline(studio, card)
        case "settle":
            settle_conflict(studio, card)


@st.dialog("New pipeline", width="medium", on_dismiss=close_dialog)
def make_pipeline(studio: Studio) -> None:
    """Ask how a new pipeline begins, and make it."""
    beginning = st.segmented_control(
        "How it begins",
        _BEGINNINGS,
        default=_BEGINNINGS[0],
        required=True,
        key="new_beginning",
        label_visibility="collapsed",
        width="stretch",
    )
    match beginning:
        case "Template":
            _from_template(studio)
        case "Import":
            _import(studio)
        case _:
            _blank(studio)


def _blank(studio: Studio) -> None:
    with st.form("new_blank", border=False):
        name = st.text_input("Name", key="new_name", placeholder="daily_orders")
        if st.form_submit_button("Make it", type="primary"):
            _make(studio, name, "")


def _from_template(studio: Studio) -> None:
    known = {template.name: template for template in templates()}
    with st.form("new_template", border=False):
        chosen = st.radio(
            "Template",
            list(known),
            format_func=lambda name: name.replace("_", " ").capitalize().replace("csv", "CSV"),
            captions=[template.description for template in known.values()],
            key="new_template_name",
        )
        name = st.text_input("Name", key="new_name_of_template", placeholder="as the template's")
        if st.form_submit_button("Make it", type="primary"):
            _make(studio, name, str(chosen))


def _make(studio: Studio, name: str, template: str) -> None:
    try:
        made = studio.designs.create(name.strip(), template)
    except OdibiError as error:
        _show_error(error)
        return
    open_design(made.id)


def _import(studio: Studio) -> None:
    st.caption("A pipeline as YAML, or a Python script with a list of steps. Nothing in it is run.")
    files = st.file_uploader(
        "Files", type=_FILE_TYPES, accept_multiple_files=True, key="import_files", max_upload_size=8
    )
    with st.expander("Or paste a text", icon=":material/content_paste:"):
        form = st.segmented_control("Form", list(_FORMS), default="YAML", required=True, key="import_form")
        text = st.text_area("Text", key="import_text", height=200)
    if not st.button("Import", type="primary", key="import_now", disabled=not (files or text.strip())):
        return
    sources = [(file.name, file.getvalue().decode("utf-8-sig", errors="replace")) for file in files]
    if text.strip():
        sources.append((f"pasted.{'py' if form == 'Python' else 'yaml'}", text))
    answers = [(name, import_text(studio.designs, name, text)) for name, text in sources]
    if len(answers) == 1 and answers[0][1].design is not None and not answers[0][1].problems:
        open_design(answers[0][1].design.id)
    for name, answer in answers:
        _show_import(name, answer)


def _show_import(name: str, answer: ImportAnswer) -> None:
    if answer.design is not None:
        st.success(
            f"{name} is here now as “{answer.design.document.pipeline.name}”.", icon=":material/check:"
        )
    else:
        count = len(answer.problems)
        st.error(
            f"{name} was not imported: {count} problem{'' if count == 1 else 's'}.", icon=":material/error:"
        )
    for problem in answer.problems:
        _show_problem(problem)


def _show_problem(problem: ProblemForm) -> None:
    place = ", ".join(part for part in (problem.place, problem.step, problem.field) if part)
    with st.container(gap=None):
        sign = "⚠" if problem.severity is Severity.WARNING else "✕"
        st.text(f"{sign} {place}: {problem.what}" if place else f"{sign} {problem.what}")
        if problem.fix:
            st.text(f"   To mend it: {problem.fix}")


@st.dialog("Rename", on_dismiss=close_dialog)
def rename_pipeline(studio: Studio, card: DesignCard) -> None:
    """Ask for another name."""
    with st.form("rename", border=False):
        name = st.text_input("Name", value=card.name, key="rename_to")
        st.caption("Its file in the pipelines folder is renamed with it.")
        if st.form_submit_button("Rename", type="primary"):
            try:
                studio.designs.rename(card.id, name)
            except OdibiError as error:
                _show_error(error)
                return
            _done()


@st.dialog("Tags", on_dismiss=close_dialog)
def edit_tags(studio: Studio, card: DesignCard) -> None:
    """Ask for tags: those that are there anywhere, or new ones."""
    known = sorted({tag for other in studio.designs.cards() for tag in other.tags})
    with st.form("tags", border=False):
        chosen = st.multiselect(
            f"Tags of {card.name}",
            known,
            default=card.tags,
            accept_new_options=True,
            placeholder="Type a tag, then Enter",
            key="tags_of",
        )
        if st.form_submit_button("Keep", type="primary"):
            try:
                studio.designs.tag(card.id, chosen)
            except OdibiError as error:
                _show_error(error)
                return
            _done()


@st.dialog("Export", width="large", on_dismiss=close_dialog)
def export_pipeline(studio: Studio, card: DesignCard) -> None:
    """Show a pipeline as a file, and give it."""
    chosen = st.segmented_control(
        "Form", list(_FORMS), default="YAML", required=True, key="export_form", label_visibility="collapsed"
    )
    form, language = _FORMS[chosen or "YAML"]
    try:
        answer = export(studio.designs, card.id, form)
    except OdibiError as error:
        _show_error(error)
        return
    if form == "python":
        st.caption("A script that runs with odibi_core alone.")
    elif card.is_changed:
        st.caption("As it is now, with changes that no version holds yet.")
    st.code(answer.text, language=language, height=420, line_numbers=True)
    st.download_button(
        f"Download {answer.file_name}",
        answer.text.encode(),
        answer.file_name,
        mime="text/plain",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
        key="export_download",
    )


_CHOICES = {
    "both": "Put both sides' changes together",
    "mine": "Keep what is here; the next version replaces the file",
    "file": "Take the file; what is here becomes a version",
}


@st.dialog("Settle", width="medium", on_dismiss=close_dialog)
def settle_conflict(studio: Studio, card: DesignCard) -> None:
    """Ask what becomes of a pipeline whose file was changed outside."""
    st.text(card.problem)
    with st.form("settle", border=False):
        take = st.radio("What to keep", list(_CHOICES), format_func=_CHOICES.__getitem__, key="settle_take")
        if st.form_submit_button("Settle", type="primary"):
            try:
                studio.versions.resolve(card.id, cast('Literal["mine", "file", "both"]', take))
            except OdibiError as error:
                _show_error(error)
                return
            _done()


def _done() -> NoReturn:
    close_dialog()
    st.rerun()


def _show_error(error: OdibiError) -> None:
    fix = f" {error.fix[:1].upper()}{error.fix[1:]}." if error.fix else ""
    st.error(f"{error.what[:1].upper()}{error.what[1:]}.{fix}", icon=":material/error:")
