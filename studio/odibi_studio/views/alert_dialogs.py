"""The dialogs of the page of alerts: make, change, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from odibi_core.alerts.rule import ALERTS
from odibi_core.errors import OdibiError
from odibi_studio.services.catalog import secret_references
from odibi_studio.services.settings_form import form_fields
from odibi_studio.services.studio import Studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.settings_editor import Groups, show_editor
from odibi_studio.views.widgets.page import asked, close_dialog, dialog_key, done

_OF_CHANNEL = {
    "webhook": ("url", "headers"),
    "slack": ("url",),
    "teams": ("url",),
    "pagerduty": ("routing_key", "url"),
    "email": ("smtp_host", "smtp_port", "sender", "to", "smtp_user", "smtp_password", "starttls"),
    "shell": ("command",),
    "python": ("function",),
}
_WHAT = ("on", "pipelines", "failures_in_a_row", "severity", "message")


def show_dialog(studio: Studio) -> None:
    """Show the dialog that is open, if one is."""
    match asked():
        case "edit", "":
            _make(studio)
        case "edit", name:
            _edit(studio, name)
        case "delete", name:
            _delete(studio, name)


@st.dialog("New alert", width="medium", on_dismiss=close_dialog)
def _make(studio: Studio) -> None:
    _show_form(studio, "")


@st.dialog("Edit the alert", width="medium", on_dismiss=close_dialog)
def _edit(studio: Studio, name: str) -> None:
    st.markdown(f"**{name}** · `alerts/{name}.yaml`")
    _show_form(studio, name)


def _show_form(studio: Studio, name: str) -> None:
    choices = {
        "pipelines": [path.stem for path in studio.workspace.pipelines()],
        "secret": secret_references(studio.workspace),
    }
    show_editor(studio, ALERTS, name, _groups, choices, _show_words, {"channel": "webhook"})


def _groups(standing: Mapping[str, Any]) -> Groups:
    chosen = str(standing.get("channel") or "webhook")
    every = {key for keys in _OF_CHANNEL.values() for key in keys}
    # A channel that has no list of its own asks for the address, as most do.
    own = _OF_CHANNEL.get(chosen, _OF_CHANNEL["webhook"])
    rest = [key for key in form_fields(ALERTS.model) if key not in {"channel", *every, *_WHAT}]
    return {"How": ("channel", *own), "Of what": _WHAT, "How often, and how long it is tried": rest}


def _show_words(_said: Mapping[str, Any]) -> None:
    st.caption(
        "No secret is kept in the file: it says `${secret:NAME}`, which is looked up when a message is sent."
    )


@st.dialog("Delete the alert", on_dismiss=close_dialog)
def _delete(studio: Studio, name: str) -> None:
    st.markdown(f"**{name}** tells nobody any more; messages that wait for it are not sent.")
    if st.button("Delete", type="primary", icon=":material/delete:", key=dialog_key("delete")):
        try:
            studio.alerts.remove(name)
        except OdibiError as error:
            show_error(error)
            return
        done(f"{name} was deleted.")
