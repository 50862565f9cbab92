"""The page of a published pipeline, for people who build none: its form, its runs, what they gave."""

from __future__ import annotations

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.journal.record import RunState
from odibi_core.story.wording import duration
from odibi_studio.run_messages import RunSummary, StartRunRequest
from odibi_studio.services.forms import PublishedForm
from odibi_studio.services.runs.desk import RunFilter
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.form_results import show_results
from odibi_studio.views.run_form import ask_parameters
from odibi_studio.views.widgets.moments import local_time
from odibi_studio.views.widgets.run_states import RUN_COLORS, RUN_ICONS, RUN_WORDS

_MOST_RUNS = 20


def render() -> None:
    """Show the form that the address names, or all there are."""
    studio = current_studio()
    name = st.query_params.get("form", "")
    if not name:
        _show_all(studio)
        return
    try:
        form = studio.forms.find(name)
    except OdibiError as error:
        show_error(error)
        return
    _show(studio, form)


def _show_all(studio: Studio) -> None:
    with st.container(key="form_head"):
        st.title("Forms", anchor=False)
    forms = studio.forms.all()
    if not forms:
        st.info(
            "No pipeline is published as a form yet. Choose *Publish as a form* in the menu of a pipeline's "
            "card: whoever has the form's address fills it in, and sees and downloads what comes out.",
            icon=":material/dynamic_form:",
        )
        return
    st.caption("Each has an address of its own: hand it to those who are to fill it in.")
    for form in forms:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap=None):
                st.markdown(f"**{form.title}**")
                st.caption(form.pipeline.description or "No description")
            if st.button("Open", key=f"open_form_{form.name}", icon=":material/open_in_new:"):
                st.switch_page(st.session_state["pages"]["form"], query_params={"form": form.name})


def _show(studio: Studio, form: PublishedForm) -> None:
    with st.container(key="form_head"):
        st.title(form.title, anchor=False)
        if form.pipeline.description:
            st.caption(form.pipeline.description)
    with st.container(border=True, key="form_fields"):
        _ask(studio, form)
    runs = studio.runs.find(RunFilter(pipeline=form.pipeline.name), _MOST_RUNS).runs
    if not runs:
        st.caption("Nobody has run it yet. What comes out is shown here.")
        return
    chosen = _choose(runs)
    _show_run(studio, chosen)


def _ask(studio: Studio, form: PublishedForm) -> None:
    given = ask_parameters(studio, form.pipeline)
    if not form.pipeline.parameters:
        st.caption("It needs nothing from you.")
    if not st.button("Run", type="primary", icon=":material/play_arrow:", key="form_run"):
        return
    try:
        started = studio.runs.start(StartRunRequest(pipeline=form.name, parameters=given))
    except OdibiError as error:
        show_error(error)
        return
    st.query_params["run"] = started.run_id
    st.session_state.pop("form_chosen", None)
    st.rerun()


def _choose(runs: list[RunSummary]) -> RunSummary:
    zone = st.context.timezone
    labels = {run.run_id: _label(run, zone) for run in runs}
    wanted = st.query_params.get("run", "")
    ids = list(labels)
    chosen = st.selectbox(
        "Run",
        ids,
        index=ids.index(wanted) if wanted in labels else 0,
        format_func=lambda run_id: labels[run_id],
        key="form_chosen",
    )
    st.query_params["run"] = chosen
    return next(run for run in runs if run.run_id == chosen)


def _label(run: RunSummary, zone: str | None) -> str:
    values = ", ".join(f"{name} = {value}" for name, value in run.parameters.items())
    parts = [local_time(run.started or run.queued, zone), values, run.author, run.run_id]
    return " · ".join(part for part in parts if part)


def _show_run(studio: Studio, about: RunSummary) -> None:
    if about.state.is_final:
        _show_end(studio, about)
    else:
        _show_live(studio, about.run_id)


@st.fragment(run_every="1s")
def _show_live(studio: Studio, run_id: str) -> None:
    watched = studio.runs.watch(run_id)
    if watched.is_over:
        st.rerun()
    about, steps = watched.about, watched.steps
    done = sum(step.state.is_final for step in steps)
    with st.container(horizontal=True, vertical_alignment="center"):
        _show_state(about)
        place = f"number {about.queue_position} in the queue" if about.queue_position else ""
        st.caption(place or f"{done:,} of {len(steps):,} steps")
        if st.button(
            "Cancel", icon=":material/stop_circle:", disabled=about.is_cancelling, key="form_cancel"
        ):
            try:
                studio.runs.cancel(run_id)
            except OdibiError as error:
                show_error(error)
    st.progress(done / len(steps) if steps else 0.0)


def _show_end(studio: Studio, about: RunSummary) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        _show_state(about)
        st.caption(f"took {duration(about.duration_ms)}" if about.duration_ms is not None else "")
    if about.state in (RunState.FAILED, RunState.LOST):
        what = about.error or "Its process ended without a word. Run it again."
        st.error("  \n".join(filter(None, [what, about.fix])), icon=RUN_ICONS[about.state])
        return
    if about.state is RunState.SUCCESS:
        show_results(studio, about.run_id)


def _show_state(about: RunSummary) -> None:
    word = "Cancelling" if about.is_cancelling else RUN_WORDS[about.state]
    st.badge(word, icon=RUN_ICONS[about.state], color=RUN_COLORS[about.state])  # type: ignore[arg-type]
