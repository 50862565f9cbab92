from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from odibi_core.errors import OdibiError, TargetError
from odibi_core.event_bus import EventBus
from odibi_core.metrics_manager import MetricsManager

NASTY = 'sälen "q" \\ \n\t🎉 {a="b"} \ud800'


@pytest.fixture
def metrics() -> MetricsManager:
    return MetricsManager()


@pytest.fixture
def bus(metrics: MetricsManager) -> Iterator[EventBus]:
    bus = EventBus()
    bus.bind("orders", "run-1")
    bus.subscribe(metrics.observe)
    yield bus
    bus.close()


def complete(bus: EventBus, name: str, **keys: Any) -> None:
    given = {"layer": "silver", "duration_ms": 500.0, "row_count": 1000, "status": "success"} | keys
    bus.emit("node_complete", step_name=name, **given)


def samples(path: Path) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for family in text_string_to_metric_families(path.read_text(encoding="utf-8")):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def test_the_summary_tells_what_each_step_did(bus: EventBus, metrics: MetricsManager) -> None:
    bus.emit("pipeline_start", total_steps=3)
    complete(bus, "load")
    complete(bus, "clean", status="cached", duration_ms=2.0)
    bus.emit("node_retry", step_name="save", layer="gold", retry_count=1)
    bus.emit("node_error", step_name="save", layer="gold", error_message="no", duration_ms=3.0)
    bus.emit("pipeline_complete", duration_ms=812.5, state="failed")
    summary = metrics.get_summary()
    assert summary["total_nodes"] == 3
    assert summary["total_duration_ms"] == 812.5
    assert summary["cache_hit_rate"] == 0.5
    assert summary["error_count"] == 1
    assert summary["retry_count"] == 1
    assert summary["state"] == "failed"
    load = summary["nodes"]["load"]
    assert load["memory_mb"] > 1
    assert load | {"memory_mb": 0} == {
        "layer": "silver",
        "status": "success",
        "duration_ms": 500.0,
        "duration_scope": "step",
        "row_count": 1000,
        "memory_mb": 0,
        "throughput": 2000.0,
        "retries": 0,
    }
    assert summary["nodes"]["save"]["status"] == "failed"
    assert summary["nodes"]["save"]["retries"] == 1


@pytest.mark.parametrize(
    "keys",
    [{"duration_scope": "region"}, {"status": "cached"}, {"row_count": None}, {"duration_ms": 0}],
    ids=["fused", "cached", "unknown rows", "no time"],
)
def test_a_step_without_a_time_or_rows_of_its_own_has_no_throughput(
    bus: EventBus, metrics: MetricsManager, keys: dict[str, Any]
) -> None:
    bus.emit("pipeline_start")
    complete(bus, "load", **keys)
    assert metrics.get_summary()["nodes"]["load"]["throughput"] is None


def test_before_any_run_the_summary_is_empty_and_can_be_exported(
    metrics: MetricsManager, tmp_path: Path
) -> None:
    assert metrics.get_summary()["total_nodes"] == 0
    assert metrics.get_summary()["cache_hit_rate"] == 0.0
    assert samples(metrics.export_prometheus(tmp_path / "m.prom")) == {}


def test_a_second_run_begins_anew_and_counters_go_on(
    bus: EventBus, metrics: MetricsManager, tmp_path: Path
) -> None:
    for run_id in ("run-1", "run-2"):
        bus.bind("orders", run_id)
        bus.emit("pipeline_start")
        bus.emit("node_error", step_name="save", layer="gold", error_message="no")
        bus.emit("pipeline_complete", duration_ms=10, state="failed")
    assert metrics.get_summary()["error_count"] == 1
    found = samples(metrics.export_prometheus(tmp_path / "m.prom"))
    assert found["odibi_step_errors_total"][0].value == 2
    assert found["odibi_pipeline_runs_total"][0].value == 2


def test_a_cancelled_run_is_told_as_one(bus: EventBus, metrics: MetricsManager) -> None:
    bus.emit("pipeline_start")
    bus.emit("run_cancelled", reason="SIGINT", duration_ms=7)
    bus.emit("pipeline_complete", duration_ms=8, state="failed")
    summary = metrics.get_summary()
    assert (summary["state"], summary["total_duration_ms"]) == ("cancelled", 7)


def test_prometheus_text_parses_and_uses_base_units(
    bus: EventBus, metrics: MetricsManager, tmp_path: Path
) -> None:
    bus.emit("pipeline_start")
    complete(bus, "load", duration_scope="region")
    complete(bus, "clean")
    complete(bus, "kept", status="cached")
    bus.emit("node_retry", step_name="clean", layer="silver")
    bus.emit("pipeline_complete", duration_ms=2500, state="success")
    found = samples(metrics.export_prometheus(tmp_path / "m.prom"))
    assert found["odibi_pipeline_duration_seconds"][0].value == 2.5
    assert found["odibi_pipeline_success"][0].value == 1
    assert [
        (each.labels["step"], each.labels["scope"], each.value)
        for each in found["odibi_step_duration_seconds"]
    ] == [
        ("load", "region", 0.5),
        ("clean", "step", 0.5),
        ("kept", "step", 0.5),
    ]
    clean = {"pipeline": "orders", "step": "clean", "layer": "silver", "status": "success"}
    assert found["odibi_step_rows"][1].labels == clean
    assert found["odibi_step_rows"][1].value == 1000
    assert found["odibi_process_peak_memory_bytes"][0].value > 1024 * 1024
    assert found["odibi_step_retries_total"][0].value == 1
    assert found["odibi_step_cache_hits_total"][0].labels["step"] == "kept"
    assert all(name.startswith("odibi_") for name in found)


def test_a_nasty_step_name_comes_back_from_the_official_parser(
    bus: EventBus, metrics: MetricsManager, tmp_path: Path
) -> None:
    bus.emit("pipeline_start")
    complete(bus, NASTY)
    found = samples(metrics.export_prometheus(tmp_path / "m.prom"))
    # Half of a surrogate pair has no UTF-8: it is exported as its escape.
    assert found["odibi_step_rows"][0].labels["step"] == NASTY.replace("\ud800", "\\ud800")


def test_users_record_gauges_and_count(metrics: MetricsManager, tmp_path: Path) -> None:
    metrics.record("queue_depth", 7, queue="a")
    metrics.record("queue_depth", 3, queue="a")
    metrics.record("queue_depth", 5)
    metrics.increment("alerts", channel=NASTY)
    metrics.increment("alerts_total", 2, channel=NASTY)
    found = samples(metrics.export_prometheus(tmp_path / "m.prom"))
    assert [(each.labels["queue"], each.value) for each in found["odibi_queue_depth"]] == [("a", 3), ("", 5)]
    assert [each.value for each in found["odibi_alerts_total"]] == [3]
    assert metrics.get_summary()["counters"] == [{"name": "alerts", "labels": {"channel": NASTY}, "value": 3}]
    assert metrics.get_summary()["recorded"][1] == {"name": "queue_depth", "labels": {}, "value": 5}


def test_what_cannot_be_exported_is_refused_when_it_is_recorded(metrics: MetricsManager) -> None:
    with pytest.raises(OdibiError, match="'rows-read' can't name a metric or a label"):
        metrics.record("rows-read", 1)
    with pytest.raises(OdibiError, match="'größe' can't name"):
        metrics.record("rows", 1, größe="x")
    with pytest.raises(OdibiError, match="'7' is not a number"):
        metrics.record("rows", "7")  # type: ignore[arg-type]
    with pytest.raises(OdibiError, match="a count can't rise by -1"):
        metrics.increment("rows", -1)
    with pytest.raises(OdibiError, match="metric 'step_rows': the name is taken"):
        metrics.record("step_rows", 1)
    metrics.increment("jobs")
    with pytest.raises(OdibiError, match="metric 'jobs_total': the name is taken"):
        metrics.record("jobs_total", 1)


def test_the_file_holds_the_summary_as_valid_json(
    bus: EventBus, metrics: MetricsManager, tmp_path: Path
) -> None:
    bus.emit("pipeline_start")
    complete(bus, NASTY)
    metrics.record("ratio", float("nan"))
    path = metrics.save_to_file(tmp_path / "new folder" / "metrics.json")
    saved = json.loads(path.read_bytes(), parse_constant=lambda text: pytest.fail(f"{text} is not JSON"))
    assert saved["nodes"][NASTY]["row_count"] == 1000
    assert saved["recorded"][0]["value"] == "nan"
    assert [child.name for child in path.parent.iterdir()] == ["metrics.json"]


def test_a_file_that_cannot_be_written_is_a_clear_error(metrics: MetricsManager, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(
        TargetError, match="the file can't be written: a file stands where a folder should be"
    ):
        metrics.save_to_file(tmp_path / "file" / "metrics.json")
    with pytest.raises(
        TargetError, match="the file can't be written: a folder stands where a file should be"
    ):
        metrics.export_prometheus(tmp_path)
    assert (tmp_path / "file").read_text() == "old"


def test_the_text_says_what_the_official_library_would_write(
    bus: EventBus, metrics: MetricsManager, tmp_path: Path
) -> None:
    bus.emit("pipeline_start")
    complete(bus, NASTY)
    complete(bus, 'back\\slash "quoted"\nsecond line')
    bus.emit("node_retry", step_name="clean", layer="silver")
    bus.emit("pipeline_complete", duration_ms=2500, state="success")
    for number, value in enumerate((0, -1.5, 12_345_678_901, 1e300, float("inf"), float("-inf"))):
        metrics.record("measured", value, number=number)
    metrics.record("undefined", float("nan"))
    metrics.increment("alerts", 3, channel=NASTY)
    registry = CollectorRegistry()
    registry.register(metrics)
    ours = metrics.export_prometheus(tmp_path / "m.prom").read_text(encoding="utf-8")
    theirs = generate_latest(registry).decode()
    assert families(ours) == families(theirs)
    assert len(families(ours)) == ours.count("# TYPE")


def families(text: str) -> dict[str, tuple[str, str, list[tuple[str, list[tuple[str, str]], str]]]]:
    """Name → kind, help and samples, as the official parser reads them; NaN equals itself as a text."""
    return {
        family.name: (
            family.type,
            family.documentation,
            [(one.name, sorted(one.labels.items()), repr(one.value)) for one in family.samples],
        )
        for family in text_string_to_metric_families(text)
    }
