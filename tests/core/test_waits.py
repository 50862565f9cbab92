"""A thread is waited for as long as was said, and no longer."""

from __future__ import annotations

import threading

from odibi_core.waits import join


def test_a_thread_is_waited_for_at_most_so_long_or_until_it_ends() -> None:
    go = threading.Event()
    thread = threading.Thread(target=go.wait)
    thread.start()
    assert not join(thread, 0)
    assert not join(thread, 0.01)
    go.set()
    assert join(thread)
    assert join(thread, 0)
