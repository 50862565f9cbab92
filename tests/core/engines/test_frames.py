"""What frames look like to the engine: the short ways give what the long ways give."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.conftest import Run

from odibi_core.dataset import json_value, sample_rows
from odibi_core.engines.duckdb.arrow_types import arrow_columns, plain_schema
from odibi_core.engines.duckdb.datasets import FrameDataset
from odibi_core.engines.duckdb.session import Session
from odibi_core.plain_frame import first_rows, plain_columns, plain_table
from odibi_core.schema import Schema
from odibi_core.testing import function_step

PLAIN = {
    "flags": [True, False, True],
    "whole numbers": [1, 2, 3],
    "numbers": [1.5, float("nan"), float("inf")],
    "texts": ["a", None, "ç"],
    "": ["no", "name", "column"],
}
MORE = {
    "objects": pd.Series([b"a", b"b", b"c"], dtype="object"),
    "times": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"]),
    "categories": pd.Categorical(["x", "y", "x"]),
    "nullable": pd.array([1, None, 3], dtype="Int64"),
}


def test_a_plain_frame_becomes_what_arrow_makes_of_it() -> None:
    frame = pd.DataFrame(PLAIN)
    frame["small"] = frame["whole numbers"].astype("int16")
    frame["half"] = frame["numbers"].astype("float32")
    for some in (frame, frame.iloc[1:], frame.iloc[:0], frame[frame["flags"]]):
        columns = plain_columns(some)
        assert columns is not None
        table = pa.Table.from_pandas(some, preserve_index=False).replace_schema_metadata(None)
        assert plain_table(columns).equals(table)
        assert [
            {name: json_value(value) for name, value in row.items()} for row in first_rows(columns, 5)
        ] == list(sample_rows(table))
        assert plain_schema([column[:2] for column in columns[5:]]) == plain_schema(
            arrow_columns(table.select(range(5, table.num_columns)))
        )


@pytest.mark.parametrize("name", MORE)
def test_a_frame_with_other_columns_is_left_to_arrow(name: str) -> None:
    assert plain_columns(pd.DataFrame({**PLAIN, name: MORE[name]})) is None


def test_a_frame_that_was_given_other_names_has_those() -> None:
    frame = pd.DataFrame({"id": [1], "total": [2]})
    names = [column.name for column in plain_columns(frame) or ()]
    frame.columns = pd.Index(["total", "id"])
    renamed = [column.name for column in plain_columns(frame) or ()]
    added = [column.name for column in plain_columns(frame.assign(more=3)) or ()]
    assert (names, renamed, added) == (["id", "total"], ["total", "id"], ["total", "id", "more"])


@pytest.mark.parametrize("dtype", [">i8", "float16", "complex128"])
def test_numbers_that_duckdb_has_no_type_for_are_left_to_arrow(dtype: str) -> None:
    assert plain_columns(pd.DataFrame({"id": pd.Series([1, 2], dtype=dtype)})) is None


def test_a_frame_with_a_named_index_is_left_to_arrow() -> None:
    assert plain_columns(pd.DataFrame(PLAIN).set_index("texts")) is None


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(PLAIN),
        pd.DataFrame({**PLAIN, **MORE}),
        pl.DataFrame({"id": [1], "at": [b"x"], "name": ["a"]}),
        pa.table({"day": pa.array([1], pa.date32()), "at": pa.array([1], pa.timestamp("us"))}),
        pa.table({"at": pa.array([1], pa.timestamp("ns", "UTC")), "list": [[1, 2]]}),
        pa.table({"id": [1], "ID": [2]}),
        pa.table({str(kind): pa.array([], kind) for kind in (pa.int8(), pa.uint64(), pa.float32())}),
    ],
    ids=range(7),
)
def test_the_schema_of_a_frame_is_the_one_that_duckdb_reads(frame: Any, tmp_path: Path) -> None:
    session = Session(tmp_path)
    try:
        dataset = FrameDataset("rows", session, frame)
        relation = dataset.fragment().run(session.cursor())
        read = Schema.of(zip(relation.columns, map(str, relation.types), strict=True))
        assert dataset.schema == read
        assert dataset.snapshot().row_count == len(frame)
    finally:
        session.close()


def test_types_that_only_duckdb_knows_are_left_to_it() -> None:
    assert plain_schema(arrow_columns(pa.table({"list": [[1]]}))) is None


@pytest.mark.parametrize("extra", [{}, {"times": MORE["times"]}], ids=["plain", "other"])
def test_a_frame_that_its_function_changes_later_stays_as_it_was(
    extra: dict[str, Any], tmp_path: Path
) -> None:
    session = Session(tmp_path)
    try:
        frame = pd.DataFrame({"id": [1, 2, 3], **extra})
        dataset = FrameDataset("rows", session, frame)
        frame["id"] += 10
        frame.loc[0, "id"] = 99
        assert [row["id"] for row in dataset.snapshot().sample] == [1, 2, 3]
        assert dataset.arrow()["id"].to_pylist() == [1, 2, 3]
        assert dataset.pandas()["id"].tolist() == [1, 2, 3]
    finally:
        session.close()


def test_a_function_that_keeps_its_frame_and_changes_it_later_changes_nothing(run: Run) -> None:
    kept: list[pd.DataFrame] = []

    def keep() -> pd.DataFrame:
        kept.append(pd.DataFrame({"id": [1, 2, 3]}))
        return kept[0]

    def change(keep: pd.DataFrame) -> pd.DataFrame:
        kept[0].loc[0, "id"] = 99
        keep.loc[1, "id"] = 98
        return keep

    def again(change: pd.DataFrame) -> pd.DataFrame:
        change["id"] = 0
        return change

    steps = [
        function_step("keep", keep),
        function_step("change", change, "keep"),
        function_step("again", again, "change"),
    ]
    data = run(steps).data_map
    assert [data[key]["id"].tolist() for key in ("keep", "change", "again")] == [
        [1, 2, 3],
        [1, 98, 3],
        [0, 0, 0],
    ]


def test_a_frame_that_nobody_else_holds_is_not_copied(run: Run) -> None:
    given: list[weakref.ref[pd.DataFrame]] = []

    def make() -> pd.DataFrame:
        frame = pd.DataFrame({"id": [1, 2, 3]})
        given.append(weakref.ref(frame))
        return frame

    result = run([function_step("make", make)])
    assert result.data_map["make"]["id"].tolist() == [1, 2, 3]
    assert given[0]() is not None
