"""The dialog that makes or changes a file of settings: a schedule, a stream, an alert."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.settings_folder import SettingsFolder
from odibi_studio.services.settings_form import check_form, form_fields, form_values, mistakes
from odibi_studio.services.studio import Studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.widgets.page import dialog_key, done
from odibi_studio.views.widgets.settings_form import draw_fields

Groups = Mapping[str, Sequence[str]]
"""Title of a part of the form → its settings; the first part stands open."""


def show_editor(
    studio: Studio,
    folder: SettingsFolder[Any],
    name: str,
    groups: Callable[[Mapping[str, Any]], Groups],
    choices: Mapping[str, Sequence[str]],
    show_more: Callable[[Mapping[str, Any]], None],
    begin_with: Mapping[str, Any] | None = None,
    presets: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _standing: {},
) -> None:
    """Ask for the settings, and write them.

    Args:
        studio: The services.
        folder: What is made or changed.
        name: Which; "" makes a new one.
        groups: Gives the parts of the form for what stands in it.
        choices: Setting → what is offered for it.
        show_more: Shows beside the form what follows from what stands in it.
        begin_with: What stands in the form of a new one.
        presets: Gives what stands in fields of a new one that depend on what stands in others.
    """
    key = dialog_key("form")
    if key not in st.session_state:
        st.session_state[key] = _opened(studio, folder, name, begin_with or {})
    base, values, problem = st.session_state[key]
    if problem is not None:
        show_error(problem)
    fields = form_fields(folder.model)
    errors: Mapping[str, str] = st.session_state.get(dialog_key("errors"), {})
    new_name = name or st.text_input(
        "Name *",
        key=dialog_key("name"),
        placeholder="daily_sales",
        help=f"Its file: {folder.folder}/NAME.yaml",
    )
    said = dict(values)
    standing = {**values, **_standing(fields)}
    preset = {} if name else presets(standing)
    for number, (title, keys) in enumerate(groups(standing).items()):
        shown = [fields[each] for each in keys]
        # Other fields, as those that were drawn keep what stands in them.
        part = "preset-" if preset.keys() & set(keys) else ""
        opens = number == 0 or any(each in errors for each in keys)
        with st.container() if number == 0 else st.expander(title, expanded=opens):
            said |= draw_fields(shown, {**values, **preset}, errors, choices, part)
            if number == 0:
                show_more(said)
    if "" in errors:
        st.error(errors[""][:1].upper() + errors[""][1:], icon=":material/error:")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Save", type="primary", key=dialog_key("save"), icon=":material/save:"):
            _save(studio, folder, name, str(new_name), said, base)


def _opened(
    studio: Studio, folder: SettingsFolder[Any], name: str, begin_with: Mapping[str, Any]
) -> tuple[str | None, dict[str, Any], OdibiError | None]:
    """The file's text, what it says, and what is wrong with it."""
    if not name:
        return None, dict(begin_with), None
    try:
        base = folder.text(studio.workspace, name)
    except OdibiError as error:
        return None, {}, error
    try:
        return base, form_values(folder.find(studio.workspace, name)), None
    except OdibiError as error:
        return base, folder.plain(studio.workspace, name), error


def _standing(fields: Mapping[str, object]) -> dict[str, Any]:
    """What stands in fields that were drawn before, for what of the form depends on it."""
    return {
        key: st.session_state[dialog_key(key)]
        for key in fields
        if isinstance(st.session_state.get(dialog_key(key)), str)
    }


def _save(
    studio: Studio,
    folder: SettingsFolder[Any],
    name: str,
    new_name: str,
    said: Mapping[str, Any],
    base: str | None,
) -> None:
    checked = check_form(folder.model, said)
    errors = dict(checked.errors)
    if not new_name.strip():
        errors[""] = "give it a name"
    if checked.settings is not None and not errors:
        try:
            if name:
                folder.change(studio.workspace, name, checked.settings, base)
            else:
                folder.add(studio.workspace, new_name.strip(), checked.settings)
        except OdibiError as error:
            errors.update(mistakes(error))
        else:
            done(f"{new_name.strip()} was saved.")
    st.session_state[dialog_key("errors")] = errors
    st.rerun(scope="fragment")
