"""What a run of a form gave: tables to see, draw and take along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.story.wording import rows
from odibi_studio.services.runs.results import Result, csv_bytes
from odibi_studio.services.studio import Studio
from odibi_studio.views.errors import show_error

if TYPE_CHECKING:
    import pyarrow as pa

_SHOWN = 1_000
_TAKEN = 1_000_000
_LARGEST_BYTES = 200_000_000
_MOST_BARS = 50


def show_results(studio: Studio, run_id: str) -> None:
    """Show every dataset that a run gave."""
    results = studio.runs.results(run_id)
    if not results:
        st.caption("The run gave no rows.")
        return
    tabs = st.tabs([result.name for result in results]) if len(results) > 1 else [st.container()]
    for number, (tab, result) in enumerate(zip(tabs, results, strict=True)):
        with tab:
            if len(results) == 1:
                st.subheader(result.name, anchor=False)
            _show(studio, run_id, result, f"{run_id}_{number}")


def _show(studio: Studio, run_id: str, result: Result, key: str) -> None:
    if not result.place:
        st.caption(f"{rows(result.row_count)}, of which the first are shown: the pipeline writes nothing.")
        st.dataframe(list(result.sample), hide_index=True, key=f"result_{key}")
        return
    if result.since:
        st.warning(
            f"It was written again since, by {result.since}. These are the rows as they are now.",
            icon=":material/history:",
        )
    if result.step is None:
        st.caption(f"{rows(result.row_count)}, written to {result.place}. It can't be shown here.")
        return
    try:
        found = studio.runs.result_rows(run_id, result, _SHOWN)
    except OdibiError as error:
        show_error(error)
        return
    more = f", of which the first {_SHOWN:,} are shown" if found.has_more else ""
    st.caption(f"{rows(result.row_count)}{more}")
    _offer(studio, run_id, result, key)
    table, chart = st.tabs(["Table", "Chart"])
    with table:
        st.dataframe(found.rows, hide_index=True, key=f"result_{key}")
    with chart:
        _draw(found.rows, key)
    _offer(studio, run_id, result, key)


def _offer(studio: Studio, run_id: str, result: Result, key: str) -> None:
    with st.container(horizontal=True):
        file = result.file
        if file is not None and file.stat().st_size <= _LARGEST_BYTES:
            st.download_button(
                f"Download {result.name}",
                file.read_bytes,
                file_name=result.name,
                mime="application/octet-stream",
                icon=":material/download:",
                key=f"file_{key}",
                on_click="ignore",
            )
        if file is None or file.suffix != ".csv":
            st.download_button(
                "Download all as CSV",
                lambda: csv_bytes(studio.runs.result_rows(run_id, result, _TAKEN).rows),
                file_name=f"{result.name.partition('.')[0]}.csv",
                mime="text/csv",
                icon=":material/download:",
                key=f"csv_{key}",
                on_click="ignore",
                help=f"The first {_TAKEN:,} rows",
            )


def _draw(table: pa.Table, key: str) -> None:
    numbers = number_columns(table)
    along = sorted(table.column_names, key=lambda name: name in numbers)
    if not numbers or len(along) < 2 or not table.num_rows:
        st.caption("Two columns are needed to draw, one of them of numbers.")
        return
    left, right = st.columns(2)
    across = left.selectbox("Along", along, key=f"along_{key}")
    much = [name for name in numbers if name != across]
    if not much:
        st.caption("There is no other column of numbers to draw.")
        return
    up = right.selectbox("How much", much, key=f"much_{key}_{across}")
    data = table.select([*dict.fromkeys([across, up])]).slice(0, _SHOWN).to_pandas()
    if is_moment(table, across):
        st.line_chart(data, x=across, y=up)
        return
    totals = data.groupby(across, dropna=False, sort=False)[up].sum().head(_MOST_BARS).reset_index()
    if len(totals) == _MOST_BARS:
        st.caption(f"The first {_MOST_BARS} values are drawn.")
    st.bar_chart(totals, x=across, y=up)


def number_columns(table: pa.Table) -> list[str]:
    """The columns that hold numbers."""
    import pyarrow as pa

    return [
        field.name
        for field in table.schema
        if pa.types.is_integer(field.type)
        or pa.types.is_floating(field.type)
        or pa.types.is_decimal(field.type)
    ]


def is_moment(table: pa.Table, column: str) -> bool:
    """Whether a column holds days or moments."""
    import pyarrow as pa

    return bool(pa.types.is_temporal(table.schema.field(column).type))
