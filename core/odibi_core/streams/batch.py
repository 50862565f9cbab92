"""A batch, and what batches come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from odibi_core.late_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Batch:
    """What one run of the stream's pipeline takes.

    Attributes:
        key: The ledger's entry that it is of.
        number: The entry's number.
        slice_: Which part of the entry, from 0.
        is_last: Whether nothing of the entry comes after it.
        path: What the reading step reads; None leaves the step as it is.
        params: Other params of the reading step; None leaves its own.
        name: What people call it.
    """

    key: str
    number: int
    slice_: int
    is_last: bool
    path: Path | None
    params: Mapping[str, Any] | None
    name: str

    @property
    def id(self) -> str:
        """What `{batch}` stands for: the same however often the batch is tried."""
        return f"{self.key[:32]}-{self.slice_}"


class Source(Protocol):
    """What batches come from. A batch that it gives is durable: it comes again until it is settled."""

    def next_batch(self) -> Batch | None:
        """The next batch; None where there is none now.

        Raises:
            OdibiError: It can't be looked, or a batch can't be made ready.
        """

    def commit(self, batch: Batch, run_id: str) -> None:
        """The batch's rows are where they belong."""

    def fail(self, batch: Batch, run_id: str, reason: str) -> None:
        """The batch can't be taken."""

    def waiting(self) -> tuple[int, float]:
        """How much waits now, and for how many seconds the oldest of it has."""

    def wait_s(self) -> float:
        """How long to wait, where nobody gives notice, before it is worth looking again."""

    def watched(self) -> Path | None:
        """The folder whose changes are worth a look."""
