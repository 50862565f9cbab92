"""One at a time at a file of HDFS: who holds the lease of a file beside it.

A file that somebody has open for writing has a lease, which the name node gives to one client alone. It is
renewed as long as that client lives, and free again a minute after it died. Who is done removes the file
while it is still open, so that nobody takes over a lease that is about to end.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from odibi_core.clouds.account import ConflictError

if TYPE_CHECKING:
    from hdfs_native import Client, FileWriter

WAIT_S = 90.0
"""How long another one is waited for: longer than the lease of one that died."""

_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 1.0
_HELD = ("RecoveryInProgressException", "AlreadyBeingCreatedException")


@contextmanager
def leased(client: Client, path: str) -> Iterator[None]:
    """Nobody else is within such a block with the same path.

    Args:
        client: One that does nothing else.
        path: A file that serves for this alone.

    Raises:
        ConflictError: Others were within it all the time.
    """
    deadline, pause_s = time.monotonic() + WAIT_S, _PAUSE_S
    while (held := _take(client, path)) is None:
        if time.monotonic() > deadline:
            raise ConflictError
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    try:
        yield
    finally:
        with suppress(OSError, RuntimeError):
            client.delete(path)
        with suppress(OSError, RuntimeError):
            held.close()


def _take(client: Client, path: str) -> FileWriter | None:
    """The open file, whose lease is the client's; None while another one has it."""
    from hdfs_native import WriteOptions

    with suppress(FileExistsError):
        return client.create(path, WriteOptions(overwrite=False))
    try:
        # Left by one that died, it opens for whoever is first.
        return client.append(path)
    except (FileExistsError, FileNotFoundError):
        return None
    except RuntimeError as error:
        if any(sign in str(error) for sign in _HELD):
            return None
        raise
