"""Counting the rows of what streams, in the pass that carries them."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Protocol

from odibi_core.engines.spark.markers import Markers, takes_all
from odibi_core.engines.spark.session import is_classic

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Observation, SparkSession

_COUNT = "odibi_rows"
_WAIT_S = 5.0
_LOOK_EVERY_S = 0.01
_OPERATOR = re.compile(r"(?P<edges>[ :]*(?:[+:]- )?)(?:\*\(\d+\) )?(?P<text>\w.*)")
_OBSERVED = re.compile(r"CollectMetrics (?P<name>[\w-]+),")


class Counting(Protocol):
    """Counts the rows of frames while an action carries them."""

    def watched(self, name: str, frame: DataFrame) -> DataFrame:
        """The frame, watched under a name."""
        ...

    def carries(self, frame: DataFrame) -> None:
        """Know that an action is about to compute a frame."""
        ...

    def rows_seen(self, names: Collection[str]) -> dict[str, int]:
        """The number of rows by name, of those that an action surely carried all rows of."""
        ...


def counting(spark: SparkSession, tag: str) -> Counting:
    """The cheapest way of counting that the session has.

    Markers need Spark's own operators, and a way to its driver: what replaces the operators (plugins,
    Databricks) shows others in its plans. Spark Connect tells nothing of what is observed behind a view, and
    every step is taken by a view.

    Args:
        spark: The session.
        tag: What the jobs that carry the rows are tagged with.
    """
    if not is_classic(spark):
        return Nothing()
    is_plain = not spark.conf.get("spark.plugins", "") and "DATABRICKS_RUNTIME_VERSION" not in os.environ
    return Markers(spark, tag) if is_plain else Observations()


class Nothing:
    """Counts nothing, at no cost."""

    def watched(self, _name: str, frame: DataFrame) -> DataFrame:
        """The frame itself."""
        return frame

    def carries(self, frame: DataFrame) -> None:
        """Do nothing."""

    def rows_seen(self, _names: Collection[str]) -> dict[str, int]:
        """Nothing."""
        return {}


class Observations:
    """Counts by what Spark observes. It makes no code over both sides of a place that is observed."""

    def __init__(self) -> None:
        self._watches: dict[str, Observation] = {}
        self._plans: list[str] = []

    def watched(self, name: str, frame: DataFrame) -> DataFrame:
        """The frame, watched under a name."""
        from pyspark.sql import Observation
        from pyspark.sql import functions as sf

        self._watches[name] = Observation(f"odibi-{uuid.uuid4().hex}")
        return frame.observe(self._watches[name], sf.count(sf.lit(1)).alias(_COUNT))

    def carries(self, frame: DataFrame) -> None:
        """Keep the plan: it tells which counts may be short."""
        if self._watches:
            self._plans.append(str(frame._jdf.queryExecution().toString()))

    def rows_seen(self, names: Collection[str]) -> dict[str, int]:
        """The number of rows by name, of those that an action surely carried all rows of.

        Asked straight away, an observation waits for ever where the optimizer left its part of the plan out.
        """
        whole = {name for plan in self._plans for name in whole_in(plan)}
        watches = {
            name: watch for name, watch in self._watches.items() if name in names and watch._name in whole
        }
        ends = time.monotonic() + _WAIT_S
        while not all(map(_is_there, watches.values())) and time.monotonic() < ends:
            time.sleep(_LOOK_EVERY_S)
        found = {name: _told(watch) for name, watch in watches.items() if _is_there(watch)}
        return {name: count for name, count in found.items() if count is not None}


def whole_in(plan: str) -> set[str]:
    """The names of the observations in a plan's text that surely see all rows of what is before them."""
    found, above = set(), list[tuple[int, str]]()
    for line in plan.partition("== Physical Plan ==")[2].splitlines():
        operator = _OPERATOR.match(line)
        if operator is None:
            continue
        depth, text = operator.end("edges"), operator["text"]
        above = [(at, name) for at, name in above if at < depth]
        if observed := _OBSERVED.match(text):
            names = {at: name for at, (_, name) in enumerate(above)} | {len(above): text}
            if takes_all(len(above), {at: at - 1 for at in range(1, len(above) + 1)}, names):
                found.add(observed["name"])
        above.append((depth, text.partition(" ")[0].partition("(")[0]))
    return found


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
