"""The dialogs of the page of alerts: make, change, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from odibi_core.alerts.rule import ALERTS, LINEAGE_DEFAULTS, Channel
from odibi_studio.services.catalog import secret_references
from odibi_studio.services.settings_form import form_fields
from odibi_studio.services.studio import Studio
from odibi_studio.views.settings_dialogs import show_settings_dialog
from odibi_studio.views.settings_editor import Groups, show_editor

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
    show_settings_dialog(
        ALERTS,
        lambda name: _show_form(studio, name),
        studio.alerts.remove,
        "tells nobody any more; messages that wait for it are not sent.",
    )


def _show_form(studio: Studio, name: str) -> None:
    choices = {
        "pipelines": [path.stem for path in studio.workspace.pipelines()],
        "secret": secret_references(studio.workspace),
    }
    begin = {"channel": "webhook"}
    show_editor(studio, ALERTS, name, _groups, choices, _show_words, begin, _presets)


def _presets(standing: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an OpenLineage server is told is more than what disturbs people."""
    return {"on": LINEAGE_DEFAULTS["on"]} if standing.get("channel") == Channel.OPENLINEAGE else {}


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
