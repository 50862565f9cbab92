"""Ctrl-C and termination as a request to stop."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def cancel_on_signals(cancel: Callable[[str], None], *, ends_process: bool = True) -> Iterator[None]:
    """Within it, SIGINT and SIGTERM call `cancel`; a second one ends the process as it would have at once.

    Only the main thread can listen to signals; elsewhere nothing changes. A program's own handlers are left
    alone.

    Args:
        cancel: Takes the reason.
        ends_process: Whether the signal has its usual effect afterwards, KeyboardInterrupt or
            SystemExit(143); not for what runs until it is stopped.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    ours = {number: handler for number, handler in usual.items() if signal.getsignal(number) is handler}
    caught: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if caught:
            _as_usual(number)
        caught.append(number)
        cancel(f"{signal.Signals(number).name} was received")

    for number in ours:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in ours.items():
            signal.signal(number, handler)
    if caught and ends_process:
        _as_usual(caught[0])


def _as_usual(number: int) -> None:
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + number)
