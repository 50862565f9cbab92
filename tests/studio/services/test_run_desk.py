"""What the desk tells of a run that ends while somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from odibi_core.event_bus import EventBus
from odibi_core.journal import JournalWriter
from odibi_core.journal.reader import JournalReader
from odibi_core.journal.record import RunState
from odibi_core.pipeline import Pipeline
from odibi_core.testing import ingest_step
from odibi_core.workspace import Workspace
from odibi_studio.services.runs.desk import RunDesk

RUN_ID = "20261101T000001-aa"


@pytest.fixture
def end(workspace: Workspace) -> Callable[[], None]:
    """Ends the run, which goes on until then."""
    journal = JournalWriter(workspace.runs, RUN_ID, Pipeline("shop", [ingest_step("read", "data/a.csv")]))
    bus = EventBus()
    bus.bind("shop", RUN_ID)
    bus.subscribe(journal.observe)
    bus.emit("pipeline_start", total_steps=1)

    def end() -> None:
        bus.emit("pipeline_complete", duration_ms=1, nodes_executed=1, success_count=1, state="success")
        journal.close()

    return end


def ending(function: Any, end: Callable[[], None], *, before: bool) -> Any:
    """The function, with the end of the run just before its first call or just after it."""
    left = [end]

    def called(*given: Any) -> Any:
        if before and left:
            left.pop()()
        result = function(*given)
        if left:
            left.pop()()
        return result

    return called


@pytest.mark.parametrize("before", [True, False])
def test_a_page_never_stops_looking_while_it_says_that_the_run_goes_on(
    run_desk: RunDesk, end: Callable[[], None], monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    monkeypatch.setattr(run_desk, "summary", ending(run_desk.summary, end, before=before))
    watched = run_desk.watch(RUN_ID)
    assert watched.about.state.is_final or not watched.is_over
    again = run_desk.watch(RUN_ID)
    assert (again.about.state, again.is_over) == (RunState.SUCCESS, True)


@pytest.mark.parametrize("before", [True, False])
def test_who_hears_that_a_run_is_over_hears_how_it_ended(
    run_desk: RunDesk, end: Callable[[], None], monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    monkeypatch.setattr(JournalReader, "is_attended", ending(JournalReader.is_attended, end, before=before))
    told = run_desk.events(RUN_ID, 0)
    assert told.is_over == before
    assert told.state.is_final or not told.is_over
    assert [event["event_type"] for event in told.events][-1] == "pipeline_complete"
