from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import odibi_core
from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import WorkspaceError
from odibi_core.event_bus import EventBus
from odibi_core.journal import JournalReader, JournalWriter, RunState, new_run_id
from odibi_core.pipeline import Pipeline
from odibi_core.secret_store import Redactor
from odibi_core.step import Step

PACKAGE_PATH = str(Path(odibi_core.__file__).parents[1])
PIPELINE = Pipeline("orders", [Step("silver", "one", "sql", "pandas", "SELECT 1", outputs={"data": "one"})])


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / ".odibi" / "runs"


@pytest.fixture
def journal(runs: Path, redactor: Redactor) -> Iterator[JournalWriter]:
    journal = JournalWriter(runs, "run-1", PIPELINE, redactor=redactor)
    yield journal
    journal.close()


@pytest.fixture
def bus(journal: JournalWriter) -> EventBus:
    bus = EventBus()
    bus.bind("orders", "run-1")
    bus.subscribe(journal.observe)
    return bus


def lines(journal: JournalWriter) -> list[dict[str, Any]]:
    text = (journal.run_dir / "events.jsonl").read_bytes()
    assert text.endswith(b"\n")
    return [json.loads(line) for line in text.splitlines()]


def test_each_event_is_a_line_of_json_as_soon_as_it_happens(bus: EventBus, journal: JournalWriter) -> None:
    bus.emit("pipeline_start", total_steps=1)
    bus.emit("node_start", step_name='a "b"\n🎉\ud800', layer="silver")
    start, node = lines(journal)
    assert start["event_type"] == "pipeline_start"
    assert start["run_id"] == "run-1"
    assert node["step_name"] == 'a "b"\n🎉\ud800'


def test_what_json_cannot_hold_is_written_all_the_same(bus: EventBus, journal: JournalWriter) -> None:
    bus.emit("pipeline_start", parameters={("a", 1): float("nan"), "path": Path("x"), "names": {"b", "a"}})
    bus.emit("node_error", step_name="x", error_message="m" * 1000)
    start, error = lines(journal)
    assert start["parameters"] == {"('a', 1)": "nan", "path": "x", "names": ["a", "b"]}
    assert error["error_message"] == "m" * 1000


def test_private_keys_are_left_out(bus: EventBus, journal: JournalWriter) -> None:
    bus.emit("node_complete", step_name="x", _outputs={"data": object()})
    assert "_outputs" not in lines(journal)[0]


def test_no_secret_reaches_the_journal(bus: EventBus, journal: JournalWriter, redactor: Redactor) -> None:
    class Connection:
        def __str__(self) -> str:
            return "x" * 190 + " hunter22-and-more"

    redactor.add("hunter22-and-more")
    bus.emit(
        "node_error",
        step_name="x",
        error_message="login with hunter22-and-more",
        urls={"hunter22-and-more": ["x?p=hunter22-and-more"]},
        connection=Connection(),
        raw=b"hunter22-and-more",
    )
    text = (journal.run_dir / "events.jsonl").read_text()
    assert "hunter" not in text
    assert lines(journal)[0]["raw"] == base64.b64encode(b"***").decode()


def test_the_design_that_ran_is_kept(journal: JournalWriter) -> None:
    assert load_yaml(journal.run_dir / "design.yaml") == PIPELINE


def test_the_folder_of_runs_is_ignored_by_git(journal: JournalWriter, runs: Path) -> None:
    assert (runs.parent / ".gitignore").read_text() == "*\n"


def test_threads_never_mix_their_lines(bus: EventBus, journal: JournalWriter) -> None:
    def emit_many(name: str) -> None:
        for number in range(200):
            bus.emit("node_start", step_name=name, number=number, padding="x" * 5000)

    threads = [threading.Thread(target=emit_many, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = lines(journal)
    assert len(written) == 1600
    for name in map(str, range(8)):
        assert [each["number"] for each in written if each["step_name"] == name] == [*range(200)]


def test_after_close_nothing_is_appended(bus: EventBus, journal: JournalWriter) -> None:
    bus.emit("pipeline_start")
    journal.close()
    journal.close()
    bus.emit("node_start", step_name="x")
    assert len(lines(journal)) == 1


def test_a_journal_is_closed_while_its_heart_beats(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("odibi_core.journal.heartbeat.BEAT_S", 0.0001)
    for number in range(100):
        writer = JournalWriter(runs, f"run-{number}", PIPELINE)
        while not (writer.run_dir / "events.jsonl").stat().st_size:
            pass
        writer.close()
    told = (writer.run_dir / "events.jsonl").read_text()
    assert '"run_vitals"' in told


def test_run_ids_sort_by_time_and_never_meet() -> None:
    ids = [new_run_id() for _ in range(500)]
    assert len(set(ids)) == 500
    assert [each[:20] for each in ids] == sorted(each[:20] for each in ids)
    assert len(ids[0]) == len("20261124T161500-9f3a5b2c81")


def test_a_journal_that_cannot_be_begun_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError) as caught:
        JournalWriter(tmp_path / "file" / "runs", "run-1", PIPELINE)
    assert "the journal of the run can't be written: a file stands where a folder should be" in str(
        caught.value
    )
    assert "choose a workspace" in str(caught.value)


def test_a_run_id_is_taken_once(journal: JournalWriter, runs: Path) -> None:
    with pytest.raises(WorkspaceError, match="there is a run of that id already"):
        JournalWriter(runs, "run-1", PIPELINE)


def test_a_full_disk_breaks_no_run_and_is_said_and_later_events_are_whole(runs: Path) -> None:
    # A limit on the size of files refuses a write as a full disk does: after a part of the line was taken.
    script = """
import logging, resource, sys
from pathlib import Path
from odibi_core.event_bus import EventBus
from odibi_core.journal import JournalWriter
from odibi_core.pipeline import Pipeline
logging.basicConfig(format="%(message)s", stream=sys.stdout)
journal = JournalWriter(Path(sys.argv[1]), "run-1", Pipeline("orders", []))
bus = EventBus()
bus.subscribe(journal.observe)
bus.emit("pipeline_start")
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
for number in range(5):
    bus.emit("node_start", step_name=str(number), layer="x", padding="y" * 400)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
bus.emit("node_start", step_name="last", layer="x")
bus.emit("pipeline_complete", state="success", duration_ms=1)
journal.close()
"""
    ran = subprocess.run(
        [sys.executable, "-c", script, str(runs)],
        env={"PYTHONPATH": PACKAGE_PATH},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    record = JournalReader(runs / "run-1").record()
    assert record.state is RunState.SUCCESS
    assert list(record.steps) == ["0", "last"]
    assert record.damaged_lines == 1
    assert ran.stdout.count("the journal can't be written (file too large)") == 1
    assert ran.stdout.count("4 events are missing from the journal") == 1


def test_a_line_of_another_process_that_a_full_disk_cuts_off_spoils_no_later_one(runs: Path) -> None:
    script = """
import resource, sys
from pathlib import Path
from odibi_core.errors import WorkspaceError
from odibi_core.events import EventType
from odibi_core.journal import JournalWriter
from odibi_core.journal.writer import append_event
from odibi_core.event_bus import EventBus
from odibi_core.journal import heartbeat
from odibi_core.pipeline import Pipeline
heartbeat.BEAT_S = 600
run_dir = Path(sys.argv[1]) / "run-1"
run_dir.mkdir(parents=True)
append_event(run_dir, EventType.RUN_QUEUED, "orders", order={})
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
try:
    append_event(run_dir, EventType.RUN_LAUNCHED, "orders", padding="x" * 2000)
except WorkspaceError as error:
    print(error.what)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
journal = JournalWriter(run_dir.parent, "run-1", Pipeline("orders", []))
bus = EventBus()
bus.subscribe(journal.observe)
bus.emit("pipeline_start", total_steps=3)
resource.setrlimit(resource.RLIMIT_FSIZE, ((run_dir / "events.jsonl").stat().st_size + 50, hard))
try:
    append_event(run_dir, EventType.CANCEL_REQUESTED, "orders", author="ana" * 100)
except WorkspaceError as error:
    print(error.what)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
append_event(run_dir, EventType.CANCEL_REQUESTED, "orders", author="ben")
bus.emit("pipeline_complete", state="success", duration_ms=1)
journal.close()
"""
    ran = subprocess.run(
        [sys.executable, "-c", script, str(runs)],
        env={"PYTHONPATH": PACKAGE_PATH},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout.splitlines() == ["the journal of the run can't be written: file too large"] * 2
    record = JournalReader(runs / "run-1").record()
    assert (record.total_steps, record.cancel_author, record.state) == (3, "ben", RunState.SUCCESS)
    assert record.damaged_lines == 2
