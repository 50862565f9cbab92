"""Counting the rows of what streams, in the pass that carries them."""

from __future__ import annotations

import time
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


def rows_seen(watch: Observation) -> int | None:
    """The number of rows; None where no action went over all of them.

    Asked straight away, an observation waits for ever where the optimizer left its part of the plan out.
    """
    ends = time.monotonic() + _WAIT_S
    while not _is_there(watch):
        if time.monotonic() > ends:
            return None
        time.sleep(_LOOK_EVERY_S)
    return int(watch.get[_COUNT])


def _is_there(watch: Any) -> bool:
    java = getattr(watch, "_jo", None)
    if java is not None:
        return bool(java.future().isCompleted())
    return getattr(watch, "_result", None) is not None
