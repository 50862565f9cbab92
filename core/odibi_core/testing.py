"""What tests of pipelines are written with: short ways to declare steps, and a recorder of events.

A step made here is known by one name: its output's key is the step's own name, and each input is seen in SQL
under its key. Real files, engines and events do the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from odibi_core.event_bus import EventBus
from odibi_core.step import Step

Event = Mapping[str, Any]


def ingest_step(name: str, path: str, *, layer: str = "ingest", **params: Any) -> Step:
    """A step that reads a file or folder into the dataset `name`."""
    return Step(layer, name, "config_op", "", path, params, outputs={"data": name})


def sql_step(name: str, sql: str, *inputs: str, layer: str = "transform", **params: Any) -> Step:
    """A step that makes the dataset `name` by a SELECT over the datasets `inputs`."""
    return Step(layer, name, "sql", "", sql, params, {key: key for key in inputs}, {"data": name})


def function_step(
    name: str,
    function: str | Callable[..., Any],
    *inputs: str,
    layer: str = "transform",
    outputs: tuple[str, ...] = (),
    **params: Any,
) -> Step:
    """A step that makes the dataset `name` by a function of the datasets `inputs`.

    Args:
        name: The step's name.
        function: Its name, or the function itself.
        inputs: Dataset keys; the function's arguments of the same names take them.
        layer: The step's layer.
        outputs: The dataset keys where the function gives several; it returns a dict of them.
        params: Settings and the function's params.
    """
    given = {key: key for key in outputs} or {"data": name}
    return Step(layer, name, "function", "", function, params, {key: key for key in inputs}, given)


def store_step(name: str, path: str, dataset: str, *, layer: str = "store", **params: Any) -> Step:
    """A step that writes a dataset to a file or folder."""
    return Step(layer, name, "config_op", "", path, params, {"data": dataset})


class EventRecorder:
    """Keeps the events of a bus, and waits for them without sleeping.

    Args:
        bus: Whose events are kept, from now on.
    """

    def __init__(self, bus: EventBus) -> None:
        self.events: list[Event] = []
        self._came = threading.Condition()
        bus.subscribe(self._take)

    def of(self, event_type: str) -> list[Event]:
        """The events of one type, in order."""
        with self._came:
            return [event for event in self.events if event["event_type"] == event_type]

    def names(self, event_type: str) -> list[str]:
        """The steps that events of one type are about, in order."""
        return [event["step_name"] for event in self.of(event_type)]

    def wait_for(self, event_type: str, step: str = "", *, timeout_s: float = 30) -> Event:
        """The first event of a type, and of a step where one is named; it is waited for.

        Raises:
            TimeoutError: It did not come.
        """

        def found() -> Event | None:
            return next(
                (event for event in self.of(event_type) if not step or event["step_name"] == step), None
            )

        with self._came:
            event = self._came.wait_for(found, timeout_s)
        if event is None:
            raise TimeoutError(f"no {event_type} of {step or 'any step'} within {timeout_s} s")
        return event

    def _take(self, event: Event) -> None:
        with self._came:
            self.events.append(event)
            self._came.notify_all()
