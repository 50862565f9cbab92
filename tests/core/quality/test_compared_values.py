"""Values that are compared: keys of other types, moments without end, numbers that are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.conftest import Run

from odibi_core.errors import PipelineInvalidError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType
from odibi_core.expectations.results import ResultState
from odibi_core.orchestrator import Orchestrator
from odibi_core.quality.history import QualityHistory
from odibi_core.quality.quarantine import Quarantine
from odibi_core.step import Step
from odibi_core.testing import EventRecorder, function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]


def unchanged(rows: Any) -> Any:
    """What it takes; the plan can't tell its columns."""
    return rows


def made(sql: str, *expectations: dict[str, Any]) -> list[Step]:
    """One SELECT over the file `rows.csv`, of which something is expected."""
    step = sql_step("made", sql, "raw")
    step.expectations = list(expectations)
    return [ingest_step("raw", "rows.csv"), step]


@pytest.fixture(autouse=True)
def rows(make_file: MakeFile) -> None:
    """A file of three rows."""
    make_file("rows.csv", "id,code\n1,1\n2,2\n3,9\n")


def with_keys(type_: str, severity: str = "quarantine", *, is_known: bool = True) -> list[Step]:
    """Rows whose codes are looked for among keys of a type."""
    keys = sql_step("keys", "SELECT * FROM read", "read")
    if not is_known:
        keys = function_step("keys", unchanged, "read")
    steps = made(
        "SELECT id, CAST(code AS BIGINT) AS code FROM raw",
        {
            "check": "foreign_key",
            "columns": "code",
            "references": "keys",
            "key": "key",
            "severity": severity,
        },
        {"check": "unique", "columns": "id"},
    )
    read = ingest_step("read", "keys.csv", schema={"key": type_})
    return [*steps, read, keys, store_step("save", "out/made.parquet", "made")]


def test_keys_of_another_type_double_no_row(run: Run, workspace: Workspace, make_file: MakeFile) -> None:
    make_file("keys.csv", "key\n1.0\n1.00\n2.0\n8.7\n")
    for type_ in ("DOUBLE", "DECIMAL(9,2)"):
        result = run(with_keys(type_))
        assert result.success, result.errors
        path = workspace.root / "out" / "made.parquet"
        assert duckdb.execute(f"SELECT id FROM '{path}' ORDER BY id").fetchall() == [(1,), (2,)]


def test_keys_of_another_kind_are_refused_by_the_name_of_the_column(
    run: Run, workspace: Workspace, make_file: MakeFile
) -> None:
    make_file("keys.csv", "key\n01\n1\n2\nx\n")
    told = "'code' is BIGINT, and 'key' of 'keys' is VARCHAR"
    with pytest.raises(PipelineInvalidError, match=told):
        Orchestrator(with_keys("VARCHAR"), workspace=workspace).validate()
    error = run(with_keys("VARCHAR", is_known=False)).errors["made"]
    assert told in error.what
    assert "cast one in its step" in error.fix


def test_a_key_that_only_a_run_can_miss_is_named(run: Run, make_file: MakeFile) -> None:
    make_file("keys.csv", "kee\n1\n")
    steps = with_keys("BIGINT", is_known=False)
    steps[2].params = {}
    error = run(steps).errors["made"]
    assert "there is no column 'key' in 'keys'" in error.what
    assert "kee" in error.fix


def test_an_output_may_look_into_another_of_its_step(run: Run) -> None:
    def parts(raw: Any) -> dict[str, Any]:
        return {"orders": raw, "known": raw[raw.id < 3]}

    step = function_step("parts", parts, "raw", outputs=("orders", "known"))
    key = {"check": "foreign_key", "columns": "id", "references": "known", "output": "orders"}
    step.expectations = [key]
    error = run([ingest_step("raw", "rows.csv"), step]).errors["parts"]
    assert "1 of 3 rows has id that is not in known" in error.what


@pytest.mark.parametrize("type_", ["TIMESTAMP", "DATE", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS"])
def test_moments_without_end_tell_of_no_data(run: Run, type_: str) -> None:
    fresh = {"check": "freshness", "column": "day", "max_age": "2d"}
    days = (
        f"SELECT CAST(CASE id WHEN 1 THEN '2024-01-01' WHEN 2 THEN 'infinity' END AS {type_}) AS day FROM raw"
    )
    assert "the latest 'day' is 2024-01-01" in run(made(days, fresh)).errors["made"].what
    error = run(made(f"SELECT CAST('infinity' AS {type_}) AS day FROM raw", fresh)).errors["made"]
    assert "there is no moment in 'day'" in error.what


def test_a_moment_that_only_a_run_finds_to_be_text_is_told(run: Run, make_file: MakeFile) -> None:
    make_file("days.csv", "day\n2024-01-01\n")
    step = function_step("made", unchanged, "days")
    step.expectations = [{"check": "freshness", "column": "day", "max_age": "2d"}]
    error = run([ingest_step("days", "days.csv", schema={"day": "VARCHAR"}), step]).errors["made"]
    assert "'day' is VARCHAR, which is no moment" in error.what
    assert "CAST(day AS TIMESTAMP)" in error.fix


def test_a_number_that_is_none_is_out_of_every_range(run: Run) -> None:
    sql = "SELECT id, CASE id WHEN 1 THEN 'nan' WHEN 2 THEN 'inf' ELSE '5' END::DOUBLE AS number FROM raw"
    low = {"check": "range", "column": "number", "min": 0}
    assert "range(number): 1 of 3 rows" in run(made(sql, low)).errors["made"].what
    high = {"check": "range", "column": "number", "max": float("inf")}
    assert "range(number): 1 of 3 rows" in run(made(sql, high)).errors["made"].what


def test_nested_types_are_compared_as_they_are_spelled(run: Run, workspace: Workspace) -> None:
    sql = "SELECT {'a': 1, 'b': id} AS pair, ['x'] AS list, 'a'::ENUM('a','b') AS e FROM raw"
    columns = {"pair": "struct(a int, b bigint)", "list": "text[]", "e": "ENUM('a','b')"}
    result = run(made(sql, {"check": "schema", "columns": columns}))
    assert result.success, result.errors
    wrong = run(made(sql, {"check": "schema", "columns": {"pair": "STRUCT(a BIGINT)"}})).errors["made"]
    assert "'pair' is STRUCT(a INTEGER, b BIGINT), not STRUCT(a BIGINT)" in wrong.what
    misspelt = run(made(sql, {"check": "schema", "columns": {"e": "bignt"}})).errors["made"]
    assert "there is no type 'bignt', which 'e' should be" in misspelt.what
    assert "did you mean 'BIGINT'" in misspelt.fix


def test_numbers_are_no_values_of_texts(workspace: Workspace) -> None:
    steps = made(
        "SELECT CAST(code AS VARCHAR) AS code FROM raw", {"check": "set", "column": "code", "values": [1]}
    )
    with pytest.raises(PipelineInvalidError, match="there are numbers among its values"):
        Orchestrator(steps, workspace=workspace).validate()


def test_a_query_may_end_as_statements_do(run: Run, workspace: Workspace) -> None:
    query = {"check": "sql", "query": "SELECT * FROM data WHERE id > 2;\n"}
    assert "1 of 3 rows was found" in run(made("SELECT * FROM raw", query)).errors["made"].what
    two = {"check": "sql", "query": "SELECT * FROM data; SELECT 1"}
    with pytest.raises(PipelineInvalidError, match="more than one statement"):
        Orchestrator(made("SELECT * FROM raw", two), workspace=workspace).validate()


def test_the_age_is_that_of_the_rows_that_stay(run: Run, workspace: Workspace) -> None:
    sql = "SELECT id, CASE id WHEN 3 THEN '2099-01-01' ELSE '2020-01-01' END::TIMESTAMP AS moment FROM raw"
    late = {"check": "range", "column": "moment", "max": "2030-01-01", "severity": "quarantine"}
    error = run(made(sql, late, {"check": "freshness", "column": "moment", "max_age": "2d"})).errors["made"]
    assert "the latest 'moment' is 2020-01-01" in error.what
    (found,) = QualityHistory(workspace).results(name="freshness(moment)")
    assert found.observed["latest"].startswith("2020")


BREAKS: dict[str, dict[str, Any]] = {
    "a row": {"check": "not_null", "columns": "code"},
    "the rows that stay": {"check": "row_count", "min": 3},
}


@pytest.mark.parametrize("other", BREAKS.values(), ids=BREAKS)
def test_nothing_is_set_aside_where_another_expectation_fails_the_step(
    run: Run, workspace: Workspace, other: dict[str, Any]
) -> None:
    low = {"check": "range", "column": "id", "min": 2, "severity": "quarantine"}
    bus = EventBus()
    recorder = EventRecorder(bus)
    sql = "SELECT id, nullif(code, 9) AS code FROM raw"
    result = run(made(sql, low, other), event_bus=bus)
    assert result.failed_nodes == ["made"]
    assert recorder.of(EventType.ROWS_QUARANTINED) == []
    assert Quarantine(workspace).sets() == []
    assert list(workspace.runs.rglob("rejects/*")) == []
    (found,) = QualityHistory(workspace).results(name="range(id)")
    assert (found.state, found.offending_rows) == (ResultState.UNMET, 1)
    failed = recorder.of(EventType.EXPECTATIONS_CHECKED)[0]["outputs"]
    assert failed["data"]["row_count"] == 3


def test_nothing_is_set_aside_where_another_output_fails_the_step(run: Run, workspace: Workspace) -> None:
    def parts(raw: Any) -> dict[str, Any]:
        return {"low": raw, "high": raw}

    step = function_step("parts", parts, "raw", outputs=("low", "high"))
    step.expectations = [
        {"check": "range", "column": "id", "min": 2, "severity": "quarantine"},
        {"check": "row_count", "min": 4, "output": "high"},
    ]
    assert run([ingest_step("raw", "rows.csv"), step]).failed_nodes == ["parts"]
    assert Quarantine(workspace).sets() == []
    assert list(workspace.runs.rglob("rejects/*")) == []


def test_columns_of_quarantined_rows_are_no_columns_of_the_data(run: Run, workspace: Workspace) -> None:
    low = {"check": "range", "column": "id", "min": 2, "severity": "quarantine"}
    with pytest.raises(PipelineInvalidError, match="'odibi_reasons' is a column that rows get"):
        Orchestrator(made("SELECT *, 'x' AS odibi_reasons FROM raw", low), workspace=workspace).validate()
    assert run(made("SELECT *, 'x' AS odibi_reasons FROM raw", {**low, "severity": "warn"})).success
