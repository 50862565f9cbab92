"""The pipelines that users already have run unchanged, and give these values."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from tests.conftest import Run

from odibi_core.checkpoint_manager import CheckpointMode
from odibi_core.design.yaml_form import dump_yaml, load_yaml
from odibi_core.event_bus import EventBus, EventPriority
from odibi_core.metrics_manager import MetricsManager
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_core.story_generator import StoryGenerator

MakeFile = Callable[[str, str | bytes], Path]

FIRST_PIPELINE = Path(__file__).with_name("first_pipeline.txt")


def run_script(folder: Path) -> subprocess.CompletedProcess[str]:
    core = Path(sys.modules["odibi_core"].__file__ or "").parents[1]
    return subprocess.run(
        [sys.executable, "-W", "error", str(FIRST_PIPELINE)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(core), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_first_pipeline_runs_unchanged(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sales.csv").write_text("id,amount\n1,50\n2,150.5\n3,\n4,100\n5,1000\n")
    for _ in range(2):
        done = run_script(tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == "✅ Pipeline completed: True\n📊 Story generated: story.html\n"
        table = pq.read_table(tmp_path / "output" / "sales_processed.parquet")
        assert table.to_pydict() == {
            "id": [2, 5],
            "amount": [150.5, 1000.0],
            "tax": pytest.approx([15.05, 100.0]),
        }
    lineage = json.loads((tmp_path / "lineage.json").read_text())
    assert [step["step_name"] for step in lineage["steps"]] == [
        "read_sales_csv",
        "filter_high_value",
        "add_tax",
        "save_parquet",
    ]
    assert "filter_high_value" in (tmp_path / "story.html").read_text()


CUSTOMERS = """customer_id,name,email,age,status
1, ada ,ADA@EXAMPLE.COM,36,active
1,ada,ada@example.com,37,active
2,grace,grace@example.com,45,inactive
3,nobody,,20,active
,ghost,ghost@example.com,99,active
4,élan,Elan@Example.com,,active
"""


def medallion() -> list[Step]:
    def step(layer: str, name: str, kind: str, value: str, **more: Any) -> Step:
        return Step(layer=layer, name=name, type=kind, engine="pandas", value=value, **more)

    delta = {"format": "delta", "mode": "overwrite"}
    return [
        step("bronze", "ingest_customers", "config_op", "data/raw/customers.csv",
             params={"source_type": "csv", "header": True}, outputs={"data": "raw_customers"}),
        step("bronze", "save_bronze_customers", "config_op", "data/bronze/customers",
             params=delta, inputs={"data": "raw_customers"}),
        step("silver", "clean_customers", "sql",
             "SELECT customer_id, TRIM(UPPER(name)) as name, LOWER(email) as email, age, status FROM bronze "
             "WHERE customer_id IS NOT NULL AND email IS NOT NULL",
             inputs={"bronze": "raw_customers"}, outputs={"data": "clean_customers"}),
        step("silver", "dedupe_customers", "sql",
             "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY age DESC) as rn "
             "FROM bronze) WHERE rn = 1",
             inputs={"bronze": "clean_customers"}, outputs={"data": "dedupe_customers"}),
        step("silver", "save_silver_customers", "config_op", "data/silver/customers",
             params={**delta, "partitionBy": ["status"]}, inputs={"data": "dedupe_customers"}),
        step("gold", "aggregate_by_status", "sql",
             "SELECT status, COUNT(*) as customer_count, AVG(age) as avg_age, "
             "CURRENT_TIMESTAMP() as processed_at FROM bronze GROUP BY status",
             inputs={"bronze": "dedupe_customers"}, outputs={"data": "customer_summary"}),
        step("gold", "save_gold_summary", "config_op", "data/gold/customer_summary",
             params=delta, inputs={"data": "customer_summary"}),
    ]  # fmt: skip


def check_medallion(folder: Path) -> None:
    bronze = DeltaTable(str(folder / "data/bronze/customers")).to_pyarrow_table()
    assert bronze.num_rows == 6
    silver = DeltaTable(str(folder / "data/silver/customers"))
    assert silver.metadata().partition_columns == ["status"]
    rows = sorted(silver.to_pyarrow_table().to_pylist(), key=lambda row: row["customer_id"])
    assert [(row["customer_id"], row["name"], row["email"], row["age"], row["rn"]) for row in rows] == [
        (1, "ADA", "ada@example.com", 37, 1),
        (2, "GRACE", "grace@example.com", 45, 1),
        (4, "ÉLAN", "elan@example.com", None, 1),
    ]
    gold = DeltaTable(str(folder / "data/gold/customer_summary")).to_pyarrow_table()
    summary = {row["status"]: (row["customer_count"], row["avg_age"]) for row in gold.to_pylist()}
    assert summary == {"active": (2, 37.0), "inactive": (1, 45.0)}
    assert gold.schema.names == ["status", "customer_count", "avg_age", "processed_at"]


@pytest.mark.parametrize("tracking", ["exact", "fused"])
@pytest.mark.parametrize("form", ["python", "yaml"])
def test_the_medallion_pipeline_gives_its_tables(
    run: Run, make_file: MakeFile, tmp_path: Path, form: str, tracking: str
) -> None:
    make_file("data/raw/customers.csv", CUSTOMERS)
    steps: list[Step] | Pipeline = medallion()
    if form == "yaml":
        steps = load_yaml(dump_yaml(Pipeline("medallion", medallion())))
    metrics, bus = MetricsManager(), EventBus()
    layers: list[str] = []
    errors: list[str] = []

    def log_layer_complete(event_data: dict[str, Any]) -> None:
        if event_data.get("layer_complete"):
            layers.append(event_data["layer"])

    bus.register_hook("node_error", lambda event: errors.append(event["step_name"]), EventPriority.CRITICAL)
    bus.register_hook("node_complete", log_layer_complete)
    result = run(
        steps,
        engine_type="pandas",
        enable_checkpoints=True,
        checkpoint_mode=CheckpointMode.LAYER,
        checkpoint_dir="checkpoints/",
        max_retries=3,
        retry_backoff=True,
        enable_tracker=True,
        metrics_manager=metrics,
        event_bus=bus,
        distributed=True,
        distributed_max_workers=10,
        tracking=tracking,
    )
    assert result["success"], result.errors
    assert result["nodes_executed"] == 7
    check_medallion(tmp_path)
    assert (sorted(layers), errors) == (["bronze", "gold", "silver"], [])
    assert metrics.get_summary()["total_nodes"] == 7
    assert metrics.get_summary()["total_duration_ms"] > 0
    metrics.save_to_file(tmp_path / "metrics.json")
    metrics.export_prometheus(tmp_path / "metrics_prometheus.txt")
    assert "odibi_" in (tmp_path / "metrics_prometheus.txt").read_text()
    result["tracker"].export_lineage(tmp_path / "lineage.json")
    StoryGenerator().generate_story(tmp_path / "lineage.json", tmp_path / "story.html")
    assert "dedupe_customers" in (tmp_path / "story.html").read_text()


def test_running_the_medallion_again_gives_the_same_tables(
    run: Run, make_file: MakeFile, tmp_path: Path
) -> None:
    make_file("data/raw/customers.csv", CUSTOMERS)
    for _ in range(2):
        assert run(medallion()).success
        check_medallion(tmp_path)
    assert DeltaTable(str(tmp_path / "data/silver/customers")).version() == 1
