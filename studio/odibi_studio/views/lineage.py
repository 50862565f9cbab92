"""The page that tells what comes from what, across all pipelines."""

from __future__ import annotations

import streamlit as st

from odibi_studio.services.lineage.model import ColumnName, DatasetName, LineageMap, Trace
from odibi_studio.services.studio import current_studio
from odibi_studio.views.lineage_graphs import column_graph, place_graph

_BACK, _FORWARD = "Back to its sources", "Forward to what it feeds"


def render() -> None:
    """Show the lineage of the workspace's datasets and columns."""
    found = current_studio().atlas.map()
    with st.container(horizontal=True, vertical_alignment="bottom", key="lineage_head"):
        st.title("Lineage", anchor=False)
        part = st.segmented_control(
            "Of", ["Datasets", "Columns"], default="Datasets", required=True, key="lineage_part",
            label_visibility="collapsed",
        )  # fmt: skip
    for name, why in found.problems.items():
        st.warning(
            f"The pipeline {name} can't be read, so it is missing here: {why}", icon=":material/warning:"
        )
    if not found.flows:
        st.info("No pipeline reads or writes a dataset yet.", icon=":material/schema:")
        return
    if part == "Columns":
        _show_columns(found)
    else:
        _show_datasets(found)


def _show_datasets(found: LineageMap) -> None:
    places = [dataset for dataset in found.datasets() if dataset.is_place]
    chosen = st.selectbox(
        "Highlight", places, index=None, format_func=str, key="lineage_place",
        placeholder="A dataset, to see what it is connected with",
    )  # fmt: skip
    with st.container(border=True, horizontal_alignment="center"):
        st.graphviz_chart(
            place_graph(found, chosen, is_dark=_is_dark()),
            width="content",
            alt="Datasets, and the pipelines between them",
        )
    rows = [
        {
            "Dataset": str(place),
            "Written by": _steps(found, place, is_written=True),
            "Read by": _steps(found, place, is_written=False),
            "Columns": len(columns) if (columns := found.columns[place]) is not None else None,
        }
        for place in places
    ]
    st.dataframe(rows, hide_index=True, key="lineage_datasets")


def _show_columns(found: LineageMap) -> None:
    datasets = [dataset for dataset in found.datasets() if found.columns[dataset]]
    if not datasets:
        st.info("The columns of no dataset are known before a run.", icon=":material/schema:")
        return
    left, middle, right = st.columns([3, 2, 2])
    last_written = max(
        (place for place in range(len(datasets)) if _is_written(found, datasets[place])), default=0
    )
    dataset = left.selectbox("Dataset", datasets, index=last_written, format_func=str, key="lineage_dataset")
    columns = found.columns[dataset] or {}
    column = middle.selectbox("Column", list(columns), key=f"lineage_column_{dataset}")
    direction = right.selectbox("Direction", [_BACK, _FORWARD], key="lineage_direction")
    trace = found.trace(ColumnName(dataset, column), forward=direction == _FORWARD)
    _show_trace(trace, is_forward=direction == _FORWARD)


def _show_trace(trace: Trace, *, is_forward: bool) -> None:
    ends = trace.ends
    if not trace.edges and not trace.unknown:
        st.info(
            "Nothing is made of it."
            if is_forward
            else "It is made of no column: a source, a constant or a count.",
            icon=":material/schema:",
        )
    if trace.edges:
        with st.container(border=True, horizontal_alignment="center"):
            st.graphviz_chart(
                column_graph(trace, is_dark=_is_dark()), width="content", alt="Columns and steps"
            )
    if ends:
        word = "It feeds" if is_forward else "It comes from"
        st.markdown(f"**{word}** " + ", ".join(f"`{end.dataset}` · {end.column}" for end in ends))
    for column, why in trace.unknown.items():
        st.warning(
            f"The way is lost at {column.column} of {column.dataset}: {why}.", icon=":material/question_mark:"
        )


def _steps(found: LineageMap, place: DatasetName, *, is_written: bool) -> str:
    steps = [
        f"{flow.pipeline} · {flow.step}"
        for flow in found.flows
        if (flow.target if is_written else flow.source) == place
    ]
    return ", ".join(dict.fromkeys(steps))


def _is_written(found: LineageMap, dataset: DatasetName) -> bool:
    return dataset.is_place and any(flow.target == dataset for flow in found.flows)


def _is_dark() -> bool:
    return st.context.theme.type == "dark"
