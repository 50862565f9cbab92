"""The dialogs that make, change and delete a file of settings: a schedule, a stream, an alert."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.settings_folder import SettingsFolder
from odibi_studio.views.errors import show_error
from odibi_studio.views.widgets.page import asked, close_dialog, dialog_key, done


def show_settings_dialog(
    folder: SettingsFolder[Any],
    show_form: Callable[[str], None],
    remove: Callable[[str], None],
    after: str,
) -> None:
    """Show the dialog that is open, if it is one of these.

    Args:
        folder: Whose files.
        show_form: Shows the form of the file of that name; of a new one where it is "".
        remove: Removes the file of that name.
        after: What is so once the file is removed, behind its name.
    """
    match asked():
        case "edit", name:
            title = f"Edit the {folder.noun}" if name else f"New {folder.noun}"
            st.dialog(title, width="medium", on_dismiss=close_dialog)(_edit)(folder, name, show_form)
        case "delete", name:
            title = f"Delete the {folder.noun}"
            st.dialog(title, on_dismiss=close_dialog)(_delete)(name, remove, after)


def _edit(folder: SettingsFolder[Any], name: str, show_form: Callable[[str], None]) -> None:
    if name:
        st.markdown(f"**{name}** · `{folder.folder}/{name}.yaml`")
    show_form(name)


def _delete(name: str, remove: Callable[[str], None], after: str) -> None:
    st.markdown(f"**{name}** {after}")
    if st.button("Delete", type="primary", icon=":material/delete:", key=dialog_key("delete")):
        try:
            remove(name)
        except OdibiError as error:
            show_error(error)
            return
        done(f"{name} was deleted.")
