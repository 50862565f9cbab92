"""A year in ten time zones: clocks are changed, jump, and schedulers come and go. Every tick comes once."""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.core.schedules.recording import Clock, RecordedJob, timing

from odibi_core.schedule_manager import ScheduleManager
from odibi_core.workspace import Workspace

ZONES = (
    "Europe/Vienna",
    "America/New_York",
    "America/St_Johns",
    "America/Santiago",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Auckland",
)
EXPRESSIONS = ("30 2 * * *", "0 0,12 * * 1-5")
HOURLY = ZONES[:1]
BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


class KilledError(BaseException):
    """The scheduler's process is gone."""


def at_wall(zone: ZoneInfo, day: dt.date, hour: int, minute: int) -> dt.datetime:
    """The first moment at which a zone's clocks show this, or the one at which they jump over it."""
    wall = dt.datetime(day.year, day.month, day.day, hour, minute)
    moment = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    moment -= dt.timedelta(hours=3)
    while moment.astimezone(zone).replace(tzinfo=None) < wall:
        moment += MINUTE
    return moment


def expected(zone_name: str) -> set[tuple[str, dt.datetime]]:
    """What should come in the year, found without the code under test."""
    zone, found = ZoneInfo(zone_name), set[tuple[str, dt.datetime]]()
    for number in range(-1, 367):
        day = BEGIN.date() + dt.timedelta(days=number)
        found.add((f"{zone_name} {EXPRESSIONS[0]}", at_wall(zone, day, 2, 30)))
        if day.weekday() < 5:
            found.update((f"{zone_name} {EXPRESSIONS[1]}", at_wall(zone, day, hour, 0)) for hour in (0, 12))
    moment = BEGIN
    while zone_name in HOURLY and moment <= END:
        if moment.astimezone(zone).minute == 0:
            found.add((f"{zone_name} 0 * * * *", moment))
        moment += dt.timedelta(minutes=15)
    return {(name, tick) for name, tick in found if BEGIN < tick <= END}


@pytest.fixture
def year_workspace() -> Iterator[Workspace]:
    """A folder in memory: 40,000 commits to a disk that flushes each would take most of the time."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        (Path(folder) / "odibi.toml").touch()
        yield Workspace.find(folder)


@pytest.fixture
def jobs() -> dict[str, RecordedJob]:
    names = [f"{zone} {cron}" for zone in ZONES for cron in EXPRESSIONS]
    return {name: RecordedJob() for name in [*names, *(f"{zone} 0 * * * *" for zone in HOURLY)]}


def make_manager(workspace: Workspace, clock: Clock, jobs: dict[str, RecordedJob]) -> ScheduleManager:
    manager = ScheduleManager(workspace, clock=clock)
    for name, job in jobs.items():
        zone, cron = name.split(" ", 1)
        jitter = "20m" if cron == EXPRESSIONS[1] else None
        manager.add(name, timing(cron=cron, time_zone=zone, missed="all", jitter=jitter), job)
    return manager


def let_die(manager: ScheduleManager) -> None:
    """As the kernel does it: what the process held is free, nothing is said."""
    for name in manager.names:
        manager.remove(name)
    manager.close()


@pytest.mark.timeout(600)
def test_every_tick_of_a_year_comes_once_whatever_happens(
    year_workspace: Workspace, jobs: dict[str, RecordedJob]
) -> None:
    workspace = year_workspace
    chance, clock = random.Random(20260101), Clock(BEGIN)
    happened = Counter[str]()

    def dies_now_and_then(rate: float) -> None:
        if chance.random() < rate:
            happened["killed"] += 1
            raise KilledError

    for job in jobs.values():
        job.before = lambda: dies_now_and_then(0.005)
        job.after = lambda: dies_now_and_then(0.005)
    managers = [make_manager(workspace, clock, jobs) for _ in range(2)]
    while clock.now < END + dt.timedelta(days=2):
        number = chance.randrange(2)
        if chance.random() < 0.02:
            happened["restarts"] += 1
            let_die(managers[number])
            managers[number] = make_manager(workspace, clock, jobs)
        try:
            due = managers[number].look()
        except KilledError:
            let_die(managers[number])
            managers[number] = make_manager(workspace, clock, jobs)
            continue
        match chance.random():
            case luck if luck < 0.004:
                happened["put forward"] += 1
                clock.go(hours=chance.uniform(0.1, 30))
            case luck if luck < 0.008:
                happened["put back"] += 1
                clock.go(hours=-chance.uniform(0.1, 3))
            case _:
                later = clock.now + dt.timedelta(minutes=chance.uniform(5, 300))
                clock.now = max(min(due or later, later), clock.now + dt.timedelta(seconds=1))
    for manager in managers:
        let_die(manager)
    came = [(name, tick.time) for name, job in jobs.items() for tick in job.runs.values()]
    counts = Counter(came)
    assert [tick for tick, count in counts.items() if count > 1] == []
    wanted = set().union(*(expected(zone) for zone in ZONES))
    assert {tick for tick in came if tick[1] <= END} == wanted
    assert len(wanted) > 17_000
    assert min(happened[what] for what in ("killed", "restarts", "put forward", "put back")) > 20
