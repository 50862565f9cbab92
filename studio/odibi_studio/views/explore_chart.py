"""The chart of a query's rows: which columns stand where is chosen beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import pyarrow as pa

_KINDS = {"Bars": "bar", "Line": "line", "Area": "area", "Points": "point"}
_SUMS = {"each row": None, "sum": "sum", "mean": "mean", "count": "count", "minimum": "min", "maximum": "max"}
_MOST = 5_000
_LEVEL_LETTERS = 120
"""How many letters stand beside each other below a chart."""
_NONE = "(none)"


def show_chart(rows: pa.Table) -> None:
    """Show the chart, and what it is built of."""
    if not rows.num_rows:
        st.info("The query gives no rows.", icon=":material/bar_chart:")
        return
    names = rows.column_names
    numbers = [name for name in names if _type(rows, name) == "quantitative"]
    others = [name for name in names if name not in numbers]
    first_x = next(iter(others), names[0])
    first_y = next((name for name in numbers if name != first_x), names[-1])
    columns = st.columns(5)
    kind = columns[0].selectbox("Kind", list(_KINDS), key="chart_kind")
    x = columns[1].selectbox("Across (x)", names, index=names.index(first_x), key="chart_x")
    y = columns[2].selectbox("Up (y)", names, index=names.index(first_y), key="chart_y")
    total = columns[3].selectbox("Of y", list(_SUMS), index=1, key="chart_total")
    color = columns[4].selectbox("Colour", [_NONE, *names], key="chart_color")
    if rows.num_rows > _MOST:
        st.caption(f"Drawn from the first {_MOST:,} rows: let the query group them to see all.")
    used = list(dict.fromkeys([x, y, *([color] if color != _NONE else [])]))
    spec = chart_spec(rows, _KINDS[kind], x, y, _SUMS[total], "" if color == _NONE else color)
    st.vega_lite_chart(
        rows.slice(0, _MOST).select(used), spec, key="explore_chart", alt=f"{kind} of {y} by {x}"
    )


def chart_spec(rows: pa.Table, mark: str, x: str, y: str, total: str | None, color: str) -> dict[str, Any]:
    """The chart, for Vega-Lite.

    Args:
        rows: What it shows.
        mark: bar, line, area or point.
        x: The column across.
        y: The column up.
        total: What becomes of the values of y at one x; None shows each.
        color: The column that colours tell apart, or "".
    """
    up: dict[str, Any] = {"field": _escaped(y), "type": _type(rows, y), "title": y}
    if total == "count":
        up = {"aggregate": "count", "type": "quantitative", "title": "rows"}
    elif total is not None and up["type"] == "quantitative":
        up |= {"aggregate": total, "title": f"{total} of {y}"}
    across: dict[str, Any] = {
        "field": _escaped(x),
        "type": _type(rows, x),
        "title": x,
        "axis": {"labelLimit": 160},
    }
    if across["type"] == "nominal":
        # As the query orders them.
        across["sort"] = None
        across["axis"]["labelAngle"] = _angle(rows, x)
    encoding: dict[str, Any] = {"x": across, "y": up, "tooltip": [{**across, "axis": None}, up]}
    for tip in encoding["tooltip"]:
        tip.pop("axis", None)
        tip.pop("sort", None)
    if color:
        encoding["color"] = {"field": _escaped(color), "type": _type(rows, color), "title": color}
    shape: dict[str, Any] = {"type": mark}
    if mark in ("line", "point"):
        shape |= {"point": mark == "line"} if mark == "line" else {"filled": True}
    return {"height": 340, "mark": shape, "encoding": encoding}


def _angle(rows: pa.Table, name: str) -> int:
    """The angle at which the values of a column can be read below a chart, in degrees."""
    texts = {str(value) for value in rows.column(name).slice(0, _MOST).to_pylist()}
    return 0 if sum(map(len, texts)) + 4 * len(texts) <= _LEVEL_LETTERS else -40


def _type(rows: pa.Table, name: str) -> str:
    import pyarrow as pa

    kind = rows.schema.field(name).type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "quantitative"
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "temporal"
    return "nominal"


def _escaped(name: str) -> str:
    """A column's name as Vega-Lite reads it: dots and brackets would lead into a value."""
    return "".join(f"\\{sign}" if sign in ".[]\\'\"" else sign for sign in name)
