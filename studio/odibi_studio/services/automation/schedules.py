"""The schedules of a workspace: how each stands, and what people do with them."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass

from odibi_core.errors import OdibiError
from odibi_core.file_lock import FileLock
from odibi_core.journal.record import RunState
from odibi_core.schedules.asking import upcoming
from odibi_core.schedules.backfill import Filled, backfill, backfill_times, run_now
from odibi_core.schedules.files import SCHEDULES
from odibi_core.schedules.schedule import Schedule
from odibi_core.schedules.store import STORE_FILE, ScheduleStore, Tick, TickState
from odibi_core.schedules.wording import timing_words
from odibi_core.workspace import Workspace, file_name
from odibi_studio.services.access import author_name
from odibi_studio.services.runs.book import RunBook

_MOST_TICKS = 1_000


@dataclass(frozen=True, slots=True)
class ScheduleCard:
    """A schedule, and how it stands.

    Attributes:
        name: Its name.
        schedule: What its file says; None where that is wrong.
        problem: What is wrong with the file.
        words: When it ticks.
        next: Its next moment, in its own zone; None where none comes or only files make it tick.
        paused: Who paused it and when; None where it ticks.
        last: Its latest tick.
    """

    name: str
    schedule: Schedule | None
    problem: OdibiError | None
    words: str
    next: dt.datetime | None
    paused: tuple[str, dt.datetime] | None
    last: Tick | None


@dataclass(frozen=True, slots=True)
class TickRow:
    """What became of a tick.

    Attributes:
        tick: The tick.
        state: Of its run; None where it has none, or none any more.
        why: Why it was skipped, failed or waits; the files that made it tick.
    """

    tick: Tick
    state: RunState | None
    why: str


class ScheduleDesk:
    """The schedules of a workspace.

    Args:
        workspace: Whose schedules.
        book: The journals of its runs.
        author: Gives the name that schedules are paused under.
    """

    def __init__(self, workspace: Workspace, book: RunBook, author: Callable[[], str] = author_name) -> None:
        self._workspace, self._book, self._author = workspace, book, author
        self._lock = threading.Lock()
        self._opened: ScheduleStore | None = None

    def close(self) -> None:
        """Let go of the record of ticks."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def cards(self, now: dt.datetime) -> list[ScheduleCard]:
        """Every schedule, by name.

        Raises:
            WorkspaceError: The record of ticks can't be used.
        """
        found = SCHEDULES.read(self._workspace)
        paused = self._store.paused() if found else {}
        cards = []
        for name, schedule in found.items():
            ticks = self._store.ticks(name, 1)
            last, since = (ticks[0] if ticks else None), paused.get(name)
            if isinstance(schedule, OdibiError):
                cards.append(ScheduleCard(name, None, schedule, "", None, since, last))
                continue
            coming = [] if since else upcoming(schedule, now, 1)
            following = coming[0] if coming else None
            cards.append(ScheduleCard(name, schedule, None, timing_words(schedule), following, since, last))
        return cards

    def is_running(self) -> bool:
        """Whether some process sees to the schedules now."""
        folder = self._workspace.state / "schedules"
        return any(
            FileLock(folder / f"{file_name(name)}.lock").is_taken for name in SCHEDULES.files(self._workspace)
        )

    def ticks(self, name: str, count: int) -> list[TickRow]:
        """What became of a schedule's ticks, the latest first."""
        states = {record.run_id: record.state for record in self._book.summaries()}
        return [TickRow(tick, states.get(tick.run_id), _why(tick)) for tick in self._store.ticks(name, count)]

    def ticks_since(self, names: list[str], since: dt.datetime) -> list[Tick]:
        """What became of the ticks of schedules since a moment, as far as it is worth showing."""
        found = [tick for name in names for tick in self._store.ticks(name, _MOST_TICKS)]
        return [tick for tick in found if tick.time >= since]

    def pause(self, name: str, now: dt.datetime) -> None:
        """Have nothing of a schedule begin until it is resumed."""
        SCHEDULES.find_file(self._workspace, name)
        self._store.pause(name, self._author(), now)

    def resume(self, name: str, now: dt.datetime) -> None:
        """Let a paused schedule tick again; ticks of the time between are not made up."""
        self._store.resume(name, now)

    def run_now(self, name: str, now: dt.datetime) -> str:
        """The id of a run of the schedule's pipeline, with its parameters, asked for now.

        Raises:
            OdibiError: Its file or pipeline is wrong, or each run is of a file.
        """
        return run_now(self._workspace, name, SCHEDULES.find(self._workspace, name), now)

    def fill_times(self, name: str, first: dt.date, last: dt.date) -> list[dt.datetime]:
        """The ticks of those days, UTC.

        Raises:
            OdibiError: The days are the wrong way round, or there are too many ticks.
        """
        return backfill_times(SCHEDULES.find(self._workspace, name), first, last)

    def fill(self, name: str, first: dt.date, last: dt.date, *, again: bool) -> list[Filled]:
        """Each tick of those days with its run, which is put into the queue unless it succeeded before.

        Raises:
            OdibiError: The days are the wrong way round, or no run can be asked for.
        """
        schedule = SCHEDULES.find(self._workspace, name)
        times = backfill_times(schedule, first, last)
        return list(backfill(self._workspace, name, schedule, times, again=again))

    def remove(self, name: str) -> None:
        """Remove a schedule, and what is known of its ticks. Runs that it started stay."""
        SCHEDULES.remove(self._workspace, name)
        self._store.remove(name)

    @property
    def _store(self) -> ScheduleStore:
        with self._lock:
            if self._opened is None:
                self._opened = ScheduleStore(self._workspace.state / STORE_FILE)
            return self._opened


def _why(tick: Tick) -> str:
    if tick.reason:
        return tick.reason
    if tick.state is TickState.WAITING:
        return "it waits for its time, its turn or what comes before it"
    names = [file.rpartition("/")[2] for file in tick.files]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
