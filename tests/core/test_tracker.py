from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from odibi_core.dataset import CountScope, Dataset, Snapshot, sample_rows
from odibi_core.errors import OdibiError
from odibi_core.event_bus import EventBus
from odibi_core.pipeline import Pipeline
from odibi_core.schema import Schema
from odibi_core.secret_store import Redactor
from odibi_core.step import Step
from odibi_core.story.lineage import read_lineage
from odibi_core.tracker import Tracker


class ArrowDataset(Dataset):
    """Rows in memory."""

    def __init__(self, key: str, **columns: list[Any]) -> None:
        self.key = key
        self.table = pa.table(columns)
        self.snapshots_taken = 0

    @property
    def schema(self) -> Schema:
        return Schema.of((field.name, str(field.type)) for field in self.table.schema)

    def row_count(self) -> int:
        return int(self.table.num_rows)

    def arrow(self) -> pa.Table:
        return self.table

    def head(self, n: int) -> pa.Table:
        return self.table.slice(0, n)

    def snapshot(self) -> Snapshot:
        self.snapshots_taken += 1
        return Snapshot(self.schema, self.row_count(), CountScope.EXACT, sample_rows(self.table))

    def native(self) -> Any:
        return self.pandas()


class ReleasedDataset(ArrowDataset):
    """Its rows are gone before anyone looked."""

    def snapshot(self) -> Snapshot:
        raise RuntimeError("the connection is closed")


PIPELINE = Pipeline(
    "orders",
    [
        Step("bronze", "load", "config_op", "pandas", "orders.csv", outputs={"data": "raw"}),
        Step(
            "silver",
            "clean",
            "sql",
            "",
            "SELECT * FROM t",
            inputs={"t": "raw"},
            outputs={"data": "clean"},
        ),
        Step("gold", "save", "config_op", "pandas", "out.parquet", {"format": "parquet"}, {"data": "clean"}),
        Step("gold", "report", "function", "pandas", "reports.make", inputs={"data": "clean"}),
    ],
    description="What was ordered.",
)


@pytest.fixture
def tracker() -> Tracker:
    return Tracker(PIPELINE)


@pytest.fixture
def bus(tracker: Tracker) -> Iterator[EventBus]:
    bus = EventBus()
    bus.bind("orders", "run-1")
    bus.subscribe(tracker.observe)
    yield bus
    bus.close()


@pytest.fixture
def raw() -> ArrowDataset:
    return ArrowDataset("raw", id=list(range(10)), amount=[1.5] * 10, note=["x"] * 10)


@pytest.fixture
def clean() -> ArrowDataset:
    return ArrowDataset("clean", id=list(range(8)), amount=["1.50"] * 8, tax=[0.1] * 8)


def run_all(bus: EventBus, raw: Dataset, clean: Dataset) -> None:
    bus.emit(
        "pipeline_start", total_steps=4, engine="pandas", tracking="exact", parameters={"day": "2026-01-01"}
    )
    step = {"layer": "bronze", "step_name": "load"}
    bus.emit("node_start", **step, attempt=1)
    bus.emit("rows_rejected", **step, rejected_rows=2, reason="not a number", path="rejects/load.csv")
    bus.emit("node_warning", **step, message="2 rows were set aside")
    bus.emit("node_complete", **step, duration_ms=4.0, row_count=10, _inputs={}, _outputs={"data": raw})
    step = {"layer": "silver", "step_name": "clean"}
    bus.emit("node_start", **step)
    bus.emit("node_retry", **step, error_message="busy", retry_count=1, delay_s=0)
    bus.emit("node_start", **step)
    bus.emit(
        "node_complete",
        **step,
        duration_ms=9.0,
        duration_scope="region",
        region="r1",
        row_count=8,
        _inputs={"t": raw},
        _outputs={"data": clean},
    )
    step = {"layer": "gold", "step_name": "save"}
    bus.emit("node_start", **step)
    bus.emit(
        "node_complete", **step, duration_ms=1.0, row_count=7, written={"rows": 7}, _inputs={"data": clean}
    )
    bus.emit(
        "node_error", layer="gold", step_name="report", error_message="no", fix="see to it", retry_count=0
    )
    bus.emit("pipeline_error", error_message="no", failed_step="report")
    bus.emit("pipeline_complete", duration_ms=20.0, state="failed")


def executions(tracker: Tracker) -> dict[str, dict[str, Any]]:
    return {execution["step_name"]: execution for execution in tracker.step_executions}


def test_a_transform_tells_what_it_did_to_its_data(
    bus: EventBus, tracker: Tracker, raw: ArrowDataset, clean: ArrowDataset
) -> None:
    run_all(bus, raw, clean)
    done = executions(tracker)["clean"]
    assert done["before_snapshot"]["row_count"] == 10
    assert done["after_snapshot"]["row_count"] == 8
    assert len(done["after_snapshot"]["sample"]) == 5
    assert done["row_delta"] == -2
    assert done["schema_diff"] == {
        "added": {"tax": "double"},
        "removed": {"note": "string"},
        "changed": {"amount": {"from": "double", "to": "string"}},
    }
    assert (done["duration_ms"], done["duration_scope"], done["region"]) == (9.0, "region", "r1")
    assert (done["retry_count"], done["status"], done["engine"]) == (1, "success", "pandas")
    assert done["start_time"] <= done["end_time"]


def test_an_ingest_has_no_before_and_tells_its_rejected_rows(
    bus: EventBus, tracker: Tracker, raw: ArrowDataset, clean: ArrowDataset
) -> None:
    run_all(bus, raw, clean)
    done = executions(tracker)["load"]
    assert done["before_snapshot"] is None
    assert done["row_delta"] is None
    assert (done["rejected_rows"], done["rejects_path"]) == (2, "rejects/load.csv")
    assert done["warnings"] == ["2 rows were set aside"]


def test_a_store_tells_what_it_wrote(
    bus: EventBus, tracker: Tracker, raw: ArrowDataset, clean: ArrowDataset
) -> None:
    run_all(bus, raw, clean)
    done = executions(tracker)["save"]
    assert done["kind"] == "store"
    assert done["before_snapshot"]["row_count"] == 8
    assert done["after_snapshot"]["row_count"] == 7
    assert done["row_delta"] is None
    assert done["written"] == {"rows": 7}


def test_snapshots_are_taken_late_and_once(
    bus: EventBus, tracker: Tracker, raw: ArrowDataset, clean: ArrowDataset
) -> None:
    bus.emit("pipeline_start")
    bus.emit("node_complete", step_name="load", layer="bronze", _outputs={"data": raw})
    assert raw.snapshots_taken == 0
    tracker.settle()
    assert raw.snapshots_taken == 1
    assert executions(tracker)["load"]["after_snapshot"]["row_count"] == 10
    assert raw.snapshots_taken == 1


def test_a_snapshot_that_cannot_be_taken_is_a_warning_of_the_step(bus: EventBus, tracker: Tracker) -> None:
    bus.emit("pipeline_start")
    bus.emit("node_complete", step_name="load", layer="bronze", _outputs={"data": ReleasedDataset("raw")})
    (done,) = tracker.step_executions
    assert done["after_snapshot"] is None
    assert done["warnings"] == ["no snapshot of 'raw' could be taken: the connection is closed"]


def test_step_executions_are_the_steps_that_the_run_came_to(bus: EventBus, tracker: Tracker) -> None:
    bus.emit("pipeline_start")
    bus.emit("node_start", step_name="load", layer="bronze")
    bus.emit("node_cancelled", step_name="load", layer="bronze", reason="stopped")
    bus.emit("node_skipped", step_name="clean", layer="silver", reason="load was cancelled")
    assert [
        (each["step_name"], each["status"], each["skipped_reason"]) for each in tracker.step_executions
    ] == [
        ("load", "cancelled", "stopped"),
        ("clean", "skipped", "load was cancelled"),
    ]


def test_lineage_has_every_step_in_declared_order_and_the_edges_with_rows(
    bus: EventBus, tracker: Tracker, raw: ArrowDataset, clean: ArrowDataset, tmp_path: Path
) -> None:
    run_all(bus, raw, clean)
    written = json.loads(tracker.export_lineage(tmp_path / "lineage.json").read_bytes())
    assert [step["step_name"] for step in written["steps"]] == ["load", "clean", "save", "report"]
    assert written["edges"] == [
        {"from": "load", "to": "clean", "dataset": "raw", "row_count": 10},
        {"from": "clean", "to": "save", "dataset": "clean", "row_count": 8},
        {"from": "clean", "to": "report", "dataset": "clean", "row_count": 8},
    ]
    assert written | {"steps": [], "edges": [], "start_time": "", "end_time": ""} == {
        "format": 1,
        "pipeline_name": "orders",
        "execution_id": "run-1",
        "description": "What was ordered.",
        "state": "failed",
        "start_time": "",
        "end_time": "",
        "total_duration_ms": 20.0,
        "engine": "pandas",
        "tracking": "exact",
        "parameters": {"day": "2026-01-01"},
        "error": {"message": "no", "step": "report", "fix": "see to it"},
        "steps": [],
        "edges": [],
    }


def test_a_step_that_never_ran_is_pending_in_lineage(bus: EventBus, tracker: Tracker) -> None:
    bus.emit("pipeline_start")
    bus.emit("run_cancelled", reason="SIGINT", duration_ms=1)
    bus.emit("pipeline_complete", duration_ms=2, state="success")
    lineage = tracker.lineage()
    assert {step["status"] for step in lineage["steps"]} == {"pending"}
    assert lineage["state"] == "cancelled"
    assert lineage["edges"][0]["row_count"] is None


def test_a_story_can_read_the_lineage(
    bus: EventBus, tracker: Tracker, raw: ArrowDataset, clean: ArrowDataset, tmp_path: Path
) -> None:
    run_all(bus, raw, clean)
    lineage = read_lineage(tracker.export_lineage(tmp_path / "lineage.json"))
    assert lineage.steps[1].row_delta == -2
    assert lineage.steps[2].written_rows == 7


def test_a_function_is_told_by_its_name(tmp_path: Path) -> None:
    bus, tracker = EventBus(), Tracker(Pipeline("p", [Step("silver", "clean", "function", "", read_lineage)]))
    bus.subscribe(tracker.observe)
    bus.emit("pipeline_start")
    exported = json.loads(tracker.export_lineage(tmp_path / "lineage.json").read_text())
    assert exported["steps"][0]["value"] == "odibi_core.story.lineage.read_lineage"


def test_before_a_run_there_is_nothing_to_export(tracker: Tracker, tmp_path: Path) -> None:
    with pytest.raises(OdibiError, match="there is no run to tell of"):
        tracker.export_lineage(tmp_path / "lineage.json")
    assert not (tmp_path / "lineage.json").exists()


def test_attaching_a_pipeline_begins_anew(bus: EventBus, tracker: Tracker, raw: ArrowDataset) -> None:
    bus.emit("pipeline_start")
    bus.emit("node_complete", step_name="load", layer="bronze", _outputs={"data": raw})
    tracker.attach(Pipeline("other", [Step("bronze", "only", "sql", "", "SELECT 1")], engine="spark"))
    assert tracker.step_executions == []
    bus.bind("other", "run-2")
    bus.emit("pipeline_start")
    (step,) = tracker.lineage()["steps"]
    assert (step["step_name"], step["engine"]) == ("only", "spark")
    assert raw.snapshots_taken == 0


def test_without_a_pipeline_the_edges_follow_from_the_data(raw: ArrowDataset, clean: ArrowDataset) -> None:
    tracker, bus = Tracker(), EventBus()
    bus.bind("orders", "run-1")
    bus.subscribe(tracker.observe)
    run_all(bus, raw, clean)
    lineage = tracker.lineage()
    assert lineage["pipeline_name"] == "orders"
    assert [(edge["from"], edge["to"]) for edge in lineage["edges"]] == [("load", "clean"), ("clean", "save")]


def test_secrets_are_in_no_export(raw: ArrowDataset, tmp_path: Path) -> None:
    class Adapter:
        def __str__(self) -> str:
            return "x" * 190 + "hunter22-long"

    redactor = Redactor()
    step = Step(
        "silver", "load", "sql", "", "SELECT 'hunter22-long'", {"adapter": Adapter(), "n": float("nan")}
    )
    tracker, bus = Tracker(Pipeline("orders", [step]), redactor=redactor), EventBus()
    bus.subscribe(tracker.observe)
    redactor.add("hunter22-long")
    secret = ArrowDataset("raw", password=["hunter22-long"])
    bus.emit("pipeline_start", parameters={"token": "hunter22-long"})
    bus.emit("node_complete", step_name="load", layer="silver", _outputs={"data": secret})
    text = tracker.export_lineage(tmp_path / "lineage.json").read_text(encoding="utf-8")
    assert "hunter" not in text
    assert "NaN" not in text
    assert "hunter22" not in str([each["value"] for each in tracker.step_executions])
    assert step.value == "SELECT 'hunter22-long'"


def test_odd_names_survive_the_export(tmp_path: Path) -> None:
    name = 'a "b"\n\ud800🎉'
    tracker, bus = Tracker(Pipeline("orders", [Step("x", name, "sql", "", "SELECT 1")])), EventBus()
    bus.subscribe(tracker.observe)
    bus.emit("pipeline_start")
    written = json.loads(tracker.export_lineage(tmp_path / "lineage.json").read_bytes())
    assert written["steps"][0]["step_name"] == name


def test_many_threads_may_run_steps_while_one_reads() -> None:
    steps = [Step("x", f"step {n}", "sql", "", "SELECT 1", outputs={"data": f"key {n}"}) for n in range(800)]
    tracker, bus = Tracker(Pipeline("orders", steps)), EventBus()
    bus.subscribe(tracker.observe)
    bus.emit("pipeline_start")

    def run(numbers: range) -> None:
        for n in numbers:
            bus.emit("node_start", step_name=f"step {n}", layer="x")
            data = ArrowDataset(f"key {n}", n=[n])
            bus.emit("node_complete", step_name=f"step {n}", layer="x", _outputs={"data": data})

    threads = [threading.Thread(target=run, args=(range(start, 800, 4),)) for start in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert len(tracker.step_executions) <= 800
    for thread in threads:
        thread.join()
    done = executions(tracker)
    assert all(done[f"step {n}"]["after_snapshot"]["sample"] == [{"n": n}] for n in range(800))
