"""Which steps stream as one query, where a region ends, and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from odibi_core.orchestrator import Orchestrator
from odibi_core.plan.model import Plan
from odibi_core.step import Step
from odibi_core.testing import function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace


@pytest.fixture
def plan(workspace: Workspace) -> Callable[..., Plan]:
    def make(*steps: Step, tracking: str = "fused") -> Plan:
        return Orchestrator(list(steps), workspace=workspace, tracking=tracking).plan()

    return make


@pytest.fixture
def source(workspace: Workspace) -> Step:
    (workspace.root / "a.csv").write_text("n\n1\n")
    return ingest_step("a", "a.csv")


def regions(plan: Plan) -> list[tuple[str, ...]]:
    return [region.steps for region in plan.regions]


def test_a_chain_to_a_store_is_one_region(plan: Callable[..., Plan], source: Step) -> None:
    made = plan(source, sql_step("b", "SELECT * FROM a", "a"), store_step("c", "o.csv", "b"))
    assert regions(made) == [("a", "b", "c")]
    assert made.steps["a"].reason == "streams into 'b'"
    assert not made.steps["b"].is_kept


def test_exact_tracking_makes_each_step_a_region(plan: Callable[..., Plan], source: Step) -> None:
    made = plan(source, sql_step("b", "SELECT * FROM a", "a"), tracking="exact")
    assert regions(made) == [("a",), ("b",)]


def test_small_sources_are_tracked_exactly_where_nobody_says(plan: Callable[..., Plan], source: Step) -> None:
    made = plan(source, sql_step("b", "SELECT * FROM a", "a"), tracking="auto")
    assert made.tracking == "exact"
    assert "MiB, little enough" in made.tracking_reason


def test_a_result_that_two_take_is_held(plan: Callable[..., Plan], source: Step) -> None:
    made = plan(
        source,
        sql_step("b", "SELECT * FROM a", "a"),
        sql_step("c", "SELECT * FROM b", "b"),
        sql_step("d", "SELECT * FROM b", "b"),
    )
    assert regions(made) == [("a", "b"), ("c",), ("d",)]
    assert made.steps["b"].reason == "2 steps take it: it is computed once"
    assert made.regions[1].needs == ("b",)


def test_functions_pivots_time_limits_and_wishes_end_a_region(
    plan: Callable[..., Plan], source: Step
) -> None:
    made = plan(
        source,
        function_step("f", lambda a: a, "a"),
        sql_step("g", "SELECT * FROM f", "f", materialize=True),
        sql_step("h", "SELECT * FROM g", "g", timeout_s=5),
        sql_step("i", "PIVOT h ON n USING count(*)", "h"),
        sql_step("j", "SELECT * FROM i", "i"),
    )
    assert regions(made) == [(name,) for name in "afghij"]
    reasons = {name: step.reason for name, step in made.steps.items()}
    assert reasons == {
        "a": "the function of 'f' needs a whole frame",
        "f": "a Python function gives a whole frame",
        "g": "the step asks for it: materialize is true",
        "h": "the pivot of 'i' finds its columns in the data",
        "i": "a pivot finds its columns in the data",
        "j": "no step takes it: it is a result of the run",
    }


def test_the_word_pivot_in_a_text_ends_nothing(plan: Callable[..., Plan], source: Step) -> None:
    sql = "SELECT 'pivot' AS word, n AS \"pivot\" FROM a -- pivot"
    made = plan(source, sql_step("b", sql, "a"), store_step("c", "o.csv", "b"))
    assert regions(made) == [("a", "b", "c")]


def test_rows_that_are_sent_are_held(plan: Callable[..., Plan], source: Step) -> None:
    sent = Step("publish", "sent", "config_op", "", "http://localhost:1/rows", {}, {"data": "b"})
    made = plan(source, sql_step("b", "SELECT * FROM a", "a"), sent)
    assert regions(made) == [("a", "b"), ("sent",)]
    assert made.steps["b"].reason == "rows that are sent must be the same at a retry"


def test_rows_drawn_by_chance_are_held(plan: Callable[..., Plan], source: Step) -> None:
    made = plan(
        source, sql_step("b", "SELECT * FROM a WHERE random() < 0.5", "a"), store_step("c", "o.csv", "b")
    )
    assert regions(made) == [("a", "b"), ("c",)]
    assert made.steps["b"].reason == "it gives other rows each time that it runs: it is computed once"


def test_a_region_holds_64_steps(plan: Callable[..., Plan]) -> None:
    steps = [sql_step("s0", "SELECT 1 AS n")]
    steps += [sql_step(f"s{i}", f"SELECT * FROM s{i - 1}", f"s{i - 1}") for i in range(1, 200)]
    made = plan(*steps)
    assert max(len(region.steps) for region in made.regions) == 32
    assert sum(len(region.steps) for region in made.regions) == 200


def test_columns_are_known_before_a_run(
    plan: Callable[..., Plan], source: Step, workspace: Workspace
) -> None:
    made = plan(
        source, sql_step("b", "SELECT n, n * 0.5::DOUBLE AS half FROM a", "a"), sql_step("c", "FROM b", "b")
    )
    schema = made.steps["c"].schemas["data"]
    assert schema is not None
    assert schema.as_dict() == {"n": "BIGINT", "half": "DOUBLE"}
    assert Path(workspace.root / ".odibi").exists() is False


def test_steps_that_share_a_parquet_file_read_what_they_need_of_it(
    plan: Callable[..., Plan], source: Step, workspace: Workspace
) -> None:
    duckdb.execute(f"COPY (SELECT 1 AS n) TO '{workspace.root / 'p.parquet'}'")
    takers = [sql_step(name, "SELECT n FROM p", "p") for name in "bcde"]
    made = plan(ingest_step("p", "p.parquet"), *takers[:2])
    assert regions(made) == [("p",), ("b",), ("c",)]
    assert (made.steps["p"].is_kept, made.steps["p"].reason) == (
        False,
        "2 steps take it: each reads what it needs of the file",
    )
    kept = "4 steps take it: it is computed once"
    assert plan(ingest_step("p", "p.parquet"), *takers).steps["p"].reason == kept
    assert plan(ingest_step("p", "p.parquet", materialize=True), *takers[:2]).steps["p"].is_kept
    for count in (1, 2):
        exact = plan(ingest_step("p", "p.parquet"), *takers[:count], tracking="exact").steps["p"]
        assert (exact.is_kept, exact.reason) == (
            False,
            "exact tracking copies no such file: its takers read it",
        )
    assert plan(ingest_step("p", "p.parquet"), *takers, tracking="exact").steps["p"].is_kept
