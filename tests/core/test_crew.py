"""The threads that carry out regions: how they end."""

from __future__ import annotations

import threading
import weakref

from odibi_core.crew import Crew


class Data:
    """What a job works on."""


def test_a_thread_that_was_given_up_ends_when_it_comes_back() -> None:
    crew, release = Crew(1), threading.Event()
    threads: list[threading.Thread] = []
    entered, done = threading.Event(), threading.Event()

    def hang() -> None:
        threads.append(threading.current_thread())
        entered.set()
        release.wait(30)

    def work() -> None:
        threads.append(threading.current_thread())
        done.set()

    crew.submit(hang)
    assert entered.wait(30)
    crew.give_up_on_one()
    crew.submit(work)
    assert done.wait(30)
    crew.dismiss()
    release.set()
    for thread in threads:
        thread.join(30)
    assert [thread.is_alive() for thread in threads] == [False, False]


def test_an_idle_thread_holds_nothing_of_its_last_job() -> None:
    crew, gone = Crew(1), threading.Event()
    data = Data()
    weakref.finalize(data, gone.set)

    def job(held: Data = data) -> None:
        assert held is not None

    crew.submit(job)
    del data, job
    assert gone.wait(30)
    crew.dismiss()
