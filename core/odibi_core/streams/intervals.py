"""The whole source, every so often: each time is a batch that is tried until it is committed."""

from __future__ import annotations

import time
from pathlib import Path

from odibi_core.streams.batch import Batch
from odibi_core.streams.config import StreamConfig
from odibi_core.streams.ledger import Entry, StreamLedger, age_s


class IntervalSource:
    """A batch every so often.

    Args:
        config: What the stream is told.
        ledger: What was taken.
    """

    def __init__(self, config: StreamConfig, ledger: StreamLedger) -> None:
        self._config, self._ledger = config, ledger
        self._due = time.monotonic()
        latest = ledger.latest(1)
        if latest:
            self._due += max(config.poll_interval_s - age_s(latest[0].noticed), 0)

    def next_batch(self) -> Batch | None:
        """The next batch, where it is time."""
        for entry in self._ledger.open_entries():
            return _batch(entry)
        if time.monotonic() < self._due:
            return None
        self._due = time.monotonic() + self._config.poll_interval_s
        number = self._ledger.next_number()
        return _batch(self._ledger.take(f"{number:012d}", f"round {number}", slices=1))

    def commit(self, batch: Batch, run_id: str) -> None:
        """The round is over."""
        self._ledger.commit(batch.key, 1, run_id, is_whole=True)

    def fail(self, batch: Batch, run_id: str, why: str) -> None:
        """The round failed; the next one reads everything again."""
        self._ledger.fail(batch.key, run_id, why)

    def waiting(self) -> tuple[int, float]:
        """Nothing waits but the time."""
        return 0, max(time.monotonic() - self._due, 0.0)

    def wait_s(self) -> float:
        """How long until the next round."""
        return max(self._due - time.monotonic(), 0.0)

    def watched(self) -> Path | None:
        """Nothing."""
        return None


def _batch(entry: Entry) -> Batch:
    return Batch(entry.key, entry.number, 0, True, None, None, entry.name)
