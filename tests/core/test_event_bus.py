from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import odibi_core
from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.event_bus import (
    EventBus,
    EventPriority,
    create_metrics_export_hook,
    create_summary_hook,
)
from odibi_core.events import EventType
from odibi_core.metrics_manager import MetricsManager
from odibi_core.secret_store import Redactor

Event = dict[str, Any]
WAIT_S = 30.0
PACKAGE_PATH = str(Path(odibi_core.__file__).parents[1])


@pytest.fixture
def bus() -> Iterator[EventBus]:
    bus = EventBus()
    bus.bind("orders", "run-1")
    yield bus
    bus.close()


@pytest.fixture
def hasty_bus() -> Iterator[EventBus]:
    bus = EventBus(hook_timeout_s=0.05)
    yield bus
    bus.close()


class Hanging:
    """A hook that does not return until it is let go."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.began = threading.Event()
        self.may_return = threading.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.began.set()
        self.may_return.wait(WAIT_S)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    hook = Hanging()
    yield hook
    hook.may_return.set()


def test_an_event_carries_what_the_bus_adds(bus: EventBus) -> None:
    seen: list[Event] = []
    bus.subscribe(seen.append)
    bus.emit(EventType.NODE_START, step_name="load", layer="bronze")
    (event,) = seen
    assert list(event)[:4] == ["event_type", "pipeline_name", "run_id", "timestamp"]
    assert event | {"timestamp": ""} == {
        "event_type": "node_start",
        "pipeline_name": "orders",
        "run_id": "run-1",
        "timestamp": "",
        "step_name": "load",
        "layer": "bronze",
    }
    assert event["timestamp"].endswith("+00:00")


def test_one_bus_serves_one_run_after_another(bus: EventBus) -> None:
    seen: list[Event] = []
    bus.subscribe(seen.append)
    bus.emit("pipeline_start")
    bus.bind("orders", "run-2")
    bus.emit("pipeline_start")
    assert [event["run_id"] for event in seen] == ["run-1", "run-2"]


def test_watchers_are_called_in_the_emitting_thread_until_they_unsubscribe(bus: EventBus) -> None:
    threads: list[threading.Thread] = []

    def watch(event: Event) -> None:
        threads.append(threading.current_thread())

    bus.subscribe(watch)
    bus.emit("node_start")
    bus.unsubscribe(watch)
    bus.emit("node_start")
    assert threads == [threading.current_thread()]


def test_a_watcher_that_raises_harms_neither_the_run_nor_the_other_watchers(
    bus: EventBus, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Event] = []

    def broken(event: Event) -> None:
        raise ValueError("no")

    bus.subscribe(broken)
    bus.subscribe(seen.append)
    bus.emit("node_start")
    assert len(seen) == 1
    assert "a watcher failed at node_start: ValueError: no" in caplog.text


def test_hooks_are_called_by_priority_and_equals_in_order_of_registration(bus: EventBus) -> None:
    called: list[str] = []

    def hook(name: str) -> Any:
        return lambda event: called.append(name)

    bus.register_hook("node_error", hook("low"), EventPriority.LOW)
    bus.register_hook("node_error", hook("medium 1"))
    bus.register_hook("*", hook("critical"), EventPriority.CRITICAL)
    bus.register_hook("node_error", hook("medium 2"))
    bus.register_hook("node_error", hook("high"), EventPriority.HIGH)
    bus.emit("node_error")
    assert bus.flush(WAIT_S)
    assert called == ["critical", "high", "medium 1", "medium 2", "low"]
    assert sorted(EventPriority) == [*EventPriority]


def test_a_hook_runs_off_the_emitting_thread(bus: EventBus) -> None:
    threads: list[threading.Thread] = []
    bus.register_hook("node_start", lambda event: threads.append(threading.current_thread()))
    bus.emit("node_start")
    assert bus.flush(WAIT_S)
    assert threads[0] is not threading.current_thread()
    assert threads[0].daemon


def test_a_hook_hears_only_its_event_and_nothing_after_it_is_unregistered(bus: EventBus) -> None:
    seen: list[Event] = []
    bus.register_hook("node_error", seen.append)
    bus.emit("node_start")
    bus.emit("node_error")
    assert bus.flush(WAIT_S)
    assert bus.unregister_hook("node_error", seen.append)
    assert not bus.unregister_hook("node_error", seen.append)
    bus.emit("node_error")
    assert bus.flush(WAIT_S)
    assert [event["event_type"] for event in seen] == ["node_error"]


def test_each_hook_gets_a_dict_of_its_own(bus: EventBus) -> None:
    seen: list[Event] = []
    bus.register_hook("node_start", lambda event: event.clear())
    bus.register_hook("node_start", seen.append)
    bus.emit("node_start", step_name="load")
    assert bus.flush(WAIT_S)
    assert seen[0]["step_name"] == "load"


def test_what_a_hook_does_to_an_event_s_lists_and_mappings_no_other_hook_sees(bus: EventBus) -> None:
    seen: list[Event] = []
    bus.register_hook("node_complete", lambda event: event["written"]["parts"].clear())
    bus.register_hook("node_complete", seen.append)
    bus.emit("node_complete", written={"parts": ["a"]})
    assert bus.flush(30)
    assert seen[0]["written"] == {"parts": ["a"]}


def test_private_keys_stay_inside_and_the_tracker_reaches_hooks(bus: EventBus) -> None:
    watched: list[Event] = []
    hooked: list[Event] = []
    tracker = object()
    bus.subscribe(watched.append)
    bus.register_hook("pipeline_complete", hooked.append)
    bus.emit("pipeline_complete", _tracker=tracker, _outputs={"data": object()})
    assert bus.flush(WAIT_S)
    assert "_outputs" in watched[0]
    assert hooked[0]["tracker"] is tracker
    assert not [key for key in hooked[0] if key.startswith("_")]


def test_hooks_see_no_secrets_also_those_resolved_after_the_bus_was_made() -> None:
    redactor = Redactor()
    bus = EventBus(redactor)
    seen: list[Event] = []
    bus.register_hook("node_error", seen.append)
    redactor.add("hunter22")
    bus.emit("node_error", error_message="login with hunter22 failed", details={"urls": ["x?p=hunter22"]})
    assert bus.flush(WAIT_S)
    bus.close()
    assert seen[0]["error_message"] == "login with *** failed"
    assert seen[0]["details"] == {"urls": ["x?p=***"]}


def test_a_slow_hook_sees_no_secrets_of_the_run_before(hanging: Hanging) -> None:
    given, first, second = Redactor(), Redactor(), Redactor()
    given.add("swordfish")
    first.add("hunter22")
    bus = EventBus(given)
    bus.register_hook("node_error", hanging)
    bus.redactor = first
    for _ in range(2):
        bus.emit("node_error", error_message="hunter22 is not swordfish")
    assert hanging.began.wait(WAIT_S)
    bus.redactor = second
    hanging.may_return.set()
    assert bus.flush(WAIT_S)
    bus.close()
    assert [event["error_message"] for event in hanging.events] == ["*** is not ***"] * 2


def test_a_hook_that_raises_is_named_in_the_log_and_the_others_go_on(
    bus: EventBus, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Event] = []

    def send_alert(event: Event) -> None:
        raise KeyError("channel")

    bus.register_hook("node_error", send_alert)
    bus.register_hook("node_error", seen.append)
    bus.emit("node_error")
    assert bus.flush(WAIT_S)
    assert len(seen) == 1
    assert "send_alert failed at node_error: KeyError: 'channel'" in caplog.text
    assert "Traceback" not in "".join(record.getMessage() for record in caplog.records)


def test_a_hook_that_exits_ends_nothing(bus: EventBus, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Event] = []
    bus.register_hook("node_error", lambda event: sys.exit(3))
    bus.register_hook("node_error", seen.append)
    bus.emit("node_error")
    bus.emit("node_error")
    assert bus.flush(WAIT_S)
    assert len(seen) == 2
    assert "SystemExit" in caplog.text


def test_a_hanging_hook_is_given_up_skipped_and_said_once(
    hasty_bus: EventBus, hanging: Hanging, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Event] = []
    hasty_bus.register_hook("node_start", hanging, EventPriority.CRITICAL)
    hasty_bus.register_hook("node_start", seen.append)
    for number in range(4):
        hasty_bus.emit("node_start", number=number)
    assert hasty_bus.flush(WAIT_S)
    assert [event["number"] for event in seen] == [0, 1, 2, 3]
    assert len(hanging.events) == 1
    assert hasty_bus.dropped_calls == 3
    assert caplog.text.count("did not return within 0.05 s at node_start") == 1
    assert "missed 3 events" in caplog.text


def test_a_hook_that_comes_back_gets_events_again(hasty_bus: EventBus, hanging: Hanging) -> None:
    came_back = threading.Event()

    def hook(event: Event) -> None:
        if event["number"] == 0:
            hanging(event)
        else:
            came_back.set()

    hasty_bus.register_hook("node_start", hook)
    hasty_bus.emit("node_start", number=0)
    assert hanging.began.wait(WAIT_S)
    assert hasty_bus.flush(WAIT_S)
    hanging.may_return.set()
    number = 0
    while not came_back.is_set():
        number += 1
        hasty_bus.emit("node_start", number=number)
        assert hasty_bus.flush(WAIT_S)
    assert hasty_bus.dropped_calls == number - 1


def test_later_hooks_are_called_although_nobody_emits_or_waits(hasty_bus: EventBus, hanging: Hanging) -> None:
    called = threading.Event()
    hasty_bus.register_hook("node_start", hanging, EventPriority.HIGH)
    hasty_bus.register_hook("node_start", lambda event: called.set(), EventPriority.LOW)
    hasty_bus.emit("node_start")
    assert called.wait(WAIT_S)


def test_flush_says_that_a_hook_is_not_done(bus: EventBus, hanging: Hanging) -> None:
    bus.register_hook("node_start", hanging)
    bus.emit("node_start")
    assert not bus.flush(0.01)
    hanging.may_return.set()
    assert bus.flush(WAIT_S)


def test_a_storm_reaches_every_hook_in_order(bus: EventBus) -> None:
    seen: list[list[Event]] = [[] for _ in range(10)]
    for events in seen:
        bus.register_hook("node_start", events.append)
    for number in range(10_000):
        bus.emit("node_start", number=number)
    assert bus.flush(WAIT_S)
    assert all([event["number"] for event in events] == [*range(10_000)] for events in seen)
    assert bus.dropped_calls == 0


def test_a_storm_on_a_full_queue_is_dropped_and_counted(
    hanging: Hanging, caplog: pytest.LogCaptureFixture
) -> None:
    bus = EventBus(hook_queue_size=20)
    seen: list[Event] = []
    bus.register_hook("pipeline_start", hanging)
    for _ in range(10):
        bus.register_hook("node_start", seen.append)
    bus.emit("pipeline_start")
    assert hanging.began.wait(WAIT_S)
    for _ in range(10_000):
        bus.emit("node_start")
    hanging.may_return.set()
    assert bus.flush(WAIT_S)
    bus.close()
    assert len(seen) == 20
    assert bus.dropped_calls == 100_000 - 20
    assert "missed 9998 events" in caplog.text


def test_events_of_many_threads_reach_all_watchers_in_one_order(bus: EventBus) -> None:
    first: list[int] = []
    second: list[int] = []
    bus.subscribe(lambda event: first.append(event["number"]))
    bus.subscribe(lambda event: second.append(event["number"]))

    def emit_many(start: int) -> None:
        for number in range(start, start + 500):
            bus.emit("node_start", number=number)

    threads = [threading.Thread(target=emit_many, args=(start,)) for start in range(0, 4000, 500)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first == second
    assert sorted(first) == [*range(4000)]


def test_after_close_hooks_get_nothing_more_and_watchers_do(bus: EventBus) -> None:
    hooked: list[Event] = []
    watched: list[Event] = []
    bus.register_hook("node_start", hooked.append)
    bus.subscribe(watched.append)
    bus.emit("node_start")
    bus.close(WAIT_S)
    bus.emit("node_start")
    assert (len(hooked), len(watched), bus.dropped_calls) == (1, 2, 1)


def test_an_unknown_event_type_is_an_error_that_says_the_near_one(bus: EventBus) -> None:
    with pytest.raises(UnknownNameError) as caught:
        bus.register_hook("node_eror", print)
    assert "event type 'node_eror' is not known" in str(caught.value)
    assert "'node_error'" in str(caught.value)
    with pytest.raises(UnknownNameError, match="event type 'begin' is not known"):
        bus.emit("begin")


def test_a_hook_must_be_a_function(bus: EventBus) -> None:
    with pytest.raises(OdibiError, match="a hook must be a function, and str is none"):
        bus.register_hook("node_error", "send_alert")  # type: ignore[arg-type]


def test_a_hook_that_never_returns_does_not_keep_the_process() -> None:
    script = """
import threading
from odibi_core.event_bus import EventBus
bus = EventBus(hook_timeout_s=0.05)
began = threading.Event()
bus.register_hook("node_start", lambda event: (began.set(), threading.Event().wait()))
bus.emit("node_start")
began.wait()
assert bus.flush(30)
bus.close()
print("done")
"""
    ran = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": PACKAGE_PATH},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout == "done\n"


def test_the_summary_hook_says_how_the_run_went(bus: EventBus, capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    bus.register_hook("pipeline_complete", create_summary_hook(lines.append))
    bus.register_hook("pipeline_complete", create_summary_hook())
    bus.emit("pipeline_complete", duration_ms=1234.5, nodes_executed=4, success_count=3, state="failed")
    assert bus.flush(WAIT_S)
    assert lines == ["orders: failed, 3 of 4 steps succeeded in 1.23 s (run run-1)"]
    assert capsys.readouterr().out == lines[0] + "\n"


def test_the_metrics_hook_writes_a_file_a_run_and_one_for_prometheus(bus: EventBus, tmp_path: Path) -> None:
    metrics = MetricsManager()
    bus.bind("orders / daily", "run-1")
    bus.subscribe(metrics.observe)
    bus.register_hook("pipeline_complete", create_metrics_export_hook(tmp_path / "metrics"))
    bus.emit("pipeline_start")
    bus.emit("pipeline_complete", duration_ms=5, state="success", _metrics=metrics)
    assert bus.flush(WAIT_S)
    names = sorted(path.name for path in (tmp_path / "metrics").iterdir())
    assert names == ["orders_daily.prom", "run-1.json"]


def test_the_metrics_hook_on_another_event_says_where_it_belongs(
    bus: EventBus, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    bus.register_hook("node_start", create_metrics_export_hook(tmp_path))
    bus.emit("node_start")
    assert bus.flush(WAIT_S)
    assert "register the metrics export hook for 'pipeline_complete'" in caplog.text
