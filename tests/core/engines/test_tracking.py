"""What a run knows of every step is the same, whether steps run one by one or as one streaming query."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import Run

from odibi_core.step import Step
from odibi_core.testing import function_step, ingest_step, sql_step, store_step

EVERY_TYPE = """
    SELECT 1.50::DECIMAL(10,2) AS amount, 170141183460469231731687303715884105727::HUGEINT AS huge,
        TIMESTAMP '2024-01-01 10:00:00.5' AS moment, TIMESTAMPTZ '2024-01-01 10:00:00+00' AS instant,
        'inf'::DOUBLE AS infinite, 'nan'::FLOAT AS nothing, '\\xAA'::BLOB AS bytes, TIME '10:00' AS clock,
        {'a': 1.5, 'b': [1, 2]} AS struct, DATE '2024-01-01' AS day, '{"a": 1}'::JSON AS json,
        repeat('x', 300) AS long, NULL AS empty, MAP {'k': 1} AS map, 0.1::FLOAT AS small,
        9007199254740993 AS big, true AS "select", 'é"🎉' AS "a ""quoted"" name", 7 AS t
"""


def snapshots(steps: list[Step], run: Run, tracking: str, **settings_: Any) -> dict[str, Any]:
    result = run(steps, tracking=tracking, **settings_)
    assert result.success, result.errors
    assert result.tracker is not None
    return {execution["step_name"]: execution for execution in result.tracker.step_executions}


def test_samples_show_every_type_alike(run: Run) -> None:
    steps = [
        sql_step("made", EVERY_TYPE),
        sql_step("taken", "SELECT * FROM made", "made"),
        function_step("ended", _same, "taken"),
    ]
    exact, fused = (snapshots(steps, run, tracking) for tracking in ("exact", "fused"))
    for name in ("made", "taken"):
        one, other = exact[name]["after_snapshot"], fused[name]["after_snapshot"]
        assert repr(one["sample"]) == repr(other["sample"])
        assert one["schema"] == other["schema"]
    (row,) = exact["made"]["after_snapshot"]["sample"]
    assert row["amount"] == "1.50"
    assert row["huge"] == "170141183460469231731687303715884105727"
    assert row["big"] == 9007199254740993
    assert row["t"] == 7
    assert len(row["long"]) == 200


def test_plain_types_have_the_same_samples_held_and_streamed(run: Run) -> None:
    sql = "SELECT 2.50::DECIMAL(9,2) AS a, sum(3)::HUGEINT AS b, 'inf'::DOUBLE AS c, DATE '2024-02-29' AS t"
    steps = [sql_step("made", sql), sql_step("taken", "SELECT * FROM made", "made")]
    exact, fused = (snapshots(steps, run, tracking) for tracking in ("exact", "fused"))
    expected = [{"a": "2.50", "b": "3", "c": "inf", "t": "2024-02-29"}]
    for known in (exact, fused):
        assert [known[name]["after_snapshot"]["sample"] for name in ("made", "taken")] == [expected, expected]


def test_a_fused_region_says_so_of_its_durations(run: Run, sales: list[Step]) -> None:
    fused = snapshots(sales, run, "fused")
    assert {execution["duration_scope"] for execution in fused.values()} == {"region"}
    assert {execution["region"] for execution in fused.values()} == {"saved"}
    exact = snapshots(sales, run, "exact")
    assert {execution["duration_scope"] for execution in exact.values()} == {"step"}
    assert {name: execution["region"] for name, execution in exact.items()} == {name: name for name in exact}


@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_counts_deltas_and_schema_changes_of_every_step(run: Run, sales: list[Step], tracking: str) -> None:
    known = snapshots(sales, run, tracking)
    counts = {name: execution["after_snapshot"]["row_count"] for name, execution in known.items()}
    assert counts == {"orders": 4, "big": 2, "taxed": 2, "saved": 2}
    assert {name: execution["row_delta"] for name, execution in known.items()} == {
        "orders": None,
        "big": -2,
        "taxed": 0,
        "saved": None,
    }
    assert known["taxed"]["schema_diff"] == {
        "added": {"tax": "DOUBLE"},
        "removed": {"note": "VARCHAR"},
        "changed": {"amount": {"from": "BIGINT", "to": "INTEGER"}},
    }
    assert known["saved"]["written"]["rows"] == 2
    assert known["big"]["after_snapshot"]["sample"][0] == {"id": 2, "amount": 150, "note": "b"}


@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_no_rows_are_counted_as_none(run: Run, sales: list[Step], tracking: str) -> None:
    empty = [*sales[:1], sql_step("big", "SELECT * FROM orders WHERE amount > 1000000", "orders"), *sales[2:]]
    known = snapshots(empty, run, tracking)
    counts = {name: execution["after_snapshot"]["row_count"] for name, execution in known.items()}
    assert counts == {"orders": 4, "big": 0, "taxed": 0, "saved": 0}
    assert known["big"]["after_snapshot"]["sample"] == []


def test_a_limit_behind_a_step_does_not_change_its_count(run: Run, sales: list[Step]) -> None:
    steps = [sales[0], sql_step("first", "SELECT * FROM orders LIMIT 1", "orders")]
    for tracking in ("exact", "fused"):
        known = snapshots(steps, run, tracking)
        assert known["orders"]["after_snapshot"]["row_count"] == 4
        assert known["first"]["after_snapshot"]["row_count"] == 1


def _same(taken: Any) -> Any:
    return taken


@pytest.fixture
def sales(make_file: Any) -> list[Step]:
    make_file("orders.csv", "id,amount,note\n1,50,a\n2,150,b\n3,250,c\n4,100,d\n")
    return [
        ingest_step("orders", "orders.csv"),
        sql_step("big", "SELECT * FROM orders WHERE amount > 100", "orders"),
        sql_step(
            "taxed", "SELECT id, amount::INTEGER AS amount, amount * 0.1::DOUBLE AS tax FROM big", "big"
        ),
        store_step("saved", "out/taxed.parquet", "taxed"),
    ]
