"""What becomes of ticks: missed, overlapping, late on purpose, waiting, begun when the disk was full."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.core.schedules.recording import START, Clock, RecordedJob, timing

from odibi_core.errors import OdibiError, TransientError
from odibi_core.schedule_manager import ScheduleManager
from odibi_core.schedules.schedule import Timing
from odibi_core.schedules.store import ScheduleStore, Tick, TickState
from odibi_core.workspace import Workspace

HOUR = dt.timedelta(hours=1)
Add = Callable[..., RecordedJob]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def manager(workspace: Workspace, clock: Clock) -> ScheduleManager:
    return ScheduleManager(workspace, clock=clock)


@pytest.fixture
def add(manager: ScheduleManager) -> Add:
    """Adds a schedule of the name "s" that the manager sees to from now on."""

    def schedule(**said: object) -> RecordedJob:
        job = RecordedJob()
        manager.add("s", timing(**said), job)
        manager.look()
        return job

    return schedule


def ticks(workspace: Workspace) -> list[Tick]:
    store = ScheduleStore(workspace.state / "schedules.db")
    found = store.ticks("s", 100)
    store.close()
    return found


def test_nothing_is_made_up_for_the_time_before_there_was_a_schedule(
    manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    job = add(cron="0 * * * *", missed="all")
    assert job.times == []
    clock.go(hours=1)
    assert manager.look() == START + 2 * HOUR
    assert job.times == [START + HOUR]


def test_missed_ticks_come_once_by_default_with_the_time_of_the_last(
    workspace: Workspace, manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    job = add(cron="0 * * * *")
    clock.go(hours=5, minutes=30)
    manager.look()
    assert job.times == [START + 5 * HOUR]
    clock.go(hours=3, minutes=30)
    manager.look()
    assert job.times == [START + 5 * HOUR, START + 9 * HOUR]
    assert [(tick.state, tick.reason) for tick in ticks(workspace)] == [
        (TickState.STARTED, ""),
        (TickState.SKIPPED, "missed: the tick of 2026-01-01 09:00 UTC stands for it"),
        (TickState.STARTED, ""),
    ]


def test_missed_ticks_are_skipped_or_all_made_up_where_the_schedule_says_so(
    workspace: Workspace, manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    skipping = add(cron="0 * * * *", missed="skip")
    everyone = RecordedJob()
    manager.add("all", timing(cron="0 * * * *", missed="all"), everyone)
    manager.look()
    clock.go(hours=5, seconds=90)
    manager.look()
    assert skipping.times == []
    assert everyone.times == [START + number * HOUR for number in range(1, 6)]
    assert (
        ticks(workspace)[0].reason == "missed: no scheduler ran from 2026-01-01 00:00 to 2026-01-01 05:01 UTC"
    )
    clock.go(minutes=59)
    manager.look()
    assert skipping.times == [START + 6 * HOUR]


def test_many_missed_ticks_are_made_up_in_portions(manager: ScheduleManager, clock: Clock, add: Add) -> None:
    job = add(every=1, missed="all")
    clock.go(seconds=1100)
    for _ in range(3):
        manager.look()
    assert job.times == [START + dt.timedelta(seconds=number) for number in range(1, 1101)]


def test_another_expression_makes_nothing_up(workspace: Workspace, clock: Clock) -> None:
    for cron in ("0 * * * *", "30 * * * *"):
        manager, job = ScheduleManager(workspace, clock=clock), RecordedJob()
        manager.add("s", timing(cron=cron, missed="all"), job)
        manager.look()
        assert job.times == []
        manager.remove("s")
        clock.go(hours=10)


def test_start_and_end_bound_the_ticks_and_an_end_day_counts_whole(
    manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    job = add(
        cron="0 12 * * *", start="2026-01-03", end="2026-01-04", missed="all", time_zone="America/New_York"
    )
    assert manager.next_ticks("s", 5) == [dt.datetime(2026, 1, day, 17, tzinfo=dt.UTC) for day in (3, 4)]
    clock.go(days=30)
    assert manager.look() is None
    assert [moment.day for moment in job.times] == [3, 4]


def test_an_interval_counts_from_its_start_in_real_seconds(
    manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    add(every="90m", start="2026-03-29T00:00", time_zone="Europe/Vienna")
    assert [f"{moment:%H:%M}" for moment in manager.next_ticks("s", 4)] == [
        "00:00",
        "01:30",
        "04:00",
        "05:30",
    ]


def test_jitter_is_the_same_whoever_asks_and_spreads_schedules() -> None:
    jittered = timing(cron="0 * * * *", jitter="10m")
    moment = START + HOUR
    delays = [jittered.late_by(f"schedule {number}", moment) for number in range(200)]
    assert delays == [jittered.late_by(f"schedule {number}", moment) for number in range(200)]
    assert min(delays) < dt.timedelta(minutes=1)
    assert dt.timedelta(minutes=9) < max(delays) < dt.timedelta(minutes=10)


def test_a_tick_with_jitter_begins_late_and_survives_a_restart(
    workspace: Workspace, manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    job = add(cron="0 * * * *", jitter="10m")
    late = timing(cron="0 * * * *", jitter="10m").late_by("s", START + HOUR)
    clock.go(hours=1)
    assert manager.look() == START + HOUR + late
    assert job.times == []
    manager.remove("s")
    other, after = ScheduleManager(workspace, clock=clock), RecordedJob()
    other.add("s", timing(cron="0 * * * *", jitter="10m"), after)
    other.look()
    clock.now = START + HOUR + late
    other.look()
    assert (after.times, job.times) == ([START + HOUR], [])


def test_a_tick_is_skipped_while_the_one_before_runs_where_the_schedule_says_so(
    workspace: Workspace, manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    job = add(cron="0 * * * *", overlap="skip")
    job.busy = True
    clock.go(hours=1)
    manager.look()
    assert (job.times, ticks(workspace)[0].reason) == ([], "what was begun before still runs")
    job.busy = False
    clock.go(hours=1)
    manager.look()
    assert job.times == [START + 2 * HOUR]


@pytest.mark.parametrize("overlap", ["queue", "allow"])
def test_a_run_is_asked_for_all_the_same_where_it_queues_or_may_run_beside(
    manager: ScheduleManager, clock: Clock, add: Add, overlap: str
) -> None:
    job = add(cron="0 * * * *", overlap=overlap)
    job.busy = True
    clock.go(hours=1)
    manager.look()
    assert job.times == [START + HOUR]


def test_a_paused_schedule_does_nothing_and_makes_nothing_up(
    manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    job = add(cron="0 * * * *", missed="all")
    assert manager.pause("s")
    assert not manager.pause("s")
    clock.go(hours=4)
    manager.look()
    assert manager.resume("s")
    assert not manager.resume("s")
    manager.look()
    assert job.times == []
    clock.go(hours=1)
    manager.look()
    assert job.times == [START + 5 * HOUR]


def test_a_clock_that_was_a_year_ahead_by_mistake_silences_nothing(
    manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    job = add(cron="0 0 * * *")
    clock.go(days=365)
    manager.look()
    clock.go(days=-364)
    manager.look()
    clock.go(days=1)
    manager.look()
    clock.go(days=1)
    manager.look()
    assert job.times == [START + dt.timedelta(days=day) for day in (365, 2, 3)]


def test_of_two_managers_one_sees_to_a_schedule_and_the_other_takes_over(
    workspace: Workspace, clock: Clock
) -> None:
    managers = [ScheduleManager(workspace, clock=clock) for _ in range(2)]
    jobs = [RecordedJob() for _ in managers]
    for manager, job in zip(managers, jobs, strict=True):
        manager.add("s", timing(cron="0 * * * *", missed="all"), job)
        manager.look()
    for _ in range(3):
        clock.go(hours=1)
        for manager in managers:
            manager.look()
    assert [len(job.times) for job in jobs] == [3, 0]
    managers[0].remove("s")
    clock.go(hours=1)
    managers[1].look()
    assert jobs[1].times == [START + 4 * HOUR]


def test_a_run_that_can_not_be_asked_for_now_is_asked_for_later_under_the_same_id(
    manager: ScheduleManager, clock: Clock, add: Add, caplog: pytest.LogCaptureFixture
) -> None:
    job, tries = add(cron="0 * * * *"), list[int]()

    def full() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise TransientError("the disk is full")

    job.before = full
    clock.go(hours=1)
    for _ in range(5):
        manager.look()
    assert (job.times, len(tries)) == ([START + HOUR], 3)
    assert caplog.text.count("the disk is full") == 1


def test_a_tick_whose_run_can_never_be_asked_for_is_failed_and_others_go_on(
    workspace: Workspace, manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    job, other = add(cron="0 * * * *"), RecordedJob()
    manager.add("other", timing(cron="0 * * * *"), other)
    manager.look()

    def gone() -> None:
        raise OdibiError("pipeline 'p' is not known")

    job.before = gone
    clock.go(hours=1)
    manager.look()
    assert other.times == [START + HOUR]
    assert [(tick.state, tick.reason) for tick in ticks(workspace)] == [
        (TickState.FAILED, "pipeline 'p' is not known")
    ]


def test_a_tick_waits_for_a_dataset_and_is_given_up_when_it_stays_old(
    workspace: Workspace, manager: ScheduleManager, clock: Clock, add: Add
) -> None:
    job = add(
        cron="0 0 * * *", after=[{"dataset": "data/in.csv", "within": "6h"}], wait_at_most="2h", missed="all"
    )
    clock.go(days=1)
    manager.look()
    assert (job.times, ticks(workspace)[0].reason) == ([], "it waits: data/in.csv is not there")
    path = workspace.root / "data" / "in.csv"
    path.parent.mkdir()
    path.touch()
    old = (START + dt.timedelta(hours=10)).timestamp()
    os.utime(path, (old, old))
    clock.go(hours=1)
    manager.look()
    assert ticks(workspace)[0].reason == "it waits: data/in.csv was last written 2026-01-01 10:00 UTC"
    new = (START + dt.timedelta(hours=20)).timestamp()
    os.utime(path, (new, new))
    manager.look()
    assert job.times == [START + dt.timedelta(days=1)]
    clock.go(days=1, hours=2)
    manager.look()
    assert len(job.times) == 1
    assert "waited for long enough" in ticks(workspace)[0].reason


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({}, "it never ticks"),
        ({"cron": "0 * * * *", "every": "1h"}, "exclude each other"),
        ({"every": "soon"}, "'soon' is no span of time"),
        ({"every": 0}, "greater than 0"),
        ({"cron": "0 * * * *", "start": "2026-02-01", "end": "2026-01-01"}, "end is before start"),
        ({"cron": "0 * * * *", "start": "tomorrow"}, "'tomorrow' is no date"),
        ({"cron": "0 * * * *", "time_zone": "Vienna"}, "time zone 'Vienna' is not known"),
        ({"cron": "0 * * *"}, "has 4 fields"),
        ({"cron": "0 * * * *", "missed": "maybe"}, "'skip', 'once' or 'all'"),
    ],
)
def test_what_a_schedule_says_is_checked(said: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Timing.model_validate(said)


def test_files_that_came_are_one_tick_and_a_changed_file_is_another(
    workspace: Workspace, manager: ScheduleManager, add: Add, tmp_path: Path
) -> None:
    folder = tmp_path / "landing"
    job = add(watch="landing", pattern="*.csv", settle_s=0)
    assert job.times == []
    folder.mkdir()
    for name in ("a.csv", "b.csv", "c.txt", ".d.csv", "e.csv.part"):
        (folder / name).write_text("x")
    manager.look()
    assert [[Path(file).name for file in tick.files] for tick in job.runs.values()] == [["a.csv", "b.csv"]]
    manager.look()
    (folder / "a.csv").write_text("more")
    manager.look()
    (folder / "b.csv").unlink()
    manager.look()
    (folder / "b.csv").write_text("x")
    manager.look()
    files = [[Path(file).name for file in tick.files] for tick in job.runs.values()]
    assert files == [["a.csv", "b.csv"], ["a.csv"], ["b.csv"]]
