"""The rows of the sources that both engines get: read once, kept as Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from odibi_core.engines.base import Attempt, Engine, RunContext, Task, UnkeepableError
from odibi_core.engines.operations import Query, Scan
from odibi_core.formats.registry import format_named
from odibi_core.late_dataclass import dataclass
from odibi_core.plan.model import Plan
from odibi_core.sql.compose import Dialect

PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of a source.

    Attributes:
        file: A Parquet file that holds them; None where Parquet can't hold their types, so that the source is
            read whole by both engines.
        rows: How many.
        is_whole: Whether these are all rows of the source.
    """

    file: Path | None
    rows: int
    is_whole: bool

    def scan(self, own: Scan) -> Scan:
        """What reads the sample in the place of the source."""
        if self.file is None:
            return own
        return _reading(self.file)


def take_samples(
    plan: Plan, engine: Engine, context: RunContext, rows: int, folder: Path
) -> Mapping[str, Sample]:
    """Step that reads → the first rows of its source.

    Args:
        plan: Whose sources.
        engine: Reads them.
        context: The run.
        rows: How many of each at the most; 0: all.
        folder: Takes the files.

    Raises:
        TaskError: A source can't be read.
    """
    return {
        name: _sample(planned.task(), engine, context, rows, folder / f"sample-{number}.parquet")
        for number, (name, planned) in enumerate(plan.steps.items())
        if isinstance(planned.node.operation, Scan)
    }


def _sample(task: Task, engine: Engine, context: RunContext, rows: int, file: Path) -> Sample:
    (key,) = task.outputs.values()
    attempt = Attempt()
    # One more than asked for tells whether there are more.
    looked = _head(task.name, key, "looked", rows + 1 if rows else 0)
    *_, outcome = engine.run_region([replace(task, is_kept=False), looked], {}, context, attempt)
    dataset = outcome.outputs["data"]
    is_whole = not rows or dataset.row_count() <= rows
    if not is_whole:
        cut = _head(task.name, "looked", "cut", rows)
        (outcome,) = engine.run_region([cut], {"looked": dataset}, context, attempt)
        dataset = outcome.outputs["data"]
    count = dataset.row_count()
    try:
        engine.save(dataset, file, attempt)
    except UnkeepableError:
        return Sample(None, count, is_whole=True)
    kept = engine.run_region(
        [Task(task.name, _reading(file), {}, {"data": "kept"}, is_kept=False)], {}, context, attempt
    )
    has_types = kept[0].outputs["data"].schema == dataset.schema
    return Sample(file if has_types else None, count, is_whole or not has_types)


def _head(step: str, source: str, key: str, rows: int) -> Task:
    limit = f" LIMIT {rows}" if rows else ""
    query = Query(f"SELECT * FROM input{limit}", Dialect.DUCKDB.value)
    return Task(step, query, {"input": source}, {"data": key}, is_kept=True)


def _reading(file: Path) -> Scan:
    return Scan(str(file), PARQUET, format_named(PARQUET).read_options())
