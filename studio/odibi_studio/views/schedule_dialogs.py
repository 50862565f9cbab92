"""The dialogs of the page of schedules: make, change, fill days that are past, delete."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

import streamlit as st
from pydantic import ValidationError

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.schedules.asking import upcoming, wrong_settings
from odibi_core.schedules.files import SCHEDULES
from odibi_core.schedules.schedule import Timing
from odibi_core.schedules.wording import timing_words
from odibi_core.schedules.zones import local_zone_name
from odibi_studio.services.studio import Studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.settings_dialogs import show_settings_dialog
from odibi_studio.views.settings_editor import Groups, show_editor
from odibi_studio.views.widgets.page import asked, close_dialog, dialog_key, done

_GROUPS: Groups = {
    "What and when": ("pipeline", "time_zone", "cron", "every", "watch", "pattern"),
    "What it is given": ("parameters", "description"),
    "Missed, overlapping and late ticks": ("missed", "overlap", "jitter", "start", "end", "settle_s"),
    "What a tick waits for": ("after", "wait_at_most"),
}
_SHOWN = 3
_MOST_LISTED = 12


def show_dialog(studio: Studio) -> None:
    """Show the dialog that is open, if one is."""
    show_settings_dialog(
        SCHEDULES,
        lambda name: _show_form(studio, name),
        studio.schedules.remove,
        "no longer ticks, and what is known of its ticks is forgotten. Its runs stay.",
    )
    match asked():
        case "fill", name:
            _fill(studio, name)


def _show_form(studio: Studio, name: str) -> None:
    choices = {
        "pipeline": [path.stem for path in studio.workspace.pipelines()],
        "time_zone": sorted(available_timezones()),
    }
    begin = {"time_zone": st.context.timezone or local_zone_name(), "cron": "0 6 * * 1-5"}
    show_editor(
        studio, SCHEDULES, name, lambda _: _GROUPS, choices, lambda said: _show_words(studio, said), begin
    )


def _show_words(studio: Studio, said: Mapping[str, Any]) -> None:
    """Show when it ticks, and which parameters its pipeline takes."""
    _show_ticks(said)
    parameters = _parameters(studio, str(said.get("pipeline") or ""))
    if parameters:
        st.caption(f"The pipeline takes {', '.join(parameters)}.")


def _show_ticks(said: Mapping[str, Any]) -> None:
    keys = ("cron", "every", "watch", "pattern", "time_zone", "start", "end")
    try:
        timing = Timing.model_validate({key: value for key in keys if (value := said.get(key))})
    except ValidationError as error:
        st.warning(f"It never ticks like this: {wrong_settings(error)}", icon=":material/schedule:")
        return
    coming = [f"{moment:%a %-d %b %H:%M}" for moment in upcoming(timing, dt.datetime.now(dt.UTC), _SHOWN)]
    following = f"  \nNext: {', '.join(coming)}" if coming else ""
    st.info(f"Ticks {timing_words(timing)}.{following}", icon=":material/schedule:")


def _parameters(studio: Studio, pipeline: str) -> list[str]:
    try:
        found = load_yaml(studio.workspace.find_pipeline(pipeline)) if pipeline else None
    except OdibiError:
        return []
    return [f"{one.name} ({one.type.value})" for one in found.parameters.values()] if found else []


@st.dialog("Fill days that are past", width="medium", on_dismiss=close_dialog)
def _fill(studio: Studio, name: str) -> None:
    st.markdown(
        f"Runs **{name}** once for each of its ticks in these days, the oldest first, each with its own "
        "`{date}`."
    )
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    days = st.date_input(
        "Days",
        (yesterday - dt.timedelta(days=6), yesterday),
        max_value=dt.date.today(),
        key=dialog_key("days"),
    )
    again = st.toggle("Also run again what succeeded", key=dialog_key("again"))
    if not isinstance(days, tuple) or len(days) != 2:
        st.caption("Choose the first and the last day.")
        return
    try:
        times = studio.schedules.fill_times(name, days[0], days[1])
    except OdibiError as error:
        show_error(error)
        return
    st.caption(
        "No tick in these days."
        if not times
        else f"{len(times):,} tick{'' if len(times) == 1 else 's'}: "
        + ", ".join(f"{moment:%-d %b %H:%M}" for moment in times[:_MOST_LISTED])
        + (" … (UTC)" if len(times) > _MOST_LISTED else " (UTC)")
    )
    if st.button("Put the runs into the queue", type="primary", disabled=not times, key=dialog_key("go")):
        try:
            filled = studio.schedules.fill(name, days[0], days[1], again=again)
        except OdibiError as error:
            show_error(error)
            return
        new = sum(one.is_new for one in filled)
        left = len(filled) - new
        done(
            f"{new} run{'' if new == 1 else 's'} put into the queue"
            + (f", {left} were done already." if left else ".")
        )
