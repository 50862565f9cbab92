"""Counting the rows of what streams, in the pass that carries them."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from odibi_core.engines.spark.markers import Markers

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Observation, SparkSession

_COUNT = "odibi_rows"
_WAIT_S = 5.0
_LOOK_EVERY_S = 0.01


class Counting(Protocol):
    """Counts the rows of frames while an action carries them."""

    def watched(self, name: str, frame: DataFrame) -> DataFrame:
        """The frame, watched under a name."""
        ...

    def rows_seen(self, names: Collection[str]) -> dict[str, int]:
        """The number of rows by name, of those that an action surely carried all rows of."""
        ...


def counting(spark: SparkSession, tag: str) -> Counting:
    """The cheapest way of counting that the session has.

    Markers need Spark's own operators, and a way to its driver: Spark Connect has none, and what replaces the
    operators (plugins, Databricks) shows others in its plans.

    Args:
        spark: The session.
        tag: What the jobs that carry the rows are tagged with.
    """
    is_classic = type(spark).__module__ == "pyspark.sql.session"
    is_plain = is_classic and not spark.conf.get("spark.plugins", "")
    return (
        Markers(spark, tag) if is_plain and "DATABRICKS_RUNTIME_VERSION" not in os.environ else Observations()
    )


class Observations:
    """Counts by what Spark observes. It makes no code over both sides of a place that is observed."""

    def __init__(self) -> None:
        self._watches: dict[str, Observation] = {}

    def watched(self, name: str, frame: DataFrame) -> DataFrame:
        """The frame, watched under a name."""
        from pyspark.sql import Observation
        from pyspark.sql import functions as sf

        self._watches[name] = Observation()
        return frame.observe(self._watches[name], sf.count(sf.lit(1)).alias(_COUNT))

    def rows_seen(self, names: Collection[str]) -> dict[str, int]:
        """The number of rows by name, of those that an action went over.

        Asked straight away, an observation waits for ever where the optimizer left its part of the plan out.
        """
        watches = {name: watch for name, watch in self._watches.items() if name in names}
        ends = time.monotonic() + _WAIT_S
        while not all(map(_is_there, watches.values())) and time.monotonic() < ends:
            time.sleep(_LOOK_EVERY_S)
        found = {name: _told(watch) for name, watch in watches.items() if _is_there(watch)}
        return {name: count for name, count in found.items() if count is not None}


def _told(watch: Observation) -> int | None:
    try:
        return int(watch.get[_COUNT])
    except Exception:  # noqa: BLE001 - where the optimizer left its part out, it may have failed by that
        return None


def _is_there(watch: Any) -> bool:
    java = getattr(watch, "_jo", None)
    if java is not None:
        return bool(java.future().isCompleted())
    return getattr(watch, "_result", None) is not None
