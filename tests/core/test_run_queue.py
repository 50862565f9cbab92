"""Real runs in processes of their own: queued, started, cancelled, killed, done again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.waiting import let_go, make_waiting_workspace, pipeline_text, wait_until

from odibi_core.cli import executor
from odibi_core.errors import OdibiError
from odibi_core.events import EventType, NodeState
from odibi_core.journal import JournalReader, RunRecord, RunState, list_runs
from odibi_core.journal.order import RunOrder, Trigger
from odibi_core.journal.repeating import Repeat, repeat_order
from odibi_core.journal.writer import append_event
from odibi_core.pipeline_run import PipelineRun
from odibi_core.run_queue import RunQueue
from odibi_core.workspace import Workspace

Put = Callable[..., str]
StateOf = Callable[[str], RunState]


@pytest.fixture(autouse=True)
def pipelines(workspace: Workspace) -> Iterator[None]:
    """Two pipelines that wait, in a workspace where two runs go on at once; nothing is left running."""
    make_waiting_workspace(workspace.root, ("one", "two", "three"))
    yield
    let_go(workspace.root)
    for record in list_runs(workspace.runs):
        wait_until(lambda run_dir=record.run_dir: JournalReader(run_dir).record().state.is_final)  # type: ignore[misc]


@pytest.fixture
def queue(workspace: Workspace) -> RunQueue:
    return RunQueue(workspace)


@pytest.fixture
def put(queue: RunQueue) -> Put:
    """Puts a run of a pipeline into the queue."""

    def order(pipeline: str, text: str = "", **asked: object) -> str:
        wanted = RunOrder.model_validate({"pipeline": pipeline, "trigger": Trigger.STUDIO, **asked})
        return queue.put(wanted, text or pipeline_text(pipeline))

    return order


@pytest.fixture
def record_of(workspace: Workspace) -> Callable[[str], RunRecord]:
    return lambda run_id: JournalReader(workspace.runs / run_id).record()


@pytest.fixture
def state_of(record_of: Callable[[str], RunRecord]) -> StateOf:
    return lambda run_id: record_of(run_id).state


def holds(record: RunRecord) -> bool:
    """Whether the step that waits has begun."""
    return "hold" in record.steps and record.steps["hold"].state is NodeState.RUNNING


def test_a_run_has_a_process_of_its_own_and_runs_what_the_pipeline_said_when_it_was_asked_for(
    workspace: Workspace, put: Put, record_of: Callable[[str], RunRecord]
) -> None:
    run_id = put("one", parameters={"smallest": 25}, author="ana")
    (workspace.root / "pipelines" / "one.yaml").write_text("name: one\nsteps: []\n")
    record = wait_until(lambda: holds(found := record_of(run_id)) and found)
    assert isinstance(record, RunRecord)
    assert record.launched is not None
    assert os.getsid(record.launched.pid) == record.launched.pid != os.getsid(0)
    let_go(workspace.root)
    wait_until(lambda: record_of(run_id).state.is_final)
    ended = record_of(run_id)
    assert ended.state is RunState.SUCCESS
    assert ended.steps["large"].row_count == 1
    assert (ended.trigger, ended.order["author"], ended.parameters) == ("studio", "ana", {"smallest": 25})
    assert ended.queued_time < ended.start_time


def test_a_run_whose_order_is_long_is_started(
    workspace: Workspace, put: Put, record_of: Callable[[str], RunRecord]
) -> None:
    let_go(workspace.root)
    run_id = put("one", author="ana" * 20_000)
    wait_until(lambda: record_of(run_id).state.is_final)
    assert (record_of(run_id).state, record_of(run_id).order["author"]) == (RunState.SUCCESS, "ana" * 20_000)


def test_no_more_runs_go_on_at_once_than_allowed_and_the_last_hands_the_queue_on(
    workspace: Workspace, put: Put, queue: RunQueue, state_of: StateOf
) -> None:
    first, second, third = put("one"), put("two"), put("three")
    wait_until(lambda: state_of(first) is state_of(second) is RunState.RUNNING)
    assert queue.carry_on() == []
    assert state_of(third) is RunState.QUEUED
    let_go(workspace.root)
    # Nobody looks at the queue any more: the runs that end do.
    wait_until(lambda: state_of(third) is RunState.SUCCESS)


def test_two_queues_start_a_run_once(
    workspace: Workspace, put: Put, record_of: Callable[[str], RunRecord]
) -> None:
    first, second, third = put("one"), put("two"), put("three")
    wait_until(lambda: holds(record_of(first)) and holds(record_of(second)))
    queues = [RunQueue(workspace) for _ in range(3)]
    let_go(workspace.root)
    wait_until(lambda: [queue.carry_on() for queue in queues] and record_of(third).state is RunState.SUCCESS)
    text = (workspace.runs / third / "events.jsonl").read_text()
    assert text.count('"run_launched"') == text.count('"pipeline_start"') == 1


def test_a_pipeline_that_runs_lets_the_next_of_it_wait_and_others_pass(
    put: Put, queue: RunQueue, state_of: StateOf, record_of: Callable[[str], RunRecord]
) -> None:
    first, again, other = put("one"), put("one"), put("two")
    wait_until(lambda: holds(record_of(first)) and holds(record_of(other)))
    assert state_of(again) is RunState.QUEUED
    assert queue.ids() == [first, again, other]


def test_a_run_that_may_runs_beside_another_of_its_pipeline(
    put: Put, record_of: Callable[[str], RunRecord]
) -> None:
    first = put("one")
    wait_until(lambda: holds(record_of(first)))
    second = put("one", together=True)
    wait_until(lambda: holds(record_of(second)))
    assert holds(record_of(first))


def test_a_run_that_waits_is_taken_out_of_the_queue(
    put: Put, queue: RunQueue, record_of: Callable[[str], RunRecord]
) -> None:
    first, again = put("one"), put("one")
    assert queue.cancel(again, "ana")
    cancelled = record_of(again)
    assert (cancelled.state, cancelled.reason) == (RunState.CANCELLED, "ana took it out of the queue")
    assert queue.ids() == [first]


def test_a_run_that_goes_on_stops_cleanly_when_it_is_cancelled(
    workspace: Workspace, put: Put, queue: RunQueue, record_of: Callable[[str], RunRecord]
) -> None:
    run_id = put("one")
    wait_until(lambda: holds(record_of(run_id)))
    assert not queue.cancel(run_id, "ana")
    wait_until(lambda: record_of(run_id).state.is_final)
    record = record_of(run_id)
    assert (record.state, record.cancel_author) == (RunState.CANCELLED, "ana")
    assert record.reason == "ana asked it to stop"
    assert record.steps["large"].state is NodeState.CANCELLED
    with pytest.raises(OdibiError, match="the run has ended already: cancelled"):
        queue.cancel(run_id, "ana")


def test_a_run_that_is_cancelled_before_it_can_listen_counts_as_cancelled(
    put: Put, queue: RunQueue, record_of: Callable[[str], RunRecord]
) -> None:
    run_id = put("one")
    assert not queue.cancel(run_id, "ana")
    wait_until(lambda: record_of(run_id).state.is_final)
    assert record_of(run_id).state is RunState.CANCELLED


def test_a_killed_executor_is_lost_and_its_place_and_lease_are_free_again(
    workspace: Workspace, put: Put, queue: RunQueue, state_of: StateOf, record_of: Callable[[str], RunRecord]
) -> None:
    run_id, again = put("one"), put("one")
    wait_until(lambda: holds(record_of(run_id)))
    launched = record_of(run_id).launched
    assert launched is not None
    os.kill(launched.pid, signal.SIGKILL)
    wait_until(lambda: state_of(run_id) is RunState.LOST)
    assert record_of(run_id).steps["hold"].state is NodeState.FAILED
    let_go(workspace.root)
    assert queue.carry_on() == [again]
    wait_until(lambda: state_of(again) is RunState.SUCCESS)


def test_an_executor_that_is_killed_before_it_begins_is_lost_too(
    workspace: Workspace, put: Put, state_of: StateOf, record_of: Callable[[str], RunRecord]
) -> None:
    run_id = put("one")
    launched = record_of(run_id).launched
    assert launched is not None
    os.kill(launched.pid, signal.SIGKILL)
    wait_until(lambda: state_of(run_id) is RunState.LOST)
    assert not (workspace.runs / run_id / "heartbeat").exists()


@pytest.mark.parametrize(
    ("text", "asked", "said"),
    [
        ("name: one\nsteps: [{name: x}]\n", {}, "layer"),
        (pipeline_text("one"), {"parameters": {"smallest": "many"}}, "'many' is not a whole number"),
        (pipeline_text("one"), {"start": "hol"}, "step 'hol' is not known"),
        (pipeline_text("one", "nothing"), {}, "nothing"),
    ],
    ids=["not a pipeline", "wrong parameter", "unknown step", "unknown function"],
)
def test_a_run_that_cannot_begin_says_why(
    put: Put,
    record_of: Callable[[str], RunRecord],
    text: str,
    asked: dict[str, object],
    said: str,
) -> None:
    run_id = put("one", text, **asked)
    wait_until(lambda: record_of(run_id).state.is_final)
    record = record_of(run_id)
    assert record.state is RunState.FAILED
    assert said in record.error_message
    assert "Traceback" not in record.error_message


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"pipeline": "one", "trigger": "studio", "colour": "red"}, "colour: extra inputs are not permitted"),
        ({"pipeline": "one", "trigger": "moon"}, "trigger: input should be"),
        ({"pipeline": "one", "trigger": "studio", "parameters": 7}, "parameters: input should be"),
        ({}, "pipeline: field required"),
    ],
    ids=["of a newer version", "unknown trigger", "no parameters", "empty"],
)
def test_an_order_that_cannot_be_read_is_refused_and_the_queue_goes_on(
    workspace: Workspace,
    put: Put,
    queue: RunQueue,
    record_of: Callable[[str], RunRecord],
    kept: dict[str, object],
    said: str,
) -> None:
    let_go(workspace.root)
    odd = "20200101T000000-odd"
    run_dir = workspace.runs / odd
    run_dir.mkdir(parents=True)
    (run_dir / "ordered.yaml").write_text(pipeline_text("one"))
    append_event(run_dir, EventType.RUN_QUEUED, "one", order=kept)
    (workspace.state / "queue").mkdir(exist_ok=True)
    (workspace.state / "queue" / odd).touch()
    good = put("two")
    wait_until(lambda: record_of(good).state is RunState.SUCCESS)
    refused = record_of(odd)
    assert refused.state is RunState.FAILED
    assert "what was asked for can't be read" in refused.error_message
    assert said in refused.error_message
    assert refused.fix == "ask for a new run of the pipeline"
    assert odd not in queue.ids()
    if kept:
        with pytest.raises(OdibiError, match="what was asked for can't be read"):
            repeat_order(run_dir, Repeat.START, trigger=Trigger.STUDIO, author="ana")


@pytest.mark.parametrize("begun", [True, False], ids=["begun", "not begun"])
def test_an_error_outside_the_steps_is_the_reason_for_which_a_run_failed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    run_dir = workspace.runs / "20260101T000000-aa"
    run_dir.mkdir(parents=True)
    (run_dir / "ordered.yaml").write_text(pipeline_text("one"))
    append_event(run_dir, EventType.RUN_QUEUED, "one", order={"pipeline": "one", "trigger": "studio"})

    def break_off(run: PipelineRun, *_args: object) -> None:
        if begun:
            run._bus.emit(EventType.PIPELINE_START, total_steps=3)
            run._bus.emit(EventType.NODE_START, step_name="read", layer="bronze")
        raise OdibiError("the scratch folder is full", fix="free some space")

    monkeypatch.setattr(PipelineRun, "_run", break_off)
    monkeypatch.setattr(executor, "configure_logging", lambda *_args: None)
    monkeypatch.setattr("sys.argv", ["executor", str(workspace.root), run_dir.name])
    monkeypatch.chdir(workspace.root)
    executor.main()
    (listed,) = list_runs(workspace.runs)
    whole = JournalReader(run_dir).record()
    for record in (listed, whole):
        assert record.state is RunState.FAILED
        assert (record.error_message, record.fix) == ("the scratch folder is full", "free some space")
    assert [step.state for step in whole.steps.values()] == [NodeState.FAILED] * begun


def test_a_failed_run_is_done_again_from_its_failure_with_what_it_was_asked_for(
    workspace: Workspace, put: Put, queue: RunQueue, record_of: Callable[[str], RunRecord]
) -> None:
    failed = put("one", pipeline_text("one", "fail"), parameters={"smallest": 1})
    wait_until(lambda: record_of(failed).state.is_final)
    assert record_of(failed).failed_step == "hold"
    # Mended meanwhile, in the code that the pipeline calls.
    functions = workspace.root / "transforms.py"
    functions.write_text(functions.read_text().replace('raise ValueError("no such month")', "return orders"))
    order, text = repeat_order(workspace.runs / failed, Repeat.FAILURE, trigger=Trigger.STUDIO, author="ben")
    assert (order.steps, order.parameters, order.rerun_of) == (["hold", "large"], {"smallest": 1}, failed)
    again = queue.put(order, text)
    wait_until(lambda: record_of(again).state.is_final)
    assert record_of(again).state is RunState.SUCCESS
    assert record_of(again).steps["large"].row_count == 3


def test_a_run_that_succeeded_has_no_failure_to_begin_at(
    workspace: Workspace, put: Put, record_of: Callable[[str], RunRecord]
) -> None:
    let_go(workspace.root)
    run_id = put("one")
    wait_until(lambda: record_of(run_id).state.is_final)
    with pytest.raises(OdibiError, match="every step of the run succeeded"):
        repeat_order(workspace.runs / run_id, Repeat.FAILURE, trigger=Trigger.STUDIO, author="ana")


def test_a_run_goes_on_after_its_queue_is_forgotten(workspace: Workspace, state_of: StateOf) -> None:
    run_id = RunQueue(workspace).put(RunOrder(pipeline="one", trigger=Trigger.SCHEDULE), pipeline_text("one"))
    let_go(workspace.root)
    wait_until(lambda: state_of(run_id) is RunState.SUCCESS)


def test_a_queue_that_holds_an_unknown_run_goes_on(
    workspace: Workspace, queue: RunQueue, state_of: StateOf, put: Put
) -> None:
    let_go(workspace.root)
    first = put("one")
    (workspace.state / "queue" / "20200101T000000-gone").touch()
    assert queue.carry_on() == []
    assert "20200101T000000-gone" not in queue.ids()
    wait_until(lambda: state_of(first) is RunState.SUCCESS)


def test_vitals_are_told_while_a_run_goes_on(put: Put, record_of: Callable[[str], RunRecord]) -> None:
    run_id = put("one")
    wait_until(lambda: record_of(run_id).memory_mb)
    record = record_of(run_id)
    assert record.memory_mb is not None
    assert record.memory_mb > 20
    assert record.cpu_percent is not None
    assert record.cpu_percent >= 0


def test_a_journal_is_read_cut_off_at_every_place(
    workspace: Workspace, put: Put, record_of: Callable[[str], RunRecord], tmp_path: Path
) -> None:
    let_go(workspace.root)
    run_id = put("one")
    wait_until(lambda: record_of(run_id).state.is_final)
    launched = record_of(run_id).launched
    # As long as its process is there, a run whose journal ends early has hope.
    wait_until(lambda: launched is not None and not launched.is_alive())
    whole = (workspace.runs / run_id / "events.jsonl").read_bytes()
    cut = tmp_path / "cut" / run_id
    cut.mkdir(parents=True)
    events = whole.count(b"\n")
    for length in range(len(whole) + 1):
        (cut / "events.jsonl").write_bytes(whole[:length])
        reader = JournalReader(cut)
        record = reader.record()
        assert record.damaged_lines == 0
        told, place = reader.events_after(0)
        assert len(told) == whole[:length].count(b"\n") <= events
        assert place <= length
        (listed,) = list_runs(cut.parent)
        assert listed.state is record.state
