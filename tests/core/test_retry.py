"""How long retries wait, and which errors may pass."""

from __future__ import annotations

import errno

import pytest

from odibi_core.errors import OdibiError, SourceError, StepError, TransientError
from odibi_core.nodes.settings import StepSettings
from odibi_core.retry import RetryPolicy, as_step_error


def test_waits_are_the_same_without_backoff_and_double_with_it() -> None:
    assert [RetryPolicy(3, 5.0).delay_s(retry, 0) for retry in (1, 2, 3)] == [5, 5, 5]
    assert [RetryPolicy(3, 5.0, True).delay_s(retry, 0) for retry in (1, 2, 3)] == [5, 10, 20]


def test_chance_adds_up_to_a_tenth() -> None:
    assert RetryPolicy(1, 10.0).delay_s(1, 1) == pytest.approx(11)


def test_a_step_s_own_settings_win_one_by_one() -> None:
    policy = RetryPolicy(1, 2.0, True)
    assert policy.with_settings(StepSettings()) is policy
    assert policy.with_settings(StepSettings(max_retries=0)) == RetryPolicy(0, 2.0, True)
    assert policy.with_settings(StepSettings(retry_backoff=False, retry_delay=0)) == RetryPolicy(1, 0, False)


@pytest.mark.parametrize(
    "error", [ConnectionResetError("gone"), TimeoutError("slow"), OSError(errno.EBUSY, "busy")]
)
def test_the_system_s_passing_errors_are_transient(error: OSError) -> None:
    told = as_step_error(error, "load")
    assert isinstance(told, TransientError)
    assert told.where == "step 'load'"
    assert told.__cause__ is error


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), ValueError("no"), KeyError("k")])
def test_other_errors_are_not(error: Exception) -> None:
    told = as_step_error(error, "load")
    assert isinstance(told, StepError)
    assert type(error).__name__ in told.what


def test_an_error_of_ours_only_gets_its_step() -> None:
    error: OdibiError = SourceError("no such file", where="a.csv")
    assert as_step_error(error, "load") is error
    assert error.where == "step 'load', a.csv"
    assert as_step_error(error, "other").where == "step 'load', a.csv"
