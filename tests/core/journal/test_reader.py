from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

import odibi_core
from odibi_core.errors import OdibiError
from odibi_core.event_bus import EventBus
from odibi_core.events import NodeState
from odibi_core.journal import JournalReader, JournalWriter, RunState, follow
from odibi_core.pipeline import Pipeline
from odibi_core.run_collector import RunCollector

PACKAGE_PATH = str(Path(odibi_core.__file__).parents[1])
CHILD = """
import sys
from pathlib import Path
from odibi_core.event_bus import EventBus
from odibi_core.journal import JournalWriter
from odibi_core.pipeline import Pipeline
journal = JournalWriter(Path(sys.argv[1]), "run-1", Pipeline("orders", []))
bus = EventBus()
bus.bind("orders", "run-1")
bus.subscribe(journal.observe)
bus.emit("pipeline_start", total_steps=2)
"""


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[JournalWriter]:
    journal = JournalWriter(tmp_path, "run-1", Pipeline("orders"))
    yield journal
    journal.close()


@pytest.fixture
def bus(journal: JournalWriter) -> EventBus:
    bus = EventBus()
    bus.bind("orders", "run-1")
    bus.subscribe(journal.observe)
    return bus


@pytest.fixture
def reader(journal: JournalWriter) -> JournalReader:
    return JournalReader(journal.run_dir)


def start_child(runs: Path, script: str) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD + script, str(runs)],
        env={"PYTHONPATH": PACKAGE_PATH},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def forge_heartbeat(run_dir: Path, **changes: Any) -> None:
    path = run_dir / "heartbeat"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def make_old(run_dir: Path) -> None:
    os.utime(run_dir / "heartbeat", (0, 0))


def test_a_run_is_told_while_it_goes_on(bus: EventBus, reader: JournalReader) -> None:
    bus.emit("pipeline_start", total_steps=3, engine="pandas", tracking="exact", parameters={"day": "x"})
    bus.emit("node_start", step_name="load", layer="bronze", start_time="2026-01-01T00:00:00+00:00")
    record = reader.record()
    assert (record.state, record.pipeline_name, record.total_steps) == (RunState.RUNNING, "orders", 3)
    assert record.parameters == {"day": "x"}
    assert record.steps["load"].state is NodeState.RUNNING
    assert record.steps["load"].start_time == "2026-01-01T00:00:00+00:00"
    bus.emit(
        "node_complete",
        step_name="load",
        layer="bronze",
        duration_ms=4.5,
        duration_scope="region",
        row_count=10,
        status="cached",
        rejected_rows=2,
    )
    load = reader.record().steps["load"]
    assert (load.state, load.row_count, load.duration_ms, load.duration_scope) == (
        "cached",
        10,
        4.5,
        "region",
    )
    assert load.rejected_rows == 2


def test_what_happens_to_steps_is_told(bus: EventBus, reader: JournalReader) -> None:
    bus.emit("node_retry", step_name="a", layer="x", error_message="busy", retry_count=2, delay_s=1)
    bus.emit("node_warning", step_name="a", layer="x", message="odd")
    bus.emit("rows_rejected", step_name="a", layer="x", rejected_rows=3)
    bus.emit("node_error", step_name="a", layer="x", error_message="no", fix="mend it", duration_ms=1)
    bus.emit("node_skipped", step_name="b", layer="x", reason="a failed")
    bus.emit("node_cancelled", step_name="c", layer="x", reason="stopped")
    steps = reader.record().steps
    a = steps["a"]
    assert (a.state, a.retries, a.rejected_rows, a.error_message, a.fix, a.warnings) == (
        "failed",
        2,
        3,
        "no",
        "mend it",
        ["odd"],
    )
    assert [(steps[name].state.value, steps[name].reason) for name in "bc"] == [
        ("skipped", "a failed"),
        ("cancelled", "stopped"),
    ]


@pytest.mark.parametrize("state", ["success", "failed"])
def test_the_end_of_a_run_is_told(bus: EventBus, journal: JournalWriter, state: str) -> None:
    bus.emit("pipeline_start", total_steps=1)
    if state == "failed":
        bus.emit("pipeline_error", error_message="no", failed_step="load")
    bus.emit("pipeline_complete", duration_ms=12.5, nodes_executed=1, success_count=1, state=state)
    bus.emit("report_failed", report="story", error_message="no space")
    journal.close()
    record = JournalReader(journal.run_dir).record()
    assert record.state == state
    assert (record.duration_ms, record.nodes_executed, record.success_count) == (12.5, 1, 1)
    assert record.failed_step == ("load" if state == "failed" else "")
    assert record.report_failures == {"story": "no space"}


def test_a_cancelled_run_stays_cancelled(bus: EventBus, reader: JournalReader) -> None:
    bus.emit("pipeline_start")
    bus.emit("run_cancelled", reason="SIGINT was received", duration_ms=3)
    bus.emit("pipeline_complete", duration_ms=4, state="failed")
    assert (reader.record().state, reader.record().reason) == (RunState.CANCELLED, "SIGINT was received")


def test_a_process_that_is_killed_leaves_a_lost_run(tmp_path: Path) -> None:
    script = (
        'bus.emit("node_start", step_name="load", layer="x"); print("ready", flush=True); sys.stdin.read()'
    )
    with start_child(tmp_path, script) as child:
        reader = JournalReader(tmp_path / "run-1")
        assert reader.record().state is RunState.RUNNING
        child.send_signal(signal.SIGKILL)
        child.wait()
    record = reader.record()
    assert record.state is RunState.LOST
    assert record.steps["load"].state is NodeState.FAILED
    assert record.steps["load"].error_message == "the process of the run ended while the step ran"


def test_a_killed_process_that_nobody_has_collected_yet_counts_as_gone(tmp_path: Path) -> None:
    with start_child(tmp_path, 'print("ready", flush=True); sys.stdin.read()') as child:
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert JournalReader(tmp_path / "run-1").record().state is RunState.LOST


def test_a_failed_run_whose_process_died_before_its_end_is_failed(tmp_path: Path) -> None:
    script = 'bus.emit("pipeline_error", error_message="no", failed_step="load"); print("ready", flush=True)'
    with start_child(tmp_path, script) as child:
        child.wait()
    assert JournalReader(tmp_path / "run-1").record().state is RunState.FAILED


def test_a_writer_that_closes_without_an_end_leaves_a_lost_run(bus: EventBus, journal: JournalWriter) -> None:
    bus.emit("pipeline_start")
    journal.close()
    assert JournalReader(journal.run_dir).record().state is RunState.LOST


def test_another_process_that_got_the_id_is_not_taken_for_the_run(
    bus: EventBus, journal: JournalWriter, reader: JournalReader
) -> None:
    bus.emit("pipeline_start")
    forge_heartbeat(journal.run_dir, start_ticks=1)
    assert reader.record().state is RunState.LOST


@pytest.mark.parametrize("change", [{"boot_id": "another boot"}, {"pid_namespace": "pid:[1]"}])
def test_a_run_on_another_machine_is_judged_by_its_heartbeat(
    bus: EventBus, journal: JournalWriter, reader: JournalReader, change: dict[str, str]
) -> None:
    bus.emit("pipeline_start")
    journal.close()
    forge_heartbeat(journal.run_dir, has_ended=False, **change)
    assert reader.record().state is RunState.RUNNING
    make_old(journal.run_dir)
    assert reader.record().state is RunState.LOST


def test_a_run_that_has_only_just_made_its_folder_is_running(tmp_path: Path) -> None:
    (tmp_path / "run-1").mkdir()
    assert JournalReader(tmp_path / "run-1").record().state is RunState.RUNNING
    os.utime(tmp_path / "run-1", (0, 0))
    assert JournalReader(tmp_path / "run-1").record().state is RunState.LOST


def test_a_torn_last_line_is_left_until_it_is_whole(
    bus: EventBus, journal: JournalWriter, reader: JournalReader
) -> None:
    bus.emit("pipeline_start")
    line = b'{"event_type":"node_start","timestamp":"t","step_name":"load"}\n'
    events = journal.run_dir / "events.jsonl"
    with events.open("ab") as file:
        file.write(line[:30])
    assert [event["event_type"] for event in reader.new_events()] == ["pipeline_start"]
    with events.open("ab") as file:
        file.write(line[30:])
    assert [event["event_type"] for event in reader.new_events()] == ["node_start"]
    assert reader.record().damaged_lines == 0


@pytest.mark.parametrize(
    "damage",
    [
        b"\x00\xff\xfe",
        b'{"event_type":"node_st',
        b"[1, 2]",
        b'"text"',
        b"null",
        b'{"step_name": 3}',
        b'{"event_type":"node_complete","timestamp":"t","step_name":"load","status":"odd"}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_line_in_the_middle_is_counted_and_said(
    bus: EventBus,
    journal: JournalWriter,
    reader: JournalReader,
    damage: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus.emit("pipeline_start")
    with (journal.run_dir / "events.jsonl").open("ab") as file:
        file.write(damage + b"\n")
    bus.emit("pipeline_complete", state="success", duration_ms=1)
    record = reader.record()
    assert (record.state, record.damaged_lines) == (RunState.SUCCESS, 1)
    assert "a line of the journal is damaged" in caplog.text


def test_a_journal_is_followed_while_another_process_writes_it(tmp_path: Path) -> None:
    script = """
print("ready", flush=True)
for number in range(3000):
    bus.emit("node_start", step_name="load", layer="x", number=number, padding="x" * (number % 7) * 1000)
bus.emit("pipeline_complete", state="success", duration_ms=1)
bus.emit("report_failed", report="story", error_message="no space")
journal.close()
"""
    with start_child(tmp_path, script):
        events = list(follow(tmp_path / "run-1", poll_s=0.001))
    assert [event["number"] for event in events if event["event_type"] == "node_start"] == [*range(3000)]
    assert [event["event_type"] for event in events[-2:]] == ["pipeline_complete", "report_failed"]


def test_following_ends_when_the_run_is_lost(tmp_path: Path) -> None:
    with start_child(tmp_path, 'print("ready", flush=True); sys.stdin.read()') as child:
        followed = follow(tmp_path / "run-1", poll_s=0.001)
        assert next(followed)["event_type"] == "pipeline_start"
        child.send_signal(signal.SIGKILL)
        assert list(followed) == []


def test_a_run_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OdibiError, match="there is no such run"):
        JournalReader(tmp_path / "run-9")


def test_a_journal_that_cannot_be_read_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "run-1" / "events.jsonl").mkdir(parents=True)
    with pytest.raises(OdibiError, match="the journal can't be read: is a directory"):
        JournalReader(tmp_path / "run-1").record()


def test_a_line_that_its_listener_cannot_take_is_damaged_and_loses_no_other(
    bus: EventBus, journal: JournalWriter
) -> None:
    taken = []

    def take(event: dict[str, Any]) -> None:
        taken.append((event["event_type"], event["layer"] if "step_name" in event else ""))

    reader = JournalReader(journal.run_dir, take)
    bus.emit("pipeline_start", total_steps=3)
    bus.emit("node_start", step_name="load")
    bus.emit("pipeline_complete", state="success", duration_ms=1)
    assert reader.record().state is RunState.SUCCESS
    told = [entry for entry in taken if entry[0] != "run_vitals"]
    assert told == [("pipeline_start", ""), ("pipeline_complete", "")]
    assert reader.record().damaged_lines == 1


@pytest.mark.parametrize("odd", [{"row_count": "many"}, {"duration_ms": "long"}, {"rejected_rows": []}])
def test_figures_that_are_none_do_not_get_into_a_record(
    bus: EventBus, reader: JournalReader, odd: dict[str, Any]
) -> None:
    bus.emit("node_start", step_name="load", layer="bronze")
    bus.emit("node_complete", step_name="load", layer="bronze", status="success", **odd)
    step = reader.record().steps["load"]
    assert (step.row_count, step.duration_ms, step.rejected_rows) == (None, None, 0)
    assert step.state is NodeState.RUNNING
    assert reader.record().damaged_lines == 1


def test_a_run_that_was_taken_for_lost_goes_on_as_soon_as_it_tells_more(
    bus: EventBus, journal: JournalWriter, reader: JournalReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.emit("pipeline_start", total_steps=1)
    bus.emit("node_start", step_name="load", layer="bronze")
    # As a reader on another machine sees a process that stood still for a while.
    monkeypatch.setattr("odibi_core.journal.reader.is_beating", lambda _run_dir: False)
    record = reader.record()
    assert (record.state, record.is_judged) == (RunState.LOST, True)
    assert record.steps["load"].state is NodeState.FAILED
    collector, registered = RunCollector(journal.run_dir.parent), CollectorRegistry()
    registered.register(collector)
    labels = {"pipeline": "orders", "state": "lost"}
    assert registered.get_sample_value("odibi_runs", labels) == 1
    monkeypatch.undo()
    bus.emit("node_retry", step_name="load", layer="bronze", retry_count=1)
    record = reader.record()
    assert (record.state, record.is_judged) == (RunState.RUNNING, False)
    assert (record.steps["load"].state, record.steps["load"].error_message) == (NodeState.RUNNING, "")
    assert registered.get_sample_value("odibi_runs", labels) is None
    bus.emit("node_complete", step_name="load", layer="bronze", duration_ms=1)
    bus.emit("pipeline_complete", state="success", duration_ms=2)
    record = reader.record()
    assert (record.state, record.steps["load"].state) == (RunState.SUCCESS, NodeState.SUCCESS)
