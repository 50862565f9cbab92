"""Users' hooks are run here: off the emitting thread, in order, and never in the way of a run.

One daemon thread calls hook after hook. A second one watches the clock: where a hook is over its time, it
leaves the first thread alone with that hook and lets a fresh one go on with the next call. A call therefore
costs no change of thread, and a hook that hangs delays the others once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Any

from odibi_core.late_dataclass import dataclass
from odibi_core.late_logging import logger

HookFunction = Callable[[dict[str, Any]], object]


@dataclass(eq=False, slots=True)
class Hook:
    """A registered function and what became of its calls.

    Attributes:
        function: Takes an event.
        is_hanging: Whether a call is over its time and has not returned.
        was_reported: Whether people were told that it hangs.
        missed: Events that it did not get and that nobody was told of yet.
    """

    function: HookFunction
    is_hanging: bool = False
    was_reported: bool = False
    missed: int = 0

    @property
    def name(self) -> str:
        """The function's name as its author knows it."""
        name = getattr(self.function, "__qualname__", None) or repr(self.function)
        module = getattr(self.function, "__module__", None)
        return f"{module}.{name}" if module else name


def own_copy(value: Any) -> Any:
    """The value with mappings and lists of its own: what a hook does to them changes nothing elsewhere."""
    if type(value) is dict:
        return {key: own_copy(item) for key, item in value.items()}
    return [own_copy(item) for item in value] if type(value) is list else value


@dataclass(eq=False, slots=True)
class _Delivery:
    """One event on its way to hooks; what they see is made once, when the first of them is called."""

    make: Callable[[], dict[str, Any]]
    event: dict[str, Any] | None = None

    def copy(self) -> Any:
        if self.event is None:
            self.event = self.make()
        return own_copy(self.event)


@dataclass(eq=False, slots=True)
class _Worker:
    """A thread that calls hooks, and the call that it is in."""

    hook: Hook | None = None
    event_type: str = ""
    deadline: float = field(default=0.0)


class HookRunner:
    """Calls hooks, one after another.

    Args:
        timeout_s: How long a call may take before the others go on without it.
        capacity: How many calls may wait; beyond that an event is dropped, and counted.
    """

    def __init__(self, timeout_s: float, capacity: int) -> None:
        self._timeout_s = timeout_s
        self._capacity = capacity
        self._lock = threading.RLock()
        self._work_came = threading.Condition(self._lock)
        self._call_began = threading.Condition(self._lock)
        self._became_idle = threading.Condition(self._lock)
        self._calls: deque[tuple[Hook, str, _Delivery]] = deque()
        self._worker: _Worker | None = None
        self._watcher_sleeps = False
        self._is_closed = False
        self._missed: dict[Hook, None] = {}
        self.dropped_calls = 0

    def enqueue(self, hooks: Iterable[Hook], event_type: str, make: Callable[[], dict[str, Any]]) -> None:
        """Have the hooks called with an event, soon.

        Args:
            hooks: In the order of calling.
            event_type: The event's name.
            make: Gives the event as hooks see it.
        """
        delivery = _Delivery(make)
        calls = [(hook, event_type, delivery) for hook in hooks]
        with self._lock:
            if self._is_closed or len(self._calls) + len(calls) > self._capacity:
                for hook, _, _ in calls:
                    self._miss(hook)
                return
            self._calls.extend(calls)
            if self._worker is None:
                self._worker = self._start_worker()
                threading.Thread(target=self._watch, name="odibi-hook-watch", daemon=True).start()
            elif self._worker.hook is None:
                self._work_came.notify()

    def flush(self, timeout_s: float) -> bool:
        """Whether every call was made, after at most `timeout_s`. Says which hooks missed events."""
        with self._lock:
            is_done = self._became_idle.wait_for(self._is_idle, timeout_s)
            missed = [(hook.name, hook.missed) for hook in self._missed]
            for hook in self._missed:
                hook.missed = 0
            self._missed.clear()
        for name, count in missed:
            logger(__name__).warning(
                "the hook %s missed %d %s", name, count, "event" if count == 1 else "events"
            )
        return is_done

    def close(self) -> None:
        """Call no hook any more."""
        with self._lock:
            self._is_closed = True
            for hook, _, _ in self._calls:
                self._miss(hook)
            self._calls.clear()
            self._worker = None
            for condition in (self._work_came, self._call_began, self._became_idle):
                condition.notify_all()

    def _is_idle(self) -> bool:
        return not self._calls and (self._worker is None or self._worker.hook is None)

    def _miss(self, hook: Hook) -> None:
        hook.missed += 1
        self.dropped_calls += 1
        self._missed[hook] = None

    def _start_worker(self) -> _Worker:
        worker = _Worker()
        threading.Thread(target=self._work, args=(worker,), name="odibi-hooks", daemon=True).start()
        return worker

    def _work(self, worker: _Worker) -> None:
        while (call := self._next_call(worker)) is not None:
            hook, event_type, delivery = call
            try:
                hook.function(delivery.copy())
            except BaseException as error:  # noqa: BLE001 - a hook never breaks a run, not even by sys.exit()
                logger(__name__).error(
                    "the hook %s failed at %s: %s: %s", hook.name, event_type, type(error).__name__, error
                )
                logger(__name__).debug("where the hook %s failed", hook.name, exc_info=True)

    def _next_call(self, worker: _Worker) -> tuple[Hook, str, _Delivery] | None:
        """The next call for a worker, or None where another has taken its place."""
        with self._lock:
            if self._worker is not worker:
                if worker.hook is not None:
                    worker.hook.is_hanging = False
                return None
            worker.hook = None
            while True:
                while self._calls:
                    hook, event_type, _ = call = self._calls.popleft()
                    if hook.is_hanging:
                        self._miss(hook)
                        continue
                    worker.hook, worker.event_type = hook, event_type
                    worker.deadline = time.monotonic() + self._timeout_s
                    if self._watcher_sleeps:
                        self._call_began.notify()
                    return call
                self._became_idle.notify_all()
                self._work_came.wait()
                if self._worker is not worker:
                    return None

    def _watch(self) -> None:
        with self._lock:
            while not self._is_closed:
                worker = self._worker
                if worker is None or worker.hook is None:
                    self._watcher_sleeps = True
                    self._call_began.wait()
                    self._watcher_sleeps = False
                    continue
                left_s = worker.deadline - time.monotonic()
                if left_s > 0:
                    self._call_began.wait(left_s)
                else:
                    self._leave_behind(worker.hook, worker.event_type)

    def _leave_behind(self, hook: Hook, event_type: str) -> None:
        hook.is_hanging = True
        self._worker = self._start_worker()
        if not hook.was_reported:
            hook.was_reported = True
            logger(__name__).warning(
                "the hook %s did not return within %g s at %s: it gets no events until it does",
                hook.name,
                self._timeout_s,
                event_type,
            )
