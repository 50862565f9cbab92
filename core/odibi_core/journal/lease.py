"""Leases: one pipeline never runs twice at the same time, unless somebody says that it may.

A lease is a file that the run's process holds a lock on. The kernel lets go of the lock when the process
ends, however it ends, so that no lease outlives its run.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from odibi_core.errors import OdibiError
from odibi_core.workspace import file_name

LEASES_FOLDER = "leases"
_MUTEX = ".lock"
_LOOK_EVERY_S = 0.2


class AlreadyRunningError(OdibiError):
    """Another run of the pipeline goes on.

    Args:
        pipeline: The pipeline's name.
        run_id: The run that goes on.
    """

    def __init__(self, pipeline: str, run_id: str) -> None:
        super().__init__(
            f"the pipeline is running already, as the run {run_id}",
            where=f"pipeline {pipeline!r}",
            fix=f"wait for it with --wait, allow both with --together, or end it: odibi runs cancel {run_id}",
        )
        self.run_id = run_id


@contextmanager
def hold_lease(
    state: Path,
    pipeline: str,
    run_id: str,
    *,
    together: bool = False,
    wait: bool = False,
    on_wait: Callable[[str], object] = lambda _run_id: None,
) -> Iterator[None]:
    """Within it, no other run of the pipeline begins in the workspace that does not allow this one.

    Args:
        state: The workspace's folder of state.
        pipeline: The pipeline's name.
        run_id: The run that will hold the lease.
        together: Whether it may go on beside others.
        wait: Whether to wait until no other holds one, else that is an error.
        on_wait: Called once with the run that is waited for.

    Raises:
        AlreadyRunningError: Another run holds one.
    """
    folder = state / LEASES_FOLDER / file_name(pipeline)
    folder.mkdir(parents=True, exist_ok=True)
    path, has_told = folder / run_id, False
    while True:
        with _mutex(folder):
            others = [] if together else _held(folder)
            if not others:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
                fcntl.flock(handle, fcntl.LOCK_EX)
                break
        if not wait:
            raise AlreadyRunningError(pipeline, others[0])
        if not has_told:
            has_told = True
            on_wait(others[0])
        time.sleep(_LOOK_EVERY_S)
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        os.close(handle)


def held_leases(state: Path) -> dict[str, str]:
    """Run → the folder name of its pipeline, for every run that holds a lease."""
    try:
        with os.scandir(state / LEASES_FOLDER) as entries:
            folders = [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return {}
    held: dict[str, str] = {}
    for folder in folders:
        with _mutex(folder):
            held.update(dict.fromkeys(_held(folder), folder.name))
    return held


@contextmanager
def _mutex(folder: Path) -> Iterator[None]:
    handle = os.open(folder / _MUTEX, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _held(folder: Path) -> list[str]:
    """The runs that hold a lease, the oldest first; what dead runs left is cleared. Needs the mutex."""
    held = []
    for path in sorted(folder.iterdir()):
        if path.name == _MUTEX:
            continue
        with suppress(FileNotFoundError):
            handle = os.open(path, os.O_WRONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            except BlockingIOError:
                held.append(path.name)
            finally:
                os.close(handle)
    return held
