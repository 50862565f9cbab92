"""Counting the rows of what streams, in the pass that carries them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Observation

_COUNT = "odibi_rows"
_WAIT_S = 5.0
_LOOK_EVERY_S = 0.01


def counted(frame: DataFrame) -> tuple[DataFrame, Observation]:
    """The frame, watched: the first action over it tells its number of rows."""
    from pyspark.sql import Observation
    from pyspark.sql import functions as sf

    watch = Observation()
    return frame.observe(watch, sf.count(sf.lit(1)).alias(_COUNT)), watch


def rows_seen(watches: Mapping[str, Observation]) -> dict[str, int]:
    """The number of rows by name, of those that an action went over.

    Asked straight away, an observation waits for ever where the optimizer left its part of the plan out.
    """
    ends = time.monotonic() + _WAIT_S
    while not all(_is_there(watch) for watch in watches.values()) and time.monotonic() < ends:
        time.sleep(_LOOK_EVERY_S)
    return {name: int(watch.get[_COUNT]) for name, watch in watches.items() if _is_there(watch)}


def _is_there(watch: Any) -> bool:
    java = getattr(watch, "_jo", None)
    if java is not None:
        return bool(java.future().isCompleted())
    return getattr(watch, "_result", None) is not None
