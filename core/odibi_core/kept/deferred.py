"""A dataset whose rows are computed when somebody asks for them; what it looks like is known."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import Dataset, Snapshot
from odibi_core.schema import Schema

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class DeferredDataset(Dataset):
    """A result of an earlier run that was not kept, or not needed.

    Args:
        key: The dataset's key.
        snapshot: What it looked like.
        compute: Gives the rows; called once, by whoever asks first.
    """

    def __init__(self, key: str, snapshot: Snapshot, compute: Callable[[], Dataset]) -> None:
        self.key = key
        self._snapshot, self._compute = snapshot, compute
        self._computed: Dataset | None = None
        self._lock = threading.Lock()

    @property
    def schema(self) -> Schema:
        """Names and types of the columns."""
        return self._snapshot.schema

    def snapshot(self) -> Snapshot:
        """What the dataset looked like."""
        return self._snapshot

    def row_count(self) -> int:
        """The number of rows; counted where it is not known."""
        known = self._snapshot.row_count
        return known if known is not None else self._dataset().row_count()

    def arrow(self) -> pa.Table:
        """All rows as an Arrow table."""
        return self._dataset().arrow()

    def head(self, n: int) -> pa.Table:
        """The first `n` rows as an Arrow table."""
        return self._dataset().head(n)

    def computed(self) -> Dataset:
        """The dataset that has the rows."""
        return self._dataset()

    def native(self) -> Any:
        """The frame of the engine's own kind."""
        return self._dataset().native()

    def pandas(self) -> pd.DataFrame:
        """All rows as pandas."""
        return self._dataset().pandas()

    def polars(self) -> pl.DataFrame:
        """All rows as Polars."""
        return self._dataset().polars()

    def _dataset(self) -> Dataset:
        with self._lock:
            if self._computed is None:
                self._computed = self._compute()
            return self._computed
