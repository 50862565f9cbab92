from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from odibi_core.garbage import MANY_STEPS, patient_collector, paused_collector


@pytest.fixture(autouse=True)
def thresholds() -> Iterator[tuple[int, int, int]]:
    before = gc.get_threshold()
    yield before
    gc.set_threshold(*before)


def test_old_objects_are_looked_through_less_often_while_a_long_run_goes_on(
    thresholds: tuple[int, int, int],
) -> None:
    with patient_collector(MANY_STEPS):
        young, old, oldest = gc.get_threshold()
        assert young == thresholds[0]
        assert old > thresholds[1]
        assert oldest > thresholds[2]
    assert gc.get_threshold() == thresholds


def test_a_short_run_changes_nothing(thresholds: tuple[int, int, int]) -> None:
    with patient_collector(MANY_STEPS - 1):
        assert gc.get_threshold() == thresholds


def test_of_two_runs_at_the_same_time_the_last_one_gives_the_collector_back(
    thresholds: tuple[int, int, int],
) -> None:
    first, second = patient_collector(MANY_STEPS), patient_collector(MANY_STEPS)
    first.__enter__()
    second.__enter__()
    patient = gc.get_threshold()
    first.__exit__(None, None, None)
    assert gc.get_threshold() == patient != thresholds
    second.__exit__(None, None, None)
    assert gc.get_threshold() == thresholds


def test_a_run_that_raises_gives_the_collector_back(thresholds: tuple[int, int, int]) -> None:
    with pytest.raises(KeyboardInterrupt), patient_collector(MANY_STEPS):
        raise KeyboardInterrupt
    assert gc.get_threshold() == thresholds


def test_nothing_is_looked_through_while_many_steps_are_planned() -> None:
    before = gc.get_freeze_count()
    with paused_collector(MANY_STEPS):
        assert not gc.isenabled()
        plan: list[list[int]] = [[] for _ in range(100)]
    assert gc.isenabled()
    # What was made meanwhile is old, and is let go of as all else.
    assert gc.get_freeze_count() == before
    if before == 0:
        assert any(plan is known for known in gc.get_objects(generation=2))


def test_few_steps_are_planned_as_ever() -> None:
    with paused_collector(MANY_STEPS - 1):
        assert gc.isenabled()


def test_a_plan_that_can_not_be_made_gives_the_collector_back() -> None:
    with pytest.raises(KeyError), patient_collector(MANY_STEPS), paused_collector(MANY_STEPS):
        raise KeyError
    assert gc.isenabled()


def test_of_two_plans_that_are_made_at_the_same_time_the_last_one_gives_the_collector_back(
    thresholds: tuple[int, int, int],
) -> None:
    first, second, run = (
        paused_collector(MANY_STEPS),
        paused_collector(MANY_STEPS),
        patient_collector(MANY_STEPS),
    )
    first.__enter__()
    run.__enter__()
    assert gc.get_threshold() != thresholds
    second.__enter__()
    first.__exit__(None, None, None)
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()
    run.__exit__(None, None, None)
    assert gc.get_threshold() == thresholds


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with patient_collector(MANY_STEPS), paused_collector(MANY_STEPS):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
