"""The fields of a settings form, each with the widget of its kind and what is wrong with it below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from odibi_studio.services.settings_form import FieldKind, FormField
from odibi_studio.views.widgets.page import dialog_key
from odibi_studio.views.widgets.plain_text import plain

WIDE = frozenset({FieldKind.PAIRS, FieldKind.ENTRIES, FieldKind.WORDS, FieldKind.CHOICES})
"""Kinds of fields that take the whole width."""

_NAMES = {"openlineage": "OpenLineage", "pagerduty": "PagerDuty"}
"""Choices that are somebody's name."""


def draw_fields(
    fields: Sequence[FormField],
    values: Mapping[str, Any],
    errors: Mapping[str, str],
    choices: Mapping[str, Sequence[str]],
    part: str = "",
) -> dict[str, Any]:
    """Setting → what stands in its field now.

    Args:
        fields: What to ask, in order; narrow ones stand in two columns.
        values: Setting → what stood there when the form was opened.
        errors: Setting → what is wrong with it.
        choices: Setting → what is offered for it; "secret" → references to secrets.
        part: Tells fields of one name in two forms of a dialog apart.
    """
    found: dict[str, Any] = {}
    columns: list[Any] = []
    for field in fields:
        if field.kind in WIDE or field.key in ("description", "message", "command"):
            columns, place = [], st.container()
        else:
            columns = columns or list(st.columns(2))
            place = columns.pop(0)
        with place:
            offered = choices.get(field.key) or (choices.get("secret") if field.may_refer else None)
            found[field.key] = _draw(field, values.get(field.key), offered, dialog_key(f"{part}{field.key}"))
            if field.key in errors:
                said = errors[field.key]
                st.markdown(f":red[:material/error: {plain(said[:1].upper() + said[1:])}]")
    return found


def _draw(field: FormField, value: Any, offered: Sequence[str] | None, key: str) -> Any:
    label = f"{field.title}{' *' if field.is_required else ''}"
    help_ = field.help or None
    match field.kind:
        case FieldKind.SWITCH:
            return st.toggle(
                label, value=bool(field.default if value is None else value), key=key, help=help_
            )
        case FieldKind.WHOLE_NUMBER:
            given = field.default if not isinstance(value, int) else value
            least, most = (None if limit is None else int(limit) for limit in (field.minimum, field.maximum))
            return st.number_input(label, least, most, value=given, step=1, key=key, help=help_)
        case FieldKind.NUMBER:
            given_number = field.default if not isinstance(value, int | float) else value
            low, high, number = (
                None if one is None else float(one) for one in (field.minimum, field.maximum, given_number)
            )
            return st.number_input(label, low, high, value=number, key=key, help=help_)
        case FieldKind.CHOICE:
            start = value if value in field.choices else field.default
            index = field.choices.index(start) if start in field.choices else None
            return st.selectbox(label, field.choices, index=index, format_func=_words, key=key, help=help_)
        case FieldKind.CHOICES:
            chosen = [one for one in (field.default if value is None else value) if one in field.choices]
            return st.multiselect(
                label, field.choices, default=chosen, format_func=_words, key=key, help=help_
            )
        case FieldKind.WORDS:
            words = [str(one) for one in (field.default if value is None else value) or ()]
            return st.multiselect(
                label, list(dict.fromkeys([*words, *(offered or ())])), default=words,
                accept_new_options=True, placeholder="Type, then Enter", key=key, help=help_,
            )  # fmt: skip
        case FieldKind.PAIRS:
            return _pairs(label, value if isinstance(value, Mapping) else {}, key, help_)
        case FieldKind.ENTRIES:
            return _entries(label, value or (), field.choices, key, help_)
    return _text(field, label, "" if value is None else str(value), offered, key)


def _text(field: FormField, label: str, value: str, offered: Sequence[str] | None, key: str) -> str:
    hint = "" if field.default in (None, "") else str(field.default)
    if offered is None:
        return st.text_input(label, value=value, placeholder=hint, key=key, help=field.help or None) or ""
    known = list(dict.fromkeys([*([value] if value else []), *offered]))
    hint = hint or ("${secret:NAME}" if field.may_refer else "Choose, or type")
    chosen = st.selectbox(
        label, known, index=0 if value else None, accept_new_options=True,
        placeholder=hint, key=key, help=field.help or None,
    )  # fmt: skip
    return chosen or ""


def _pairs(label: str, value: Mapping[str, Any], key: str, help_: str | None) -> dict[str, Any]:
    st.caption(label, help=help_)
    rows = [{"Name": name, "Value": str(item)} for name, item in value.items()]
    edited = st.data_editor(
        rows or [{"Name": "", "Value": ""}],
        num_rows="dynamic",
        column_config={"Name": st.column_config.TextColumn(), "Value": st.column_config.TextColumn()},
        key=key,
        alt=label,
    )
    # What nobody touched keeps its type.
    return {
        str(row["Name"]): value[row["Name"]]
        if row["Name"] in value and str(value[row["Name"]]) == row["Value"]
        else row["Value"] or ""
        for row in edited
        if row.get("Name")
    }


def _entries(
    label: str, value: Sequence[Mapping[str, Any]], columns: Sequence[str], key: str, help_: str | None
) -> list[dict[str, Any]]:
    st.caption(label, help=help_)
    rows = [{column: str(row.get(column) or "") for column in columns} for row in value]
    edited = st.data_editor(
        rows or [dict.fromkeys(columns, "")],
        num_rows="dynamic",
        column_config={column: st.column_config.TextColumn(column.capitalize()) for column in columns},
        key=key,
        alt=label,
    )
    return [dict(row) for row in edited]


def _words(value: str) -> str:
    return _NAMES.get(value) or value.replace("_", " ").capitalize()
