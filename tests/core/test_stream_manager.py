"""Streams over real files, sources and posts: every batch counts once."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.core.local_service import Answer, local_service
from tests.processes import started
from tests.waiting import values_in, wait_until

from odibi_core.errors import OdibiError, TransientError
from odibi_core.journal.runs import list_runs
from odibi_core.step import Step
from odibi_core.stream_manager import StreamConfig, StreamManager, StreamMode
from odibi_core.testing import function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

Make = Callable[..., StreamManager]
LANDING = "landing/"


@pytest.fixture
def make(workspace: Workspace) -> Iterator[Make]:
    """Makes a stream that appends what it reads to out.parquet."""
    made: list[StreamManager] = []

    def stream(
        mode: StreamMode = StreamMode.FILE_WATCH, steps: list[Step] | None = None, **config: Any
    ) -> StreamManager:
        said = {"source_path": LANDING, "settle_s": 0, "poll_interval_s": 0.2, **config}
        source = said["source_path"]
        manager = StreamManager(
            steps or [ingest_step("rows", source), store_step("save", "out.parquet", "rows", mode="append")],
            stream_mode=mode,
            stream_config=StreamConfig(**said),
            workspace=workspace,
        )
        made.append(manager)
        return manager

    yield stream
    for manager in made:
        manager.stop()


@pytest.fixture
def drop(workspace: Workspace) -> Callable[..., Path]:
    """Writes a file of numbers into the landing folder."""

    def write(name: str, *numbers: object) -> Path:
        folder = workspace.root / "landing"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text("\n".join(map(str, ["n", *numbers])) + "\n")
        return path

    return write


def rows(workspace: Workspace, name: str = "out.parquet", column: str = "n") -> list[Any]:
    return values_in(workspace.root / name, column)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def test_each_file_is_a_batch_and_moves_to_processed(
    workspace: Workspace, make: Make, drop: Callable[..., Path]
) -> None:
    drop("a.csv", 1, 2)
    drop("b.csv", 3)
    drop("c.txt", 99)
    manager = make(file_pattern="*.csv")
    assert manager.run_once() == 2
    assert rows(workspace) == [1, 2, 3]
    assert names(workspace.root / "landing") == ["c.txt"]
    assert names(workspace.root / "landing" / "processed") == ["a.csv", "b.csv"]
    assert manager.run_once() == 0
    status = manager.status()
    assert (status.done, status.failed, status.waiting) == (2, 0, 0)
    run = list_runs(workspace.runs)[0]
    assert (run.trigger, run.order["author"]) == ("stream", "stream landing/")


def test_the_same_content_counts_once_whatever_its_name_unless_it_may_come_again(
    workspace: Workspace, make: Make, drop: Callable[..., Path], caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a.csv", "a.csv", "b.csv"):
        drop(name, 1)
        make(file_pattern="*.csv").run_once()
    assert rows(workspace) == [1]
    assert "b.csv has the content of a.csv" in caplog.text
    assert len(names(workspace.root / "landing" / "processed")) == 3
    drop("c.csv", 1)
    make(file_pattern="*.csv", allow_duplicates=True).run_once()
    assert rows(workspace) == [1, 1]


def test_a_bad_file_moves_to_failed_with_its_reason_and_counts_once_it_is_mended(
    workspace: Workspace, make: Make, drop: Callable[..., Path]
) -> None:
    drop("a.csv", 1)
    steps = [
        ingest_step("rows", LANDING),
        sql_step("checked", "SELECT n, 10 // (n - 2) AS q, missing FROM rows", "rows"),
        store_step("save", "out.parquet", "checked", mode="append"),
    ]
    manager = make(steps=steps, file_pattern="*.csv")
    assert manager.run_once() == 1
    failed = workspace.root / "landing" / "failed"
    assert names(failed) == ["a.csv", "a.csv.reason.json"]
    told = json.loads((failed / "a.csv.reason.json").read_text())
    assert "missing" in told["reason"]
    assert told["file"] == "a.csv"
    refused = next(run for run in list_runs(workspace.runs) if run.run_id == told["run_id"])
    assert (refused.state.value, refused.trigger, "missing" in refused.error_message) == (
        "failed",
        "stream",
        True,
    )
    assert manager.status().failed == 1
    (failed / "a.csv").rename(workspace.root / "landing" / "a.csv")
    assert make(file_pattern="*.csv").run_once() == 1
    assert rows(workspace) == [1]


def test_a_file_is_cut_into_batches_of_so_many_rows(
    workspace: Workspace, make: Make, drop: Callable[..., Path]
) -> None:
    drop("a.csv", *range(25))
    steps = [
        ingest_step("rows", LANDING),
        sql_step("marked", "SELECT n, {batch} AS batch FROM rows", "rows"),
        store_step("save", "out.parquet", "marked", mode="append"),
    ]
    assert make(steps=steps, batch_size=10).run_once() == 3
    table = pq.read_table(workspace.root / "out.parquet")
    assert sorted(table["n"].to_pylist()) == list(range(25))
    counts = table.group_by("batch").aggregate([("n", "count")])["n_count"].to_pylist()
    assert sorted(counts) == [5, 10, 10]
    assert names(workspace.root / "landing" / "processed") == ["a.csv"]


@pytest.mark.parametrize("sizes", [(10, 9), (10, 7), (10, None), (None, 4)])
def test_a_file_is_taken_to_its_end_as_it_was_begun_though_batch_size_changes(
    workspace: Workspace, make: Make, drop: Callable[..., Path], sizes: tuple[int | None, int | None]
) -> None:
    is_mended = False

    def check(rows: Any) -> Any:
        if 12 in list(rows["n"]) and not is_mended:
            raise ValueError("no twelve today")
        return rows

    steps = [
        ingest_step("rows", LANDING),
        store_step("first", "first.parquet", "rows", mode="append"),
        function_step("checked", check, "rows"),
        store_step("save", "out.parquet", "checked", mode="append"),
    ]
    drop("a.csv", *range(25))
    make(steps=steps, batch_size=sizes[0]).run_once()
    failed = workspace.root / "landing" / "failed" / "a.csv"
    is_mended = True
    failed.rename(workspace.root / "landing" / "a.csv")
    make(steps=steps, batch_size=sizes[1]).run_once()
    assert rows(workspace) == list(range(25))
    assert rows(workspace, "first.parquet") == list(range(25))
    assert names(workspace.root / "landing" / "processed") == ["a.csv"]


def test_one_manager_runs_one_loop(make: Make, drop: Callable[..., Path], workspace: Workspace) -> None:
    drop("a.csv", 1)
    manager = make()
    manager.start_background()
    with pytest.raises(OdibiError, match=f"runs already, in the process {os.getpid()}"):
        manager.run_once()
    with pytest.raises(OdibiError, match="runs already"):
        manager.start()
    assert manager.is_running
    wait_until((workspace.root / "landing" / "processed" / "a.csv").exists)
    assert manager.stop()
    assert manager.run_once() == 0


def test_what_one_sink_has_is_not_written_again_when_another_failed(
    workspace: Workspace, make: Make, drop: Callable[..., Path]
) -> None:
    tries: list[int] = []

    def sometimes(rows: Any) -> Any:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not today")
        return rows

    drop("a.csv", 1)
    steps = [
        ingest_step("rows", LANDING),
        store_step("first", "out.parquet", "rows", mode="append"),
        function_step("checked", sometimes, "rows"),
        store_step("second", "second", "checked", format="delta", mode="append"),
    ]
    assert make(steps=steps).run_once() == 1
    failed = workspace.root / "landing" / "failed" / "a.csv"
    failed.rename(workspace.root / "landing" / "a.csv")
    assert make(steps=steps).run_once() == 1
    assert rows(workspace) == [1]
    from deltalake import DeltaTable

    assert DeltaTable(str(workspace.root / "second")).to_pyarrow_table()["n"].to_pylist() == [1]


def test_an_error_that_may_pass_lets_the_batch_wait_and_is_tried_again(
    workspace: Workspace, make: Make, drop: Callable[..., Path]
) -> None:
    tries: list[int] = []

    def flaky(rows: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            raise TransientError("the service is away")
        return rows

    drop("a.csv", 1)
    steps = [
        ingest_step("rows", LANDING),
        function_step("checked", flaky, "rows"),
        store_step("save", "out.parquet", "checked", mode="append"),
    ]
    manager = make(steps=steps, max_attempts=5, poll_interval_s=0.05)
    manager.start_background()
    wait_until(lambda: rows(workspace) == [1])
    assert manager.stop()
    assert len(tries) == 3
    assert names(workspace.root / "landing" / "processed") == ["a.csv"]


def test_files_that_come_while_it_runs_are_taken_once_and_a_half_written_one_when_it_is_whole(
    workspace: Workspace, make: Make, drop: Callable[..., Path]
) -> None:
    manager = make(file_pattern="*.csv", settle_s=0.05)
    manager.start_background()
    drop("a.csv", 1)
    wait_until(lambda: rows(workspace) == [1])
    with (workspace.root / "landing" / "b.csv").open("w") as file:
        file.write("n\n2\n")
        file.flush()
        drop("c.csv", 4)
        wait_until(lambda: rows(workspace) == [1, 4])
        file.write("3\n")
    wait_until(lambda: rows(workspace) == [1, 2, 3, 4])
    with pytest.raises(OdibiError, match="the stream runs already"):
        make(file_pattern="*.csv").run_once()
    assert manager.stop()


def test_a_restart_finds_every_place_in_which_a_file_may_have_been_left(
    workspace: Workspace, make: Make, drop: Callable[..., Path]
) -> None:
    from odibi_core.streams import files

    landing = workspace.root / "landing"
    for number, place in enumerate(["rename", "_put_away", "_clear"]):
        drop(f"{number}.csv", number)
        with pytest.MonkeyPatch.context() as patch:

            def dies(*_: object, **__: object) -> None:
                raise KeyboardInterrupt

            if place == "rename":
                patch.setattr(Path, "rename", dies)
            else:
                patch.setattr(files.FileSource, place, dies)
            with pytest.raises(KeyboardInterrupt):
                make(file_pattern="*.csv").run_once()
        make(file_pattern="*.csv").run_once()
        assert rows(workspace) == list(range(number + 1))
        assert names(landing) == []
        assert len(names(landing / "processed")) == number + 1


def source(workspace: Workspace, *values: tuple[Any, ...]) -> None:
    table = pa.table({"n": [value[0] for value in values], "at": [value[1] for value in values]})
    pq.write_table(table, workspace.root / "source.parquet")


DAY = dt.datetime(2026, 1, 1)
WATERMARKS: dict[str, Callable[[int], Any]] = {
    "integer": lambda number: number,
    "text": lambda number: f"{number:04}",
    "time": lambda number: DAY + dt.timedelta(microseconds=number),
    "zoned time": lambda number: (DAY + dt.timedelta(hours=number)).replace(tzinfo=dt.UTC),
    "day": lambda number: DAY.date() + dt.timedelta(days=number),
    "float": lambda number: number / 7,
}


@pytest.mark.parametrize("kind", WATERMARKS)
@pytest.mark.parametrize("batch_size", [None, 3])
def test_rows_past_the_watermark_are_taken_and_equal_values_that_come_later_are_too(
    workspace: Workspace, make: Make, kind: str, batch_size: int | None
) -> None:
    at = WATERMARKS[kind]

    def stream() -> StreamManager:
        return make(
            StreamMode.INCREMENTAL, source_path="source.parquet", watermark_column="at", batch_size=batch_size
        )

    first = [(number, at(number // 2)) for number in range(8)]
    source(workspace, *first)
    assert stream().run_once() == (3 if batch_size else 1)
    assert rows(workspace) == list(range(8))
    # 8 and 6 again have the value at the watermark, 9 a later one; 6 twice is one more than before.
    source(workspace, *first, (8, at(3)), (6, at(3)), (9, at(4)))
    assert stream().run_once() == 1
    assert rows(workspace) == [0, 1, 2, 3, 4, 5, 6, 6, 7, 8, 9]
    assert stream().run_once() == 0


def test_rows_of_a_url_are_taken_past_the_watermark(workspace: Workspace, make: Make) -> None:
    (workspace.root / "odibi.toml").write_text("[http]\nallow_private = true\n")
    with local_service() as service:
        url = f"{service.url}/orders"
        for numbers, batches in (([1, 2], 1), ([1, 2], 0), ([1, 2, 3], 1)):
            body = json.dumps([{"n": number} for number in numbers]).encode()
            service.answers = [Answer(body=body, headers={"Content-Type": "application/json"})]
            assert make(StreamMode.INCREMENTAL, source_path=url, watermark_column="n").run_once() == batches
    assert rows(workspace) == [1, 2, 3]


def test_what_has_no_keys_is_put_aside_and_holds_up_nothing(workspace: Workspace, make: Make) -> None:
    stream = make(StreamMode.EVENT, source_path="events")
    stream.push({})
    assert stream.run_once() == 1
    stream.push({"n": 1})
    assert stream.run_once() == 1
    assert (stream.failures, rows(workspace)) == (1, [1])
    assert stream.status().failed == 1


def test_late_rows_are_taken_as_far_back_as_the_stream_is_told(workspace: Workspace, make: Make) -> None:
    def stream() -> StreamManager:
        return make(
            StreamMode.INCREMENTAL, source_path="source.parquet", watermark_column="at", lateness="2h"
        )

    hours = [(number, DAY + dt.timedelta(hours=number)) for number in (0, 4, 8)]
    source(workspace, *hours)
    assert stream().run_once() == 1
    late = [(number, DAY + dt.timedelta(hours=number)) for number in (5, 7)]
    source(workspace, *hours, *late)
    assert stream().run_once() == 1
    assert rows(workspace) == [0, 4, 7, 8]
    assert stream().run_once() == 0
    assert stream().status().watermark == "2026-01-01 08:00:00"


ZONED = """
import sys
from odibi_core.stream_manager import StreamConfig, StreamManager
from odibi_core.testing import ingest_step, sql_step, store_step
steps = [
    ingest_step("rows", "source.parquet"),
    sql_step("texts", "SELECT CAST(at AS VARCHAR) AS at FROM rows", "rows"),
    store_step("save", "out.parquet", "texts", mode="append"),
]
config = StreamConfig(source_path="source.parquet", watermark_column="at")
manager = StreamManager(steps, stream_mode="incremental", stream_config=config, workspace=sys.argv[1])
print(manager.run_once(), manager.run_once())
"""


def test_rows_with_zoned_times_are_taken_once_whatever_the_time_zone_of_the_machine(
    workspace: Workspace,
) -> None:
    source(workspace, *[(hour, DAY.replace(hour=hour, tzinfo=dt.UTC)) for hour in (0, 1)])
    done = subprocess.run(
        [sys.executable, "-c", ZONED, str(workspace.root)],
        env={**os.environ, "TZ": "Europe/Vienna"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("1 0\n", 0), done.stderr
    assert rows(workspace, column="at") == ["2026-01-01 00:00:00+00", "2026-01-01 01:00:00+00"]


def test_a_lateness_that_grows_takes_no_row_again(workspace: Workspace, make: Make) -> None:
    def stream(lateness: str) -> StreamManager:
        return make(
            StreamMode.INCREMENTAL, source_path="source.parquet", watermark_column="at", lateness=lateness
        )

    hours = [(number, DAY + dt.timedelta(hours=number)) for number in (0, 4, 8)]
    source(workspace, *hours)
    assert stream("1h").run_once() == 1
    source(workspace, *hours, (9, DAY + dt.timedelta(hours=9)))
    assert stream("12h").run_once() == 1
    assert stream("12h").run_once() == 0
    assert rows(workspace) == [0, 4, 8, 9]


def test_columns_that_come_or_change_their_type_make_no_row_new(workspace: Workspace, make: Make) -> None:
    steps = [
        ingest_step("rows", "source.parquet"),
        sql_step("numbers", "SELECT CAST(n AS DOUBLE) AS n FROM rows", "rows"),
        store_step("save", "out.parquet", "numbers", mode="append"),
    ]

    def taken(**columns: list[Any]) -> int:
        pq.write_table(pa.table(columns), workspace.root / "source.parquet")
        config = {"source_path": "source.parquet", "watermark_column": "at"}
        return make(StreamMode.INCREMENTAL, steps, **config).run_once()

    assert taken(n=[1, 2], at=[5, 5], note=[None, None]) == 1
    assert taken(n=[1.0, 2.0], at=[5, 5], note=[None, None], more=["a", "b"]) == 0
    assert taken(n=[1.0, 2.0, 2.4], at=[5, 5, 5], note=["x", None, None], more=["a", "b", "c"]) == 1
    assert rows(workspace) == [1, 1, 2, 2.4]
    assert taken(n=[1.0, 2.0, 2.4, 7.0], at=[5, 5, 5, 6], note=["x", None, None, "y"], more=[*"abcd"]) == 1
    assert taken(n=[1.0, 7.0, 7.0], at=[5, 6, 6], note=["x", "y", "y"], more=[*"ade"]) == 1
    assert rows(workspace) == [1, 1, 2, 2.4, 7, 7]


def test_the_watermark_moves_only_with_a_committed_batch(workspace: Workspace, make: Make) -> None:
    def fails(rows: Any) -> Any:
        raise ValueError("not today")

    source(workspace, (1, 1), (2, 2))
    steps = [
        ingest_step("rows", "source.parquet"),
        function_step("checked", fails, "rows"),
        store_step("save", "out.parquet", "checked", mode="append"),
    ]
    config = {"source_path": "source.parquet", "watermark_column": "at"}
    manager = make(StreamMode.INCREMENTAL, steps, **config)
    with pytest.raises(OdibiError, match="not today"):
        manager.run_once()
    assert (manager.status().watermark, "not today" in manager.status().error) == ("", True)
    # What was put aside is what is taken, whatever the source holds by then.
    source(workspace, (1, 1), (2, 2), (3, 3))
    assert make(StreamMode.INCREMENTAL, **config).run_once() == 2
    assert rows(workspace) == [1, 2, 3]


def test_events_are_taken_from_python_and_over_http_each_id_once(workspace: Workspace, make: Make) -> None:
    manager = make(StreamMode.EVENT, source_path="events", port=0, max_waiting_events=3)
    manager.push({"n": 1})
    manager.push([{"n": 2}, {"n": 3}], event_id="mine")
    manager.push([{"n": 2}, {"n": 3}], event_id="mine")
    assert manager.run_once() == 2
    manager.push([{"n": 2}, {"n": 3}], event_id="mine")
    manager.start_background()
    for body in ('{"n": 4}', '[{"n": 5}, {"n": 5}]', '{"n": 6}\n{"n": 7}\n'):
        for _ in range(2):
            answer = httpx.post(
                manager.url, content=body, headers={"Idempotency-Key": str(hash(body))}, timeout=30
            )
            assert answer.status_code in (202, 503)
            if answer.status_code == 503:
                wait_until(lambda: manager.status().waiting == 0)
                answer = httpx.post(
                    manager.url, content=body, headers={"Idempotency-Key": str(hash(body))}, timeout=30
                )
                assert answer.status_code == 202
    assert httpx.post(manager.url, content="{", timeout=30).status_code == 400
    assert httpx.post(manager.url, content="[1]", timeout=30).status_code == 400
    assert httpx.post(manager.url.replace("events", "x"), content="{}", timeout=30).status_code == 404
    wait_until(lambda: len(rows(workspace)) == 8)
    wait_until(lambda: manager.status().waiting == 0)
    assert manager.stop()
    assert rows(workspace) == [1, 2, 3, 4, 5, 5, 6, 7]


def test_more_than_may_wait_is_refused(make: Make) -> None:
    manager = make(StreamMode.EVENT, source_path="events", max_waiting_events=2)
    for number in range(2):
        manager.push({"n": number})
    with pytest.raises(OdibiError, match="2 posts wait already"):
        manager.push({"n": 3})
    with pytest.raises(OdibiError, match="must be mappings"):
        manager.push([])
    with pytest.raises(OdibiError, match="takes no events"):
        make().push({"n": 1})


def test_at_an_interval_the_whole_source_is_read(
    workspace: Workspace, make: Make, drop: Callable[..., Path]
) -> None:
    drop("a.csv", 1)
    manager = make(StreamMode.INTERVAL, poll_interval_s=0.05)
    manager.start_background()
    wait_until(lambda: len(rows(workspace)) >= 2)
    assert manager.stop()
    assert set(rows(workspace)) == {1}
    assert names(workspace.root / "landing") == ["a.csv"]


@pytest.mark.parametrize(
    ("mode", "config", "says"),
    [
        (StreamMode.FILE_WATCH, {"source_path": "landin"}, "no step reads 'landin'"),
        (StreamMode.INCREMENTAL, {}, "needs the column that tells how far"),
    ],
)
def test_what_does_not_fit_is_told(
    workspace: Workspace, mode: StreamMode, config: dict[str, Any], says: str
) -> None:
    steps = [ingest_step("rows", LANDING), store_step("save", "out.parquet", "rows", mode="append")]
    with pytest.raises(OdibiError, match=says):
        StreamManager(
            steps,
            stream_mode=mode,
            stream_config=StreamConfig(**{"source_path": LANDING, **config}),
            workspace=workspace,
        ).run_once()


SCRIPT = Path(__file__).parents[1] / "contracts" / "stream.txt"


def test_the_documented_stream_runs_unchanged_and_ends_cleanly(tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").touch()
    landing, target = tmp_path / "data" / "landing", tmp_path / "data" / "processed" / "events.parquet"
    landing.mkdir(parents=True)
    (landing / "0.csv").write_text("id,priority\n0,HIGH\n100,LOW\n")
    core = Path(sys.modules["odibi_core"].__file__ or "").parents[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(core),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
    }

    def ids() -> list[int]:
        return values_in(target)

    with started(
        [sys.executable, "-W", "error", str(SCRIPT)],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        wait_until(lambda: ids() == [0])
        for number in range(1, 5):
            (landing / f"{number}.csv").write_text(f"id,priority\n{number},HIGH\n")
        (landing / "again.csv").write_text("id,priority\n1,HIGH\n")
        wait_until(lambda: ids() == [0, 1, 2, 3, 4])
        wait_until(lambda: names(landing) == [])
        process.send_signal(signal.SIGTERM)
        out, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith("🔄 Starting file watcher...\n")
    assert "which was taken" in errors
    assert ids() == [0, 1, 2, 3, 4]
    assert len(names(landing / "processed")) == 6


def test_a_watermark_that_does_not_fit_the_source_is_told_as_such(workspace: Workspace, make: Make) -> None:
    (workspace.root / "source.csv").write_text("n\n1\n2\n")
    with pytest.raises(OdibiError, match="there is no column 'm'") as told:
        make(StreamMode.INCREMENTAL, source_path="source.csv", watermark_column="m").run_once()
    assert told.value.where == "watermark_column 'm'"
    assert make(StreamMode.INCREMENTAL, source_path="source.csv", watermark_column="n").run_once() == 1
    (workspace.root / "source.csv").write_text("n\n1\n2\nx\n")
    with pytest.raises(OdibiError) as told:
        make(StreamMode.INCREMENTAL, source_path="source.csv", watermark_column="n").run_once()
    assert told.value.where == "watermark_column 'n'"


def test_what_keeps_a_stream_from_its_next_batch_is_seen_from_outside(
    workspace: Workspace, make: Make
) -> None:
    (workspace.root / "source.csv").write_text("m\n1\n")
    stream = make(StreamMode.INCREMENTAL, source_path="source.csv", watermark_column="n")
    stream.start_background()
    outside = make(StreamMode.INCREMENTAL, source_path="source.csv", watermark_column="n")
    wait_until(lambda: "there is no column 'n'" in outside.status().error)
    (workspace.root / "source.csv").write_text("n\n1\n")
    wait_until(lambda: outside.status().done == 1)
    assert outside.status().error == ""


def test_a_folder_that_is_not_there_is_told_when_it_is_made(
    workspace: Workspace, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    assert make().run_once() == 0
    (message,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert message == f"the folder {workspace.root / 'landing'} was not there: it is made now, and watched"
    caplog.clear()
    assert make().run_once() == 0
    assert not caplog.records


def test_a_mode_that_there_is_not_is_told_with_those_that_there_are(workspace: Workspace) -> None:
    with pytest.raises(OdibiError, match="stream_mode: there is no mode 'watermark'"):
        StreamManager([], stream_mode="watermark", stream_config=StreamConfig(source_path="a"))


def test_other_events_under_the_id_of_some_that_wait_are_refused(workspace: Workspace, make: Make) -> None:
    stream = make(StreamMode.EVENT, source_path="events")
    assert stream.push({"n": 1}, event_id="k") == stream.push({"n": 1}, event_id="k")
    with pytest.raises(OdibiError, match="other events of that id wait already"):
        stream.push({"n": 2}, event_id="k")
    assert stream.run_once() == 1
    assert rows(workspace) == [1]


def test_numbers_that_json_does_not_have_are_refused_at_the_door(make: Make) -> None:
    manager = make(StreamMode.EVENT, source_path="events", port=0)
    manager.start_background()
    answer = httpx.post(manager.url, content='{"n": NaN}', timeout=30)
    assert (answer.status_code, "NaN is no number of JSON" in answer.json()["error"]) == (400, True)
    assert manager.stop()


def test_pages_of_other_sites_post_no_events(workspace: Workspace, make: Make) -> None:
    manager = make(StreamMode.EVENT, source_path="events", port=0)
    manager.start_background()
    own = manager.url.removesuffix("/events")
    for origin, code in (("https://evil.example", 403), ("null", 403), (own, 202)):
        answer = httpx.post(manager.url, content='{"n": 1}', headers={"Origin": origin}, timeout=30)
        assert answer.status_code == code
    assert manager.stop()


def test_a_fault_of_the_disk_does_not_end_the_stream(
    workspace: Workspace,
    make: Make,
    drop: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if "processed" in str(target):
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        drop("a.csv", 1)
        manager = make(file_pattern="*.csv")
        manager.start_background()
        wait_until(lambda: "the file a.csv can't be moved: no space left on device" in caplog.text)
        patch.setattr("odibi_core.arrivals.os.scandir", lambda _folder: 1 / 0)
        wait_until(lambda: "ZeroDivisionError" in caplog.text)
        assert manager.is_running
    drop("b.csv", 2)
    wait_until(lambda: rows(workspace) == [1, 2])
    assert manager.stop()
    assert make(file_pattern="*.csv").run_once() == 0
    assert names(workspace.root / "landing" / "processed") == ["a.csv", "b.csv"]


def test_many_threads_may_hand_over_events(workspace: Workspace, make: Make) -> None:
    manager = make(StreamMode.EVENT, source_path="events")
    threads = [threading.Thread(target=manager.push, args=({"n": number},)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert manager.run_once() == 20
    assert rows(workspace) == list(range(20))
