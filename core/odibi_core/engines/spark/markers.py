"""Counting rows by filters that let every row through: Spark counts what comes out of each filter anyway.

A filter by something that is not determined stays where it is: the optimizer takes no other filter past it.
It becomes code of the same loop as what is before and behind it, so that its cost could not be measured.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_MARKED = re.compile(r"Filter \(SPARK_PARTITION_ID\(\) >= (-\d+)\)")
_EDGE = re.compile(r"\((\d+),(\d+)\)")
_ROWS = "number of output rows"
_WAIT_MS = 5_000
_LOOK_EVERY_S = 0.01
_PAGE = 20
_TAKES_SOME = re.compile(
    r"(?!Broadcast)\w*Join|CartesianProduct|(?:Local|Global|Collect)Limit|InMemoryTableScan"
)
"""Operators that may end before they have taken all rows of their inputs."""


class Markers:
    """Counts the rows of marked frames by what Spark's status store tells of their filters.

    Args:
        spark: A session whose driver is at hand.
        tag: What the jobs that carry the rows are tagged with.
    """

    def __init__(self, spark: SparkSession, tag: str) -> None:
        self._spark, self._tag = spark, tag
        self._numbers: dict[str, int] = {}
        self._before = -1

    def watched(self, name: str, frame: DataFrame) -> DataFrame:
        """The frame, watched under a name."""
        if not self._numbers:
            self._before = self._newest()
        # The same ones in each run: other numbers would be other code, to be made anew.
        self._numbers[name] = -len(self._numbers) - 1
        return frame.filter(f"spark_partition_id() >= {self._numbers[name]}")

    def carries(self, frame: DataFrame) -> None:
        """Do nothing: the plan that ran tells all."""

    def rows_seen(self, names: Collection[str]) -> dict[str, int]:
        """The number of rows by name, of those that an action surely carried all rows of."""
        wanted = {number: name for name, number in self._numbers.items() if name in names}
        found: dict[str, int] = {}
        if not wanted:
            return found
        with suppress(Exception):
            # What is told late is told in the order in which it happened.
            self._spark._jsc.sc().listenerBus().waitUntilEmpty(_WAIT_MS)
            for execution in self._executions():
                if all(name in found for name in wanted.values()):
                    break
                if self._is_whole(execution):
                    counts = self._counts(execution.executionId())
                    found |= {name: counts[number] for number, name in wanted.items() if number in counts}
        return found

    @property
    def _store(self) -> Any:
        return self._spark._jsparkSession.sharedState().statusStore()

    def _newest(self) -> int:
        begin = max(self._store.executionsCount() - 1, 0)
        return max((each.executionId() for each in _each(self._store.executionsList(begin, 1))), default=-1)

    def _executions(self) -> Iterator[Any]:
        """What ran since the first frame was marked and may hold a marker, the latest first."""
        end = self._store.executionsCount()
        while end > 0:
            begin = max(end - _PAGE, 0)
            for execution in reversed(list(_each(self._store.executionsList(begin, end - begin)))):
                if execution.executionId() <= self._before:
                    return
                if self._is_own(execution):
                    yield execution
            end = begin

    def _is_own(self, execution: Any) -> bool:
        jobs = execution.jobs()
        if jobs.isEmpty():
            return False
        # Others have markers of the same numbers.
        job = self._spark._jsc.sc().statusStore().job(int(jobs.head()._1()))
        return self._tag in job.jobTags().mkString(",").split(",")

    def _is_whole(self, execution: Any) -> bool:
        """Whether it ended well and computed each part once; what is computed again is counted in part."""
        ends = time.monotonic() + _WAIT_MS / 1000
        while execution.executionStatus() == "RUNNING" and time.monotonic() < ends:
            time.sleep(_LOOK_EVERY_S)
            execution = self._store.execution(execution.executionId()).get()
        if execution.executionStatus() != "COMPLETED":
            return False
        stages = self._spark._jsc.sc().statusStore()
        numbers = filter(None, execution.stages().mkString(",").split(","))
        return all(stages.lastStageAttempt(int(number)).attemptId() == 0 for number in numbers)

    def _counts(self, execution: int) -> dict[int, int]:
        """The rows by marker."""
        graph, values = self._store.planGraph(execution), self._store.executionMetrics(execution)
        above = {int(child): int(parent) for child, parent in _EDGE.findall(graph.edges().mkString())}
        nodes = {node.id(): node for node in _each(graph.allNodes())}
        names = {number: node.name() for number, node in nodes.items()}
        counts = {}
        for number, name in names.items():
            if name != "Filter" or not (marked := _MARKED.fullmatch(nodes[number].desc().strip())):
                continue
            if not takes_all(number, above, names):
                continue
            metric = next(each for each in _each(nodes[number].metrics()) if each.name() == _ROWS)
            value = values.get(metric.accumulatorId())
            counts[int(marked[1])] = int(value.get().replace(",", "")) if value.isDefined() else 0
        return counts


def takes_all(number: int, above: dict[int, int], names: dict[int, str]) -> bool:
    """Whether an operator's rows are all taken: as far as the next exchange, which is filled whole."""
    while number in above:
        number = above[number]
        if "Exchange" in names[number]:
            return True
        if _TAKES_SOME.match(names[number]):
            return False
    return True


def _each(values: Any) -> Iterator[Any]:
    """The items of a collection of Scala's."""
    items = values.iterator()
    while items.hasNext():
        yield items.next()
