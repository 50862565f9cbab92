"""The engine behind `pandas`: DuckDB, lazily, a region at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from odibi_core.dataset import Dataset, Snapshot
from odibi_core.engines.base import Attempt, Outcome, RunContext, Task, TaskError
from odibi_core.engines.duckdb.datasets import FrameDataset, TableDataset, settle_tables
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Call
from odibi_core.engines.registry import EngineSettings


class DuckDBEngine:
    """Runs regions on one in-memory database, a cursor a region.

    Args:
        session: The run's database.
    """

    name = "pandas"

    def __init__(self, session: Session) -> None:
        self._session = session

    def run_region(
        self, tasks: Sequence[Task], data: Mapping[str, Dataset], context: RunContext, attempt: Attempt
    ) -> list[Outcome]:
        """Carry out tasks in the order of the data.

        A region is read strictly at first; where that meets malformed rows it is run once more, with those
        rows set aside.

        Raises:
            TaskError: A task failed.
            RunCancelledError: The attempt was stopped.
        """
        first = tasks[0]
        if isinstance(first.operation, Call):
            # A function is a region of its own.
            from odibi_core.engines.duckdb.calls import carry_out_call

            return [carry_out_call(first, first.operation, data, self._session, context, attempt)]
        # A run of functions alone has no use for what makes queries.
        from odibi_core.engines.duckdb.plain_step import carry_out_plain_step
        from odibi_core.engines.duckdb.region import RegionRun

        if (outcome := carry_out_plain_step(tasks, data, self._session, attempt)) is not None:
            return [outcome]
        cursor = self._session.cursor()
        tolerant: frozenset[str] = frozenset()
        with closing(cursor), attempt.on_stop(cursor.interrupt):
            while True:
                run = RegionRun(self._session, cursor, data, context, attempt, tolerant=tolerant)
                try:
                    return run.run(tasks)
                except TaskError as error:
                    more = run.malformed(error.cause)
                    if not more:
                        raise
                    tolerant |= more

    def profile(self, outcomes: Sequence[Outcome], context: RunContext, attempt: Attempt) -> None:
        """Have the outcomes say what the values of their columns are like, as far as the run asks for it."""
        from odibi_core.engines.duckdb.profiling import profile_outcomes

        profile_outcomes(outcomes, self._session, context, attempt)

    def adopt(self, key: str, frame: Any) -> Dataset:
        """A dataset over a pandas, Polars or Arrow frame."""
        return FrameDataset(key, self._session, frame)

    def save(self, dataset: Dataset, path: Path, attempt: Attempt) -> None:
        """Write a dataset's rows to a Parquet file.

        Raises:
            UnkeepableError: Parquet can't hold it without a change.
        """
        from odibi_core.engines.duckdb.keeping import save_dataset

        save_dataset(dataset, path, self._session, attempt)

    def load(self, key: str, path: Path, snapshot: Snapshot) -> Dataset:
        """The dataset that `save` wrote; its rows are read when somebody asks."""
        from odibi_core.engines.duckdb.keeping import load_dataset

        return load_dataset(key, path, snapshot, self._session)

    def settle(self, datasets: Sequence[Dataset]) -> None:
        """Take the snapshots of many datasets together."""
        tables = [dataset for dataset in datasets if isinstance(dataset, TableDataset)]
        if tables:
            with closing(self._session.cursor()) as cursor:
                settle_tables(cursor, tables)
        for dataset in datasets:
            dataset.snapshot()

    def release(self, dataset: Dataset) -> None:
        """Let go of a dataset's rows; its snapshot stays."""
        self.settle([dataset])
        if isinstance(dataset, FrameDataset):
            dataset.release()
        elif isinstance(dataset, TableDataset):
            with closing(self._session.cursor()) as cursor:
                dataset.drop(cursor)

    def close(self) -> None:
        """Let go of all datasets."""
        self._session.close()


def open_engine(settings: EngineSettings) -> DuckDBEngine:
    """A DuckDB engine with a database of its own."""
    return DuckDBEngine(
        Session(
            settings.scratch,
            memory_limit=settings.memory_limit,
            threads=settings.threads,
            most_threads=settings.most_threads,
            ordered=settings.ordered,
        )
    )
