"""What a run notes of the values of what it makes, and of what it does not."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from odibi_core import Orchestrator, Pipeline, Step
from odibi_core.engines.duckdb import profiling
from odibi_core.engines.duckdb.datasets import FrameDataset
from odibi_core.engines.duckdb.profiling import _describe_few, _described
from odibi_core.engines.duckdb.session import Session
from odibi_core.health.columns import facts_select
from odibi_core.schema import Schema
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

ORDERS = (
    "id,amount,city,day\n1,5,Rome,2026-01-01\n2,20,Rome,2026-01-02\n3,,Oslo,2026-01-03\n4,30,,2026-01-04\n"
)


@pytest.fixture(autouse=True)
def orders(workspace: Workspace) -> None:
    (workspace.root / "orders.csv").write_text(ORDERS)


@st.composite
def plain_frames(draw: st.DrawFn) -> pd.DataFrame:
    """Frames of numbers, truth values and text, odd ones among them."""
    length = draw(st.integers(0, 6))
    kinds: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
        "INT": (np.int64, st.integers(-(2**63), 2**63 - 1)),
        "UINT": (np.uint64, st.integers(0, 2**64 - 1)),
        "TINY": (np.int8, st.integers(-128, 127)),
        "DOUBLE": (np.float64, st.floats()),
        "FLOAT": (np.float32, st.floats(width=32)),
        "BOOL": (np.bool_, st.booleans()),
        "TEXT": (
            "str",
            st.none() | st.text(st.characters(codec="utf-8"), max_size=4),
        ),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=6))
    names = draw(st.permutations(["a", "A", "", '"b"', "a_1", "é"]))
    columns = {}
    for number, kind in enumerate(chosen):
        dtype, values = kinds[kind]
        drawn = draw(st.lists(values, min_size=length, max_size=length))
        columns[names[number]] = pd.Series(drawn, dtype=dtype)
    return pd.DataFrame(columns)


def profiles(
    workspace: Workspace, steps: list[Step], tracking: str = "exact", **settings: Any
) -> dict[str, dict[str, Any]]:
    """Dataset → what the run's lineage says of its values."""
    pipeline = Pipeline("sales", steps, settings={"tracking": tracking, **settings})
    with Orchestrator(pipeline, workspace=workspace).execute() as result:
        assert result.success, result.errors
        lineage = json.loads((result.run_dir / "lineage.json").read_bytes())
    return {
        entry["outputs"][port]: profile
        for entry in lineage["steps"]
        for port, profile in entry["profiles"].items()
    }


def flow() -> list[Step]:
    return [
        ingest_step("orders", "orders.csv"),
        sql_step("kept", "SELECT * FROM orders WHERE id > 1", "orders"),
        store_step("save", "out.parquet", "kept"),
        sql_step("counted", "SELECT count(*) AS n FROM orders", "orders"),
    ]


def test_values_of_what_a_pipeline_gives_are_noted_and_of_nothing_else(workspace: Workspace) -> None:
    found = profiles(workspace, flow())
    assert set(found) == {"kept", "counted"}
    assert found["kept"]["row_count"] == 3
    columns = found["kept"]["columns"]
    assert columns["amount"] == {
        "nulls": 1, "distinct": 2, "is_estimated": False, "low": "20", "high": "30", "mean": 25.0,
        "shares": [float(number) for number in range(20, 31)], "is_moment": False,
        "frequent": [["20", 1], ["30", 1]],
    }  # fmt: skip
    assert (columns["city"]["nulls"], columns["city"]["frequent"]) == (1, [["Oslo", 1], ["Rome", 1]])
    assert (columns["day"]["low"], columns["day"]["is_moment"]) == ("2026-01-02", True)


def test_every_step_is_noted_where_it_is_asked_for_and_none_where_it_is_not_wanted(
    workspace: Workspace,
) -> None:
    assert set(profiles(workspace, flow(), profile=True)) == {"orders", "kept", "counted"}
    assert profiles(workspace, flow(), profile=False) == {}
    assert profiles(workspace, flow(), enable_tracker=True, profile=None) != {}


@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_each_of_many_columns_has_its_own_number_of_values(workspace: Workspace, tracking: str) -> None:
    columns = ", ".join(f"nullif(i % {modulo}, 0) AS c{modulo}" for modulo in range(1, 12))
    steps = [
        ingest_step("orders", "orders.csv"),
        sql_step("made", f"SELECT {columns} FROM orders, range(1000) AS numbers(i)", "orders"),
        store_step("save", "made.parquet", "made"),
    ]
    found = profiles(workspace, steps, tracking, profile=True)["made"]["columns"]
    assert {name: column["distinct"] for name, column in found.items()} == {
        f"c{modulo}": modulo - 1 for modulo in range(1, 12)
    }
    assert {name: len(column["frequent"]) for name, column in found.items()} == {
        f"c{modulo}": modulo - 1 for modulo in range(1, 12)
    }


def test_what_streams_is_noted_only_where_it_is_asked_for(workspace: Workspace) -> None:
    told = profiles(workspace, flow(), tracking="fused")
    assert told["kept"]["columns"] == {}
    assert told["kept"]["why"] == "its rows streamed on, and describing them would compute them once more"
    asked = profiles(workspace, flow(), tracking="fused", profile=True)
    assert asked["kept"]["columns"]["city"]["nulls"] == 1


def test_what_is_large_is_noted_only_where_it_is_asked_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiling, "MOST_VALUES", 11)
    told = profiles(workspace, flow())
    assert told["kept"]["why"] == "it has 12 values, and describing them would take a while"
    assert profiles(workspace, flow(), profile=True)["kept"]["columns"]


def test_many_results_are_noted_only_where_it_is_asked_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiling, "MOST_RESULTS", 1)
    told = profiles(workspace, flow())
    why = "the pipeline gives 2 results, and describing all would take a while"
    assert [(profile["why"], profile["columns"]) for profile in told.values()] == [(why, {}), (why, {})]
    assert profiles(workspace, flow(), profile=True)["counted"]["columns"]["n"]["mean"] == 4.0


def test_values_of_every_type_and_odd_ones_are_noted(workspace: Workspace) -> None:
    sql = """
    SELECT * FROM (VALUES
        ('a''b', 1.5::DECIMAL(9, 2), 'NaN'::DOUBLE, 'infinity'::TIMESTAMP, [], {'k': 1}, true, '\\x00'::BLOB),
        (NULL, NULL, 2.0, '2026-01-01'::TIMESTAMP, NULL, {'k': 2}, false, NULL)
    ) AS t("a ""column", d, f, m, l, s, b, x)
    """
    columns = profiles(workspace, [sql_step("odd", sql)])["odd"]["columns"]
    assert columns['a "column']["frequent"] == [["a'b", 1]]
    assert columns["f"]["mean"] == 2.0
    assert columns["m"]["shares"] is not None
    assert [columns[name]["distinct"] for name in "dlsbx"] == [1, 1, 2, 2, 1]


def test_an_empty_result_and_what_a_function_gives_are_noted(workspace: Workspace) -> None:
    def made(orders: pd.DataFrame) -> pd.DataFrame:
        return orders[["city"]]

    steps = [
        ingest_step("orders", "orders.csv"),
        sql_step("none", "SELECT * FROM orders WHERE id > 99", "orders"),
        Step("silver", "made", "function", "", made, inputs={"orders": "orders"}, outputs={"data": "made"}),
    ]
    found = profiles(workspace, steps)
    assert found["none"]["row_count"] == 0
    assert found["none"]["columns"]["amount"]["distinct"] == 0
    assert found["made"]["columns"]["city"]["nulls"] == 1


@settings(max_examples=200, deadline=None)
@given(frame=plain_frames())
def test_few_values_are_told_of_as_many_are(frame: pd.DataFrame) -> None:
    """Few are looked at in Python, and many by DuckDB."""
    session = Session(Path())
    dataset = FrameDataset("made", session, frame)
    few = _describe_few(dataset)
    if few is None:
        reject()
    with closing(session.cursor()) as cursor:
        many = _described(dataset, cursor)["columns"]
    session.close()
    for column, (name, facts) in zip(frame.columns, few.items(), strict=True):
        largest = np.max(np.abs(frame[column].dropna().to_numpy(float))) if facts["mean"] is not None else 0
        assert facts["shares"] is None or facts["shares"] == sorted(facts["shares"])
        for key in ("mean", "shares"):
            assert facts.pop(key) == pytest.approx(many[name].pop(key), rel=1e-12, abs=1e-12 * largest)
    assert few == many


def test_to_tell_of_few_values_loads_no_duckdb(workspace: Workspace) -> None:
    code = f"""
import sys, pandas
from odibi_core import Orchestrator, Step
def make(): return pandas.DataFrame({{"n": [1, 2]}})
step = Step("bronze", "make", "function", "", make, outputs={{"data": "made"}})
result = Orchestrator([step], "pandas", workspace={str(workspace.root)!r}).execute()
assert result.success, result.errors
assert result.tracker.step_executions[0]["profiles"]["data"]["columns"]["n"]["high"] == "2"
print("_duckdb" in sys.modules, "duckdb" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "False False", done.stderr


@pytest.mark.parametrize("profile", [None, True])
def test_what_can_not_be_described_fails_no_step(workspace: Workspace, profile: bool | None) -> None:
    """A frame without columns is none that DuckDB reads."""
    step = Step(
        "bronze", "make", "function", "", lambda: pd.DataFrame({"a": [1]})[[]], outputs={"data": "made"}
    )
    found = profiles(workspace, [step], profile=profile)
    assert "at least one column" in found["made"]["why"]


def test_a_wide_result_is_asked_for_few_columns_at_a_time(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def noted(schema: Schema, row_count: int) -> str:
        asked.append(len(schema))
        return facts_select(schema, row_count)

    monkeypatch.setattr("odibi_core.health.columns.facts_select", noted)
    many = range(2 * profiling.COLUMNS_AT_ONCE + 1)
    wide = ", ".join(f"id + {number} AS c{number}" for number in many)
    steps = [
        ingest_step("orders", "orders.csv"),
        sql_step("wide", f"SELECT {wide} FROM orders", "orders"),
        store_step("save", "wide.parquet", "wide"),
    ]
    columns = profiles(workspace, steps)["wide"]["columns"]
    assert asked == [profiling.COLUMNS_AT_ONCE, profiling.COLUMNS_AT_ONCE, 1]
    told = [(name, facts["low"], facts["distinct"], facts["mean"]) for name, facts in columns.items()]
    assert told == [(f"c{number}", str(1 + number), 4, 2.5 + number) for number in many]
    # What streams would be computed once more for each query.
    asked.clear()
    assert profiles(workspace, steps, "fused", profile=True)["wide"]["columns"].keys() == columns.keys()
    assert max(asked) == len(many)


def test_shares_of_up_to_100_000_rows_hold_exactly(workspace: Workspace) -> None:
    query = "SELECT (range * 7919) % 50001 AS n FROM range(50001)"
    columns = profiles(workspace, [sql_step("some", query)])["some"]["columns"]
    assert columns["n"]["shares"] == [5000.0 * tenth for tenth in range(11)]
    assert not columns["n"]["is_estimated"]


def test_many_rows_are_estimated(workspace: Workspace) -> None:
    columns = profiles(workspace, [sql_step("many", "SELECT range % 5000 AS n FROM range(150000)")])["many"][
        "columns"
    ]
    assert columns["n"]["is_estimated"]
    assert columns["n"]["distinct"] == pytest.approx(5000, rel=0.1)
    assert columns["n"]["frequent"] == []


def test_a_secret_is_hidden_in_what_is_noted(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline(
        "s", [sql_step("leak", "SELECT '${secret:KEY}' AS a")], settings={"tracking": "exact"}
    )
    with Orchestrator(pipeline, workspace=workspace, secrets={"KEY": "hush-hush-9"}).execute() as result:
        assert "hush-hush-9" not in (result.run_dir / "lineage.json").read_text()


def test_rows_that_were_put_into_quarantine_are_not_among_those_that_are_told_of(
    workspace: Workspace,
) -> None:
    steps = flow()
    steps[1].expectations = [{"check": "not_null", "columns": "city", "severity": "quarantine"}]
    assert profiles(workspace, steps)["kept"]["row_count"] == 2


def test_what_came_from_the_cache_still_tells_its_values(workspace: Workspace) -> None:
    first = profiles(workspace, flow(), enable_cache=True)
    assert Path(workspace.root / "cache").is_dir()
    assert profiles(workspace, flow(), enable_cache=True) == first
