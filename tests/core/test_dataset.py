"""Frames that lose nothing on their way, and values as samples show them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from odibi_core.dataset import arrow_to_pandas, frame_to_arrow, json_value, sample_rows

ROWS = pa.table(
    {
        "whole": pa.array([1, None, 9007199254740993], pa.int64()),
        "text": pa.array(["NA", None, ""]),
        "yes": pa.array([True, None, False]),
        "money": pa.array([Decimal("1.10"), None, Decimal("-2.00")], pa.decimal128(10, 2)),
        "day": pa.array([dt.date(2026, 1, 31), None, dt.date(1, 1, 1)]),
        "at": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC), None, None], pa.timestamp("us", "UTC")),
        "list": pa.array([[1, None], [], None]),
    }
)


def test_pandas_and_back_keeps_every_value_and_null() -> None:
    assert frame_to_arrow(arrow_to_pandas(ROWS)).to_pylist() == ROWS.to_pylist()


def test_columns_without_nulls_have_pandas_own_types() -> None:
    frame = arrow_to_pandas(pa.table({"n": [1, 2], "x": [0.5, 1.5], "b": [True, False]}))
    assert [str(dtype) for dtype in frame.dtypes] == ["int64", "float64", "bool"]


def test_duplicate_and_odd_column_names_survive() -> None:
    table = pa.table([pa.array([1]), pa.array([2])], names=["a", "🎉 x"])
    assert list(arrow_to_pandas(table).columns) == ["a", "🎉 x"]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": [1, 2]}, index=[7, 9]),
        pl.DataFrame({"a": [1, 2]}),
        pl.LazyFrame({"a": [1, 2]}),
        pa.table({"a": [1, 2]}),
        pa.record_batch({"a": [1, 2]}),
        pa.table({"a": [1, 2]}).to_reader(),
    ],
    ids=lambda frame: type(frame).__name__,
)
def test_every_kind_of_frame_becomes_arrow(frame: Any) -> None:
    assert frame_to_arrow(frame).to_pydict() == {"a": [1, 2]}


def test_a_named_index_becomes_columns() -> None:
    grouped = pd.DataFrame({"k": ["x", "x", "y"], "n": [1, 2, 3]}).groupby("k").sum()
    assert frame_to_arrow(grouped).to_pydict() == {"k": ["x", "y"], "n": [3, 3]}


def test_what_is_no_frame_is_refused() -> None:
    with pytest.raises(TypeError, match="list is not a frame"):
        frame_to_arrow([1])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (float("inf"), "inf"),
        (Decimal("1.50"), "1.50"),
        (dt.datetime(2026, 1, 1, 2), "2026-01-01T02:00:00"),
        (dt.timedelta(hours=1), "1:00:00"),
        (b"\xaa", "qg=="),
        ({1: [Decimal(2)]}, {"1": ["2"]}),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_values_are_shown_as_json_can_hold_them(value: Any, shown: Any) -> None:
    assert json_value(value) == shown


def test_a_sample_has_five_rows() -> None:
    assert sample_rows(pa.table({"n": range(9)})) == tuple({"n": number} for number in range(5))


def test_moments_beyond_the_calendar_are_shown_as_text() -> None:
    endless = pa.array([2**63 - 1, 0], pa.int64()).cast(pa.timestamp("us"))
    days = pa.array([dt.date(2026, 1, 1), None], pa.date32())
    far = pa.array([2_932_897, None], pa.int32()).cast(pa.date32())
    table = pa.table({"at": endless, "day": days, "far": far, "list": pa.array([[0], None])})
    nested = pa.ListArray.from_arrays(pa.array([0, 1, 2]), endless)
    table = table.set_column(3, "list", nested)
    first, second = sample_rows(table)
    assert first == {"at": "infinity", "day": "2026-01-01", "far": "10000-01-01", "list": "[infinity]"}
    assert second == {
        "at": "1970-01-01T00:00:00",
        "day": None,
        "far": None,
        "list": ["1970-01-01T00:00:00"],
    }
    frame = arrow_to_pandas(table)
    assert frame_to_arrow(frame)["far"].cast(pa.int32()).to_pylist() == [2_932_897, None]
