"""The page that asks datasets by SQL: what pipelines made, as rows, as a chart, as a file."""

from __future__ import annotations

import io
from contextlib import nullcontext
from typing import TYPE_CHECKING

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.schema import Schema, quote
from odibi_core.story.wording import duration
from odibi_studio.services.datasets import Dataset
from odibi_studio.services.explorer import Answer
from odibi_studio.services.saved_queries import save_query, saved_queries
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.explore_chart import show_chart
from odibi_studio.views.widgets.page import page_head
from odibi_studio.views.widgets.plain_text import plain
from odibi_studio.views.widgets.query_editor import (
    insert_into_query,
    query_text,
    replace_query,
    show_query_editor,
)

if TYPE_CHECKING:
    import pyarrow as pa

_ANSWER = "explore_answer"
_ASKED = "explore_asked"
_LIMIT = "explore_limit"
_LIMITS = (1_000, 10_000, 100_000)
_MOST_COLUMNS = 200


def render() -> None:
    """Show the datasets, the editor, and what came of the last query."""
    studio = current_studio()
    with page_head("Explore"):
        st.caption("Read-only SQL over what pipelines read and write", width="content")
    datasets = studio.explorer.datasets()
    if not datasets:
        st.info(
            "There is nothing to ask yet. Run a pipeline: what it writes shows up here.",
            icon=":material/database_search:",
        )
        return
    left, right = st.columns([1, 3], gap="medium")
    with left, st.container(gap="xsmall"):
        _show_datasets(studio, datasets)
    with right:
        _show_editor(studio, datasets)
        _show_answer(studio)


def _show_datasets(studio: Studio, datasets: list[Dataset]) -> None:
    groups: dict[str, list[Dataset]] = {"Made by pipelines": [], "Sources": []}
    for dataset in sorted(datasets, key=lambda one: one.home):
        title = "Made by pipelines" if dataset.written_by else "Sources"
        groups.setdefault(f"On {plain(dataset.home)}" if dataset.home else title, []).append(dataset)
    for title, group in groups.items():
        if group:
            st.markdown(f"**{title}**")
        for dataset in group:
            _show_dataset(studio, dataset)


def _show_dataset(studio: Studio, dataset: Dataset) -> None:
    with st.expander(
        dataset.name, icon=":material/table:", key=f"data_{dataset.name}", on_change="rerun"
    ) as part:
        if not part.open:
            return
        users = dataset.written_by or dataset.read_by
        verb = "written" if dataset.written_by else "read"
        st.caption(plain(f"{dataset.place} · {verb} by {', '.join(users)}"))
        with st.container(horizontal=True):
            st.button(
                "Ask it", icon=":material/play_arrow:", type="tertiary", key=f"ask_{dataset.name}",
                on_click=_ask_all, args=(dataset.name,), help=f"SELECT * FROM {dataset.name}",
            )  # fmt: skip
            st.button(
                "Insert its name", icon=":material/input:", type="tertiary", key=f"insert_{dataset.name}",
                on_click=insert_into_query, args=(_spelled(dataset.name),),
            )  # fmt: skip
        with st.spinner("Looking …", show_time=True) if dataset.home else nullcontext():
            columns = studio.explorer.columns(dataset)
        if isinstance(columns, OdibiError):
            st.caption(f"Its columns can't be read: {plain(columns.what)}")
            return
        if not columns.names:
            st.caption("Its columns show when it is asked.")
        with st.container(gap="xxsmall"):
            _show_columns(dataset, columns)


def _show_columns(dataset: Dataset, columns: Schema) -> None:
    for number, (name, type_) in enumerate(columns):
        if number >= _MOST_COLUMNS:
            st.caption(f"and {len(columns.names) - _MOST_COLUMNS:,} more")
            break
        st.button(
            f"{plain(name)} :gray[{plain(type_.lower())}]", type="tertiary",
            key=f"column_{dataset.name}_{number}", on_click=insert_into_query, args=(_spelled(name),),
        )  # fmt: skip


def _ask_all(name: str) -> None:
    replace_query(f"SELECT *\nFROM {_spelled(name)}")
    _ask()


def _spelled(name: str) -> str:
    return name if name.isidentifier() and name == name.lower() else quote(name)


def _show_editor(studio: Studio, datasets: list[Dataset]) -> None:
    names = [dataset.name for dataset in datasets]
    show_query_editor(f"SELECT *\nFROM {_spelled(names[0])}", names, studio.access, _ask)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Run", type="primary", icon=":material/play_arrow:", key="explore_run", shortcut="Ctrl+Enter",
            on_click=_ask,
        )  # fmt: skip
        st.selectbox(
            "Rows at most", _LIMITS, format_func=lambda one: f"up to {one:,} rows", key=_LIMIT,
            label_visibility="collapsed", width=180,
        )  # fmt: skip
        _show_saved(studio)


def _ask() -> None:
    """Have the query asked when the page comes to its answer."""
    st.session_state.pop(_ANSWER, None)
    st.session_state[_ASKED] = True


def _answer(studio: Studio) -> Answer | OdibiError | None:
    if st.session_state.pop(_ASKED, False):
        with st.spinner("Asking …", show_time=True):
            try:
                st.session_state[_ANSWER] = studio.explorer.ask(query_text(), st.session_state[_LIMIT])
            except OdibiError as error:
                st.session_state[_ANSWER] = error
    found: Answer | OdibiError | None = st.session_state.get(_ANSWER)
    return found


def _show_saved(studio: Studio) -> None:
    saved = saved_queries(studio.workspace)
    with st.popover("Saved queries", icon=":material/bookmark:"):
        for name, text in saved.items():
            st.button(
                name, icon=":material/description:", type="tertiary", key=f"saved_{name}",
                on_click=_take, args=(text,),
            )  # fmt: skip
        if not saved:
            st.caption("None yet. A saved query is a file in `queries/`.")
        name = st.text_input("Save this query as", key="save_name", placeholder="sales_by_month")
        if st.button("Save", key="save_query", disabled=not name.strip()):
            try:
                save_query(studio.workspace, name.strip(), query_text())
            except OdibiError as error:
                show_error(error)
            else:
                st.rerun()


def _take(text: str) -> None:
    replace_query(text)
    st.session_state.pop(_ANSWER, None)


def _show_answer(studio: Studio) -> None:
    found = _answer(studio)
    if found is None:
        st.caption("Run the query to see its rows.")
        return
    if isinstance(found, OdibiError):
        show_error(found)
        return
    rows = found.rows
    with st.container(horizontal=True, vertical_alignment="center"):
        part = st.segmented_control(
            "Shown as", ["Rows", "Chart"], default="Rows", required=True, key="explore_part",
            label_visibility="collapsed",
        )  # fmt: skip
        first = "the first " if found.has_more else ""
        st.caption(
            f"{first}{rows.num_rows:,} row{'' if rows.num_rows == 1 else 's'}, {rows.num_columns:,} "
            f"column{'' if rows.num_columns == 1 else 's'} in {duration(found.elapsed_s * 1000)}"
        )
        _show_downloads(rows)
    for note in found.notes:
        st.warning(f"{note[:1].upper()}{note[1:]}.", icon=":material/info:")
    if part == "Chart":
        show_chart(rows)
    elif not rows.num_rows:
        st.info("The query gives no rows.", icon=":material/database:")
    else:
        height = min(38 + 35 * rows.num_rows, 480)
        st.dataframe(rows, hide_index=True, height=height, key="explore_rows", alt="Rows of the query")


def _show_downloads(rows: pa.Table) -> None:
    st.download_button(
        "CSV", lambda: _csv(rows), "query.csv", mime="text/csv", icon=":material/download:",
        on_click="ignore", key="explore_csv",
    )  # fmt: skip
    st.download_button(
        "Parquet", lambda: _parquet(rows), "query.parquet", mime="application/vnd.apache.parquet",
        icon=":material/download:", on_click="ignore", key="explore_parquet",
    )  # fmt: skip


def _csv(rows: pa.Table) -> bytes:
    import duckdb

    with duckdb.connect(":memory:") as database:
        # DuckDB spells what CSV has no types for: lists, structs, times with zones.
        columns = ", ".join(f"CAST({quote(name)} AS VARCHAR) AS {quote(name)}" for name in rows.column_names)
        database.register("query_rows", rows)
        texts = database.sql(f"SELECT {columns} FROM query_rows").to_arrow_table()
    import pyarrow.csv

    sink = io.BytesIO()
    pyarrow.csv.write_csv(texts, sink)
    return sink.getvalue()


def _parquet(rows: pa.Table) -> bytes:
    import pyarrow.parquet

    sink = io.BytesIO()
    pyarrow.parquet.write_table(rows, sink)
    return sink.getvalue()
