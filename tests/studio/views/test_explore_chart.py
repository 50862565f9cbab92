"""The chart of a query's rows."""

from __future__ import annotations

import pyarrow as pa

from odibi_studio.views.explore_chart import chart_spec

ROWS = pa.table({"day": pa.array([1], pa.timestamp("us")), "a.b": ["x"], "n": [2]})


def test_columns_stand_as_their_types_say() -> None:
    spec = chart_spec(ROWS, "line", "day", "n", "sum", "a.b")
    encoding = spec["encoding"]
    assert encoding["x"]["type"] == "temporal"
    assert encoding["y"] == {"field": "n", "type": "quantitative", "title": "sum of n", "aggregate": "sum"}
    # A dot in a name would lead Vega-Lite into a value.
    assert encoding["color"] == {"field": "a\\.b", "type": "nominal", "title": "a.b"}
    assert spec["mark"] == {"type": "line", "point": True}


def test_rows_are_counted_without_a_number_and_names_keep_the_order_of_the_query() -> None:
    encoding = chart_spec(ROWS, "bar", "a.b", "day", "count", "")["encoding"]
    assert encoding["y"]["aggregate"] == "count"
    assert encoding["x"]["sort"] is None
    assert encoding["x"]["axis"]["labelAngle"] == 0
    assert "color" not in encoding


def test_many_or_long_names_are_slanted() -> None:
    numbers = list(range(8))
    names = pa.table({"name": [f"a long name of number {number}" for number in numbers], "n": numbers})
    assert chart_spec(names, "bar", "name", "n", "sum", "")["encoding"]["x"]["axis"]["labelAngle"] == -40
