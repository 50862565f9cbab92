"""The grid in which rows are mended, and the dialogs that send them on or discard them.

What somebody typed is theirs until they replay or discard it: the rows are read once, and what was typed is
kept by the number of its row, so that neither a look at another set or page nor rows that come meanwhile
take it away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.expectations.measuring import REASONS, ROW
from odibi_core.quality.mending import REASON, TEXT
from odibi_core.quality.quarantine import SetAside
from odibi_core.story.wording import plural
from odibi_studio.services.quality_book import MOST_SHOWN
from odibi_studio.services.studio import Studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.widgets.page import ask, asked, close_dialog, dialog_key

_TAKE = "take"
_ABOUT = {ROW: "Row", REASONS: "Why", REASON: "Why", TEXT: "As it stands in the file"}
"""Columns that tell of a row, and are not mended."""
_GRID = "quality_grid"
_TYPED = "quality_typed"
_LISTED = 200

Row = dict[str, Any]
Settle = Callable[[str], None]
"""Notes what was done, for the next look at the page."""


class _Edited(NamedTuple):
    """A row as it stands in the grid, and whether it is among those that go."""

    is_taken: bool
    row: Row


@dataclass(frozen=True)
class _Grid:
    """A set as it was read, and as it stood when its grid was drawn first."""

    place: str
    open_rows: int
    key: str
    read: list[Row]
    rows: list[_Edited]
    obstacle: OdibiError | None

    @property
    def names(self) -> dict[str, str]:
        """Column of the grid → the column of the rows: theirs may have any name, and so that of the box."""
        return {f"c{place}": name for place, name in enumerate(self.read[0])} if self.read else {}


def show_mending(studio: Studio, chosen: SetAside, settle: Settle) -> None:
    """Show the open rows of a set, to be mended, replayed or discarded."""
    try:
        grid = _grid(studio, chosen)
    except OdibiError as error:
        show_error(error)
        return
    if grid.obstacle is None:
        st.caption("Mend the values, leave out what is to stay, and replay: the rows go on from this step.")
    else:
        # Told before anybody mends rows that have nowhere to go.
        _show_obstacle(grid.obstacle)
    edited = _show_grid(grid)
    _typed()[chosen.place] = {one.row[ROW]: one for one in edited}
    if chosen.open_rows > MOST_SHOWN:
        st.caption(
            f"The first {MOST_SHOWN:,} of {chosen.open_rows:,}; the others come when these are settled."
        )
    taken = [one.row for one in edited if one.is_taken]
    words = plural(len(taken), "row")
    with st.container(horizontal=True):
        st.button(
            f"Replay {words} …",
            type="primary",
            icon=":material/replay:",
            key="quality_replay",
            disabled=not taken,
            on_click=ask,
            args=("replay", chosen.place),
        )
        st.button(
            f"Discard {words} …",
            icon=":material/delete_sweep:",
            key="quality_discard",
            disabled=not taken,
            on_click=ask,
            args=("discard", chosen.place),
        )
    match asked():
        case "replay", chosen.place:
            _ask_to_replay(studio, chosen, taken, _changes(grid.read, taken), settle)
        case "discard", chosen.place:
            _ask_to_discard(studio, chosen, taken, settle)


def _show_obstacle(error: OdibiError) -> None:
    fix = f"  \n**What to do:** {error.fix}" if error.fix else ""
    st.warning(
        f"As the pipeline is now, these rows can't be replayed: {error.what}.{fix}", icon=":material/block:"
    )


def _typed() -> dict[str, dict[Any, _Edited]]:
    """File of a set → number of a row → the row as it was edited last."""
    typed: dict[str, dict[Any, _Edited]] = st.session_state.setdefault(_TYPED, {})
    return typed


def _grid(studio: Studio, chosen: SetAside) -> _Grid:
    """The grid that is on the page, else one of the set's rows with what was typed into them before.

    Raises:
        OdibiError: They can't be read.
    """
    grid: _Grid | None = st.session_state.get(_GRID)
    is_same = grid is not None and (grid.place, grid.open_rows) == (chosen.place, chosen.open_rows)
    # A grid that was not on the page at the last look has lost what was typed into it.
    if grid is not None and is_same and grid.key in st.session_state:
        return grid
    read, typed = studio.quality.form(chosen), _typed().get(chosen.place, {})
    count = int(grid.key.rpartition("_")[2]) + 1 if grid is not None else 1
    rows = [typed.get(row[ROW]) or _Edited(True, row) for row in read]
    obstacle = studio.quality.obstacle(chosen)
    grid = _Grid(chosen.place, chosen.open_rows, f"quality_rows_{count}", read, rows, obstacle)
    st.session_state[_GRID] = grid
    return grid


def _show_grid(grid: _Grid) -> list[_Edited]:
    names = grid.names
    fixed = [column for column, name in names.items() if name in _ABOUT]
    drawn = [
        {_TAKE: one.is_taken, **{column: one.row.get(name) for column, name in names.items()}}
        for one in grid.rows
    ]
    edited: list[Row] = st.data_editor(
        drawn,
        hide_index=True,
        disabled=fixed,
        column_order=[_TAKE, *fixed, *(column for column in names if column not in fixed)],
        column_config={
            _TAKE: st.column_config.CheckboxColumn("Take", width="small"),
            **{
                column: st.column_config.TextColumn(
                    _ABOUT.get(name, name), width="small" if name == ROW else None
                )
                for column, name in names.items()
            },
        },
        height=min(38 + 35 * max(len(grid.rows), 1), 460),
        key=grid.key,
        alt="Rows to mend",
    )
    return [
        _Edited(bool(row[_TAKE]), {name: row[column] for column, name in names.items()}) for row in edited
    ]


def _changes(read: Sequence[Row], taken: Sequence[Row]) -> list[Row]:
    """What was typed into the rows that go: row, column, and the value before and after."""
    before = {row[ROW]: row for row in read}
    return [
        {"Row": row[ROW], "Column": name, "Was": was, "Is now": row[name]}
        for row in taken
        for name, was in before[row[ROW]].items()
        if row[name] != was
    ]


@st.dialog("Replay rows", width="medium", on_dismiss=close_dialog)
def _ask_to_replay(
    studio: Studio, chosen: SetAside, taken: list[Row], changes: list[Row], settle: Settle
) -> None:
    """Show what goes before it goes: the grid tells of a value a moment after it was typed."""
    words = plural(len(taken), "row")
    goes = "goes" if len(taken) == 1 else "go"
    st.markdown(f"{words} {goes} into **{chosen.pipeline}** as what **{chosen.step}** made.")
    if changes:
        st.dataframe(
            changes[:_LISTED],
            hide_index=True,
            height=min(38 + 35 * len(changes), 320),
            key=dialog_key("changes"),
            alt="Mended values",
        )
        if len(changes) > _LISTED:
            st.caption(f"And {len(changes) - _LISTED:,} more mended values.")
    else:
        so = "it goes as it is" if len(taken) == 1 else "they go as they are"
        st.info(f"No value was mended: {so}.", icon=":material/info:")
    if st.button(f"Replay {words}", type="primary", icon=":material/replay:", key=dialog_key("replay")):
        try:
            with st.spinner("The rows go into the pipeline …"):
                studio.quality.replay(chosen, taken)
                # Before anything is shown again: whatever starts the page anew then finds that it is done.
                _settled(chosen, taken)
                settle(f"{len(taken):,} of the rows went into the pipeline.")
        except OdibiError as error:
            show_error(error)
            return
        st.rerun()


@st.dialog("Discard rows", on_dismiss=close_dialog)
def _ask_to_discard(studio: Studio, chosen: SetAside, taken: list[Row], settle: Settle) -> None:
    words = plural(len(taken), "row")
    st.markdown(
        f"{words} of **{chosen.step}** will be closed without going anywhere. They stay in the folder of "
        f"the run, and can't be replayed any more."
    )
    if st.button(f"Discard {words}", type="primary", icon=":material/delete_sweep:", key=dialog_key("go")):
        try:
            studio.quality.discard(chosen, [int(row[ROW]) for row in taken])
        except OdibiError as error:
            show_error(error)
            return
        _settled(chosen, taken)
        settle(f"{len(taken):,} of the rows were discarded.")
        st.rerun()


def _settled(chosen: SetAside, taken: Sequence[Row]) -> None:
    """Let go of what was typed into rows that went; what was typed into the others stays."""
    gone = {row[ROW] for row in taken}
    left = _typed().get(chosen.place, {}).items()
    _typed()[chosen.place] = {
        number: edited._replace(is_taken=True) for number, edited in left if number not in gone
    }
    close_dialog()
