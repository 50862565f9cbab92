"""A step that computes little of a large table copies none of its rows, and gives the same as if it did."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Run

from odibi_core.engines.base import Attempt, RunContext, Task
from odibi_core.engines.duckdb import plain_step, viewed
from odibi_core.engines.duckdb.datasets import TableDataset
from odibi_core.engines.duckdb.engine import DuckDBEngine, open_engine
from odibi_core.engines.duckdb.viewed import ViewDataset
from odibi_core.engines.operations import Query
from odibi_core.engines.registry import EngineSettings
from odibi_core.pipeline import Pipeline
from odibi_core.run_result import RunResult
from odibi_core.step import Step
from odibi_core.testing import function_step, sql_step
from odibi_core.workspace import Workspace

MADE = (
    "SELECT range AS id, range::INTEGER AS whole, range / 4 AS share, range::DECIMAL(9, 2) AS price, "
    "'n' || range % 3 AS name, DATE '2026-01-01' AS day FROM range(1000)"
)


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain_step, "MOST_ROWS", 0)
    monkeypatch.setattr(viewed, "LEAST_ROWS", 1)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    engine = open_engine(EngineSettings(tmp_path))
    yield engine
    engine.close()


def carried_out(
    engine: DuckDBEngine, folder: Path, sql: str, *taken: TableDataset, **settings: Any
) -> TableDataset:
    """What the engine makes of a step `more`, which takes a dataset as `made`, or nothing."""
    task = Task(
        "more", Query(sql, "duckdb"), {"made": "made"} if taken else {}, {"data": "more"}, True, **settings
    )
    context = RunContext("run", Workspace.find(folder), folder, folder / "rejects")
    (outcome,) = engine.run_region([task], dict(zip(["made"], taken, strict=False)), context, Attempt())
    dataset = outcome.outputs["data"]
    assert isinstance(dataset, TableDataset)
    assert outcome.row_count == dataset.row_count()
    return dataset


def in_full(
    run: Run, steps: list[Step] | Pipeline, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> RunResult:
    with monkeypatch.context() as patch:
        patch.setattr(viewed, "LEAST_ROWS", 1_000_000)
        return run(steps, **settings)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT *, whole * 2 AS twice FROM made",
        "select * , (Share + 1.5) / 3 as a, -id AS b ,price*price AS c from made\n",
        "SELECT *, id % 7 AS part, share AS again FROM made;",
    ],
)
def test_rows_are_not_copied(
    engine: DuckDBEngine, tmp_path: Path, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = carried_out(engine, tmp_path, MADE)
    more = carried_out(engine, tmp_path, sql, made)
    assert type(more) is ViewDataset
    monkeypatch.setattr(viewed, "LEAST_ROWS", 1_000_000)
    copied = carried_out(engine, tmp_path, sql, made)
    assert type(copied) is TableDataset
    assert more.schema == copied.schema
    assert more.arrow().equals(copied.arrow())
    assert more.snapshot() == copied.snapshot()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM made",
        "SELECT * FROM made WHERE id > 100",
        "select * from made where (Share between 10 and 240.5 or not whole<>3) and price is not null",
        "SELECT *, whole * 2 AS twice FROM made WHERE id % 7 != 0",
        "SELECT * FROM made WHERE id > 900",
        "SELECT *, whole * 2 AS twice FROM made WHERE id < 9",
        "SELECT * FROM made WHERE name <> 'n1'",
        "SELECT * FROM made WHERE day > current_date",
        "SELECT * FROM made WHERE random() < 2",
        "SELECT * FROM made WHERE id IN (1, 2) OR id > 2",
        "SELECT * FROM made WHERE id > 1 ORDER BY id",
        "SELECT id FROM made WHERE id > 1",
        "SELECT id, whole * 2 AS twice FROM made",
        "SELECT whole * 2 AS twice FROM made",
        "SELECT *, sqrt(whole) AS root FROM made",
        "SELECT *, random() AS luck FROM made",
        "SELECT *, day + 1 AS later FROM made",
        "SELECT *, 'x' AS word FROM made",
        "SELECT *, whole * 2 FROM made",
        "SELECT *, whole * 2 AS share FROM made",
        "SELECT *, whole * 2 AS a, whole * 3 AS A FROM made",
        "SELECT *, whole * 2 AS a, a * 3 AS b FROM made",
        "SELECT * EXCLUDE (id), whole * 2 AS twice FROM made",
        "SELECT *, CASE WHEN id > 1 THEN 1 END AS part FROM made",
        "SELECT DISTINCT *, whole * 2 AS twice FROM made",
        "SELECT *, whole * 2 AS twice FROM made ORDER BY id",
        "SELECT *, whole /* a */ * 2 AS twice FROM made",
        "SELECT *, whole * 1e3 AS many FROM made",
        "SELECT *, made.whole * 2 AS twice FROM made",
        "SELECT *, max(whole) OVER () AS most FROM made",
    ],
)
def test_all_else_is_a_table_of_its_own(engine: DuckDBEngine, tmp_path: Path, sql: str) -> None:
    made = carried_out(engine, tmp_path, MADE)
    assert type(carried_out(engine, tmp_path, sql, made)) is TableDataset


def test_a_step_may_ask_for_a_table(engine: DuckDBEngine, tmp_path: Path) -> None:
    made = carried_out(engine, tmp_path, MADE)
    sql = "SELECT *, whole * 2 AS twice FROM made"
    assert type(carried_out(engine, tmp_path, sql, made, wants_table=True)) is TableDataset


@pytest.mark.parametrize("first", ["table", "view"])
def test_the_rows_stay_until_nobody_needs_them(engine: DuckDBEngine, tmp_path: Path, first: str) -> None:
    def tables() -> list[Any]:
        with engine._session.cursor() as cursor:
            return cursor.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()

    made = carried_out(engine, tmp_path, MADE)
    one = carried_out(engine, tmp_path, "SELECT *, whole * 2 AS twice FROM made", made)
    some = carried_out(engine, tmp_path, "SELECT * FROM made WHERE id > 9", made)
    other = carried_out(engine, tmp_path, "SELECT *, whole * 3 AS thrice FROM made", some)
    for dataset in (made, one, some) if first == "table" else (some, one, made):
        engine.release(dataset)
    assert len(tables()) == 1
    assert other.arrow().column("thrice").to_pylist()[-1] == 2997
    engine.release(other)
    assert tables() == []


def chain() -> list[Step]:
    return [
        sql_step("made", MADE),
        sql_step("more", "SELECT *, whole * 2 AS twice, price * share AS cost FROM made", "made"),
        sql_step("most", "SELECT * FROM more WHERE id > 3", "more"),
        sql_step("again", "SELECT *, twice + id AS sum FROM most", "most"),
        sql_step("few", "SELECT id, twice, cost, sum FROM again WHERE twice > 1990 ORDER BY id", "again"),
        function_step("taken", lambda rows: rows.assign(all=rows["sum"] + rows["twice"]), "few"),
    ]


@pytest.mark.parametrize("keeps_data", [True, False])
def test_a_chain_gives_the_same(run: Run, monkeypatch: pytest.MonkeyPatch, keeps_data: bool) -> None:
    pipeline = Pipeline("p", chain(), settings={"profile": True, "tracking": "exact"})
    result = run(pipeline, keeps_data=keeps_data)
    expected = in_full(run, pipeline, monkeypatch, keeps_data=keeps_data)
    assert result.success, result.errors
    assert expected.success
    if keeps_data:
        assert type(result.data_map.dataset("more")) is ViewDataset
        assert type(result.data_map.dataset("again")) is ViewDataset
        assert type(expected.data_map.dataset("more")) is TableDataset
        for key in ("more", "most", "again", "few", "taken"):
            assert result.data_map[key].equals(expected.data_map[key])
    assert result.tracker is not None
    assert expected.tracker is not None
    told = zip(result.tracker.step_executions, expected.tracker.step_executions, strict=True)
    for ours, theirs in told:
        for said in ("output_snapshots", "schema_diff", "row_delta", "profiles", "duration_scope"):
            assert ours[said] == theirs[said], (ours["step_name"], said)


def test_views_stand_on_one_another_up_to_a_depth(engine: DuckDBEngine, tmp_path: Path) -> None:
    below = carried_out(engine, tmp_path, MADE)
    kinds = []
    for number in range(viewed.MOST_VIEWS + 2):
        below = carried_out(engine, tmp_path, f"SELECT *, id + {number} AS n{number} FROM made", below)
        kinds.append(type(below))
    assert kinds == [ViewDataset] * viewed.MOST_VIEWS + [TableDataset, ViewDataset]
    assert below.arrow().column("n9").to_pylist()[:2] == [9, 10]


def test_rows_that_a_step_leaves_out_fail_no_later_one(run: Run) -> None:
    many = (
        "SELECT range AS id, CASE WHEN range % 3 = 0 THEN 2000000000 ELSE 3 END::INTEGER AS big FROM range(9)"
    )
    steps = [
        sql_step("made", many),
        sql_step("good", "SELECT *, big * 5 AS b FROM made WHERE id % 3 <> 0", "made"),
        sql_step("read", "SELECT count(*) AS n FROM good WHERE b > 9", "good"),
    ]
    result = run(steps, tracking="exact")
    assert result.success, result.errors
    assert result.data_map["read"]["n"].tolist() == [6]


def test_materialize_has_the_step_make_a_table(run: Run) -> None:
    steps = chain()
    steps[1].params["materialize"] = True
    assert type(run(steps, tracking="exact").data_map.dataset("more")) is TableDataset


def test_a_step_that_fails_says_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [sql_step("made", MADE), sql_step("more", "SELECT *, whole * 3000000 AS far FROM made", "made")]
    result = run(steps, tracking="exact")
    expected = in_full(run, steps, monkeypatch, tracking="exact")
    assert str(result.errors["more"]) == str(expected.errors["more"])


def test_what_is_cached_comes_back(run: Run) -> None:
    first = run(chain(), tracking="exact", enable_cache=True)
    second = run(chain(), tracking="exact", enable_cache=True)
    assert first.success
    assert "more" in second.cached_nodes
    assert second.data_map["more"].equals(first.data_map["more"])


def test_texts_are_compared_as_before(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [
        sql_step("made", "SELECT range AS id, ('N' || range % 3) COLLATE NOCASE AS name FROM range(9)"),
        sql_step("more", "SELECT *, id * 2 AS twice FROM made", "made"),
        sql_step("found", "SELECT count(*) AS n FROM more WHERE name = 'n1'", "more"),
    ]
    result = run(steps, tracking="exact")
    expected = in_full(run, steps, monkeypatch, tracking="exact")
    assert result.data_map["found"].equals(expected.data_map["found"])
