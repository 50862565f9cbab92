"""Two runs side by side."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from odibi_core.events import NodeState
from odibi_core.story.wording import delta, duration
from odibi_studio.run_messages import RunSummary
from odibi_studio.services.runs.comparison import Comparison, StepPair
from odibi_studio.services.runs.desk import RunFilter
from odibi_studio.services.studio import Studio
from odibi_studio.views.run_values import show_columns
from odibi_studio.views.widgets.moments import local_time
from odibi_studio.views.widgets.run_states import STEP_WORDS, run_word

_MOST_OTHERS = 100


def show_comparison(studio: Studio, about: RunSummary) -> None:
    """Compare a run with another one of its pipeline, which the reader chooses."""
    others = studio.runs.find(RunFilter(pipeline=about.pipeline), _MOST_OTHERS).runs
    others = [run for run in others if run.run_id != about.run_id and run.state.is_final]
    if not others:
        st.info("There is no other run of this pipeline yet. Run it again, then compare the two.")
        return
    zone = st.context.timezone
    labels = {
        run.run_id: f"{run_word(run.state)} · {local_time(run.started or run.queued, zone)} · {run.run_id}"
        for run in others
    }
    wanted = st.query_params.get("with", "")
    ids = list(labels)
    chosen = st.selectbox(
        "Compare with",
        ids,
        index=ids.index(wanted if wanted in ids else run_before(about, others).run_id),
        format_func=labels.__getitem__,
        key="compare_with",
    )
    compared = studio.runs.compare(chosen, about.run_id)
    st.caption(f"A is the run chosen above, B is this run, {about.run_id}.")
    _show_asked(compared)
    st.subheader("Steps", anchor=False)
    st.dataframe(
        [_step_row(pair) for pair in compared.steps],
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(name, format="localized") for name in ("Rows A", "Rows B")
        },
        key="compared_steps",
    )
    show_columns(compared.columns)
    st.subheader("Plan", anchor=False)
    if compared.plan:
        st.code(compared.plan, language="diff")
    else:
        st.caption("Both ran the same pipeline.")


def run_before(about: RunSummary, others: Sequence[RunSummary]) -> RunSummary:
    """The run that went before: what has changed since is asked most. Of the first run, the one behind it.

    Args:
        about: The run.
        others: Those that it may be compared with, the newest first; one at least.
    """
    begun = about.started or about.queued
    return next((run for run in others if (run.started or run.queued) < begun), others[-1])


def _show_asked(compared: Comparison) -> None:
    differing = {name: pair for name, pair in compared.parameters.items() if pair[0] != pair[1]}
    if differing:
        st.subheader("Parameters that differ", anchor=False)
        rows = [{"Parameter": name, "A": pair[0], "B": pair[1]} for name, pair in differing.items()]
        st.dataframe(rows, hide_index=True, key="compared_parameters")


def _step_row(pair: StepPair) -> dict[str, object]:
    before, after = pair.durations_ms
    rows = pair.row_counts
    return {
        "Step": pair.name,
        "Plan": pair.change,
        "State A": _state_word(pair.states[0]),
        "State B": _state_word(pair.states[1]),
        "Time A": duration(before) if before is not None else "",
        "Time B": duration(after) if after is not None else "",
        "Time B / A": f"{after / before:.2f}" if before and after is not None else "",
        "Rows A": rows[0],
        "Rows B": rows[1],
        "More rows": "" if rows[0] is None or rows[1] is None else delta(rows[1] - rows[0]),
    }


def _state_word(state: str) -> str:
    """A state as elsewhere on the page; "" for a step that is not in the run."""
    return STEP_WORDS[NodeState(state)] if state else ""
