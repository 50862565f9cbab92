"""What the page of schedules stands on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from tests.waiting import make_waiting_workspace

from odibi_core.file_lock import FileLock
from odibi_core.journal.record import RunState
from odibi_core.journal.runs import list_runs
from odibi_core.schedules.files import SCHEDULES
from odibi_core.schedules.schedule import Schedule
from odibi_core.schedules.store import Tick, TickState
from odibi_core.workspace import Workspace
from odibi_studio.services.automation.calendar import MOST_A_DAY, Calendar
from odibi_studio.services.automation.schedules import ScheduleDesk
from odibi_studio.services.runs.book import RunBook

NOW = dt.datetime(2026, 3, 27, 12, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
def desk(workspace: Workspace) -> Iterator[ScheduleDesk]:
    make_waiting_workspace(workspace.root, ("one",))
    (workspace.root / "go").touch()
    desk = ScheduleDesk(workspace, RunBook(workspace.runs), lambda: "ana")
    yield desk
    desk.close()


def add(workspace: Workspace, name: str, **said: object) -> Schedule:
    schedule = Schedule.model_validate({"pipeline": "one", **said})
    SCHEDULES.add(workspace, name, schedule)
    return schedule


def test_a_card_says_when_it_ticks_in_words_and_what_is_wrong(
    workspace: Workspace, desk: ScheduleDesk
) -> None:
    add(workspace, "daily", cron="30 6 * * 1-5", time_zone="Europe/Berlin")
    (workspace.root / "schedules" / "odd.yaml").write_text("pipeline: one\ncorn: x\n")
    daily, odd = desk.cards(NOW)
    assert daily.words == "at 06:30, Monday through Friday (Europe/Berlin)"
    assert daily.next == dt.datetime(2026, 3, 30, 6, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert odd.schedule is None
    assert "no setting 'corn'" in str(odd.problem)


def test_a_paused_schedule_says_who_paused_it_and_has_no_next_run(
    workspace: Workspace, desk: ScheduleDesk
) -> None:
    add(workspace, "daily", every="1h")
    desk.pause("daily", NOW)
    (card,) = desk.cards(NOW)
    assert card.paused is not None
    assert (card.paused[0], card.next) == ("ana", None)
    desk.resume("daily", NOW)
    assert desk.cards(NOW)[0].paused is None


def test_whether_somebody_sees_to_the_schedules_is_known(workspace: Workspace, desk: ScheduleDesk) -> None:
    add(workspace, "daily", every="1h")
    assert not desk.is_running()
    lock = FileLock(workspace.state / "schedules" / "daily.lock")
    assert lock.take()
    assert desk.is_running()
    lock.release()


def test_run_now_asks_for_a_run_that_stands_among_the_ticks(workspace: Workspace, desk: ScheduleDesk) -> None:
    add(workspace, "daily", every="1h", parameters={"smallest": 20})
    run_id = desk.run_now("daily", NOW)
    (record,) = list_runs(workspace.runs)
    assert (record.run_id, record.trigger) == (run_id, "schedule")
    assert record.parameters["smallest"] == 20
    assert record.parameters["date"] == "2026-03-27"
    (row,) = desk.ticks("daily", 10)
    assert (row.tick.state, row.tick.run_id, row.state) == (TickState.STARTED, run_id, RunState.QUEUED)
    assert row.why == "run by hand"


def test_days_are_filled_once(workspace: Workspace, desk: ScheduleDesk) -> None:
    add(workspace, "daily", cron="0 2 * * *")
    first, last = dt.date(2026, 1, 1), dt.date(2026, 1, 3)
    assert len(desk.fill_times("daily", first, last)) == 3
    assert [one.is_new for one in desk.fill("daily", first, last, again=False)] == [True] * 3
    assert [one.is_new for one in desk.fill("daily", first, last, again=False)] == [False] * 3


def test_what_is_removed_is_forgotten(workspace: Workspace, desk: ScheduleDesk) -> None:
    add(workspace, "daily", cron="0 2 * * *")
    desk.fill("daily", dt.date(2026, 1, 1), dt.date(2026, 1, 1), again=False)
    desk.remove("daily")
    assert desk.cards(NOW) == []
    assert desk.ticks("daily", 10) == []


def test_the_calendar_holds_what_was_and_what_will_be_in_the_readers_zone(workspace: Workspace) -> None:
    schedules = {
        "daily": add(workspace, "daily", cron="30 2 * * *", time_zone="America/New_York"),
        "often": add(workspace, "often", cron="*/15 9-17 * * 1-5"),
    }
    before = dt.datetime(2026, 3, 26, 6, 30, tzinfo=dt.UTC)
    done = Tick("daily", "x", before, before, TickState.STARTED, "run")
    days = Calendar().days(schedules, [done], dt.date(2026, 3, 26), 4, NOW)
    thursday, friday, saturday, sunday = days
    assert [(slot.moment.hour, slot.tick) for slot in thursday.slots] == [(7, done)]
    assert friday.often == ("often",)
    assert saturday.often == ()
    # Clocks in Berlin are put forward on this Sunday: 02:30 in New York is then 08:30 here.
    assert [f"{slot.moment:%H:%M}" for slot in saturday.slots] == ["07:30"]
    assert [f"{slot.moment:%H:%M}" for slot in sunday.slots] == ["08:30"]
    assert MOST_A_DAY < 36
