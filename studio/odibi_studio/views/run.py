"""The page of one run: the same while it goes on and after it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.journal.record import RunState
from odibi_core.journal.repeating import Repeat
from odibi_core.story.wording import count, duration, plural
from odibi_core.timestamps import now
from odibi_studio.run_messages import RunSummary
from odibi_studio.services.runs.desk import Watched
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.run_charts import seconds_between, show_charts
from odibi_studio.views.run_comparison import show_comparison
from odibi_studio.views.run_form import ask_for_repeat
from odibi_studio.views.run_joins import show_joins
from odibi_studio.views.run_navigation import (
    compare_engines,
    fork_run,
    open_runs,
    repeat_run,
    show_on_canvas,
)
from odibi_studio.views.run_parts import show_data, show_log, show_metrics, show_steps, show_story
from odibi_studio.views.widgets.moments import local_time
from odibi_studio.views.widgets.run_states import RUN_COLORS, RUN_ICONS, RUN_WORDS

PARTS = ("Timeline", "Steps", "Joins", "Log", "Data", "Story", "Metrics", "Compare")
_WHILE_IT_RUNS = ("Timeline", "Steps", "Log")


def render() -> None:
    """Show the run that the address names."""
    studio = current_studio()
    run_id = st.query_params.get("run") or st.session_state.get("run_id")
    if not run_id:
        st.info("No run is open. Choose one.", icon=":material/play_circle:")
        if st.button("Go to the runs", type="primary"):
            open_runs()
        return
    try:
        watched = studio.runs.watch(str(run_id))
    except OdibiError as error:
        show_error(error)
        if st.button("Go to the runs"):
            open_runs()
        return
    st.session_state["run_id"] = st.query_params["run"] = watched.about.run_id
    if watched.is_over:
        # A fragment is in a container too: so all has the same place before the end and after it.
        with st.container():
            _show(studio, watched)
    else:
        _show_live(studio, watched.about.run_id)


@st.fragment(run_every="1s")
def _show_live(studio: Studio, run_id: str) -> None:
    watched = studio.runs.watch(run_id)
    if watched.is_over:
        st.rerun()
    _show(studio, watched)


def _show(studio: Studio, watched: Watched) -> None:
    about = watched.about
    _show_head(studio, watched)
    # What comes and goes has places of its own: a chart that moved to another place would be drawn anew.
    with st.container(key="run_outcome"):
        _show_outcome(about)
    _show_figures(watched)
    parts = PARTS if watched.is_over else _WHILE_IT_RUNS
    part = st.segmented_control(
        "Part",
        parts,
        default="Timeline",
        required=True,
        key="run_part",
        label_visibility="collapsed",
        bind="query-params",
    )
    match part:
        case "Steps":
            show_steps(watched.steps)
        case "Joins":
            show_joins(studio, watched)
        case "Log":
            show_log(watched)
        case "Data":
            show_data(studio, watched)
        case "Story":
            show_story(watched)
        case "Metrics":
            show_metrics(watched)
        case "Compare":
            show_comparison(studio, about)
        case _:
            _show_timeline(watched)


def _show_timeline(watched: Watched) -> None:
    about = watched.about
    if not about.started:
        st.caption("It has not started yet.")
        return
    show_charts(watched, about.ended or _last_moment(watched))


def _last_moment(watched: Watched) -> str:
    """The present while it goes on; of a lost run, the last that was heard of it."""
    if watched.about.state is RunState.RUNNING:
        return now()
    moments = [line.time for line in watched.course.lines[-1:]] + [
        it.time for it in watched.course.vitals[-1:]
    ]
    return max(moments, default=watched.about.started)


def _show_head(studio: Studio, watched: Watched) -> None:
    about = watched.about
    with st.container(horizontal=True, vertical_alignment="bottom", key="run_head"):
        with st.container(gap="small"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.title(about.pipeline, anchor=False, width="content")
                word = "Cancelling" if about.is_cancelling else RUN_WORDS[about.state]
                st.badge(word, icon=RUN_ICONS[about.state], color=RUN_COLORS[about.state])  # type: ignore[arg-type]
            st.caption(_facts(about))
        _show_actions(studio, watched)


def _show_actions(studio: Studio, watched: Watched) -> None:
    about = watched.about
    if about.design_id and st.button(
        "Open in designer", icon=":material/account_tree:", type="tertiary", key="open_design"
    ):
        st.session_state["design_id"] = about.design_id
        st.switch_page(st.session_state["pages"]["designer"], query_params={"design": about.design_id})
    if about.total_steps and st.button(
        "Show on the canvas",
        icon=":material/visibility:",
        type="tertiary",
        key="show_on_canvas",
        help="What ran, as it was then, with statuses, rows and joins; nothing is made of it",
    ):
        show_on_canvas(about.run_id)
    if watched.is_over and st.button(
        "Compare the engines",
        icon=":material/compare_arrows:",
        type="tertiary",
        key="open_parity",
        help="See whether this pipeline gives the same on pandas and on Spark",
    ):
        compare_engines(about.pipeline)
    if watched.is_over and st.button(
        "Open as a draft",
        icon=":material/fork_right:",
        type="tertiary",
        key="fork_run",
        help="A new pipeline of what ran, with its rows and parameters. Change a step, and go on from there",
    ):
        _do(lambda: fork_run(studio, about.run_id))
    if not about.state.is_final:
        label = "Take out of the queue" if about.queue_position else "Cancel"
        if st.button(label, icon=":material/stop_circle:", disabled=about.is_cancelling, key="cancel_run"):
            _do(lambda: studio.runs.cancel(about.run_id))
    # The live part ends by running the whole page: a press on a button in it would be lost.
    if not watched.is_over:
        return
    if about.can_resume and st.button(
        "Resume", icon=":material/resume:", type="primary", key="resume_run", help="Go on from its checkpoint"
    ):
        _do(lambda: repeat_run(studio, about.run_id, Repeat.CHECKPOINT))
    if about.failed_step and st.button(
        "Run what failed",
        icon=":material/redo:",
        key="run_from_failure",
        help=f"Only {about.failed_step} and what else did not run; what they need is computed again",
    ):
        _do(lambda: repeat_run(studio, about.run_id, Repeat.FAILURE))
    if st.button(
        "Run again", icon=":material/replay:", key="run_again", help="The same version and parameters"
    ):
        _do(lambda: repeat_run(studio, about.run_id, Repeat.START))
    if st.button(
        "Run with…",
        icon=":material/tune:",
        key="run_with",
        help="Other values of its parameters, or a part of it",
    ):
        _do(lambda: ask_for_repeat(studio, about))


def _do(action: Callable[[], object]) -> None:
    try:
        action()
    except OdibiError as error:
        show_error(error)


def _facts(about: RunSummary) -> str:
    zone = st.context.timezone
    facts = [f"`{about.run_id}`", f"from {about.trigger}" + (f" by {about.author}" if about.author else "")]
    if about.version:
        facts.append(f"version {about.version}")
    if about.started:
        facts.append(f"started {local_time(about.started, zone)}")
    if about.start or about.end:
        part = [f"from {about.start!r}" if about.start else "", f"to {about.end!r}" if about.end else ""]
        facts.append("steps " + " ".join(text for text in part if text))
    if about.rerun_of:
        facts.append(f"again after `{about.rerun_of}`")
    facts += [f"{name} = {value}" for name, value in about.parameters.items()]
    return " · ".join(facts)


def _show_outcome(about: RunSummary) -> None:
    if about.state is RunState.QUEUED:
        place = (
            f"It is number {about.queue_position} in the queue." if about.queue_position else "It starts now."
        )
        st.info(f"The run waits until there is room for it. {place}", icon=":material/schedule:")
    if about.state in (RunState.FAILED, RunState.LOST):
        step = f" at the step **{about.failed_step}**" if about.failed_step else ""
        what = f"The run failed{step}: {about.error}" if about.error else "The run was lost."
        lines = [what, f"**To mend it:** {about.fix}" if about.fix else "", about.advice]
        show = st.error if about.state is RunState.FAILED else st.warning
        show("  \n".join(line for line in lines if line), icon=RUN_ICONS[about.state])
    if about.state is RunState.CANCELLED:
        st.warning(
            "  \n".join(filter(None, [f"Cancelled: {about.reason}", about.advice])), icon=":material/block:"
        )
    for warning in about.warnings:
        st.warning(f"{warning[:1].upper()}{warning[1:]}", icon=":material/warning:")


def _show_figures(watched: Watched) -> None:
    about, steps, course = watched.about, watched.steps, watched.course
    done = sum(step.state.is_final for step in steps)
    took = about.duration_ms
    if took is None and about.started:
        took = seconds_between(about.started, _last_moment(watched)) * 1000
    rejected = sum(step.rejected_rows for step in steps)
    memory = about.peak_memory_mb if about.state.is_final else about.memory_mb
    # It is measured each second: of what is over before there is nothing to wait for.
    unknown, why = "…", None
    if about.state.is_final:
        unknown, why = "—", "The run was over before it was measured"
    load = unknown if about.cpu_percent is None else f"{about.cpu_percent:,.0f} %"
    figures = [
        ("Steps", f"{done:,} of {max(len(steps), about.total_steps):,}", "Steps that have ended"),
        ("Time", duration(took) if took is not None else "…", "From the start to the end, or to now"),
        ("Rows made", count(sum(made.row_count for made in course.made)), "By all steps together"),
        (
            "Memory" if not about.state.is_final else "Peak memory",
            f"{memory:,.0f} MiB" if memory else unknown,
            None if memory else why,
        ),
        (
            "Load" if not about.state.is_final else "Last load",
            load,
            why if about.cpu_percent is None and why else "100 % for each core",
        ),
        ("From cache", count(course.cached), "Steps whose result was taken from the cache or a checkpoint"),
        ("Retries", count(course.retries), None),
        ("Set aside", plural(rejected, "row"), "Rows that could not be read"),
    ]
    # Columns would be as many messages again to every browser that looks.
    with st.container(horizontal=True, key="run_figures"):
        for label, value, help_ in figures:
            st.metric(label, value, help=help_)
    if not about.state.is_final and steps:
        st.progress(done / len(steps))
