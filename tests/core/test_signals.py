"""Ctrl-C and termination stop a run cleanly, and then have their usual effect."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.processes import started

from odibi_core.signals import cancel_on_signals

SCRIPT = """
import sys
from odibi_core.orchestrator import Orchestrator
from odibi_core.event_bus import EventBus
from odibi_core.testing import sql_step, store_step

bus = EventBus()
bus.subscribe(lambda event: print(event["event_type"], flush=True))
rows = "SELECT i, sha256(i::VARCHAR) AS hash FROM range(300000000) t(i)"
steps = [sql_step("rows", rows), store_step("saved", "out/rows.csv", "rows")]
Orchestrator(steps, event_bus=bus, tracking="fused").execute()
print("not reached")
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_run(tmp_path: Path, number: signal.Signals, code: int) -> None:
    core = Path(sys.modules["odibi_core"].__file__ or "").parents[1]
    with started(
        [sys.executable, "-c", SCRIPT],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(core)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "node_start":
                break
        process.send_signal(number)
        # It takes two seconds at the most; a busy machine may take longer.
        rest, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert "run_cancelled" in rest
    assert "not reached" not in rest
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []
    (run_dir,) = (tmp_path / ".odibi" / "runs").iterdir()
    assert list((tmp_path / ".odibi" / "scratch").iterdir()) == []
    events = [json.loads(line) for line in (run_dir / "events.jsonl").read_text().splitlines()]
    (cancelled,) = [event for event in events if event["event_type"] == "run_cancelled"]
    assert number.name in cancelled["reason"]
    assert json.loads((run_dir / "lineage.json").read_text())["state"] == "cancelled"


def test_a_program_s_own_handler_is_left_alone() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with cancel_on_signals(lambda reason: heard.append(-1)):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_other_threads_do_not_listen() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with cancel_on_signals(lambda reason: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_afterwards_ctrl_c_has_its_usual_effect() -> None:
    reasons: list[str] = []

    def raise_it() -> None:
        with cancel_on_signals(reasons.append):
            signal.raise_signal(signal.SIGINT)
            assert reasons == ["SIGINT was received"]

    with pytest.raises(KeyboardInterrupt):
        raise_it()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_signal_does_not_wait() -> None:
    def raise_twice() -> None:
        with cancel_on_signals(lambda reason: None):
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            pytest.fail("the second signal was held back")

    with pytest.raises(SystemExit) as caught:
        raise_twice()
    assert caught.value.code == 143
