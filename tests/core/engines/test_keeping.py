"""Datasets that come back from disk as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from odibi_core import Orchestrator, RunResult, Step

TYPES = {
    "HUGEINT": "170141183460469231731687303715884105727",
    "UHUGEINT": "340282366920938463463374607431768211455",
    "UBIGINT": "18446744073709551615",
    "DECIMAL(38,10)": "'1234567890123456789012345678.0123456789'",
    "DOUBLE": "'NaN'",
    "FLOAT": "'-Infinity'",
    "INTERVAL": "'1 year 2 months 3 days 04:05:06.000007'",
    "TIMESTAMP": "'2026-01-02 03:04:05.678901'",
    "TIMESTAMP_S": "'2026-01-02 03:04:05'",
    "TIMESTAMP_MS": "'2026-01-02 03:04:05.678'",
    "TIMESTAMP_NS": "'2026-01-02 03:04:05.678901234'",
    "TIMESTAMP WITH TIME ZONE": "'2026-01-02 03:04:05+02'",
    "DATE": "'9999-12-31'",
    "TIME": "'23:59:59.999999'",
    "TIME WITH TIME ZONE": "'12:00:00+05:30'",
    "BIT": "'0101'",
    "BLOB": "'\\xAA\\x00'",
    "UUID": "'00000000-0000-0000-0000-0000000000ff'",
    "ENUM('a b', 'c')": "'a b'",
    "INTEGER[3]": "[1, NULL, 3]",
    'STRUCT("HUGE INT" INTEGER, b VARCHAR[])': "{'HUGE INT': 1, 'b': ['x', NULL]}",
    "MAP(VARCHAR, DATE)": "MAP {'x': DATE '2026-01-01'}",
}


def run_twice(workspace: Path, step: Step) -> tuple[RunResult, RunResult]:
    (workspace / "one.csv").write_text("x\n1\n")
    steps = [Step("ingest", "load", "config_op", "pandas", "one.csv", outputs={"data": "one"}), step]
    first, second = (
        Orchestrator(steps, workspace=workspace, enable_cache=True, tracking="exact").execute()
        for _ in range(2)
    )
    assert first.success, first.errors
    return first, second


def sql(text: str) -> Step:
    return Step("t", "make", "sql", "pandas", text, inputs={"one": "one"}, outputs={"data": "made"})


@pytest.mark.parametrize("kind", TYPES)
def test_a_value_of_every_type_comes_back(tmp_path: Path, kind: str) -> None:
    first, second = run_twice(
        tmp_path, sql(f'SELECT {TYPES[kind]}::{kind} AS "a b", NULL::{kind} AS n FROM one')
    )
    assert second.nodes_executed == 0
    old, new = first.data_map.dataset("made"), second.data_map.dataset("made")
    assert new.schema == old.schema
    assert new.snapshot() == old.snapshot()
    assert new.arrow().schema == old.arrow().schema
    assert str(new.arrow().to_pylist()) == str(old.arrow().to_pylist())


def test_a_type_that_parquet_would_change_is_not_kept(tmp_path: Path) -> None:
    _, second = run_twice(tmp_path, sql("SELECT {'a': 1::HUGEINT} AS nested FROM one"))
    assert second.cached_nodes == ["load"]


FRAMES: dict[str, Callable[[], Any]] = {
    "categories": lambda: pd.DataFrame({"c": pd.Categorical(["b", "a", None], categories=["b", "a", "z"])}),
    "nullable": lambda: pd.DataFrame({"n": pd.array([1, None, 2**53 + 1], dtype="Int64")}),
    "objects": lambda: pd.DataFrame({"o": pd.Series(["a", None, "c"], dtype=object)}),
    "floats": lambda: pd.DataFrame({"f": [1.5, float("nan"), float("inf")]}),
    "times": lambda: pd.DataFrame(
        {"t": pd.DatetimeIndex(["2026-01-01", pd.NaT]).tz_localize("Europe/Berlin")}
    ),
    "odd names": lambda: pd.DataFrame([[1, 2]], columns=["select", 'a"b.c']),
    "no rows": lambda: pd.DataFrame({"a": pd.Series(dtype="int32")}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_pandas_frame_comes_back_with_its_types(tmp_path: Path, name: str) -> None:
    build = FRAMES[name]

    def make(one: pd.DataFrame) -> pd.DataFrame:
        frame: pd.DataFrame = build()
        return frame

    step = Step("t", "make", "function", "pandas", make, inputs={"one": "one"}, outputs={"data": "made"})
    first, second = run_twice(tmp_path, step)
    assert second.nodes_executed == 0
    pd.testing.assert_frame_equal(second.data_map["made"], first.data_map["made"])
    assert second.data_map.dataset("made").snapshot() == first.data_map.dataset("made").snapshot()


def test_polars_and_arrow_frames_come_back(tmp_path: Path) -> None:
    def as_polars(one: pl.DataFrame) -> pl.DataFrame:
        return one.with_columns(pl.Series("c", ["x"], dtype=pl.Categorical), pl.lit([1, 2]).alias("l"))

    def as_arrow(one: pa.Table) -> pa.Table:
        return one.append_column("d", pa.array(["x"]).dictionary_encode())

    for function in (as_polars, as_arrow):
        step = Step(
            "t", "make", "function", "pandas", function, inputs={"one": "one"}, outputs={"data": "made"}
        )
        first, second = run_twice(tmp_path, step)
        assert second.nodes_executed == 0
        old, new = first.data_map.dataset("made"), second.data_map.dataset("made")
        assert new.polars().equals(old.polars())
        assert new.schema == old.schema
