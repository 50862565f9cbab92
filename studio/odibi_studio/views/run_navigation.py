"""The ways to a run and from it."""

from __future__ import annotations

import streamlit as st

from odibi_core.journal.repeating import Repeat
from odibi_studio.run_messages import RepeatRunRequest
from odibi_studio.services.studio import Studio


def open_run(run_id: str) -> None:
    """Go to the page of a run."""
    st.switch_page(st.session_state["pages"]["run"], query_params={"run": run_id})


def open_runs() -> None:
    """Go to the page of all runs."""
    st.switch_page(st.session_state["pages"]["runs"])


def compare_engines(pipeline: str = "") -> None:
    """Go to the page that compares what a pipeline gives on the engines."""
    st.switch_page(
        st.session_state["pages"]["parity"], query_params={"pipeline": pipeline} if pipeline else {}
    )


def repeat_run(studio: Studio, run_id: str, repeat: Repeat) -> None:
    """Do a run again, and go to the page of the new one."""
    open_run(studio.runs.repeat(run_id, RepeatRunRequest(repeat=repeat)).run_id)


def show_on_canvas(run_id: str) -> None:
    """Go to the canvas with what ran, as it was then, only to be read."""
    st.switch_page(st.session_state["pages"]["designer"], query_params={"run": run_id})


def fork_run(studio: Studio, run_id: str) -> None:
    """Go to a draft of what ran, which shows the run."""
    design = studio.forks.open(run_id)
    st.session_state["design_id"] = design.id
    st.switch_page(st.session_state["pages"]["designer"], query_params={"design": design.id, "run": run_id})
