"""How healthy the data between the steps of a run are, as a page shows it."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from odibi_core.story.wording import plural
from odibi_studio.health_messages import HealthAnswer, JoinHealth, StepHealth, UsualRange
from odibi_studio.services.runs.desk import Watched
from odibi_studio.services.studio import Studio

_WORDS = {
    "left_rate": "left rows that match",
    "right_rate": "right rows that match",
    "fan_out": "fan-out",
    "kept_rate": "rows kept",
}


def show_joins(studio: Studio, watched: Watched) -> None:
    """Show how the sides of each join met, and which steps lost rows, against the runs before."""
    answer = studio.runs.step_health(watched.about.run_id)
    before = plural(answer.compared_runs, "successful run")
    st.caption(f"Compared with the {before} before it. A range is told from five runs on.")
    joins = [join_row(step, join) for step in answer.steps for join in step.joins]
    if joins:
        st.dataframe(
            joins,
            hide_index=True,
            placeholder="",
            column_config={
                "Left match": st.column_config.NumberColumn(format="percent"),
                "Right match": st.column_config.NumberColumn(format="percent"),
                "Fan-out": st.column_config.NumberColumn(format="%.2f"),
                "Unusual": st.column_config.TextColumn(width="large"),
            },
            key="run_joins",
        )
    for step in answer.steps:
        if step.why:
            st.caption(
                f"The joins of **{step.step}** were not counted: {step.why}. `health: true` counts them."
            )
    _show_rows(answer)


def _show_rows(answer: HealthAnswer) -> None:
    st.subheader("Rows in and out", anchor=False)
    if not answer.steps:
        st.caption("No SQL step with inputs has ended.")
        return
    st.dataframe(
        [rows_row(step) for step in answer.steps], hide_index=True, placeholder="", key="run_rows_in_out"
    )


def join_row(step: StepHealth, join: JoinHealth) -> dict[str, object]:
    """A join as a row of the table."""
    return {
        "Step": step.step,
        "Join": join.told,
        "Left match": join.left_rate,
        "Right match": join.right_rate,
        "Fan-out": join.fan_out,
        "Left dropped": join.left_dropped,
        "Right dropped": join.right_dropped,
        "Left nulls": join.left_nulls,
        "Right nulls": join.right_nulls,
        "Unusual": "; ".join(_unusual(join.usual)) or (f"not counted: {join.why}" if join.why else ""),
    }


def rows_row(step: StepHealth) -> dict[str, object]:
    """The rows in and out of a step as a row of the table."""
    taken = ", ".join(
        f"{alias}: {'unknown' if rows is None else f'{rows:,}'}" for alias, rows in step.rows_in.items()
    )
    single = next(iter(step.rows_in.values())) if len(step.rows_in) == 1 else None
    fewer = max(0, single - step.rows_out) if single is not None and step.rows_out is not None else None
    return {
        "Step": step.step,
        "Rows in": taken,
        "Rows out": step.rows_out,
        "Fewer": fewer,
        "Unusual": "; ".join(_unusual([step.kept] if step.kept is not None else [])),
    }


def _unusual(ranges: list[UsualRange]) -> Iterator[str]:
    for usual in ranges:
        if usual.is_outside:
            low, high = (_figure(usual, value) for value in (usual.low, usual.high))
            yield f"{_WORDS[usual.measure]}: usually {low} to {high}"


def _figure(usual: UsualRange, value: float) -> str:
    match usual.measure:
        case "fan_out":
            return f"{value:.2f}"
        case "kept_rate":
            return f"{value:.1%}"
    return f"{min(value, 1):.1%}"
