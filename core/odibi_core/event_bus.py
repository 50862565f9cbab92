"""The event bus: what happens in a run reaches those who watch it, and none of them can harm it."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Any

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.events import EventType
from odibi_core.hooks import Hook, HookFunction, HookRunner, own_copy
from odibi_core.late_dataclass import dataclass
from odibi_core.late_logging import logger
from odibi_core.secret_store import Redactor
from odibi_core.timestamps import now

ALL_EVENTS = "*"
_EVENT_TYPES = {event_type.value: event_type.value for event_type in EventType}
_GIVEN_TO_HOOKS = {"_tracker": "tracker", "_metrics": "metrics"}


Event = dict[str, Any]
Watcher = Callable[[Event], object]


class EventPriority(IntEnum):
    """Who is called first: CRITICAL, then HIGH, MEDIUM, LOW; of equals, who was registered first."""

    CRITICAL = 0
    HIGH = 1
    MEDIUM = 2
    LOW = 3


@dataclass(frozen=True, slots=True)
class _Registration:
    event_type: str
    priority: EventPriority
    hook: Hook


class EventBus:
    """Takes events from a run to its watchers and hooks. Any thread may use it.

    Watchers are the core's own: they are called at once, in the emitting thread, one event after another, so
    all see the same order. Hooks are the users': they run in a thread of their own, one after another in
    order of priority. A hook that raises is logged; one that is over its time is passed over until it
    returns; what it missed is counted and said.

    Keys that begin with "_" are for watchers alone, but for `_tracker` and `_metrics`, which hooks know as
    `tracker` and `metrics`.

    Args:
        redactor: Hides secrets in what hooks get, besides those of the run.
        hook_timeout_s: How long a hook may take for one event before the others go on without it.
        hook_queue_size: How many calls of hooks may wait; beyond that, events are dropped and counted.
    """

    def __init__(
        self,
        redactor: Redactor | None = None,
        *,
        hook_timeout_s: float = 5.0,
        hook_queue_size: int = 100_000,
    ) -> None:
        self._given = redactor
        self.redactor = redactor
        self._lock = threading.RLock()
        self._pipeline_name = ""
        self._run_id = ""
        self._watchers: tuple[Watcher, ...] = ()
        self._registrations: list[_Registration] = []
        self._hooks: dict[str, tuple[Hook, ...]] = {}
        self._runner = HookRunner(hook_timeout_s, hook_queue_size)

    @property
    def dropped_calls(self) -> int:
        """Calls of hooks that were never made: the queue was full, the hook hung, or the bus was closed."""
        return self._runner.dropped_calls

    def bind(self, pipeline_name: str, run_id: str) -> None:
        """From now on, events are of this run. One bus serves one run after another."""
        with self._lock:
            self._pipeline_name, self._run_id = pipeline_name, run_id

    def emit(self, event_type: str, **keys: Any) -> None:
        """Say that something happened.

        Args:
            event_type: An `EventType`.
            keys: The event's own keys; the bus adds event_type, pipeline_name, run_id and timestamp.

        Raises:
            UnknownNameError: There is no such event.
        """
        name = _known(event_type)
        with self._lock:
            event = {
                "event_type": name,
                "pipeline_name": self._pipeline_name,
                "run_id": self._run_id,
                "timestamp": now(),
                **keys,
            }
            for watcher in self._watchers:
                try:
                    watcher(event)
                except Exception as error:  # noqa: BLE001 - a watcher never breaks what it watches
                    logger(__name__).error(
                        "a watcher failed at %s: %s: %s", name, type(error).__name__, error
                    )
                    logger(__name__).debug("where the watcher failed", exc_info=True)
            if hooks := self._hooks.get(name):
                # A later run, with secrets of its own, may have begun before a hook gets to this one.
                self._runner.enqueue(hooks, name, partial(_for_hooks, event, (self._given, self.redactor)))

    def subscribe(self, watcher: Watcher) -> None:
        """Have `watcher` called with each event, at once, in the emitting thread. It must be cheap."""
        with self._lock:
            self._watchers = (*self._watchers, watcher)

    def unsubscribe(self, watcher: Watcher) -> None:
        """Have `watcher` called no more."""
        with self._lock:
            self._watchers = tuple(known for known in self._watchers if known != watcher)

    def register_hook(
        self, event_type: str, hook_func: HookFunction, priority: EventPriority = EventPriority.MEDIUM
    ) -> None:
        """Have a function called with each event of a type.

        Args:
            event_type: An `EventType`, or "*" for all.
            hook_func: Takes one dict, a copy of its own.
            priority: Who is called first.

        Raises:
            UnknownNameError: There is no such event.
            OdibiError: `hook_func` can't be called.
        """
        name = event_type if event_type == ALL_EVENTS else _known(event_type, f"a hook for {event_type!r}")
        if not callable(hook_func):
            raise OdibiError(
                f"a hook must be a function, and {type(hook_func).__name__} is none",
                where=f"a hook for {event_type!r}",
                fix="give a function that takes one dict",
            )
        with self._lock:
            self._registrations.append(_Registration(name, EventPriority(priority), Hook(hook_func)))
            self._arrange()

    def unregister_hook(self, event_type: str, hook_func: HookFunction) -> bool:
        """Whether the function was registered for that event; from now on it is not."""
        with self._lock:
            kept = [
                known
                for known in self._registrations
                if (known.event_type, known.hook.function) != (event_type, hook_func)
            ]
            was_registered = len(kept) < len(self._registrations)
            self._registrations = kept
            self._arrange()
        return was_registered

    def flush(self, timeout_s: float) -> bool:
        """Whether the hooks have had every event so far, after at most `timeout_s`.

        A hook that hangs is not waited for longer than its time limit. Hooks that missed events since the
        last flush are named in the log.
        """
        return self._runner.flush(timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Give hooks the events that wait, for at most `timeout_s`; later events reach watchers alone."""
        self._runner.flush(timeout_s)
        self._runner.close()

    def _arrange(self) -> None:
        ordered = sorted(self._registrations, key=lambda known: known.priority)
        self._hooks = {
            name: tuple(known.hook for known in ordered if known.event_type in (name, ALL_EVENTS))
            for name in _EVENT_TYPES
        }


def _for_hooks(event: Event, redactors: Iterable[Redactor | None]) -> Event:
    shown = {
        _GIVEN_TO_HOOKS.get(key, key): own_copy(value)
        for key, value in event.items()
        if key in _GIVEN_TO_HOOKS or not key.startswith("_")
    }
    for redactor in redactors:
        if redactor is not None:
            shown = redactor.value(shown)
    return shown


def _known(event_type: str, where: str = "") -> str:
    name = _EVENT_TYPES.get(event_type)
    if name is None:
        raise UnknownNameError.of("event type", str(event_type), _EVENT_TYPES, where=where)
    return name


def create_summary_hook(write: Callable[[str], object] | None = None) -> HookFunction:
    """A hook for `pipeline_complete` that says in one line how the run went.

    Args:
        write: Takes the line; standard output where none is given.
    """

    def summarize_run(event: Event) -> None:
        total, succeeded = event.get("nodes_executed", 0), event.get("success_count", 0)
        line = (
            f"{event['pipeline_name']}: {event.get('state', 'complete')}, "
            f"{succeeded} of {total} steps succeeded in {event.get('duration_ms', 0) / 1000:.2f} s "
            f"(run {event['run_id']})"
        )
        if write is not None:
            write(line)
        else:
            sys.stdout.write(f"{line}\n")

    return summarize_run


def create_metrics_export_hook(folder: str | Path) -> HookFunction:
    """A hook for `pipeline_complete` that writes the run's metrics to a folder.

    It writes `<run_id>.json`, one file a run, and `<pipeline>.prom`, which always holds the latest run: a
    Prometheus textfile collector that reads the folder meets no series twice.
    """

    def export_metrics(event: Event) -> None:
        metrics = event.get("metrics")
        if metrics is None:
            raise OdibiError(
                "the event carries no metrics", fix="register the metrics export hook for 'pipeline_complete'"
            )
        target = Path(folder)
        metrics.save_to_file(target / f"{event['run_id']}.json")
        metrics.export_prometheus(target / f"{_file_name(event['pipeline_name'])}.prom")

    return export_metrics


def _file_name(text: str) -> str:
    return re.sub(r"[^\w.-]+", "_", text)[:100].lstrip(".") or "pipeline"
