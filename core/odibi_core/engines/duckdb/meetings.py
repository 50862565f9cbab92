"""How well the sides of a step's joins meet, counted beside the step itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Task
from odibi_core.engines.duckdb.datasets import FrameDataset, TableDataset
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.health.joins import Join, JoinCounts, find_joins, has_join

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_ROWS = 2_000_000
"""Rows of all inputs together up to which joins are counted unasked: more would be noticed."""


def count_meetings(
    task: Task,
    sql: str,
    data: Mapping[str, Dataset],
    cursor: DuckDBPyConnection,
    select: Callable[[Task, str], Fragment],
    *,
    is_asked: bool,
) -> dict[str, Any]:
    """How the sides of the joins in a step's SQL meet: empty where it has none.

    Args:
        task: The step.
        sql: Its text in DuckDB's dialect.
        data: Dataset key → what the step takes.
        cursor: Runs the counts.
        select: Gives a text over the inputs of the task as a query.
        is_asked: Whether the counts may cost another pass over what the step reads.

    Returns:
        `joins`, each as `JoinCounts.as_dict` has it; `why` where they were not counted; `took_ms`.
    """
    if not has_join(sql):
        return {}
    why = "" if is_asked else _too_dear([data[key] for key in task.inputs.values()])
    if why:
        return {"joins": [], "why": why, "took_ms": 0.0}
    begun = time.perf_counter()
    joins = [_counted(join, task, cursor, select) for join in find_joins(sql, task.inputs)]
    if not joins:
        return {}
    took_ms = round((time.perf_counter() - begun) * 1000, 3)
    return {"joins": [join.as_dict() for join in joins], "why": "", "took_ms": took_ms}


def _too_dear(inputs: list[Dataset]) -> str:
    if not all(isinstance(dataset, TableDataset | FrameDataset) for dataset in inputs):
        return "the inputs stream through the step, and counting would read them once more"
    rows = sum(dataset.row_count() for dataset in inputs if isinstance(dataset, TableDataset | FrameDataset))
    return f"the inputs have {rows:,} rows, and counting would take a while" if rows > MOST_ROWS else ""


def _counted(
    join: Join, task: Task, cursor: DuckDBPyConnection, select: Callable[[Task, str], Fragment]
) -> JoinCounts:
    from odibi_core import late_duckdb as duckdb

    if join.why:
        return JoinCounts.unknown(join, join.why)
    try:
        fragment = select(task, join.sql)
        fragment.register(cursor)
        (row,) = cursor.execute(fragment.sql()).fetchall()
    except duckdb.InterruptException:
        raise
    except duckdb.Error:
        # The join's own text is written anew for the count, and not every form of it stands alone.
        return JoinCounts.unknown(join, "this form of join is not counted")
    return JoinCounts.of(join, row)
