"""Daemon threads that carry out jobs. One that hangs can be given up: it never keeps the process alive."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable

Job = Callable[[], None]

_numbers = itertools.count(1)


class Crew:
    """Threads that are started when they are needed.

    `concurrent.futures` joins its threads when the process ends, so that one function that hangs would hang
    the run; this does not.

    Args:
        size: Threads at the most.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._started = 0
        self._busy = 0

    def submit(self, job: Job) -> None:
        """Have a thread do the job; the job must not raise. Called from one thread at a time."""
        self._busy += 1
        if self._started < min(self._busy, self.size):
            self._started += 1
            threading.Thread(target=self._work, name=f"odibi-step-{next(_numbers)}", daemon=True).start()
        self._jobs.put(job)

    def done(self) -> None:
        """Say that a job came back. Called from one thread at a time."""
        self._busy -= 1

    def give_up_on_one(self) -> None:
        """Have a new thread take the place of one that hangs, from the next job on."""
        self._busy -= 1
        self._started -= 1

    def dismiss(self) -> None:
        """Let every thread end as soon as it is idle, those that were given up too."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            # A thread that waits must not keep what its last job worked on.
            del job
        self._jobs.put(None)
