"""What it costs the Studio to keep the page of a running run up to date, for one browser and for many.

The browsers are connections that say and read what Streamlit's front end does: thirty real ones would need
the processor for themselves.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from benchmarks.serving import serving

_RUN_ID = "20260101T000000-live"
_STEPS_BEFORE = 450


def live(
    folder: Path, steps: int, events: int, browsers: int, part: str = "Timeline", watch_s: float = 15
) -> dict[str, float]:
    """CPU of the Studio a tick, in ms, and seconds between two ticks of a page.

    Args:
        folder: Gets a workspace.
        steps: Steps of the pipeline that runs.
        events: Events in its journal before anybody looks; 20 come each second.
        browsers: Pages that are open.
        part: What they show: Timeline, Steps or Log.
        watch_s: How long they are watched, once they have been open for a third of it.
    """
    import psutil

    (folder / "odibi.toml").touch()
    command = [sys.executable, "-m", "benchmarks.live", str(folder), str(steps), str(events)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            with serving(folder) as (address, pid), ThreadPoolExecutor(browsers) as pool:
                pages = [_Page(address, f"run={_RUN_ID}&run_part={part}") for _ in range(browsers)]
                watching = [pool.submit(page.watch) for page in pages]
                for page in pages:
                    page.is_open.wait(60)
                time.sleep(watch_s / 3)
                process = psutil.Process(pid)
                before, ticks_before = _cpu_s(process), [len(page.ticks) for page in pages]
                time.sleep(watch_s)
                cpu_s = _cpu_s(process) - before
                ticks = [page.ticks[number - 1 :] for page, number in zip(pages, ticks_before, strict=True)]
                for page in pages:
                    page.is_done.set()
                for watched in watching:
                    watched.result(timeout=60)
        finally:
            writer.kill()
    gaps = sorted(later - first for times in ticks for first, later in pairwise(times))
    count = sum(len(times) - 1 for times in ticks)
    return {
        "tick_cpu_ms": cpu_s / count * 1000,
        "ticks_a_second": count / watch_s / browsers,
        "gap_median_s": statistics.median(gaps),
        "gap_p95_s": gaps[int(0.95 * (len(gaps) - 1))],
    }


CASES: dict[str, Callable[..., dict[str, float]]] = {"live": live}


@dataclass
class _Page:
    """The page of the run, as a browser keeps it.

    Attributes:
        address: The Studio's.
        query: Names the run, and the part of its page.
        ticks: When each refresh had come whole.
        is_open: Set after the first.
        is_done: Ends it.
    """

    address: str
    query: str
    ticks: list[float] = field(default_factory=list)
    is_open: threading.Event = field(default_factory=threading.Event)
    is_done: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        """Open the page, and ask for what is new as often as it says, until it is done."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
        from websockets.sync.client import connect
        from websockets.typing import Origin, Subprotocol

        stream = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        with connect(
            stream,
            subprotocols=[Subprotocol("streamlit")],
            origin=Origin(self.address),
            max_size=None,
            open_timeout=60,
        ) as socket:
            first = BackMsg()
            first.rerun_script.query_string = self.query
            first.rerun_script.page_name = "run"
            socket.send(first.SerializeToString())
            fragment, interval, due = "", 1.0, float("inf")
            while not self.is_done.is_set():
                try:
                    data = socket.recv(timeout=max(0.0, min(due - time.monotonic(), 0.5)))
                except TimeoutError:
                    if time.monotonic() >= due:
                        due += interval
                        again = BackMsg()
                        again.rerun_script.query_string = self.query
                        again.rerun_script.fragment_id = fragment
                        again.rerun_script.is_auto_rerun = True
                        socket.send(again.SerializeToString())
                    continue
                message = ForwardMsg()
                assert isinstance(data, bytes)
                message.ParseFromString(data)
                kind = message.WhichOneof("type")
                if kind == "auto_rerun":
                    fragment, interval = message.auto_rerun.fragment_id, message.auto_rerun.interval
                    due = min(due, time.monotonic() + interval)
                elif kind == "script_finished" and fragment:
                    self.ticks.append(time.monotonic())
                    self.is_open.set()


def _cpu_s(process: object) -> float:
    times = process.cpu_times()  # type: ignore[attr-defined]
    return float(times.user + times.system)


def keep_running(folder: Path, steps: int, events: int) -> None:
    """Be a run that goes on for ever: its first `events` events are there at once, then 20 come a second."""
    from odibi_core.event_bus import EventBus
    from odibi_core.journal.writer import JournalWriter
    from odibi_core.pipeline import Pipeline
    from odibi_core.step import Step

    made = [Step("bronze", "step_0", "sql", "", "SELECT 1 AS id", outputs={"data": "rows_0"})]
    for number in range(1, steps):
        inputs, outputs = {"rows": f"rows_{number - 1}"}, {"data": f"rows_{number}"}
        made.append(Step("silver", f"step_{number}", "sql", "", "SELECT * FROM rows", {}, inputs, outputs))
    journal = JournalWriter(folder / ".odibi" / "runs", _RUN_ID, Pipeline("live", made))
    bus = EventBus()
    bus.bind("live", _RUN_ID)
    bus.subscribe(journal.observe)
    bus.emit(
        "pipeline_start",
        start_time=_now(),
        total_steps=steps,
        engine="pandas",
        tracking="exact",
        parameters={},
    )
    done = min(_STEPS_BEFORE, steps - 1)
    for number in range(done):
        keys = {"step_name": f"step_{number}", "layer": "silver"}
        bus.emit("node_start", **keys, start_time=_now(), attempt=1)
        bus.emit(
            "node_complete",
            **keys,
            duration_ms=12.5,
            duration_scope="step",
            row_count=1000,
            row_count_scope="exact",
            status="success",
        )
    keys = {"step_name": f"step_{done}", "layer": "silver"}
    bus.emit("node_start", **keys, start_time=_now(), attempt=1)
    warn = {**keys, "message": "a value could not be read"}
    for _ in range(events - 2 * done - 2):
        bus.emit("node_warning", **warn)
    print("ready", flush=True)
    while True:
        time.sleep(0.05)
        bus.emit("node_warning", **warn)


def _now() -> str:
    from odibi_core.timestamps import now

    return now()


if __name__ == "__main__":
    keep_running(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
