"""One schedule in operation: writes its ticks down as their time comes, and starts what they ask for."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from dataclasses import replace
from itertools import islice

from odibi_core.arrivals import Arrival, Arrivals
from odibi_core.errors import OdibiError, TransientError
from odibi_core.file_lock import FileLock
from odibi_core.journal.writer import new_run_id
from odibi_core.schedules.conditions import Conditions
from odibi_core.schedules.jobs import Job
from odibi_core.schedules.schedule import Missed, Overlap, Timing
from odibi_core.schedules.store import ScheduleStore, Tick, TickState, time_key
from odibi_core.schedules.times import between, last_between

ON_TIME = dt.timedelta(seconds=60)
"""How late a tick may be seen and still count as on time."""
_AT_ONCE = 1000
_PRUNED_EVERY = 500

_log = logging.getLogger(__name__)


class Scheduled:
    """One schedule in operation.

    Args:
        name: Its name.
        timing: When it ticks.
        job: What is to be done then.
        store: Where its ticks are written down.
        lock: Held by the one scheduler of the machine that sees to it.
        conditions: Looks for what ticks wait for.
        arrivals: The folder that it watches, where it does.
        is_per_file: Whether each new file is a tick of its own.
    """

    def __init__(
        self,
        name: str,
        timing: Timing,
        job: Job,
        *,
        store: ScheduleStore,
        lock: FileLock,
        conditions: Conditions,
        arrivals: Arrivals | None,
        is_per_file: bool,
    ) -> None:
        self.name, self.timing, self.job = name, timing, job
        self._store, self._lock, self._conditions = store, lock, conditions
        self._arrivals, self._is_per_file = arrivals, is_per_file
        self._open: list[Tick] = []
        self._next: dt.datetime | None = None
        self._is_known = False
        self._looked: dt.datetime | None = None
        self._waits: dict[str, str] = {}
        self._is_held_up = False
        self._begun = 0

    @property
    def is_ours(self) -> bool:
        """Whether this scheduler sees to it: then no other on the machine does."""
        return self._lock.is_held

    def take(self) -> bool:
        """Whether this scheduler sees to it now; False where another does."""
        if self._lock.is_held:
            return True
        if not self._lock.take():
            return False
        self._open = []
        for tick in self._store.open_ticks(self.name):
            if tick.state is TickState.RUNNING:
                why = "the scheduler's process ended while the function ran"
                self._store.settle(replace(tick, state=TickState.LOST, reason=why))
                _log.error("schedule %s: %s (tick of %s)", self.name, why, tick.time.isoformat())
            else:
                self._open.append(tick)
        self._is_known = False
        return True

    def release(self) -> None:
        """Let another scheduler see to it."""
        self._lock.release()

    def look(self, now: dt.datetime, *, is_paused: bool) -> dt.datetime | None:
        """When to look again because of the time; None where nothing is known to come.

        Args:
            now: The moment, UTC.
            is_paused: Whether nothing may begin.

        Raises:
            WorkspaceError: What comes can't be written down; nothing is lost by it.
        """
        was_put_back = self._looked is not None and now < self._looked
        self._looked = now
        if is_paused or was_put_back:
            self._is_known = False
        if is_paused:
            return None
        self._see_times(now)
        if self._arrivals is not None and self._may_tick(now):
            self._see_files(now, self._arrivals)
        begins = self._begin(now)
        return min((moment for moment in (self._next, begins) if moment is not None), default=None)

    def has_ended(self, tick: Tick, why: str) -> None:
        """Write down that the function of a tick has returned, or why it failed."""
        state = TickState.FAILED if why else TickState.DONE
        self._store.settle(replace(tick, state=state, reason=why))

    def _may_tick(self, moment: dt.datetime) -> bool:
        first, last = self.timing.first, self.timing.last
        return (first is None or moment >= first) and (last is None or moment <= last)

    def _see_times(self, now: dt.datetime) -> None:
        times = self.timing.times
        if times is None or (self._is_known and (self._next is None or now < self._next)):
            return
        with self._store.transaction():
            seen = self._store.seen_until(self.name, self.timing.fingerprint)
            if seen is None:
                # Nothing is made up for what was before there was such a schedule.
                seen = now
            # Where the clock was put back: what was written down stays known by its key.
            seen = min(seen, now)
            until = self._note_times(seen, now)
            self._store.see(self.name, self.timing.fingerprint, until)
        self._next, self._is_known = self._following(until), True

    def _following(self, moment: dt.datetime) -> dt.datetime | None:
        times, first, last = self.timing.times, self.timing.first, self.timing.last
        if times is None:
            return None
        if first is not None:
            moment = max(moment, first - dt.timedelta(microseconds=1))
        found = next(iter(times.after(moment)), None)
        return found if found is not None and (last is None or found <= last) else None

    def _note_times(self, seen: dt.datetime, now: dt.datetime) -> dt.datetime:
        """Write down the ticks in (seen, now]; how far that came."""
        times, first, last = self.timing.times, self.timing.first, self.timing.last
        assert times is not None
        begin = seen if first is None else max(seen, first - dt.timedelta(microseconds=1))
        end = now if last is None else min(now, last)
        if end <= begin:
            return now
        if self.timing.missed is Missed.ALL:
            ticks = list(islice(between(times, begin, end), _AT_ONCE))
            for moment in ticks:
                self._note(moment)
            return ticks[-1] if len(ticks) == _AT_ONCE else now
        late_until = min(now - ON_TIME, end)
        late = last_between(times, begin, late_until) if late_until > begin else None
        on_time = list(between(times, max(begin, late_until), end))
        if late is not None and self.timing.missed is Missed.SKIP:
            self._note(
                late, f"missed: no scheduler ran from {seen:%Y-%m-%d %H:%M} to {now:%Y-%m-%d %H:%M} UTC"
            )
        elif late is not None and on_time:
            self._note(late, f"missed: the tick of {on_time[0]:%Y-%m-%d %H:%M} UTC stands for it")
        elif late is not None:
            self._note(late)
        for moment in on_time:
            self._note(moment)
        return now

    def _note(self, moment: dt.datetime, skipped: str = "") -> None:
        due = moment + self.timing.late_by(self.name, moment)
        state = TickState.SKIPPED if skipped else TickState.WAITING
        tick = Tick(self.name, time_key(moment), moment, due, state, reason=skipped)
        if not self._store.add(tick):
            return
        if skipped:
            _log.warning("schedule %s: the tick of %s was %s", self.name, moment.isoformat(), skipped)
        else:
            self._open.append(tick)

    def _see_files(self, now: dt.datetime, arrivals: Arrivals) -> None:
        known = self._store.known_files(self.name)
        came, gone = arrivals.look(known)
        if not came and not gone:
            return
        bunches = [[arrival] for arrival in came] if self._is_per_file else [came] if came else []
        with self._store.transaction():
            self._store.forget_files(self.name, gone)
            for bunch in bunches:
                files = tuple(str(arrival.path) for arrival in bunch)
                tick = Tick(self.name, _files_key(bunch), now, now, files=files)
                for arrival in bunch:
                    self._store.know_file(self.name, str(arrival.path), arrival.identity)
                if self._store.add(tick):
                    self._open.append(tick)

    def _begin(self, now: dt.datetime) -> dt.datetime | None:
        """Start what may start; the next moment at which a tick that waits may."""
        soonest: dt.datetime | None = None
        for tick in list(self._open):
            if tick.state is TickState.WAITING and now < tick.not_before:
                soonest = min(soonest or tick.not_before, tick.not_before)
            elif self._has_begun(tick, now):
                self._open = [known for known in self._open if known.key != tick.key]
                self._begun += 1
                if self._begun % _PRUNED_EVERY == 0:
                    self._store.prune(self.name)
            elif self._is_held_up:
                # Those behind it must not overtake it.
                break
        return soonest

    def _has_begun(self, tick: Tick, now: dt.datetime) -> bool:
        """Whether a tick has begun, or was given up."""
        self._is_held_up = False
        if tick.state is TickState.RUNNING:
            return True
        if tick.state is TickState.STARTING:
            return self._start(tick)
        if self.timing.after:
            unmet = self._conditions.unmet(self.timing, tick, self._store.last_started(self.name, tick.time))
            if unmet and now <= tick.not_before + dt.timedelta(seconds=self.timing.wait_at_most):
                if self._waits.get(tick.key) != unmet:
                    _log.info("schedule %s waits: %s", self.name, unmet)
                    self._waits[tick.key] = unmet
                    self._store.settle(replace(tick, reason=f"it waits: {unmet}"))
                return False
            self._waits.pop(tick.key, None)
            if unmet:
                return self._skip(tick, f"{unmet}, and that was waited for long enough")
        if self.timing.overlap is not Overlap.ALLOW and self.job.is_busy():
            if self.timing.overlap is Overlap.SKIP:
                return self._skip(tick, "what was begun before still runs")
            if not self.job.starts_runs:
                self._is_held_up = True
                return False
        return self._start(replace(tick, reason=""))

    def _skip(self, tick: Tick, why: str) -> bool:
        self._store.settle(replace(tick, state=TickState.SKIPPED, reason=why))
        _log.warning("schedule %s: the tick of %s is skipped: %s", self.name, tick.time.isoformat(), why)
        return True

    def _start(self, tick: Tick) -> bool:
        if self.job.starts_runs:
            # The id is known before the run is asked for, so that a restart in between asks for the same one.
            begun = replace(tick, state=TickState.STARTING, run_id=tick.run_id or new_run_id())
            after = replace(begun, state=TickState.STARTED)
        else:
            begun = after = replace(tick, state=TickState.RUNNING)
        self._store.settle(begun)
        self._open = [begun if known.key == tick.key else known for known in self._open]
        try:
            self.job.start(begun, self.has_ended)
        except TransientError:
            # The disk may be full now and not later: the tick stays.
            raise
        except OdibiError as error:
            self._store.settle(replace(begun, state=TickState.FAILED, reason=str(error)))
            _log.error("schedule %s: the tick of %s failed: %s", self.name, tick.time.isoformat(), error)
            return True
        if after is not begun:
            self._store.settle(after)
        _log.info("schedule %s: the tick of %s has begun %s", self.name, tick.time.isoformat(), after.run_id)
        return True


def _files_key(bunch: list[Arrival]) -> str:
    said = "\n".join(f"{arrival.path}|{arrival.identity}" for arrival in bunch)
    return f"files {hashlib.sha256(said.encode()).hexdigest()[:24]}"
