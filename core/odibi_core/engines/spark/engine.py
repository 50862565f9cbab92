"""The engine behind `spark`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import Dataset, Snapshot
from odibi_core.engines.base import Attempt, Outcome, RunContext, Task
from odibi_core.engines.duckdb.datasets import FrameDataset
from odibi_core.engines.duckdb.engine import DuckDBEngine
from odibi_core.engines.duckdb.profiling import profile_outcomes
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Call
from odibi_core.engines.registry import EngineSettings
from odibi_core.engines.spark.datasets import CalledDataset, SparkDataset
from odibi_core.engines.spark.queries import Queries
from odibi_core.engines.spark.region import SparkRegion
from odibi_core.engines.spark.session import open_session
from odibi_core.engines.spark.staging import Staging

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class SparkEngine:
    """Runs regions on a Spark session; functions get the frames that they get from the other engine.

    Args:
        spark: The session.
        session: A DuckDB database for what DuckDB reads and writes.
        scratch: A folder of the run's own.
        leave: Called at the end: stops the session where it was opened for the run.
    """

    name = "spark"

    def __init__(
        self, spark: SparkSession, session: Session, scratch: Path, leave: Callable[[], object]
    ) -> None:
        self._spark, self._session, self._leave = spark, session, leave
        self._duckdb = DuckDBEngine(session)
        self._staging = Staging(scratch / "staged")
        self._queries = Queries(spark, f"odibi_{uuid.uuid4().hex[:12]}")

    def run_region(
        self, tasks: Sequence[Task], data: Mapping[str, Dataset], context: RunContext, attempt: Attempt
    ) -> list[Outcome]:
        """Carry out tasks in the order of the data.

        Raises:
            TaskError: A task failed.
            RunCancelledError: The attempt was stopped.
        """
        if isinstance(tasks[0].operation, Call):
            (outcome,) = self._duckdb.run_region(tasks, data, context, attempt)
            for output, dataset in outcome.outputs.items():
                assert isinstance(dataset, FrameDataset)
                outcome.outputs[output] = CalledDataset(dataset, self._spark)
            return [outcome]
        tag = f"odibi-{uuid.uuid4().hex}"
        self._spark.addTag(tag)
        try:
            with attempt.on_stop(lambda: self._interrupt(tag)):
                region = SparkRegion(
                    self._spark,
                    self._queries,
                    self._duckdb,
                    self._session,
                    self._staging,
                    data,
                    context,
                    attempt,
                )
                outcomes = region.run(tasks)
        finally:
            self._spark.removeTag(tag)
        profile_outcomes(outcomes, self._session, context, attempt)
        return outcomes

    def _interrupt(self, tag: str) -> None:
        self._spark.interruptTag(tag)

    def adopt(self, key: str, frame: Any) -> Dataset:
        """A dataset over a Spark, pandas, Polars or Arrow frame."""
        if type(frame).__module__.startswith("pyspark."):
            return SparkDataset(key, self._session, frame, self._staging)
        return FrameDataset(key, self._session, frame)

    def save(self, dataset: Dataset, path: Path, attempt: Attempt) -> None:
        """Write a dataset's rows to a Parquet file.

        Raises:
            UnkeepableError: Parquet can't hold it without a change.
        """
        self._duckdb.save(dataset, path, attempt)

    def load(self, key: str, path: Path, snapshot: Snapshot) -> Dataset:
        """The dataset that `save` wrote; its rows are read when somebody asks."""
        return self._duckdb.load(key, path, snapshot)

    def settle(self, datasets: Sequence[Dataset]) -> None:
        """Take the snapshots of many datasets."""
        self._duckdb.settle(datasets)

    def release(self, dataset: Dataset) -> None:
        """Let go of a dataset's rows; its snapshot stays."""
        self._duckdb.release(dataset)

    def close(self) -> None:
        """Let go of all datasets, and of the session where it was opened for this run."""
        try:
            self._session.close()
            self._queries.close()
        finally:
            self._leave()


def open_engine(settings: EngineSettings) -> SparkEngine:
    """A Spark engine on the session that the settings name, or on one that is there.

    Raises:
        OdibiError: Spark or Java is not installed, or the place can't be reached.
    """
    spark, leave = open_session(settings.spark, settings.scratch)
    try:
        session = Session(settings.scratch, memory_limit=settings.memory_limit, threads=settings.threads)
    except BaseException:
        leave()
        raise
    return SparkEngine(spark, session, settings.scratch, leave)
