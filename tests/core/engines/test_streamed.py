"""What is told of results that stream through a region."""

from __future__ import annotations

from pathlib import Path

from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.step import Step


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
