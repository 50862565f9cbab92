"""The columns of two runs side by side, and how their values differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from odibi_core.health.columns import SHARES, axis_text
from odibi_core.story.wording import count, plural
from odibi_studio.services.runs.comparison import ColumnPair
from odibi_studio.services.runs.values import Values

_COLORS = {"A": "#8a94a6", "B": "#2f6fed"}
_MOST_BARS = 20


def show_columns(columns: Sequence[ColumnPair]) -> None:
    """Show every column of two runs, and of one that is chosen how its values lie."""
    st.subheader("Columns and values", anchor=False)
    if not columns:
        st.caption("One of the runs kept nothing of its data.")
        return
    changed = sum(pair.is_changed for pair in columns)
    types = (
        f"{plural(changed, 'column')} {'differs' if changed == 1 else 'differ'} in type."
        if changed
        else "No column differs in type."
    )
    st.caption(
        f"{types} *Shift* is the share of rows whose value lies elsewhere in B, nulls counted as a value."
    )
    ordered = sorted(columns, key=lambda pair: (not pair.is_changed, -(pair.shift or 0)))
    differing = [pair for pair in ordered if pair.is_changed or pair.shift]
    if st.toggle("Only what differs", value=False, key="only_changed_columns"):
        ordered = differing
    if not ordered:
        st.caption("No column differs, as far as the runs tell.")
        return
    chosen = st.dataframe(
        [column_row(pair) for pair in ordered],
        hide_index=True,
        placeholder="",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Shift": st.column_config.ProgressColumn(
                format="percent", min_value=0, max_value=1, width="small", color="auto-inverse"
            ),
            "Nulls A": st.column_config.NumberColumn(format="percent", width="small"),
            "Nulls B": st.column_config.NumberColumn(format="percent", width="small"),
        },
        key="compared_columns",
    )
    _show_reasons(ordered)
    rows = [ordered[row] for row in chosen["selection"]["rows"] if row < len(ordered)]
    if rows:
        _show_pair(rows[0])
    else:
        st.caption("Choose a column to see how its values lie in both runs.")


def column_row(pair: ColumnPair) -> dict[str, object]:
    """A column of both runs as a row of the table."""
    first, second = pair.values
    return {
        "Dataset": pair.dataset,
        "Column": pair.column,
        "Type A": pair.types[0] or "not there",
        "Type B": pair.types[1] or "not there",
        "Shift": pair.shift,
        "Nulls A": first.null_share if first else None,
        "Nulls B": second.null_share if second else None,
        "Values A": first.told() if first else "",
        "Values B": second.told() if second else "",
        "Told from": _scope(pair),
    }


def _scope(pair: ColumnPair) -> str:
    known = [values for values in pair.values if values is not None]
    if all(values.is_whole for values in known):
        return "all rows"
    if any(values.is_whole for values in known):
        return "all rows of one, first rows of the other"
    return "first rows only"


def _show_reasons(columns: Sequence[ColumnPair]) -> None:
    """Say why of some columns the first rows alone are known, and what would change it."""
    reasons: dict[str, dict[str, None]] = {}
    for pair in columns:
        for why in pair.why:
            if why:
                reasons.setdefault(why, {})[pair.dataset] = None
    for why, datasets in reasons.items():
        names = ", ".join(f"`{name}`" for name in datasets)
        st.caption(f"Of {names} the first rows alone are known, at most five: {why}.")
    if reasons:
        st.caption("`profile: true` in the pipeline's settings keeps how all values of every step lie.")


def _show_pair(pair: ColumnPair) -> None:
    first, second = pair.values
    st.markdown(f"**`{pair.dataset}` · {pair.column}**")
    sides = {name: values for name, values in (("A", first), ("B", second)) if values is not None}
    left, right = st.columns([2, 3])
    with left:
        st.dataframe(figure_rows(first, second), hide_index=True, placeholder="", key="compared_figures")
    with right:
        bars = bar_rows(sides)
        if bars:
            st.caption("Share of the rows that have a value")
            st.vega_lite_chart(bars, _BARS, key="compared_bars", alt="How often each value comes")
        elif lines := line_rows(sides):
            st.caption("Share of the rows with a value that lie below")
            is_moment = any(values.is_moment for values in sides.values())
            st.vega_lite_chart(lines, _lines(is_moment), key="compared_lines", alt="How the values lie")


def figure_rows(first: Values | None, second: Values | None) -> list[dict[str, str]]:
    """What is known of the values, a row a figure, with a column for each run."""
    told = [_figures(values) if values else {} for values in (first, second)]
    return [
        {"": name, "A": told[0].get(name, ""), "B": told[1].get(name, "")} for name in {**told[0], **told[1]}
    ]


def _figures(values: Values) -> dict[str, str]:
    rows = plural(values.row_count, "row")
    if not values.is_whole:
        return {"Told of": f"the first {rows}", "Nulls among them": count(values.nulls)}
    figures = {"Told of": f"all {rows}", "Nulls": count(values.nulls)}
    if values.distinct is not None:
        figures["Different values"] = ("about " if values.is_estimated else "") + count(values.distinct)
    figures |= {"Lowest": values.low or "", "Highest": values.high or ""}
    if values.mean is not None and not values.is_moment:
        figures["Mean"] = f"{values.mean:.6g}"
    if values.shares:
        for share in (0.1, 0.5, 0.9):
            number = values.shares[SHARES.index(share)]
            figures[f"{share:.0%} lie below"] = axis_text(number, is_moment=values.is_moment)
    return figures


def bar_rows(sides: dict[str, Values]) -> list[dict[str, Any]]:
    """A row a value and run, where few values are known of every run."""
    if not sides or not all(it.frequent and it.is_listed for it in sides.values()):
        return []
    totals: dict[str, int] = {}
    for values in sides.values():
        for value, times in values.frequent:
            totals[value] = totals.get(value, 0) + times
    named = sorted(totals, key=lambda value: -totals[value])[:_MOST_BARS]
    rows = []
    for name, values in sides.items():
        known, filled = dict(values.frequent), values.row_count - values.nulls
        rows += [
            {"run": name, "value": value, "share": known.get(value, 0) / filled, "rows": known.get(value, 0)}
            for value in named
        ]
    return rows


def line_rows(sides: dict[str, Values]) -> list[dict[str, Any]]:
    """A row a tenth and run, where values lie on an axis."""
    return [
        {"run": name, "value": value * 1000 if values.is_moment else value, "share": share}
        for name, values in sides.items()
        for value, share in zip(values.shares, SHARES, strict=False)
    ]


_COLOR = {
    "field": "run",
    "type": "nominal",
    "scale": {"domain": list(_COLORS), "range": list(_COLORS.values())},
    "legend": {"title": None, "orient": "top"},
}
_PERCENT = {"title": None, "format": "%"}
_BARS: dict[str, Any] = {
    "height": {"step": 12},
    "mark": {"type": "bar"},
    "encoding": {
        "y": {"field": "value", "type": "nominal", "sort": None, "axis": {"title": None, "labelLimit": 180}},
        "yOffset": {"field": "run"},
        "x": {"field": "share", "type": "quantitative", "axis": _PERCENT},
        "color": _COLOR,
        "tooltip": [
            {"field": "run", "title": "Run"},
            {"field": "value", "title": "Value"},
            {"field": "share", "title": "Share", "format": ".1%"},
            {"field": "rows", "title": "Rows", "format": ","},
        ],
    },
}


def _lines(is_moment: bool) -> dict[str, Any]:
    kind = "temporal" if is_moment else "quantitative"
    return {
        "height": 240,
        "mark": {"type": "line", "point": True, "strokeWidth": 1.5},
        "encoding": {
            "x": {"field": "value", "type": kind, "axis": {"title": None}, "scale": {"zero": False}},
            "y": {"field": "share", "type": "quantitative", "axis": _PERCENT},
            "color": _COLOR,
            "tooltip": [
                {"field": "run", "title": "Run"},
                {"field": "share", "title": "Share below", "format": ".0%"},
                {"field": "value", "title": "Value", "type": kind},
            ],
        },
    }
