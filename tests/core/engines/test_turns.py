"""Turns of steps that change one file together."""

from __future__ import annotations

import threading

import pytest

from odibi_core.engines.duckdb.turns import turn_at
from odibi_core.errors import RunCancelledError


def nothing() -> None:
    pass


def test_one_place_is_changed_by_one_at_a_time_and_others_need_not_wait() -> None:
    is_at_it, lets_go, order = threading.Event(), threading.Event(), []

    def first() -> None:
        with turn_at("a", nothing):
            is_at_it.set()
            lets_go.wait()
            order.append("first")

    def second() -> None:
        with turn_at("a", lets_go.set):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    is_at_it.wait()
    with turn_at("b", nothing):
        order.append("elsewhere")
    threads[1].start()
    for thread in threads:
        thread.join()
    assert order == ["elsewhere", "first", "second"]


def test_who_is_stopped_waits_no_longer_and_who_fails_gives_way() -> None:
    def stopped() -> None:
        raise RunCancelledError("the step was stopped")

    found: list[Exception] = []

    def wait() -> None:
        try:
            with turn_at("a", stopped):
                pass
        except RunCancelledError as error:
            found.append(error)

    def fail() -> None:
        with turn_at("a", nothing):
            thread = threading.Thread(target=wait)
            thread.start()
            thread.join()
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        fail()
    assert len(found) == 1
    with turn_at("a", stopped):
        pass
