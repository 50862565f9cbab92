"""The engine behind `spark`."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import Dataset, Snapshot
from odibi_core.engines.base import Attempt, Outcome, RunContext, Task
from odibi_core.engines.duckdb.datasets import FrameDataset
from odibi_core.engines.duckdb.engine import DuckDBEngine
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Call
from odibi_core.engines.registry import EngineSettings
from odibi_core.engines.spark.datasets import CalledDataset, SparkDataset
from odibi_core.engines.spark.queries import Queries
from odibi_core.engines.spark.region import SparkRegion
from odibi_core.engines.spark.session import Tagged, is_classic, is_local, open_session
from odibi_core.engines.spark.staging import Staging

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


_INTERRUPT_EVERY_S = 0.5


class SparkEngine:
    """Runs regions on a Spark session; functions get the frames that they get from the other engine.

    Args:
        spark: The session.
        session: A DuckDB database for what DuckDB reads and writes.
        scratch: A folder of the run's own.
        leave: Called at the end: stops the session where it was opened for the run.
        is_shared: Whether Spark's machines write what they can themselves.
        makes_one: Whether Spark, on this machine, writes what becomes one Parquet file.
        reads_itself: Whether they read what they can themselves, beside Parquet and Delta.
    """

    name = "spark"

    def __init__(
        self,
        spark: SparkSession,
        session: Session,
        scratch: Path,
        leave: Callable[[], object],
        *,
        is_shared: bool = False,
        makes_one: bool = False,
        reads_itself: bool = False,
    ) -> None:
        self._reads_itself = reads_itself
        self._spark, self._session, self._leave = spark, session, leave
        self._duckdb = DuckDBEngine(session)
        self._staging = Staging(scratch / "staged", is_shared=is_shared, makes_one=makes_one)
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
        stopping = _Stopping(Tagged(self._spark, tag))
        try:
            with attempt.on_stop(stopping.begin):
                region = SparkRegion(
                    self._spark,
                    self._queries,
                    self._duckdb,
                    self._session,
                    self._staging,
                    data,
                    context,
                    attempt,
                    tag=tag,
                    reads_itself=self._reads_itself,
                )
                return region.run(tasks)
        finally:
            stopping.end()

    def profile(self, outcomes: Sequence[Outcome], context: RunContext, attempt: Attempt) -> None:
        """Have the outcomes say what the values of their columns are like, as far as the run asks for it."""
        self._duckdb.profile(outcomes, context, attempt)

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


class _Stopping:
    """Interrupts what a thread runs, again and again until the region is left.

    A job that begins a moment after an interrupt would go on to its end, in a session that others share.

    Args:
        tagged: The jobs of this thread, from now on.
    """

    def __init__(self, tagged: Tagged) -> None:
        self._tagged = tagged
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Interrupt from now on. Safe to call often."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._interrupt, name="odibi-spark-stop", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Interrupt no more; called by the thread that began."""
        self._over.set()
        self._tagged.leave()

    def _interrupt(self) -> None:
        with suppress(Exception):
            while not self._over.is_set():
                self._tagged.interrupt()
                self._over.wait(_INTERRUPT_EVERY_S)


def open_engine(settings: EngineSettings) -> SparkEngine:
    """A Spark engine on the session that the settings name, or on one that is there.

    Raises:
        OdibiError: Spark or Java is not installed, or the place can't be reached.
    """
    spark, leave = open_session(settings.spark, settings.scratch)
    try:
        session = Session(
            settings.scratch,
            memory_limit=settings.memory_limit,
            threads=settings.threads,
            most_threads=settings.most_threads,
        )
    except BaseException:
        leave()
        raise
    is_here = is_local(spark)
    by_itself = {"auto": not is_here, "spark": True, "duckdb": False}
    return SparkEngine(
        spark,
        session,
        settings.scratch,
        leave,
        is_shared=by_itself[settings.spark.writes],
        makes_one=is_here and is_classic(spark) and settings.spark.writes == "auto",
        reads_itself=by_itself[settings.spark.reads],
    )
