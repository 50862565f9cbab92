"""Carrying out one region on Spark: frames that stand on each other, computed where the region ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from odibi_core.dataset import CountScope, Dataset
from odibi_core.engines.base import Attempt, Outcome, RunContext, Task, TaskError
from odibi_core.engines.duckdb.engine import DuckDBEngine
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Operation, Query, Scan, Write
from odibi_core.engines.spark.conforming import conformed
from odibi_core.engines.spark.counting import counted, rows_seen
from odibi_core.engines.spark.datasets import CODECS, SparkDataset
from odibi_core.engines.spark.queries import Queries, explain_analysis, plain_message
from odibi_core.engines.spark.sources import natively
from odibi_core.engines.spark.staging import COMPRESSION, Staging
from odibi_core.errors import StepError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Observation, SparkSession


_EARLY = re.compile(r"\b(?:LIMIT|FETCH|EXISTS|OFFSET|TABLESAMPLE|USING\s+SAMPLE)\b", re.IGNORECASE)


class SparkRegion:
    """One try at a region.

    Args:
        spark: The session.
        queries: Makes frames of SQL.
        duckdb: Reads and writes formats, and carries out what is not Spark's.
        session: Its database.
        staging: Where rows cross between the two.
        data: Dataset key → what the region takes from outside.
        context: The run.
        attempt: Stops it from another thread.
    """

    def __init__(
        self,
        spark: SparkSession,
        queries: Queries,
        duckdb: DuckDBEngine,
        session: Session,
        staging: Staging,
        data: Mapping[str, Dataset],
        context: RunContext,
        attempt: Attempt,
    ) -> None:
        self._spark, self._queries, self._duckdb = spark, queries, duckdb
        self._session, self._staging = session, staging
        self._data, self._context, self._attempt = dict(data), context, attempt
        self._watched: dict[str, tuple[Observation, SparkDataset]] = {}

    def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        """What every task did, in their order.

        Raises:
            TaskError: A task failed.
        """
        outcomes = []
        for task in tasks:
            self._attempt.check()
            try:
                outcomes.append(self._carry_out(task))
            except TaskError:
                raise
            except Exception as error:
                self._attempt.check()
                raise TaskError(task.name, _explained(error)) from error
        self._settle(tasks, outcomes)
        return outcomes

    def _carry_out(self, task: Task) -> Outcome:
        match task.operation:
            case Scan():
                return self._scan(task, task.operation)
            case Query():
                return self._query(task, task.operation)
        # A write, a request, a check: over rows that are computed now.
        taken = {key: self._data[key] for key in task.inputs.values()}
        for dataset in taken.values():
            if isinstance(dataset, SparkDataset):
                dataset.stage(_compression(task.operation) if self._staging.is_shared else COMPRESSION)
        (outcome,) = self._duckdb.run_region([task], taken, self._context, self._attempt)
        return outcome

    def _scan(self, task: Task, scan: Scan) -> Outcome:
        found = None
        if not scan.connection and not scan.server:
            source = str(self._context.workspace.resolve(scan.source))
            found = natively(self._spark, scan, source, self._session)
        if found is None:
            # DuckDB reads it, sets aside what is malformed, and Spark goes on from there.
            (outcome,) = self._duckdb.run_region([_kept(task)], {}, self._context, self._attempt)
            ((output, held),) = outcome.outputs.items()
            path = self._staging.from_duckdb(held, self._attempt)
            frame = self._spark.read.parquet(path.as_uri())
            dataset = SparkDataset(held.key, self._session, frame, self._staging, path)
            dataset.keep_count(held.row_count())
            self._duckdb.release(held)
            self._data[held.key] = outcome.outputs[output] = dataset
            return outcome
        frame, row_count = found
        return self._hold(task, frame, row_count)

    def _query(self, task: Task, query: Query) -> Outcome:
        taken = {alias: self._data[key] for alias, key in task.inputs.items()}
        frames = {alias: self._frame(dataset) for alias, dataset in taken.items()}
        schemas = {alias: dataset.schema for alias, dataset in taken.items()}
        frame, warnings = self._queries.frame(query, frames, schemas)
        (key,) = task.outputs.values()
        frame = conformed(frame, task.schemas.get(key), self._session)
        outcome = self._hold(task, frame)
        outcome.warnings.extend(warnings)
        return outcome

    def _hold(self, task: Task, frame: DataFrame, row_count: int | None = None) -> Outcome:
        (output, key), *_ = task.outputs.items()
        if not task.is_kept and row_count is None:
            frame, watch = counted(frame)
        dataset = SparkDataset(key, self._session, frame, self._staging)
        self._data[key] = dataset
        outcome = Outcome(task.name, {output: dataset}, row_count_scope=CountScope.UNKNOWN)
        if task.is_kept:
            dataset.stage()
            row_count = dataset.row_count()
        if row_count is not None:
            dataset.keep_count(row_count)
            outcome.row_count, outcome.row_count_scope = row_count, CountScope.EXACT
        else:
            self._watched[task.name] = watch, dataset
        return outcome

    def _settle(self, tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> None:
        """Take the counts of what streamed, now that the region's end has carried its rows."""
        # What takes only some rows of its input leaves the counts before it short.
        cut = max((place for place, task in enumerate(tasks) if _may_stop_early(task)), default=0)
        whole = {task.name for task in tasks[cut:]}
        seen = rows_seen({name: watch for name, (watch, _) in self._watched.items() if name in whole})
        for outcome in outcomes:
            if outcome.name in seen:
                self._watched[outcome.name][1].keep_count(seen[outcome.name])
                outcome.row_count, outcome.row_count_scope = seen[outcome.name], CountScope.EXACT

    def _frame(self, dataset: Dataset) -> DataFrame:
        """The dataset as Spark knows it; rows of another engine are staged for it, once."""
        dataset = dataset.computed()
        if isinstance(dataset, SparkDataset):
            return dataset.frame
        path = self._staging.from_duckdb(dataset, self._attempt)
        return self._spark.read.parquet(path.as_uri())


def _compression(operation: Operation) -> str:
    """How the files of a write are packed; the usual way where Spark can't pack them so."""
    wanted = getattr(operation.options, "compression", "") if isinstance(operation, Write) else ""
    is_ready = isinstance(operation, Write) and operation.format in ("parquet", "delta") and wanted in CODECS
    return wanted if is_ready else COMPRESSION


def _kept(task: Task) -> Task:
    return replace(task, is_kept=True)


def _may_stop_early(task: Task) -> bool:
    return isinstance(task.operation, Query) and _EARLY.search(task.operation.sql) is not None


def _explained(error: Exception) -> Exception:
    """The error as a person would say it."""
    from pyspark.errors import AnalysisException, ParseException, PySparkException

    if isinstance(error, AnalysisException | ParseException):
        return explain_analysis(error)
    if isinstance(error, PySparkException) or type(error).__module__.startswith("py4j"):
        told = StepError(f"Spark stopped: {plain_message(_message(error))}")
        told.__cause__ = error
        return told
    return error


def _message(error: Exception) -> str:
    """What was behind it all: Java's errors wrap each other."""
    cause, text = getattr(error, "java_exception", None), str(error)
    while cause is not None:
        text = cause.getMessage() or text
        cause = cause.getCause()
    return text
