"""Functions and pipelines that run by themselves, with the real clock, real threads and real runs."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from tests.processes import started
from tests.waiting import let_go, make_waiting_workspace, wait_until

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.journal.runs import list_runs
from odibi_core.schedule_manager import ScheduleManager, ScheduleMode
from odibi_core.schedules.backfill import backfill, backfill_times
from odibi_core.schedules.files import load_schedule
from odibi_core.schedules.jobs import PipelineJob
from odibi_core.schedules.schedule import Schedule
from odibi_core.schedules.store import ScheduleStore, Tick, TickState
from odibi_core.workspace import Workspace


@pytest.fixture
def manager(workspace: Workspace) -> Iterator[ScheduleManager]:
    made = ScheduleManager(workspace)
    yield made
    made.close()


def states(workspace: Workspace, name: str) -> list[TickState]:
    store = ScheduleStore(workspace.state / "schedules.db")
    found = [tick.state for tick in store.ticks(name)]
    store.close()
    return found


def test_a_function_is_called_at_an_interval_until_the_manager_is_stopped(manager: ScheduleManager) -> None:
    calls: list[int] = []
    manager.schedule_interval(0.05, lambda: calls.append(1), "beat")
    manager.start_background()
    wait_until(lambda: len(calls) >= 3)
    assert manager.stop()
    assert not manager.is_running


def test_stop_lets_the_function_end_that_was_called(manager: ScheduleManager, workspace: Workspace) -> None:
    began, go, ended = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        began.set()
        go.wait(60)
        ended.set()

    manager.schedule_interval(0.05, slow, "slow", overlap="skip")
    manager.start_background()
    assert began.wait(30)
    assert not manager.stop(timeout_s=0.3)
    go.set()
    assert manager.stop()
    assert ended.is_set()
    assert TickState.DONE in states(workspace, "slow")


def test_a_function_that_fails_is_said_and_called_again(
    manager: ScheduleManager, workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[int] = []

    def fails() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("no such month")

    manager.schedule_interval(0.05, fails, "fails")
    manager.start_background()
    wait_until(lambda: len(calls) >= 2)
    manager.stop()
    assert "the function of the schedule fails failed" in caplog.text
    assert states(workspace, "fails")[-1] is TickState.FAILED


@pytest.mark.parametrize("takes_path", [True, False])
def test_new_files_call_a_function_with_each_or_once_for_all(
    manager: ScheduleManager, workspace: Workspace, takes_path: bool
) -> None:
    folder, came = workspace.root / "landing", list[str]()
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text("x")

    def take(path: Path) -> None:
        came.append(path.name)

    def take_all() -> None:
        came.append("all")

    manager.schedule_file_watch("landing", "*.csv", take if takes_path else take_all, "files", settle_s=0)
    manager.start_background()
    wait_until(lambda: len(came) >= (2 if takes_path else 1))
    (folder / "c.csv").write_text("x")
    wait_until(lambda: len(came) >= (3 if takes_path else 2))
    manager.stop()
    assert came == (["a.csv", "b.csv", "c.csv"] if takes_path else ["all", "all"])


def test_a_hybrid_ticks_at_times_and_when_files_come(manager: ScheduleManager, workspace: Workspace) -> None:
    came: list[object] = []
    (workspace.root / "landing").mkdir()

    def work(path: object = None) -> None:
        came.append(path)

    manager.schedule(
        ScheduleMode.HYBRID,
        func=work,
        name="both",
        interval_seconds=0.1,
        watch_path="landing",
        file_pattern="*.csv",
        settle_s=0,
    )
    manager.start_background()
    wait_until(lambda: None in came)
    path = workspace.root / "landing" / "a.csv"
    path.write_text("x")
    wait_until(lambda: path in came)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"mode": "cron"}, "the mode 'cron' needs cron_expression"),
        ({"mode": "cron", "cron_expression": "0 2 * *"}, "has 4 fields"),
        (
            {"mode": "cron", "cron_expression": "0 2 * * *", "interval_seconds": 5},
            "interval_seconds means nothing",
        ),
        ({"mode": "interval", "interval_seconds": -1}, "interval_seconds: "),
        ({"mode": "hybrid", "watch_path": "in"}, "needs a time beside the folder"),
        ({"mode": "cron", "cron_expression": "0 2 * * *", "func": 5}, "int is none"),
        ({"mode": "cron", "cron_expression": "0 2 * * *", "func": lambda path: path}, "must take nothing"),
        ({"mode": "cron", "cron_expression": "0 2 * * *", "overlapp": "skip"}, "overlapp: there is no such"),
    ],
)
def test_what_is_wrong_is_told_when_it_is_scheduled(
    manager: ScheduleManager, said: dict[str, object], says: str
) -> None:
    given = {"func": lambda: None, "name": "wrong", **said}
    with pytest.raises(OdibiError, match=says):
        manager.schedule(**given)  # type: ignore[arg-type]


def test_names_are_unique_and_modes_known(manager: ScheduleManager) -> None:
    manager.schedule_interval(60, lambda: None, "one")
    with pytest.raises(OdibiError, match="there is a schedule of that name already"):
        manager.schedule_interval(60, lambda: None, "one")
    with pytest.raises(UnknownNameError, match="the mode 'crom' is not known"):
        manager.schedule("crom", func=lambda: None, name="two")
    with pytest.raises(UnknownNameError, match="did you mean 'one'"):
        manager.next_ticks("on")


def run_of(workspace: Workspace, **wanted: object) -> RunRecord | None:
    return next(
        (
            record
            for record in list_runs(workspace.runs)
            if all(getattr(record, key) == value for key, value in wanted.items())
        ),
        None,
    )


def wait_for_run(workspace: Workspace, **wanted: object) -> RunRecord:
    """The run that has these properties, as soon as there is one."""
    found = wait_until(lambda: run_of(workspace, **wanted))
    assert found is not None
    return found


def schedule_of(**said: object) -> Schedule:
    return Schedule.model_validate(said)


def test_a_pipeline_runs_in_a_process_of_its_own_with_the_tick_s_day(
    manager: ScheduleManager, workspace: Workspace
) -> None:
    make_waiting_workspace(workspace.root)
    let_go(workspace.root)
    manager.schedule_pipeline(
        "s", schedule_of(pipeline="waiting", every=0.5, overlap="skip", parameters={"smallest": 25})
    )
    manager.start_background()
    record = wait_for_run(workspace, state=RunState.SUCCESS)
    manager.stop()
    assert record.parameters["smallest"] == 25
    assert record.parameters["date"] == record.start_time[:10]
    assert (record.trigger, record.order["author"], record.order["source"]) == (
        "schedule",
        "schedule s",
        "pipelines/waiting.yaml",
    )
    wait_until(lambda: all(record.state.is_final for record in list_runs(workspace.runs)))


def test_each_new_file_is_a_run_of_its_own_where_the_parameters_name_it(
    manager: ScheduleManager, workspace: Workspace
) -> None:
    make_waiting_workspace(workspace.root)
    pipeline = workspace.root / "pipelines" / "waiting.yaml"
    pipeline.write_text(
        "name: waiting\nparameters: {source: {type: text}}\nsteps:\n"
        "  - {name: read, layer: ingest, type: config_op, value: '{source}', outputs: {data: rows}}\n"
        "  - {name: save, layer: store, type: config_op, value: out.parquet, params: {mode: append},\n"
        "     inputs: {data: rows}}\n"
    )
    (workspace.root / "landing").mkdir()
    for number in range(3):
        (workspace.root / "landing" / f"{number}.csv").write_text(f"id\n{number}\n")
    manager.schedule_pipeline(
        "s", schedule_of(pipeline="waiting", watch="landing", settle_s=0, parameters={"source": "{file}"})
    )
    manager.start_background()
    wait_until(lambda: sum(one.state is RunState.SUCCESS for one in list_runs(workspace.runs)) == 3)
    manager.stop()
    assert sorted(pq.read_table(workspace.root / "out.parquet")["id"].to_pylist()) == [0, 1, 2]


def test_a_tick_waits_until_another_pipeline_has_succeeded(
    manager: ScheduleManager, workspace: Workspace
) -> None:
    make_waiting_workspace(workspace.root, ("first", "second"))
    manager.schedule_pipeline("one", schedule_of(pipeline="first", every=1, overlap="skip"))
    manager.schedule_pipeline(
        "two", schedule_of(pipeline="second", every=1, overlap="skip", after=[{"pipeline": "first"}])
    )
    manager.start_background()
    wait_until(lambda: run_of(workspace, pipeline_name="first", state=RunState.RUNNING))
    assert run_of(workspace, pipeline_name="second") is None
    let_go(workspace.root)
    second = wait_for_run(workspace, pipeline_name="second")
    first = run_of(workspace, pipeline_name="first", state=RunState.SUCCESS)
    assert first is not None
    assert first.end_time <= second.queued_time
    manager.stop()
    wait_until(lambda: all(record.state.is_final for record in list_runs(workspace.runs)))


def test_a_pipeline_that_is_gone_or_broken_fails_where_people_look(
    manager: ScheduleManager, workspace: Workspace
) -> None:
    make_waiting_workspace(workspace.root)
    (workspace.root / "pipelines" / "waiting.yaml").write_text("name: waiting\nsteps: [{nam: x}]\n")
    manager.schedule_pipeline("broken", schedule_of(pipeline="waiting", every=1, overlap="skip"))
    manager.schedule_pipeline("gone", schedule_of(pipeline="nothing", every=1))
    manager.start_background()
    wait_for_run(workspace, pipeline_name="waiting", state=RunState.FAILED)
    wait_until(lambda: TickState.FAILED in states(workspace, "gone"))
    gone = wait_for_run(workspace, pipeline_name="nothing")
    manager.stop()
    assert "'nothing' is not known" in gone.error_message
    assert "nam" in wait_for_run(workspace, pipeline_name="waiting").error_message
    wait_until(lambda: all(record.state.is_final for record in list_runs(workspace.runs)))


def test_days_that_are_past_are_filled_once_each_with_its_date(workspace: Workspace) -> None:
    make_waiting_workspace(workspace.root)
    let_go(workspace.root)
    path = workspace.root / "schedules" / "daily.yaml"
    path.parent.mkdir()
    path.write_text("pipeline: waiting\ncron: 30 2 * * *\ntime_zone: Pacific/Auckland\n")
    schedule = load_schedule(path)
    times = backfill_times(schedule, dt.date(2026, 1, 1), dt.date(2026, 1, 3))
    for round_, (again, new) in enumerate([(False, 3), (False, 0), (True, 3)]):
        filled = list(backfill(workspace, "daily", schedule, times, again=again))
        assert sum(one.is_new for one in filled) == new, round_
        wait_until(lambda: all(record.state.is_final for record in list_runs(workspace.runs)))
    records = list_runs(workspace.runs)
    assert sorted(record.parameters["date"] for record in records) == [
        f"2026-01-0{day}" for day in (1, 2, 3) for _ in range(2)
    ]
    with pytest.raises(OdibiError, match="swap --from and --to"):
        backfill_times(schedule, dt.date(2026, 1, 2), dt.date(2026, 1, 1))


def test_files_of_schedules_are_taken_up_changed_and_let_go_while_the_manager_runs(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    path = workspace.root / "schedules" / "s.yaml"
    path.parent.mkdir()
    manager = ScheduleManager(workspace, declared=True)
    manager.look()
    assert manager.names == []
    path.write_text("pipeline: p\ncron: 0 2 * * *\n")
    manager.look()
    before = manager.next_ticks("s")
    path.write_text("pipeline: p\ncron: 0 3 * * 1\n")
    manager.look()
    assert manager.next_ticks("s") != before
    path.write_text("pipeline: p\ncron: 0 3 * *\n")
    manager.look()
    assert manager.names == []
    assert caplog.text.count("has 4 fields") == 1
    path.write_text("pipeline: p\ncron: 0 3 * * *\n")
    manager.look()
    assert manager.names == ["s"]
    path.unlink()
    manager.look()
    assert manager.names == []
    manager.close()


SCRIPT = Path(__file__).parents[1] / "contracts" / "schedule.txt"


def test_the_documented_schedule_runs_unchanged_and_makes_up_what_it_missed(tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sales.csv").write_text("product_id,amount\n1,5.5\n1,4.5\n2,1\n")
    core = Path(sys.modules["odibi_core"].__file__ or "").parents[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(core),
        "PYTHONUNBUFFERED": "1",
        "PYTHONIOENCODING": "utf-8",
        "TZ": "Europe/Vienna",
    }
    database = tmp_path / ".odibi" / "schedules.db"

    def seen() -> list[tuple[str]]:
        if not database.exists():
            return []
        with closing(sqlite3.connect(database, timeout=30)) as store:
            try:
                return store.execute("SELECT seen_until FROM schedules").fetchall()
            except sqlite3.OperationalError:
                return []

    for number, wanted in enumerate(["", "✅ Pipeline completed successfully"]):
        command = [sys.executable, "-W", "error", str(SCRIPT)]
        with started(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert "📅 Scheduler started" in process.stdout.readline()
            if wanted:
                assert wanted in process.stdout.readline()
            wait_until(seen)
            process.send_signal(signal.SIGTERM)
            rest, errors = process.communicate(timeout=60)
            assert (process.returncode, rest, errors) == (0, "", "")
        if number == 0:
            # Two days go by while nothing runs.
            with closing(sqlite3.connect(database, timeout=30)) as store:
                store.execute("UPDATE schedules SET seen_until = '2026-01-01T00:00:00+00:00'")
                store.commit()
    rows = DeltaTable(str(tmp_path / "output" / "sales_summary")).to_pyarrow_table().to_pylist()
    assert sorted((row["product_id"], row["total_amount"]) for row in rows) == [(1, 10.0), (2, 1.0)]


def test_neither_a_record_nor_a_job_that_breaks_ends_the_scheduler(
    workspace: Workspace, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = ScheduleManager(workspace)
    manager.schedule_interval(60, lambda: None, "a")
    with monkeypatch.context() as patch:
        patch.setattr("odibi_core.schedules.scheduled.Scheduled.look", lambda *_, **__: 1 / 0)
        assert manager.look() is None
        assert "a: ZeroDivisionError: division by zero" in caplog.text
    assert manager.look() is not None
    manager._store.close()
    assert manager.look() is None
    manager.close()


def test_a_pipeline_that_may_not_be_read_is_an_error_of_its_schedule(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workspace.root / "pipelines"
    folder.mkdir()
    (folder / "daily.yaml").write_text("pipeline: daily")

    def denied(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    manager = ScheduleManager(workspace)
    schedule = Schedule.model_validate({"pipeline": "pipelines/daily.yaml", "every": "1h"})
    job = PipelineJob(workspace, "a", schedule, manager._queue)
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    tick = Tick("a", "k", moment, moment)
    for reader in ("read_text", "read_bytes", "open"):
        monkeypatch.setattr(Path, reader, denied)
    with pytest.raises(OdibiError, match="permission denied"):
        job.order(tick)
