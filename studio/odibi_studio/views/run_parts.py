"""The parts of a run's page: steps, log, data, story, metrics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.story.wording import duration, rows
from odibi_core.story_generator import story_of
from odibi_studio.run_messages import RunGrid, StepRun
from odibi_studio.services.runs.course import Level, LogLine, output_lines
from odibi_studio.services.runs.desk import Watched
from odibi_studio.services.studio import Studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.widgets.moments import clock_time
from odibi_studio.views.widgets.run_states import STEP_WORDS

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_LINES = 2_000
_MOST_LIVE_LINES = 500
"""While a run goes on all of them are sent each second."""
_MOST_WARNINGS = 20
_LEVEL_WORDS = {Level.INFO: "Info", Level.WARNING: "⚠ Warning", Level.ERROR: "✕ Error"}


def show_steps(steps: Sequence[StepRun]) -> None:
    """Show what became of each step."""
    numbers = ("Rows", "Retries", "Set aside")
    st.dataframe(
        steps_table(steps),
        hide_index=True,
        height=min(38 + 35 * max(len(steps), 1), 640),
        column_config={name: st.column_config.NumberColumn(name, format="localized") for name in numbers},
        placeholder="",
        key="run_steps",
    )
    if any(step.duration_scope == "region" for step in steps):
        st.caption("* The time of all steps that ran with it as one query.")


def steps_table(steps: Sequence[StepRun]) -> pa.Table:
    """A row a step. As Arrow: Streamlit takes a multiple of the time for rows of Python."""
    import pyarrow as pa

    texts, numbers = pa.string(), pa.int64()
    columns: dict[str, tuple[list[Any], pa.DataType]] = {
        "Step": ([step.name for step in steps], texts),
        "Layer": ([step.layer for step in steps], texts),
        "State": ([STEP_WORDS[step.state] for step in steps], texts),
        "Rows": ([step.row_count for step in steps], numbers),
        "Took": ([_took(step) for step in steps], texts),
        "Retries": ([step.retries or None for step in steps], numbers),
        "Set aside": ([step.rejected_rows or None for step in steps], numbers),
        "What to know": ([_to_know(step) for step in steps], texts),
    }
    return pa.table({name: pa.array(values, type_) for name, (values, type_) in columns.items()})


def _took(step: StepRun) -> str:
    if step.duration_ms is None:
        return ""
    return duration(step.duration_ms) + (" *" if step.duration_scope == "region" else "")


def _to_know(step: StepRun) -> str:
    text = step.error or step.reason or "; ".join(step.warnings[-_MOST_WARNINGS:])
    more = len(step.warnings) - _MOST_WARNINGS
    return text if step.error or step.reason or more <= 0 else f"{text}; and {more:,} before these"


def show_log(watched: Watched) -> None:
    """Show what happened, line by line."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        levels = st.pills(
            "Show",
            list(Level),
            selection_mode="multi",
            default=list(Level),
            format_func=_LEVEL_WORDS.__getitem__,
            key="log_levels",
        )
        search = st.text_input(
            "Search", placeholder="Step or text", icon=":material/search:", key="log_search"
        )
    lines = matching_lines(watched.course.lines, levels, search)
    shown = lines[: -(_MOST_LINES if watched.is_over else _MOST_LIVE_LINES) - 1 : -1]
    st.dataframe(
        log_table(shown, st.context.timezone),
        hide_index=True,
        height=420,
        column_config={
            "Time": st.column_config.TextColumn(width=110),
            "Level": st.column_config.TextColumn(width=90),
            "What happened": st.column_config.TextColumn(width="large"),
        },
        key="run_log",
    )
    st.caption(f"{len(shown):,} of {len(watched.course.lines):,} lines, the newest first")
    if output := output_lines(watched.run_dir):
        with st.expander("What its process wrote", icon=":material/terminal:"):
            wanted = [line for line in output if search.casefold() in line.casefold()]
            st.code("\n".join(wanted) or "No line matches.", language=None, height=260)


def log_table(lines: Sequence[LogLine], zone: str | None) -> pa.Table:
    """A row a line."""
    import pyarrow as pa

    return pa.table(
        {
            "Time": pa.array([clock_time(line.time, zone) for line in lines], pa.string()),
            "Level": pa.array([_LEVEL_WORDS[line.level] for line in lines], pa.string()),
            "Step": pa.array([line.step for line in lines], pa.string()),
            "What happened": pa.array([line.text for line in lines], pa.string()),
        }
    )


def matching_lines(lines: Sequence[LogLine], levels: Sequence[Level], search: str) -> list[LogLine]:
    """The lines of these levels that hold the text in their step or words."""
    text = search.strip().casefold()
    if not text and set(levels) == set(Level):
        return list(lines)
    return [
        line
        for line in lines
        if line.level in levels and (text in line.text.casefold() or text in line.step.casefold())
    ]


def show_data(studio: Studio, watched: Watched) -> None:
    """Show the first rows of what a step took and gave."""
    names = [step.name for step in watched.steps]
    if not names:
        st.caption("The run has no steps.")
        return
    chosen = st.selectbox("Step", names, index=len(names) - 1, key="data_step")
    try:
        samples = studio.runs.samples(watched.about.run_id, chosen)
    except OdibiError as error:
        show_error(error)
        return
    for title, grids in (("Took", samples.inputs), ("Gave", samples.outputs)):
        for grid in grids:
            st.markdown(f"**{title} `{grid.dataset or grid.port}`** · {rows(grid.row_count)} · {grid.note}")
            _show_grid(grid, f"{title}-{chosen}-{grid.port}")
    if samples.outputs:
        way = "open the run on the canvas, show the *rows of the run* there, and click a row's number"
        st.caption(f"To see which rows made one of these, {way}.")
    if not samples.inputs and not samples.outputs:
        st.caption("The run did not come to this step, or it took and gave no rows.")


def show_story(watched: Watched) -> None:
    """Show the run's story, and let it be downloaded."""
    page = _story(watched.run_dir)
    if page is None:
        st.info("The run kept no lineage, so there is no story of it. Run it with the tracker on.")
        return
    st.download_button(
        "Download the story",
        page,
        file_name=f"{watched.about.pipeline}-{watched.about.run_id}.html",
        mime="text/html",
        icon=":material/download:",
    )
    st.iframe(page, height=900)


def show_metrics(watched: Watched) -> None:
    """Show the run's numbers, and let them be downloaded for programs."""
    files = {"JSON": "metrics.json", "Prometheus": "metrics.prom"}
    found = {form: path for form, name in files.items() if (path := watched.run_dir / name).is_file()}
    if not found:
        st.info("The run left no metrics: it did not come to its end.")
        return
    with st.container(horizontal=True):
        for form, path in found.items():
            st.download_button(
                f"Download as {form}",
                path.read_bytes(),
                file_name=f"{watched.about.run_id}-{path.name}",
                icon=":material/download:",
                key=f"metrics_{form}",
            )
    if "JSON" in found:
        st.json(json.loads(found["JSON"].read_bytes()), expanded=2)


def _story(run_dir: Path) -> str | None:
    story = story_of(run_dir)
    return story.read_text(encoding="utf-8") if story is not None else None


def _show_grid(grid: RunGrid, key: str) -> None:
    table = [
        {column.name: value for column, value in zip(grid.columns, row, strict=True)} for row in grid.rows
    ]
    st.dataframe(table, hide_index=True, key=key)
