"""What is told of results that stream through a region."""

from __future__ import annotations

from pathlib import Path

from odibi_core.dataset import CountScope
from odibi_core.engines.base import Attempt, RunContext, Task
from odibi_core.engines.duckdb.engine import open_engine
from odibi_core.engines.operations import Query, Scan, Write
from odibi_core.engines.registry import EngineSettings
from odibi_core.formats.base import WriteMode
from odibi_core.formats.registry import format_named
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.step import Step
from odibi_core.workspace import Workspace


def run(folder: Path, *queries: str) -> RunResult:
    steps = [
        Step("silver", f"s{number}", "sql", "", query, {}, {"rows": f"s{number - 1}"} if number else {})
        for number, query in enumerate(queries)
    ]
    for step in steps:
        step.outputs["data"] = step.name
    return Orchestrator(steps, tracking="fused", workspace=folder).execute()


def test_a_long_chain_has_the_columns_and_first_rows_of_every_step(tmp_path: Path) -> None:
    further = "SELECT id + 1 AS id, name FROM rows"
    result = run(tmp_path, "SELECT range AS id, 'x' AS name FROM range(5000)", *[further] * 149)
    assert result.success
    assert result.tracker is not None
    for number, step in enumerate(result.tracker.step_executions):
        after = step["after_snapshot"]
        assert after["schema"] == {"id": "BIGINT", "name": "VARCHAR"}
        assert after["row_count"] == 5000
        assert after["sample"] == [{"id": number + row, "name": "x"} for row in range(5)]


def test_a_step_that_only_fails_on_the_first_rows_has_no_sample_and_does_not_fail(tmp_path: Path) -> None:
    picky = (
        "SELECT *, CASE WHEN (SELECT count(*) FROM rows) < 5000 THEN error('too few') END AS note FROM rows"
    )
    result = run(
        tmp_path, "SELECT range AS id FROM range(5000)", picky, "SELECT id FROM rows WHERE note IS NULL"
    )
    assert result.success, result.errors
    assert result.tracker is not None
    after = result.tracker.step_executions[1]["after_snapshot"]
    assert after["row_count"] == 5000
    assert list(after["schema"]) == ["id", "note"]
    assert after["sample"] == []
    assert after["sample_scope"] == "the source's first rows alone fail"


def test_types_that_need_a_closer_look_are_sampled_too(tmp_path: Path) -> None:
    result = run(tmp_path, "SELECT TIMESTAMP '2024-01-01 10:00:00' AS at, [1, 2] AS list", "FROM rows")
    assert result.tracker is not None
    after = result.tracker.step_executions[0]["after_snapshot"]
    assert after["sample"] == [{"at": "2024-01-01T10:00:00", "list": [1, 2]}]


class LosesItsSource(Attempt):
    """An attempt at three steps whose source goes just before the write counts: it is read by then."""

    def __init__(self, source: Path) -> None:
        super().__init__()
        self._source, self._checks = source, 0

    def check(self) -> None:
        self._checks += 1
        if self._checks > 3:
            self._source.unlink(missing_ok=True)


def test_a_write_that_counts_is_not_undone_where_counting_fails(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text("n\n1\n2\n")
    csv, parquet = format_named("csv"), format_named("parquet")
    write = Write("o.parquet", "parquet", WriteMode.OVERWRITE, parquet.write_options())
    tasks = [
        Task("a", Scan("a.csv", "csv", csv.read_options()), {}, {"data": "a"}, is_kept=False),
        Task("b", Query("SELECT * FROM a WHERE n > 1", "duckdb"), {"a": "a"}, {"data": "b"}, is_kept=False),
        Task("c", write, {"data": "b"}, {}, is_kept=False),
    ]
    context = RunContext("run", Workspace.find(tmp_path), tmp_path / "scratch", tmp_path / "rejects")
    engine = open_engine(EngineSettings(tmp_path / "scratch"))
    first, _, last = engine.run_region(tasks, {}, context, LosesItsSource(source))
    assert last.row_count == 1
    (warning,) = last.warnings
    assert warning.startswith("row counts and samples of 'a', 'b' could not be taken: ")
    assert (first.row_count, first.row_count_scope) == (None, CountScope.UNKNOWN)
    assert first.outputs["data"].snapshot().sample_scope.startswith("could not be taken: ")
    engine.close()


def test_a_count_of_a_second_pass_says_so(tmp_path: Path) -> None:
    result = run(tmp_path, "SELECT range AS id FROM range(9)", "FROM rows WHERE id > 3", "FROM rows LIMIT 2")
    assert result.tracker is not None
    scopes = [step["after_snapshot"]["row_count_scope"] for step in result.tracker.step_executions]
    assert scopes == ["recounted", "recounted", "exact"]
