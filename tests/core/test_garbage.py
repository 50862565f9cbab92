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
    gc.unfreeze()
    with patient_collector(MANY_STEPS):
        with paused_collector(MANY_STEPS):
            assert not gc.isenabled()
        assert gc.isenabled()
        # What the plan is made of is left out until the run is over.
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0


def test_few_steps_are_planned_as_ever() -> None:
    gc.unfreeze()
    with paused_collector(MANY_STEPS - 1):
        assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_plan_that_can_not_be_made_gives_the_collector_back() -> None:
    gc.unfreeze()
    with pytest.raises(KeyError), patient_collector(MANY_STEPS), paused_collector(MANY_STEPS):
        raise KeyError
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_what_somebody_else_froze_stays_frozen() -> None:
    gc.unfreeze()
    gc.freeze()
    count = gc.get_freeze_count()
    with patient_collector(MANY_STEPS), paused_collector(MANY_STEPS):
        pass
    assert gc.get_freeze_count() == count
    gc.unfreeze()


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with patient_collector(MANY_STEPS), paused_collector(MANY_STEPS):
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
