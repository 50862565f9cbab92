"""Expectations on what steps make, on each engine."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.conftest import Run

from odibi_core.errors import PipelineInvalidError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType
from odibi_core.orchestrator import Orchestrator
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.quality.history import QualityHistory
from odibi_core.step import Step
from odibi_core.testing import EventRecorder, function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]

ORDERS = """\
id,customer,quantity,status,mail,day
1,ana,5,new,ana@x.org,2024-01-01
2,bo,-1,paid,bo@x.org,2024-01-02
2,cleo,7,lost,nobody,2024-01-03
4,,700,paid,dan@x.org,2024-01-04
5,eve,3,paid,,2024-01-05
"""
PEOPLE = "name,town\nana,Bonn\nbo,Lund\neve,Nice\n"


@pytest.fixture(autouse=True)
def files(make_file: MakeFile) -> None:
    """Orders, most of which break something, and people."""
    make_file("orders.csv", ORDERS)
    make_file("people.csv", PEOPLE)


def steps(*expectations: dict[str, Any]) -> list[Step]:
    """Orders are read, expected to be something, and written."""
    orders = sql_step("orders", "SELECT * FROM raw", "raw")
    orders.expectations = list(expectations)
    return [
        ingest_step("raw", "orders.csv"),
        ingest_step("people", "people.csv"),
        orders,
        store_step("save", "out/orders.parquet", "orders"),
    ]


def saved(workspace: Workspace) -> list[int]:
    """The ids of the orders that were written."""
    path = workspace.root / "out" / "orders.parquet"
    return [row[0] for row in duckdb.execute(f"SELECT id FROM '{path}'").fetchall()]


ROW_CHECKS: dict[str, tuple[dict[str, Any], list[int]]] = {
    "not_null": ({"check": "not_null", "columns": ["id", "customer"]}, [1, 2, 2, 5]),
    "unique": ({"check": "unique", "columns": "id"}, [1, 4, 5]),
    "unique together": ({"check": "unique", "columns": ["id", "customer"]}, [1, 2, 2, 4, 5]),
    "range": ({"check": "range", "column": "quantity", "min": 0, "max": 100}, [1, 2, 5]),
    "strict range": ({"check": "range", "column": "quantity", "min": 3, "strict": True}, [1, 2, 4]),
    "range of days": ({"check": "range", "column": "day", "min": "2024-01-03"}, [2, 4, 5]),
    "set": ({"check": "set", "column": "status", "values": ["new", "paid"]}, [1, 2, 4, 5]),
    "pattern": ({"check": "pattern", "column": "mail", "regex": r"[a-z]+@x\.org"}, [1, 2, 4, 5]),
    "foreign_key": (
        {"check": "foreign_key", "columns": "customer", "references": "people", "key": "name"},
        [1, 2, 4, 5],
    ),
    "condition": ({"check": "sql", "condition": "quantity > 0 AND customer <> 'eve'"}, [1, 2, 4]),
}


@pytest.mark.parametrize(("expectation", "left"), ROW_CHECKS.values(), ids=ROW_CHECKS)
def test_rows_that_offend_are_taken_out_and_kept_with_their_reason(
    run: Run, workspace: Workspace, expectation: dict[str, Any], left: list[int]
) -> None:
    bus = EventBus()
    recorder = EventRecorder(bus)
    result = run(steps({**expectation, "severity": "quarantine"}), event_bus=bus)
    assert result.success, result.errors
    assert sorted(saved(workspace)) == left
    gone = 5 - len(left)
    (checked,) = recorder.of(EventType.EXPECTATIONS_CHECKED)
    (found,) = checked["results"]
    assert found["state"] == ("quarantined" if gone else "passed")
    assert found["offending_rows"] == gone
    if not gone:
        return
    (event,) = recorder.of(EventType.ROWS_QUARANTINED)
    assert event["quarantined_rows"] == gone
    kept = duckdb.execute(f"SELECT * FROM '{event['path']}'")
    columns = [column[0] for column in kept.description or ()]
    assert columns == ["id", "customer", "quantity", "status", "mail", "day", "odibi_reasons"]
    assert {row[-1] for row in kept.fetchall()} == {found["name"]}
    assert any("set aside" in warning["message"] for warning in recorder.of(EventType.NODE_WARNING))


@pytest.mark.parametrize(
    "expectation",
    [
        *(expectation for name, (expectation, _) in ROW_CHECKS.items() if name != "unique together"),
        {"check": "row_count", "min": 6},
        {"check": "row_count", "max": 4},
        {"check": "freshness", "column": "day", "max_age": "24h"},
        {"check": "schema", "columns": {"id": "VARCHAR"}},
        {"check": "schema", "columns": {"id": None}, "exact": True},
        {"check": "sql", "query": "SELECT * FROM data WHERE quantity < 0"},
    ],
    ids=lambda expectation: "-".join(map(str, expectation.values())),
)
def test_a_step_that_is_not_as_expected_fails_and_nothing_after_it_is_written(
    run: Run, workspace: Workspace, expectation: dict[str, Any]
) -> None:
    result = run(steps(expectation))
    assert result.failed_nodes == ["orders"]
    assert result.skipped_nodes == ["save"]
    assert not (workspace.root / "out").exists()
    error = result.errors["orders"]
    assert error.what.startswith("its output is not as expected: ")
    assert str(expectation["check"]) in error.what
    assert error.fix


@pytest.mark.xdist_group("spark")
@pytest.mark.usefixtures("spark")
def test_every_kind_of_expectation_finds_the_same_on_spark(run: Run, workspace: Workspace) -> None:
    all_kinds = [
        *({**expectation, "severity": "warn"} for expectation, _ in ROW_CHECKS.values()),
        {"check": "sql", "query": "SELECT * FROM data WHERE quantity < 0", "severity": "warn"},
        {"check": "row_count", "max": 4, "severity": "warn"},
        {"check": "freshness", "column": "day", "max_age": "24h", "severity": "warn"},
        {"check": "schema", "columns": {"id": "VARCHAR"}, "severity": "warn"},
    ]
    found = {}
    for engine in ("pandas", "spark"):
        bus = EventBus()
        recorder = EventRecorder(bus)
        result = run(steps(*all_kinds), engine_type=engine, event_bus=bus)
        assert result.success, result.errors
        (checked,) = recorder.of(EventType.EXPECTATIONS_CHECKED)
        found[engine] = [(one["name"], one["state"], one["offending_rows"]) for one in checked["results"]]
    assert found["spark"] == found["pandas"]
    assert [state for _, state, _ in found["spark"]].count("warned") == len(all_kinds) - 1

    aside = [
        {**ROW_CHECKS[name][0], "severity": "quarantine"} for name in ("unique", "foreign_key", "pattern")
    ]
    shutil.rmtree(workspace.root / "out")
    assert run(steps(*aside), engine_type="spark").success
    assert sorted(saved(workspace)) == [1, 4, 5]
    (kept,) = workspace.runs.glob("*/rejects/orders.parquet")
    rows = duckdb.execute(f"SELECT customer, odibi_reasons FROM '{kept}' ORDER BY customer").fetchall()
    assert rows == [("bo", "unique(id)"), ("cleo", "unique(id); foreign_key(customer); pattern(mail)")]
    assert not run(steps(aside[0] | {"severity": "fail"}), engine_type="spark").success


def test_the_message_says_which_rows_how_many_and_how_to_mend_it(run: Run) -> None:
    expectation = {
        "check": "range",
        "column": "quantity",
        "min": 0,
        "max": 100,
        "description": "nobody orders more",
    }
    error = run(steps(expectation)).errors["orders"]
    assert error.what == (
        "its output is not as expected: range(quantity): 2 of 5 rows have quantity not between 0 and 100 "
        "(nobody orders more), such as {quantity: -1, id: 2, customer: bo, status: paid, …}, "
        "{quantity: 700, id: 4, customer: null, status: paid, …}"
    )
    assert "quarantine" in error.fix


@pytest.mark.parametrize(
    ("severity", "tolerance", "state", "words"),
    [
        ("fail", "40%", "warned", ", within the 40% that may"),
        ("fail", 0.39, "failed", ", more than the 39% that may"),
        ("warn", "40 %", "passed", ""),
        ("warn", "1%", "warned", ", more than the 1% that may"),
        ("quarantine", "0.5", "quarantined", ", within the 50% that may"),
        ("quarantine", 0.3, "failed", ", more than the 30% that may"),
        ("fail", 0, "failed", "not between 0 and 100"),
    ],
)
def test_a_share_of_the_rows_may_offend(
    run: Run, workspace: Workspace, severity: str, tolerance: object, state: str, words: str
) -> None:
    bus = EventBus()
    recorder = EventRecorder(bus)
    within = {"check": "range", "column": "quantity", "min": 0, "max": 100}
    result = run(steps({**within, "severity": severity, "tolerance": tolerance}), event_bus=bus)
    assert result.success == (state != "failed")
    (checked,) = recorder.of(EventType.EXPECTATIONS_CHECKED)
    (found,) = checked["results"]
    assert (found["state"], found["offending_rows"], found["rows"]) == (state, 2, 5)
    assert found["message"].endswith(words)
    if state == "failed":
        assert not (workspace.root / "out").exists()
    else:
        assert saved(workspace) == ([1, 2, 5] if state == "quarantined" else [1, 2, 2, 4, 5])


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"tolerance": "2 of 3"}, "'2 of 3' is no share; write it as 1% or 0.01"),
        ({"tolerance": 5}, "5 is more than all rows; for 5 in 100 write 5%"),
        ({"tolerance": "101%"}, "101% is more than all rows"),
        ({"mostly": 0.99}, "for mostly: 0.99 write tolerance: 1%"),
    ],
)
def test_a_tolerance_that_is_none_is_told(run: Run, said: dict[str, Any], what: str) -> None:
    with pytest.raises(PipelineInvalidError) as told:
        run(steps({"check": "not_null", "columns": "id", **said}))
    assert what in str(told.value)


def test_a_warning_is_told_and_the_run_goes_on(run: Run, workspace: Workspace) -> None:
    bus = EventBus()
    recorder = EventRecorder(bus)
    result = run(steps({"check": "not_null", "columns": ["customer"], "severity": "warn"}), event_bus=bus)
    assert result.success
    assert saved(workspace) == [1, 2, 2, 4, 5]
    (failed,) = recorder.of(EventType.EXPECTATION_FAILED)
    assert (failed["state"], failed["offending_rows"]) == ("warned", 1)
    (warning,) = recorder.of(EventType.NODE_WARNING)
    assert warning["message"] == "not_null(customer): 1 of 5 rows has no customer"


def test_all_expectations_of_a_step_cost_one_query_where_they_are_met(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from odibi_core.quality import inspector

    asked = []
    original = inspector._Look._query

    def counting(self: Any, sql: str, *rest: Any, **more: Any) -> Any:
        asked.append(sql)
        return original(self, sql, *rest, **more)

    monkeypatch.setattr(inspector._Look, "_query", counting)
    result = run(
        steps(
            {"check": "not_null", "columns": ["id"]},
            {"check": "unique", "columns": ["id", "customer"]},
            {"check": "range", "column": "id", "min": 0},
            {"check": "set", "column": "id", "values": [1, 2, 4, 5]},
            {"check": "row_count", "min": 1},
        )
    )
    assert result.success, result.errors
    assert len(asked) == 1


def test_rows_that_break_several_expectations_are_kept_once_with_every_reason(
    run: Run, workspace: Workspace
) -> None:
    bus = EventBus()
    recorder = EventRecorder(bus)
    aside = {"severity": "quarantine"}
    run(
        steps(
            {"check": "unique", "columns": ["id"], **aside},
            {"check": "range", "column": "quantity", "min": 0, "max": 100, **aside},
            {"check": "row_count", "min": 2},
        ),
        event_bus=bus,
    )
    (event,) = recorder.of(EventType.ROWS_QUARANTINED)
    assert event["reasons"] == {"unique(id)": 2, "range(quantity)": 2}
    reasons = duckdb.execute(f"SELECT id, odibi_reasons FROM '{event['path']}' ORDER BY quantity").fetchall()
    assert reasons == [(2, "unique(id); range(quantity)"), (2, "unique(id)"), (4, "range(quantity)")]
    assert saved(workspace) == [1, 5]


def test_the_number_of_rows_is_that_of_the_rows_that_stay(run: Run) -> None:
    result = run(
        steps(
            {"check": "unique", "columns": ["id"], "severity": "quarantine"},
            {"check": "row_count", "min": 4},
        )
    )
    assert "there are 3 rows, fewer than 4" in result.errors["orders"].what


def test_the_number_of_rows_is_compared_with_good_runs_alone(
    run: Run, workspace: Workspace, make_file: MakeFile
) -> None:
    like_before = {"check": "row_count", "history": 3, "tolerance": 0.2}
    for _ in range(2):
        assert run(steps(like_before)).success
    make_file("orders.csv", ORDERS.partition("2,cleo")[0])
    for _ in range(3):
        error = run(steps(like_before)).errors["orders"]
        assert "there are 2 rows, and the last 2 good runs had 5 as the median" in error.what
    history = QualityHistory(workspace)
    assert [result.state for result in history.results("pipeline", "orders")] == [
        *["failed"] * 3,
        *["passed"] * 2,
    ]
    (latest,) = history.latest("pipeline")
    assert latest.observed == {"good_runs": 2, "median": 5.0}
    error = run(steps(like_before | {"tolerance": "0.5%"})).errors["orders"]
    assert error.what.endswith("more than 0.5% away")


def test_the_number_of_rows_is_compared_with_runs_of_the_same_parameters(run: Run) -> None:
    made = steps({"check": "row_count", "history": 3, "tolerance": 0.2})
    made[2].value = "SELECT * FROM raw WHERE {status} = 'all' OR status = {status}"
    pipeline = Pipeline("p", made, {"status": Parameter("status", default="all")})
    assert run(pipeline).success
    assert run(pipeline, parameters={"status": "paid"}).success
    assert run(pipeline, parameters={"status": "paid", "date": "2024-01-01"}).success
    made[2].value = "SELECT * FROM raw WHERE id = 5"
    assert "had 3" in run(pipeline, parameters={"status": "paid"}).errors["orders"].what


@pytest.mark.parametrize(
    ("policy", "columns", "state"),
    [
        ("ignore", "id", "passed"),
        ("warn", "id", "warned"),
        ("fail", "*, 1 AS more", "failed"),
        ("evolve", "*, 1 AS more", "passed"),
        ("evolve", "* REPLACE (id::HUGEINT AS id)", "passed"),
        ("evolve", "* EXCLUDE (mail)", "failed"),
        ("evolve", "* REPLACE (id::VARCHAR AS id)", "failed"),
    ],
)
def test_columns_are_compared_with_the_last_good_run(run: Run, policy: str, columns: str, state: str) -> None:
    made = steps({"check": "schema_drift", "on_change": policy})
    assert run(made).success
    made[2].value = f"SELECT {columns} FROM raw"
    bus = EventBus()
    recorder = EventRecorder(bus)
    result = run(made, event_bus=bus)
    assert result.success is (state != "failed")
    (checked,) = recorder.of(EventType.EXPECTATIONS_CHECKED)
    assert checked["results"][0]["state"] == state


def test_fresh_data_pass_and_a_kept_result_that_grew_old_is_made_anew(
    run: Run, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    make_file("orders.csv", f"id,day\n1,{moment.isoformat(sep=' ')}\n")
    fresh = steps({"check": "freshness", "column": "day", "max_age": "1h"})
    assert run(fresh, enable_cache=True).success
    assert "orders" in run(fresh, enable_cache=True).cached_nodes

    from odibi_core.quality import inspector

    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    monkeypatch.setattr(inspector, "present", lambda: later)
    result = run(fresh, enable_cache=True)
    assert "2h" in result.errors["orders"].what


def test_a_kept_result_stays_without_the_rows_that_were_taken_out(run: Run, workspace: Workspace) -> None:
    aside = steps({"check": "unique", "columns": ["id"], "severity": "quarantine"})
    assert run(aside, enable_cache=True).success
    (workspace.root / "out" / "orders.parquet").unlink()
    bus = EventBus()
    recorder = EventRecorder(bus)
    again = run(aside, enable_cache=True, event_bus=bus)
    assert "orders" in again.cached_nodes
    assert saved(workspace) == [1, 4, 5]
    assert len(recorder.of(EventType.ROWS_QUARANTINED)) == 1


def test_a_run_that_is_resumed_goes_on_without_the_rows_that_were_taken_out(
    run: Run, workspace: Workspace, make_file: MakeFile
) -> None:
    made = steps({"check": "unique", "columns": ["id"], "severity": "quarantine"})
    made[2].layer, made[3].layer = "silver", "gold"
    block = make_file("out", "a file in the way")
    assert not run(made, enable_checkpoints=True).success
    block.unlink()
    resumed = run(made, resume_from_checkpoint=True)
    assert "orders" in resumed.cached_nodes
    assert saved(workspace) == [1, 4, 5]
    assert len(resumed.data_map["orders"]) == 3


def test_what_a_function_gives_is_looked_at_output_by_output(run: Run) -> None:
    def split(raw: Any) -> dict[str, Any]:
        return {"good": raw[raw.quantity > 0], "bad": raw[raw.quantity <= 0]}

    step = function_step("split", split, "raw", outputs=("good", "bad"))
    step.expectations = [
        {"check": "range", "column": "quantity", "min": 1},
        {"check": "row_count", "max": 0, "output": "bad"},
    ]
    error = run([ingest_step("raw", "orders.csv"), step]).errors["split"]
    assert "row_count: there is 1 row, more than 0" in error.what
    assert "range" not in error.what


def test_a_dataset_that_is_looked_into_is_made_before_and_held(run: Run) -> None:
    people = ingest_step("people", "people.csv")
    orders = ingest_step("orders", "orders.csv")
    orders.expectations = [
        {"check": "foreign_key", "columns": "customer", "references": "people", "key": "name"}
    ]
    planned = Orchestrator([orders, people]).plan()
    assert planned.waves == (("people",), ("orders",))
    assert "expectations" in planned.steps["orders"].reason
    assert "look into it" in Orchestrator([orders, people], tracking="fused").plan().steps["people"].reason
    result = run([orders, people], keeps_data=False)
    assert "1 of 5 rows has customer that is not in people" in result.errors["orders"].what


def test_rows_of_a_dataset_may_refer_to_each_other(run: Run, make_file: MakeFile) -> None:
    make_file("staff.csv", "id,boss\n1,\n2,1\n3,9\n")
    staff = ingest_step("staff", "staff.csv")
    staff.expectations = [{"check": "foreign_key", "columns": "boss", "references": "staff", "key": "id"}]
    assert "1 of 3 rows has boss that is not in staff" in run([staff]).errors["staff"].what


def test_a_step_that_gives_no_rows_is_told_once(run: Run) -> None:
    made = [
        ingest_step("raw", "orders.csv"),
        sql_step("none", "SELECT * FROM raw WHERE id > 100", "raw"),
        store_step("save", "none.csv", "none"),
    ]
    bus = EventBus()
    recorder = EventRecorder(bus)
    assert run(Pipeline("p", made, settings={"no_rows": "warn"}), event_bus=bus).success
    assert recorder.names(EventType.NO_ROWS) == ["none"]


WRONG: dict[str, tuple[Any, str]] = {
    "no mapping": ("not_null", "must be a mapping"),
    "no check": ({"columns": ["id"]}, "does not say what to check"),
    "unknown check": ({"check": "not_nul", "columns": ["id"]}, "did you mean 'not_null'"),
    "another tool's name": ({"check": "between", "column": "id", "min": 1}, "did you mean 'range'"),
    "unknown setting": ({"check": "range", "column": "id", "minimum": 1}, "did you mean 'min'"),
    "no bounds": ({"check": "range", "column": "id"}, "needs min, max or both"),
    "bounds crossed": ({"check": "range", "column": "id", "min": 3, "max": 1}, "min 3 is above max 1"),
    "no severity for a table": ({"check": "row_count", "min": 1, "severity": "quarantine"}, "severity"),
    "unknown column": ({"check": "not_null", "columns": "custmer"}, "did you mean 'customer'"),
    "unknown key": (
        {"check": "foreign_key", "columns": "customer", "references": "people", "key": "nam"},
        "did you mean 'name'",
    ),
    "unknown dataset": (
        {"check": "foreign_key", "columns": "customer", "references": "peple"},
        "did you mean 'people'",
    ),
    "broken pattern": ({"check": "pattern", "column": "mail", "regex": "("}, "is no regular expression"),
    "pattern of numbers": ({"check": "pattern", "column": "id", "regex": "1"}, "is BIGINT"),
    "no moment": ({"check": "freshness", "column": "id", "max_age": "1d"}, "is no moment"),
    "no span": ({"check": "freshness", "column": "day", "max_age": "soon"}, "no span of time"),
    "broken condition": ({"check": "sql", "condition": "quantit > 0"}, "quantit"),
    "query that takes out": (
        {"check": "sql", "query": "SELECT * FROM data", "severity": "quarantine"},
        "can't be taken out",
    ),
    "unknown output": ({"check": "row_count", "min": 1, "output": "dat"}, "did you mean 'data'"),
    "unknown placeholder": ({"check": "range", "column": "id", "min": "{lowest}"}, "stands for no parameter"),
}


@pytest.mark.parametrize(("expectation", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_before_anything_runs(
    workspace: Workspace, expectation: Any, told: str
) -> None:
    with pytest.raises(PipelineInvalidError) as raised:
        Orchestrator(steps(expectation), workspace=workspace).validate()
    assert told.casefold() in str(raised.value).casefold()
    assert "orders" in str(raised.value)


def test_a_step_that_makes_nothing_can_expect_nothing(workspace: Workspace) -> None:
    made = steps()
    made[3].expectations = [{"check": "row_count", "min": 1}]
    with pytest.raises(PipelineInvalidError, match="this one makes nothing"):
        Orchestrator(made, workspace=workspace).validate()


def test_placeholders_stand_in_expectations(run: Run) -> None:
    pipeline = Pipeline(
        "p",
        steps(
            {"check": "range", "column": "quantity", "max": "{most}", "severity": "warn"},
            {"check": "sql", "condition": "status <> {bad}"},
        ),
        {"most": Parameter("most", ParameterType.NUMBER, 1000), "bad": Parameter("bad", default="lost")},
    )
    error = run(pipeline).errors["orders"]
    assert "1 of 5 rows breaks status <> {bad}" in error.what
    assert "range" not in error.what


def test_an_expectation_that_can_not_be_looked_at_is_named(run: Run) -> None:
    made = steps({"check": "not_null", "columns": "id"}, {"check": "sql", "condition": "status::INTEGER > 0"})
    error = run(made).errors["orders"]
    assert "sql(status::INTEGER > 0) can't be looked at" in error.what
