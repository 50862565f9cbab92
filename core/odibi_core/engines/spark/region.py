"""Carrying out one region on Spark: frames that stand on each other, computed where the region ends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.connections import path_in
from odibi_core.dataset import CountScope, Dataset
from odibi_core.engines.base import Attempt, Outcome, RunContext, Task, TaskError
from odibi_core.engines.duckdb.engine import DuckDBEngine
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Operation, Query, Scan, Write
from odibi_core.engines.places import bound_options
from odibi_core.engines.spark.conforming import conformed, is_planned, told_apart
from odibi_core.engines.spark.counting import counting
from odibi_core.engines.spark.datasets import CODECS, SparkDataset
from odibi_core.engines.spark.paths import read_path
from odibi_core.engines.spark.queries import Queries, explain_analysis, plain_message
from odibi_core.engines.spark.sources import natively
from odibi_core.engines.spark.staging import COMPRESSION, Staging, duckdb_schema
from odibi_core.engines.spark.strict_sources import strict_frame
from odibi_core.engines.spark.strict_text import is_otherwise
from odibi_core.errors import OdibiError, StepError
from odibi_core.formats.servers import ServerReadOptions
from odibi_core.schema import Schema
from odibi_core.sql.analysis import is_row_preserving

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


_OTHERWISE = (
    "it holds what Spark does not surely read alike, so the machine that the run was started on read it"
)
_REFUSED = "Spark's machines could not read it, so the machine that the run was started on read it: {}"
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
        tag: What the jobs of this thread are tagged with.
        reads_itself: Whether Spark's machines read what they surely read as the other engine does.
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
        *,
        tag: str,
        reads_itself: bool = False,
    ) -> None:
        self._reads_itself = reads_itself
        self._spark, self._queries, self._duckdb = spark, queries, duckdb
        self._session, self._staging = session, staging
        self._data, self._context, self._attempt = dict(data), context, attempt
        self._counting = counting(spark, tag)
        self._watched: dict[str, SparkDataset] = {}
        self._followers: dict[str, tuple[SparkDataset, SparkDataset]] = {}
        self._staged: dict[str, SparkDataset] = {}
        self._ends: set[str] = set()

    def run(self, tasks: Sequence[Task]) -> list[Outcome]:
        """What every task did, in their order.

        Raises:
            TaskError: A task failed.
        """
        outcomes = []
        # What is written is computed for that, and counted by what came of it.
        ends = (task for task in tasks if not isinstance(task.operation, Scan | Query))
        self._ends = {key for task in ends for key in task.inputs.values()}
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
                self._compute(dataset, self._compression(task.operation))
        (outcome,) = self._duckdb.run_region([task], taken, self._context, self._attempt)
        return outcome

    def _scan(self, task: Task, scan: Scan) -> Outcome:
        found = None
        if not scan.connection and not scan.server:
            found = natively(self._spark, scan, str(self._place(scan)), self._session)
        notes: list[str] = []
        if found is None and self._reads_itself and (outcome := self._read_strictly(task, scan, notes)):
            return outcome
        if found is None:
            # DuckDB reads it, sets aside what is malformed, and Spark goes on from there.
            (outcome,) = self._duckdb.run_region([_kept(task)], {}, self._context, self._attempt)
            ((output, held),) = outcome.outputs.items()
            path = self._staging.from_duckdb(held, self._attempt)
            frame = self._spark.read.parquet(read_path(path))
            dataset = SparkDataset(held.key, self._session, frame, self._staging, path)
            dataset.keep_count(held.row_count())
            self._duckdb.release(held)
            self._data[held.key] = outcome.outputs[output] = dataset
            outcome.warnings.extend(notes)
            return outcome
        frame, row_count = found
        return self._hold(task, frame, row_count)

    def _read_strictly(self, task: Task, scan: Scan, notes: list[str]) -> Outcome | None:
        """The source, read by Spark and held; None where DuckDB is to read it. Adds what is to be said."""
        context, options = self._context, scan.options
        if scan.server:
            source = scan.server
            if isinstance(options, ServerReadOptions) and context.resolve is not None:
                options = bound_options(scan, context.connections, context.resolve, context.workspace)
        else:
            place = self._place(scan)
            source = str(place)
            if not place.is_relative_to(context.workspace.root):
                # Only the workspace is surely on all machines.
                return None
        try:
            frame = strict_frame(self._spark, scan, source, options, self._session)
            return None if frame is None else self._hold(_kept(task), frame)
        except OdibiError:
            raise
        except Exception as error:
            self._attempt.check()
            # A server that this machine reaches need not be one that the others reach.
            if not scan.server and not is_otherwise(error):
                raise
            self._data.pop(next(iter(task.outputs.values())), None)
            refused = _REFUSED.format(plain_message(_message(error)))
            notes.append(_OTHERWISE if is_otherwise(error) else refused)
            return None

    def _place(self, scan: Scan) -> Path:
        if scan.connection:
            return path_in(self._context.connections[scan.connection], scan.source, self._context.workspace)
        return self._context.workspace.resolve(scan.source)

    def _query(self, task: Task, query: Query) -> Outcome:
        taken = {alias: self._data[key] for alias, key in task.inputs.items()}
        frames = {alias: self._frame(dataset) for alias, dataset in taken.items()}
        schemas = {alias: dataset.schema for alias, dataset in taken.items()}
        frame, warnings = self._queries.frame(query, frames, schemas)
        (key,) = task.outputs.values()
        planned = task.schemas.get(key)
        # Where late rows of a source made another type of a column, so may the step.
        holds = all(is_planned(schemas[alias], task.schemas.get(key)) for alias, key in task.inputs.items())
        frame = conformed(frame, planned, self._session, is_as_planned=holds)
        found = duckdb_schema(frame, self._session)
        outcome = self._hold(task, frame, schema=found)
        outcome.warnings.extend(warnings)
        outcome.warnings.extend(told_apart(found, planned))
        return outcome

    def _hold(
        self, task: Task, frame: DataFrame, row_count: int | None = None, schema: Schema | None = None
    ) -> Outcome:
        (output, key), *_ = task.outputs.items()
        leader = None if task.is_kept or row_count is not None else self._leader(task)
        is_watched = not task.is_kept and row_count is None and leader is None and key not in self._ends
        if is_watched:
            frame = self._counting.watched(task.name, frame)
        dataset = SparkDataset(key, self._session, frame, self._staging, schema=schema)
        self._data[key] = dataset
        outcome = Outcome(task.name, {output: dataset}, row_count_scope=CountScope.UNKNOWN)
        if task.is_kept:
            self._compute(dataset)
            row_count = dataset.row_count()
        if row_count is not None:
            dataset.keep_count(row_count)
            outcome.row_count, outcome.row_count_scope = row_count, CountScope.EXACT
        elif is_watched:
            self._watched[task.name] = dataset
        elif leader is not None:
            self._followers[task.name] = dataset, leader
        else:
            self._staged[task.name] = dataset
        return outcome

    def _compute(self, dataset: SparkDataset, compression: str = COMPRESSION) -> None:
        if not dataset.is_held:
            self._counting.carries(dataset.frame)
        dataset.stage(compression)

    def _compression(self, operation: Operation) -> str:
        """How the files of a write are packed; the usual way where they don't become what is written."""
        if not isinstance(operation, Write) or operation.format not in ("parquet", "delta"):
            return COMPRESSION
        is_taken = self._staging.is_shared or (self._staging.makes_one and not operation.partition_by)
        wanted = getattr(operation.options, "compression", "")
        return wanted if is_taken and wanted in CODECS else COMPRESSION

    def _leader(self, task: Task) -> SparkDataset | None:
        """The input that surely has as many rows as the task gives, where its count is known or will be.

        No filter gets past a step that is watched, so that as few are as need be.
        """
        if not isinstance(task.operation, Query) or len(task.inputs) != 1:
            return None
        ((alias, key),) = task.inputs.items()
        found = self._data[key].computed()
        if not isinstance(found, SparkDataset) or not is_row_preserving(task.operation.sql, [alias]):
            return None
        will_be = [
            *self._watched.values(),
            *(dataset for dataset, _ in self._followers.values()),
            *self._staged.values(),
        ]
        return found if found.is_counted or any(found is dataset for dataset in will_be) else None

    def _settle(self, tasks: Sequence[Task], outcomes: Sequence[Outcome]) -> None:
        """Take the counts of what streamed, now that the region's end has carried its rows."""
        # What takes only some rows of its input leaves the counts before it short.
        cut = max((place for place, task in enumerate(tasks) if _may_stop_early(task)), default=0)
        whole = {task.name for task in tasks[cut:]}
        seen = self._counting.rows_seen(whole & self._watched.keys())
        for outcome in outcomes:
            if outcome.name in seen:
                self._watched[outcome.name].keep_count(seen[outcome.name])
                outcome.row_count, outcome.row_count_scope = seen[outcome.name], CountScope.EXACT
            elif (staged := self._staged.get(outcome.name)) is not None and staged.is_held:
                outcome.row_count, outcome.row_count_scope = staged.row_count(), CountScope.EXACT
            elif outcome.name in self._followers:
                dataset, leader = self._followers[outcome.name]
                if leader.is_counted:
                    dataset.keep_count(leader.row_count())
                    outcome.row_count, outcome.row_count_scope = leader.row_count(), CountScope.INFERRED

    def _frame(self, dataset: Dataset) -> DataFrame:
        """The dataset as Spark knows it; rows of another engine are staged for it, once."""
        dataset = dataset.computed()
        if isinstance(dataset, SparkDataset):
            return dataset.frame
        path = self._staging.from_duckdb(dataset, self._attempt)
        return self._spark.read.parquet(read_path(path))


def _kept(task: Task) -> Task:
    # What DuckDB holds for Spark is not what the step writes.
    return replace(task, is_kept=True, written_by=None)


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
