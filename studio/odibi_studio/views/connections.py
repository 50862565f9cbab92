"""The page of connections: where data live, whether they can be reached, and what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from odibi_core.errors import OdibiError
from odibi_core.formats.servers import Table
from odibi_studio.services.catalog import secret_references
from odibi_studio.services.connection_book import (
    ConnectionCard,
    connection_fields,
    connection_kinds,
    step_value,
)
from odibi_studio.services.studio import Studio, current_studio
from odibi_studio.views.errors import show_error
from odibi_studio.views.widgets.page import ask, asked, close_dialog, dialog_key, done, page_head
from odibi_studio.views.widgets.settings_form import draw_fields

_TESTED = "connection_tested"
_TABLES = "connection_tables"
_SHOWN = 1_000


def render() -> None:
    """Show the connections of the workspace."""
    studio = current_studio()
    with page_head("Connections"):
        st.button(
            "New connection", type="primary", icon=":material/add:", key="new_connection",
            on_click=ask, args=("edit",),
        )  # fmt: skip
    _show_dialog(studio)
    try:
        cards = studio.connections.cards()
    except OdibiError as error:
        show_error(error)
        return
    if not cards:
        _show_first()
        return
    card = _show_list(cards)
    if card is None:
        st.caption("Choose a connection to test it and to see what is behind it.")
    else:
        _show_one(studio, card)


def _show_first() -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown("#### No connection yet")
        st.caption(
            "A connection says once where something is: a folder, a database, cloud storage, a service. "
            "Steps name it. It stands in odibi.toml and holds no secret, only a reference to one."
        )
        st.button("Make the first one", type="primary", icon=":material/add:", on_click=ask, args=("edit",))


def _show_list(cards: list[ConnectionCard]) -> ConnectionCard | None:
    kinds = connection_kinds()
    tested: Mapping[str, OdibiError | None] = st.session_state.get(_TESTED, {})
    found = st.dataframe(
        [
            {
                "Connection": card.name,
                "Kind": card.kind,
                "What": kinds.get(card.kind, ""),
                "Where": card.place,
                "Used by": ", ".join(card.used_by),
                "Test": ("✕ Fails" if tested[card.name] else "✓ Works") if card.name in tested else "",
            }
            for card in cards
        ],
        hide_index=True,
        height=min(38 + 35 * len(cards), 400),
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [0]}},
        key="connections_table",
        alt="Connections",
    )
    rows = found["selection"]["rows"]
    return cards[rows[0]] if rows and rows[0] < len(cards) else None


def _show_one(studio: Studio, card: ConnectionCard) -> None:
    name = card.name
    with st.container(horizontal=True, vertical_alignment="center", key="connection_head"):
        st.subheader(name, anchor=False, width="content")
        if st.button("Test", icon=":material/network_check:", key="connection_test"):
            _test(studio, name)
            st.rerun()
        st.button("Edit", icon=":material/edit:", key="connection_edit", on_click=ask, args=("edit", name))
        st.button(
            "Delete", icon=":material/delete:", type="tertiary", key="connection_delete",
            on_click=ask, args=("delete", name),
        )  # fmt: skip
    tested = st.session_state.get(_TESTED, {})
    if name in tested:
        if tested[name] is None:
            st.success("It works.", icon=":material/check_circle:")
        else:
            show_error(tested[name])
    _show_tables(studio, name)


def _test(studio: Studio, name: str) -> None:
    error: OdibiError | None = None
    with st.spinner("Testing …"):
        try:
            studio.connections.test(name)
        except OdibiError as found:
            error = found
    st.session_state[_TESTED] = {**st.session_state.get(_TESTED, {}), name: error}


def _show_tables(studio: Studio, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**What is there**", width="content")
        if st.button("Look again", icon=":material/refresh:", type="tertiary", key="connection_refresh"):
            st.session_state.pop(_TABLES, None)
    found = _tables(studio, name)
    if isinstance(found, OdibiError):
        show_error(found)
        return
    if not found:
        st.caption("Nothing is in it yet.")
        return
    groups = sorted({_group(table) for table in found})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        group = st.selectbox(
            "Schema or folder", groups, index=None, placeholder="All", key=f"group_{name}", width=260
        )
        text = st.text_input(
            "Search", placeholder="Part of a name", icon=":material/search:", key="table_text"
        )
    shown = [
        table
        for table in found
        if group in (None, _group(table)) and text.strip().casefold() in step_value(table).casefold()
    ][:_SHOWN]
    left, right = st.columns([2, 3])
    with left:
        table = _choose_table(shown, len(found))
    with right:
        if table is None:
            st.caption("Choose one to see its first rows.")
        else:
            _show_preview(studio, name, table)


def _tables(studio: Studio, name: str) -> list[Table] | OdibiError:
    """What is behind a connection, looked up once until it is asked again or odibi.toml changes."""
    key = (name, studio.connections.text)
    kept = st.session_state.get(_TABLES)
    if kept is None or kept[0] != key:
        with st.spinner("Looking …"):
            try:
                found: list[Table] | OdibiError = studio.connections.tables(name)
            except OdibiError as error:
                found = error
        kept = st.session_state[_TABLES] = (key, found)
    return kept[1]


def _group(table: Table) -> str:
    return table.schema or table.name.rpartition("/")[0] or "(top)"


def _choose_table(shown: list[Table], total: int) -> Table | None:
    found = st.dataframe(
        [
            {
                "Name": step_value(table),
                "Kind": table.kind,
                **({"Rows": table.rows} if any(one.rows is not None for one in shown) else {}),
            }
            for table in shown
        ],
        hide_index=True,
        height=min(38 + 35 * max(len(shown), 1), 460),
        on_select="rerun",
        selection_mode="single-row",
        placeholder="",
        column_config={"Rows": st.column_config.NumberColumn("About rows", format="localized")},
        key="tables_table",
        alt="Tables and files",
    )
    st.caption(f"{len(shown):,} of {total:,}")
    rows = found["selection"]["rows"]
    return shown[rows[0]] if rows and rows[0] < len(shown) else None


def _show_preview(studio: Studio, name: str, table: Table) -> None:
    value = step_value(table)
    try:
        with st.spinner("Reading …"):
            preview = studio.connections.preview(name, value)
    except OdibiError as error:
        show_error(error)
        return
    st.dataframe(
        preview.rows, hide_index=True, height=460, key="connection_preview", alt=f"First rows of {value}"
    )
    more = "the first " if preview.has_more else ""
    st.caption(
        f"{value}: {more}{preview.rows.num_rows:,} rows, {len(preview.schema.names):,} columns. "
        f"In a step: value `{value}`, params `connection: {name}`."
    )


def _show_dialog(studio: Studio) -> None:
    match asked():
        case "edit", "":
            _make(studio)
        case "edit", name:
            _edit(studio, name)
        case "delete", name:
            _delete(studio, name)


@st.dialog("New connection", width="medium", on_dismiss=close_dialog)
def _make(studio: Studio) -> None:
    kinds = connection_kinds()
    kind = st.selectbox(
        "Kind", list(kinds), format_func=lambda one: f"{one} · {kinds[one]}", key=dialog_key("kind")
    )
    name = st.text_input("Name *", key=dialog_key("name"), placeholder="shop_db", help="What steps call it.")
    _show_form(studio, kind, name, {}, None)


@st.dialog("Edit the connection", width="medium", on_dismiss=close_dialog)
def _edit(studio: Studio, name: str) -> None:
    key = dialog_key("form")
    if key not in st.session_state:
        try:
            st.session_state[key] = (studio.connections.values(name), studio.connections.text)
        except OdibiError as error:
            show_error(error)
            return
    values, base = st.session_state[key]
    st.markdown(f"**{name}** · {values['kind']} · odibi.toml")
    _show_form(studio, values["kind"], name, values, base)


def _show_form(studio: Studio, kind: str, name: str, values: Mapping[str, Any], base: str | None) -> None:
    errors: Mapping[str, str] = st.session_state.get(dialog_key("errors"), {})
    fields = list(connection_fields(kind).values())
    said = draw_fields(fields, values, errors, {"secret": secret_references(studio.workspace)}, kind)
    st.caption(
        "No secret is kept here: write `${secret:NAME}`, which is looked up when the connection is used."
    )
    if "" in errors:
        st.error(errors[""][:1].upper() + errors[""][1:], icon=":material/error:")
    with st.container(horizontal=True, horizontal_alignment="right"):
        if st.button("Save", type="primary", icon=":material/save:", key=dialog_key("save")):
            found = studio.connections.save(kind, name.strip(), said, base)
            if not found:
                st.session_state.pop(_TESTED, None)
                done(f"{name.strip()} was saved.")
            st.session_state[dialog_key("errors")] = found
            st.rerun(scope="fragment")


@st.dialog("Delete the connection", on_dismiss=close_dialog)
def _delete(studio: Studio, name: str) -> None:
    used_by = next((card.used_by for card in studio.connections.cards() if card.name == name), ())
    st.markdown(f"**{name}** is taken out of odibi.toml. What it leads to stays as it is.")
    if used_by:
        st.warning(f"Steps of {', '.join(used_by)} name it, and fail without it.", icon=":material/warning:")
    if st.button("Delete", type="primary", icon=":material/delete:", key=dialog_key("delete")):
        try:
            studio.connections.remove(name)
        except OdibiError as error:
            show_error(error)
            return
        done(f"{name} was deleted.")
