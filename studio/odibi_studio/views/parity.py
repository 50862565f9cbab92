"""The page that compares what a pipeline gives on both engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.story.wording import count, plural, rows
from odibi_studio.services.parities import JobState, ParityJob
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.run_form import ask_parameters
from odibi_studio.views.widgets.moments import local_time

_ROWS = 10_000
_WORDS = {"same": "✓ The same", "different": "≠ Different", "failed": "✕ Failed", "not run": "↷ Not compared"}
_ICONS = {"different": ":material/difference:", "failed": ":material/error:", "not run": ":material/redo:"}
_ENGINES = {"pandas": "pandas", "spark": "Spark"}


def render() -> None:
    """Show the form, and the comparison that the address names."""
    studio = current_studio()
    with st.container(key="parity_head"):
        st.title("Compare the engines", anchor=False)
        st.caption(
            "A pipeline runs on pandas and on Spark over the same rows. Files that it would write are "
            "written aside and compared too; no target is touched, and nothing is sent."
        )
    _show_form(studio)
    job_id = st.query_params.get("job")
    if not job_id:
        _show_earlier(studio)
        return
    try:
        job = studio.parities.job(job_id)
    except OdibiError as error:
        show_error(error)
        return
    if job.state is JobState.RUNNING:
        _show_live(studio, job.id)
    else:
        _show(job)
    _show_earlier(studio)


def _show_form(studio: Studio) -> None:
    files = {path.stem: path for path in studio.workspace.pipelines()}
    if not files:
        st.info("There is no pipeline yet. Make one in the designer, or put a YAML file into pipelines/.")
        return
    names = list(files)
    wanted = Path(st.query_params.get("pipeline", "")).stem
    with st.container(border=True, key="parity_form"):
        left, middle, right = st.columns([3, 3, 2])
        index = names.index(wanted) if wanted in files else 0
        name = left.selectbox("Pipeline", names, index=index, key="parity_pipeline")
        try:
            pipeline = load_yaml(files[name])
        except OdibiError as error:
            show_error(error)
            return
        steps = [step.name for step in pipeline.steps]
        asked = st.query_params.get("step", "") if name == wanted else ""
        step = middle.selectbox(
            "Step", steps, index=steps.index(asked) if asked in steps else None, placeholder="All steps",
            key=f"parity_step_{name}", help="Compare this step alone, with what it needs",
        )  # fmt: skip
        taken = right.number_input(
            "Rows of each source", 0, value=_ROWS, step=1_000, key="parity_rows",
            help="The first rows of each source; 0 takes all",
        )  # fmt: skip
        given = ask_parameters(studio, pipeline, scope=f"parity_{name}")
        if st.button("Compare", type="primary", icon=":material/compare_arrows:", key="parity_start"):
            try:
                job_id = studio.parities.start(name, step=step or "", rows=int(taken), parameters=given)
            except OdibiError as error:
                show_error(error)
                return
            st.query_params["job"] = job_id
            st.rerun()


@st.fragment(run_every="1s")
def _show_live(studio: Studio, job_id: str) -> None:
    job = studio.parities.job(job_id)
    if job.state is not JobState.RUNNING:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", key="parity_live"):
        phase = job.phase.removesuffix(" …")
        st.info(
            f"**{job.pipeline}**: {phase} … Spark takes some ten seconds to start; you may go on elsewhere.",
            icon=":material/hourglass_top:",
        )
        if st.button("Stop", icon=":material/stop_circle:", key="parity_stop"):
            studio.parities.stop(job.id)


def _show(job: ParityJob) -> None:
    if job.state is JobState.STOPPED:
        st.warning("The comparison was stopped.", icon=":material/block:")
        return
    if job.answer is None:
        show_error(job.error or OdibiError("the comparison gave no answer"))
        return
    answer = job.answer
    bad = [step for step in answer["steps"] if step["verdict"] in ("different", "failed")]
    with st.container(horizontal=True, vertical_alignment="center", key="parity_outcome"):
        st.subheader(job.pipeline, anchor=False, width="content")
        if answer["same"]:
            st.badge("Both engines give the same", icon=":material/check_circle:", color="green")
        else:
            told = f"{plural(len(bad), 'result')} of {len(answer['steps'])} differ"
            st.badge(told, icon=":material/difference:", color="red")
    st.caption(_sampled(answer))
    st.dataframe([_row(step) for step in answer["steps"]], hide_index=True, key="parity_steps")
    for step in answer["steps"]:
        if step["verdict"] != "same":
            _show_step(step, is_open=step in bad and not step["after"])


def _row(step: dict[str, Any]) -> dict[str, str]:
    counts = step["row_counts"]
    told = {f"Rows, {name}": count(counts[key]) if key in counts else "" for key, name in _ENGINES.items()}
    return {
        "Step": step["step"],
        "Gives": step["dataset"],
        **told,
        "Result": _WORDS[step["verdict"]],
        "Follows": ", ".join(step["after"]),
    }


def _show_step(step: dict[str, Any], *, is_open: bool) -> None:
    verdict = step["verdict"]
    title = f"{step['step']}: {_WORDS[verdict].partition(' ')[2].lower()}"
    with st.expander(title, expanded=is_open, icon=_ICONS[verdict]):
        if step["after"]:
            st.caption(f"It follows {', '.join(step['after'])}: look there first.")
        for engine, error in step["errors"].items():
            st.error(f"On {_ENGINES[engine]}: {error}", icon=":material/error:")
        if step["columns"]:
            st.markdown("**Columns**")
            st.dataframe(
                [
                    {
                        "Column": column["column"],
                        **{name: column["types"].get(key, "not there") for key, name in _ENGINES.items()},
                    }
                    for column in step["columns"]
                ],
                hide_index=True,
                key=f"parity_columns_{step['step']}_{step['dataset']}",
            )
        alone = {_ENGINES[key]: number for key, number in step["differing_rows"].items() if number}
        if alone:
            st.markdown("**Rows**")
            told = " and ".join(f"{rows(number)} on {name}" for name, number in alone.items())
            st.caption(f"{told} without a counterpart. Some of them, side by side:")
            st.dataframe(
                [line for example in step["examples"] for line in _lines(example)],
                hide_index=True,
                key=f"parity_rows_{step['step']}_{step['dataset']}",
            )
        for note in step["notes"]:
            st.caption(f"{note[:1].upper()}{note[1:]}.")


def _lines(example: dict[str, Any]) -> list[dict[str, str]]:
    """A line an engine; the columns that differ come first."""
    lines = []
    for engine, row in example["rows"].items():
        names = [*example["columns"], *(name for name in row if name not in example["columns"])]
        shown = {name: _text(row[name]) for name in names if name in row}
        lines.append({"Engine": _ENGINES[engine], **shown})
    return lines


def _text(value: Any) -> str:
    """A value with null and NaN told apart, and texts told from numbers."""
    return "NULL" if value is None else str(value)


def _sampled(answer: dict[str, Any]) -> str:
    cut = [name for name, sample in answer["samples"].items() if not sample["is_whole"]]
    if cut:
        return (
            f"Over the first {count(answer['rows'])} rows of {', '.join(cut)}, and all rows of other sources."
        )
    return "Over all rows of the sources."


def _show_earlier(studio: Studio) -> None:
    jobs = studio.parities.jobs()
    if not jobs:
        return
    with st.expander("Earlier comparisons", icon=":material/history:"):
        for job in jobs:
            with st.container(horizontal=True, vertical_alignment="center"):
                part = f", step {job.step}" if job.step else ""
                asked = local_time(job.asked, st.context.timezone)
                st.markdown(f"{_outcome(job)} · **{job.pipeline}**{part} · {asked}", width="content")
                if st.button("Show", key=f"parity_show_{job.id}", type="tertiary"):
                    st.query_params["job"] = job.id
                    st.rerun()


def _outcome(job: ParityJob) -> str:
    match job.state:
        case JobState.RUNNING:
            return "▶ Running"
        case JobState.STOPPED:
            return "⊘ Stopped"
        case JobState.FAILED:
            return "✕ Failed"
    return "✓ The same" if job.answer and job.answer["same"] else "≠ Different"
