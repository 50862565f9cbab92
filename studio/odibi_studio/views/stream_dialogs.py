"""The dialogs of the page of streams: make, change, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.formats.registry import format_names
from odibi_core.step import NodeKind
from odibi_core.streams.declared import STREAMS
from odibi_studio.services.studio import Studio
from odibi_studio.views.settings_dialogs import show_settings_dialog
from odibi_studio.views.settings_editor import Groups, show_editor
from odibi_studio.views.widgets.page import dialog_key

_WHAT = ("pipeline", "mode", "source_path")
_OF_MODE = {
    "file_watch": ("file_pattern", "settle_s"),
    "incremental": ("watermark_column", "lateness", "poll_interval_s"),
    "interval": ("poll_interval_s",),
    "event": ("host", "port", "max_waiting_events"),
}
_FILES = ("format", "processed_dir", "failed_dir", "keep_processed", "allow_duplicates")
_GIVEN = ("batch_size", "max_attempts", "parameters", "description")


def show_dialog(studio: Studio) -> None:
    """Show the dialog that is open, if one is."""
    show_settings_dialog(
        STREAMS,
        lambda name: _show_form(studio, name),
        studio.streams.remove,
        "takes no batch any more. What it took stays known, should it come back.",
    )


def _show_form(studio: Studio, name: str) -> None:
    chosen = st.session_state.get(dialog_key("pipeline"), "")
    choices = {
        "pipeline": [path.stem for path in studio.workspace.pipelines()],
        "source_path": _sources(studio, str(chosen or "")),
        "format": list(format_names()),
    }
    show_editor(studio, STREAMS, name, _groups, choices, _show_words, {"mode": "file_watch"})


def _groups(standing: Mapping[str, Any]) -> Groups:
    mode = str(standing.get("mode") or "file_watch")
    groups: dict[str, tuple[str, ...]] = {"What it takes": (*_WHAT, *_OF_MODE[mode])}
    if mode == "file_watch":
        groups["What becomes of files"] = (*_FILES, "poll_interval_s")
    return {**groups, "Batches, and what the runs are given": _GIVEN}


def _show_words(_said: Mapping[str, Any]) -> None:
    st.caption(
        "The step whose value is the source reads the batches. `odibi up` takes a changed file up by itself; "
        "`odibi stream run` when it is started again."
    )


def _sources(studio: Studio, pipeline: str) -> list[str]:
    """What the steps of a pipeline read: one of it is the stream's source."""
    try:
        found = load_yaml(studio.workspace.find_pipeline(pipeline)) if pipeline else None
    except OdibiError:
        return []
    steps = found.steps if found else []
    return [str(step.value) for step in steps if step.kind is NodeKind.INGEST]
