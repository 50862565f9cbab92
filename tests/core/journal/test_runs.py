from __future__ import annotations

from pathlib import Path

import pytest

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.event_bus import EventBus
from odibi_core.events import EventType
from odibi_core.journal import JournalReader, JournalWriter, RunState, find_run, list_runs
from odibi_core.journal.writer import append_event, note_cancel
from odibi_core.pipeline import Pipeline


def make_run(runs: Path, run_id: str, *, state: str | None = "success", steps: int = 3) -> None:
    journal = JournalWriter(runs, run_id, Pipeline("orders"))
    bus = EventBus()
    bus.bind("orders", run_id)
    bus.subscribe(journal.observe)
    bus.emit("pipeline_start", total_steps=steps)
    for number in range(steps):
        bus.emit("node_start", step_name=f"step {number}", layer="x")
        bus.emit("node_complete", step_name=f"step {number}", layer="x", duration_ms=1, status="success")
    if state == "failed":
        bus.emit("pipeline_error", error_message="no", failed_step="step 1")
    if state == "cancelled":
        bus.emit("run_cancelled", reason="SIGINT", duration_ms=2)
    elif state:
        bus.emit("pipeline_complete", duration_ms=2, nodes_executed=steps, success_count=steps, state=state)
    journal.close()


def test_runs_are_listed_newest_first(tmp_path: Path) -> None:
    for run_id in ("20260102T000000-aa", "20260101T000000-bb", "20260103T000000-cc"):
        make_run(tmp_path, run_id)
    assert [run.run_id[:8] for run in list_runs(tmp_path)] == ["20260103", "20260102", "20260101"]
    assert [run.run_id[:8] for run in list_runs(tmp_path, limit=1)] == ["20260103"]


@pytest.mark.parametrize("steps", [1, 2000], ids=["short", "long"])
@pytest.mark.parametrize("state", ["success", "failed", "cancelled", None])
def test_a_listed_run_tells_the_same_as_its_whole_journal(
    tmp_path: Path, state: str | None, steps: int
) -> None:
    make_run(tmp_path, "run-1", state=state, steps=steps)
    (listed,) = list_runs(tmp_path)
    whole = JournalReader(tmp_path / "run-1").record()
    whole.steps = {}
    assert listed == whole
    assert listed.state == (state or RunState.LOST)
    assert listed.total_steps == steps


def test_a_run_that_goes_on_is_listed_as_running(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path, "run-1", Pipeline("orders"))
    assert [run.state for run in list_runs(tmp_path)] == [RunState.RUNNING]
    journal.close()


def test_a_long_list_reads_only_the_ends_of_journals(tmp_path: Path) -> None:
    make_run(tmp_path, "run-1", steps=2000)
    # Whatever stands in the middle is not looked at.
    events = tmp_path / "run-1" / "events.jsonl"
    text = events.read_bytes()
    middle = len(text) // 2
    events.write_bytes(text[:middle] + b"\xff" * 1000 + text[middle:])
    (listed,) = list_runs(tmp_path)
    assert (listed.state, listed.damaged_lines) == (RunState.SUCCESS, 0)


@pytest.mark.parametrize("size", [9_000, 20_000, 100_000])
def test_a_long_order_is_told_in_a_list(tmp_path: Path, size: int) -> None:
    order = {"pipeline": "orders", "trigger": "studio", "parameters": {"ids": "x" * size}}
    (tmp_path / "run-1").mkdir()
    append_event(tmp_path / "run-1", EventType.RUN_QUEUED, "orders", order=order)
    (waiting,) = list_runs(tmp_path)
    assert (waiting.state, waiting.pipeline_name, waiting.order) == (RunState.QUEUED, "orders", order)
    append_event(tmp_path / "run-1", EventType.RUN_LAUNCHED, "orders", process=None)
    append_event(tmp_path / "run-1", EventType.PIPELINE_START, "orders", order=order, total_steps=7)
    for number in range(1000):
        append_event(tmp_path / "run-1", EventType.NODE_START, "orders", step_name=str(number))
    (begun,) = list_runs(tmp_path)
    assert (begun.total_steps, begun.order, bool(begun.start_time)) == (7, order, True)


def test_a_request_to_stop_is_told_in_a_list_however_much_came_after_it(tmp_path: Path) -> None:
    journal = JournalWriter(tmp_path, "run-1", Pipeline("orders"))
    bus = EventBus()
    bus.bind("orders", "run-1")
    bus.subscribe(journal.observe)
    bus.emit("pipeline_start", total_steps=1)
    for number in range(400):
        bus.emit("node_start", step_name=str(number), layer="x")
    note_cancel(tmp_path / "run-1", "orders", "ana")
    for number in range(400):
        bus.emit("node_complete", step_name=str(number), layer="x", status="success")
    (asked,) = list_runs(tmp_path)
    assert (asked.state, asked.is_cancelling, asked.cancel_author) == (RunState.RUNNING, True, "ana")
    journal.close()
    (ended,) = list_runs(tmp_path)
    assert (ended.state, ended.reason) == (RunState.CANCELLED, "ana asked it to stop")


def test_files_and_hidden_folders_are_no_runs(tmp_path: Path) -> None:
    make_run(tmp_path, "run-1")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".trash").mkdir()
    assert [run.run_id for run in list_runs(tmp_path)] == ["run-1"]


def test_a_folder_without_a_journal_does_not_break_the_list(tmp_path: Path) -> None:
    make_run(tmp_path, "run-1")
    (tmp_path / "run-2" / "events.jsonl").mkdir(parents=True)
    assert [run.run_id for run in list_runs(tmp_path)] == ["run-2", "run-1"]


def test_where_nothing_ever_ran_there_are_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "runs") == []
    with pytest.raises(OdibiError, match="there is no run yet"):
        find_run(tmp_path / "runs", "latest")


@pytest.fixture
def three(tmp_path: Path) -> Path:
    for run_id in ("20260101T000000-aa11", "20260101T000000-aa22", "20260102T000000-bb33"):
        (tmp_path / run_id).mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "run_id"),
    [
        ("latest", "20260102T000000-bb33"),
        ("20260102", "20260102T000000-bb33"),
        ("20260101T000000-aa11", "20260101T000000-aa11"),
    ],
)
def test_a_run_is_found_by_id_beginning_or_as_the_latest(three: Path, text: str, run_id: str) -> None:
    assert find_run(three, text) == three / run_id


def test_a_beginning_of_several_runs_is_an_error_that_names_them(three: Path) -> None:
    with pytest.raises(OdibiError) as caught:
        find_run(three, "20260101")
    assert "2 runs begin with '20260101'" in str(caught.value)
    assert "20260101T000000-aa22, 20260101T000000-aa11" in str(caught.value)


def test_an_unknown_run_is_an_error_with_near_ids(three: Path) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_run(three, "20260102T000000-bb34")
    assert "there is no run '20260102T000000-bb34'" in str(caught.value)
    assert "did you mean '20260102T000000-bb33'" in str(caught.value)
    with pytest.raises(UnknownNameError, match="the latest run is '20260102T000000-bb33'"):
        find_run(three, "yesterday")


@pytest.mark.parametrize("text", ["", ".", "..", "../x", "/"])
def test_a_path_is_no_run(three: Path, text: str) -> None:
    with pytest.raises(UnknownNameError, match="there is no run"):
        find_run(three, text)
