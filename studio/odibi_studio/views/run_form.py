"""The form that starts a run: the pipeline's parameters, each with the widget of its type."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from odibi_core.design.yaml_form import load_yaml
from odibi_core.engines.registry import engine_names
from odibi_core.errors import OdibiError
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_studio.run_messages import RepeatRunRequest, RunSummary, StartRunRequest
from odibi_studio.services.studio import Studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.run_navigation import open_run

_TRACKING: Mapping[str, Literal["auto", "exact", "fused"] | None] = {
    "As the pipeline says": None,
    "Automatic": "auto",
    "Exact: each step timed by itself": "exact",
    "Fused: faster with much data": "fused",
}


@st.dialog("Run a pipeline", width="medium")
def ask_for_run(studio: Studio, pipeline: str = "") -> None:
    """Ask what to run, and how; start it, and go to its page."""
    started = show_form(studio, pipeline)
    if started:
        open_run(started)


@st.dialog("Run again with", width="medium")
def ask_for_repeat(studio: Studio, about: RunSummary) -> None:
    """Ask with which parameters, and which part of it, a run is done again; start it, and go to its page."""
    started = show_repeat_form(studio, about)
    if started:
        open_run(started)


def show_repeat_form(studio: Studio, about: RunSummary) -> str:
    """The id of the run that was started, or ""."""
    pipeline = studio.runs.pipeline(about.run_id)
    st.caption(f"The pipeline as it was in the run {about.run_id}, with the values of that run filled in.")
    given = ask_parameters(studio, pipeline, about.parameters, scope=about.run_id)
    steps = [step.name for step in pipeline.steps]
    left, right = st.columns(2)
    part = [
        side.selectbox(
            label, steps, index=_place(chosen, steps), placeholder=empty, key=f"{key}_{about.run_id}"
        )
        for side, label, chosen, empty, key in (
            (left, "From step", about.start, "The first", "repeat_from"),
            (right, "To step", about.end, "The last", "repeat_to"),
        )
    ]
    st.caption(
        "What a part needs from before it is computed again, or taken from the cache where that is on."
    )
    if st.button("Run", type="primary", icon=":material/play_arrow:", key="repeat_run"):
        wish = RepeatRunRequest(parameters=given, start=part[0] or "", end=part[1] or "")
        try:
            return studio.runs.repeat(about.run_id, wish).run_id
        except OdibiError as error:
            show_error(error)
    return ""


def show_form(studio: Studio, pipeline: str = "") -> str:
    """The id of the run that was started, or "".

    Args:
        studio: The services.
        pipeline: The name that is chosen at first.
    """
    files = {path.stem: path for path in studio.workspace.pipelines()}
    if not files:
        st.info("There is no pipeline yet. Make one in the designer, or put a YAML file into pipelines/.")
        return ""
    names = list(files)
    index = names.index(pipeline) if pipeline in files else 0
    name = st.selectbox("Pipeline", names, index=index, key="form_pipeline")
    try:
        found = load_yaml(files[name])
    except OdibiError as error:
        show_error(error)
        return ""
    if found.description:
        st.caption(found.description)
    given = ask_parameters(studio, found)
    request = _ask_options(found, name, given)
    if st.button("Run", type="primary", icon=":material/play_arrow:", key="form_run"):
        try:
            return studio.runs.start(request).run_id
        except OdibiError as error:
            show_error(error)
    return ""


def ask_parameters(
    studio: Studio, pipeline: Pipeline, known: Mapping[str, Any] | None = None, *, scope: str = ""
) -> dict[str, Any]:
    """Name → value, as a person filled it in.

    Args:
        studio: The services.
        pipeline: Whose parameters.
        known: Name → value that is filled in at first, in the place of the default.
        scope: Tells this form from others on the page.
    """
    given = {}
    for name, parameter in pipeline.parameters.items():
        filled = _filled(parameter, (known or {}).get(name))
        value = _ask(studio, scope or pipeline.name, filled, is_required=parameter.is_required)
        if isinstance(value, dt.date):
            value = value.isoformat()
        if value not in (None, ""):
            given[name] = value
    return given


def _ask(studio: Studio, scope: str, parameter: Parameter, *, is_required: bool) -> Any:
    label = parameter.name.replace("_", " ").capitalize() + (" *" if is_required else "")
    key, help_ = f"param_{scope}_{parameter.name}", parameter.description or None
    if parameter.choices:
        choices = parameter.allowed
        return st.selectbox(label, choices, index=_chosen(parameter, choices), key=key, help=help_)
    match parameter.type:
        case ParameterType.BOOLEAN:
            return st.toggle(label, value=bool(parameter.default), key=key, help=help_)
        case ParameterType.INTEGER:
            default = None if parameter.default is None else int(parameter.default)
            return st.number_input(label, value=default, step=1, key=key, help=help_)
        case ParameterType.NUMBER:
            default_number = None if parameter.default is None else float(parameter.default)
            return st.number_input(label, value=default_number, key=key, help=help_)
        case ParameterType.DATE:
            return st.date_input(label, value=_date(parameter.default), key=key, help=help_)
        case ParameterType.DATASET:
            files = _data_files(studio.workspace.root)
            known = [*dict.fromkeys([*([str(parameter.default)] if parameter.default else []), *files])]
            return st.selectbox(
                label,
                known,
                index=0 if parameter.default else None,
                accept_new_options=True,
                key=key,
                help=help_ or "A file of the workspace",
            )
    return st.text_input(label, value=str(parameter.default or ""), key=key, help=help_)


def _ask_options(pipeline: Pipeline, name: str, given: dict[str, Any]) -> StartRunRequest:
    steps = [step.name for step in pipeline.steps]
    with st.expander("How it runs", icon=":material/tune:"):
        left, right = st.columns(2)
        start = left.selectbox(
            "From step", steps, index=None, placeholder="The first", key=f"form_from_{name}"
        )
        end = right.selectbox("To step", steps, index=None, placeholder="The last", key=f"form_to_{name}")
        engine = left.selectbox(
            "Engine",
            engine_names(),
            index=None,
            placeholder=f"As the pipeline says: {pipeline.engine}",
            help="Runs the steps that name none of their own",
            key="form_engine",
        )
        tracking = right.selectbox("Tracking", list(_TRACKING), key="form_tracking")
        workers = left.number_input(
            "Steps at the same time", 1, 256, value=None, placeholder="As it says", key="form_workers"
        )
        cache = left.toggle("Use the cache", key="form_cache")
        checkpoints = right.toggle("Save checkpoints", key="form_checkpoints")
        resume = left.toggle("Go on from its latest checkpoint", key="form_resume")
        together = right.toggle("Although it is running already", key="form_together")
    return StartRunRequest(
        pipeline=name,
        parameters=given,
        start=start or "",
        end=end or "",
        engine=engine or "",
        tracking=_TRACKING[tracking],
        workers=workers,
        cache=cache,
        checkpoints=checkpoints,
        resume=resume,
        together=together,
    )


def _filled(parameter: Parameter, value: Any) -> Parameter:
    """The parameter with the value as its default, where the value is one: a secret was hidden, say."""
    try:
        return parameter if value is None else replace(parameter, default=parameter.parse(value))
    except OdibiError:
        return parameter


def _chosen(parameter: Parameter, choices: list[Any]) -> int | None:
    """Which of the choices is the default; None where that is none of them."""
    try:
        return None if parameter.default is None else choices.index(parameter.parse(parameter.default))
    except OdibiError:
        return None


def _place(step: str, steps: list[str]) -> int | None:
    return steps.index(step) if step in steps else None


def _date(default: Any) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(default)) if default else None
    except ValueError:
        return None


def _data_files(root: Path) -> list[str]:
    folder = root / "data"
    found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    return [path.relative_to(root).as_posix() for path in found[:500]]
