"""What the values of results are like, looked at while they are held, beside the steps that made them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from typing import TYPE_CHECKING, Any

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt, Outcome, Profiles, RunContext
from odibi_core.engines.duckdb.datasets import DuckDBDataset, FrameDataset
from odibi_core.engines.duckdb.session import Session
from odibi_core.schema import Schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST_VALUES = 1_000_000
"""Rows times columns up to which a result is described unasked: more would be noticed."""
MOST_RESULTS = 50
"""Results of a pipeline up to which they are described unasked: a small step costs less than two queries."""
FEW_VALUES = 1_000
"""Rows times columns up to which a frame's values are described in Python."""
COLUMNS_AT_ONCE = 4
"""Columns that one query asks for: the different values of more than some six take several times as much."""


def profile_outcomes(
    outcomes: Iterable[Outcome], session: Session, context: RunContext, attempt: Attempt
) -> None:
    """Have the outcomes say what the values of their columns are like, as far as the run asks for it."""
    if context.profile is False:
        return
    for outcome in outcomes:
        asked = {
            name: dataset
            for name, dataset in outcome.outputs.items()
            if context.profile or dataset.key in context.given
        }
        if not asked:
            continue
        if not context.profile and len(context.given) > MOST_RESULTS:
            outcome.profiles = Profiles({name: _untold(_too_many(len(context.given))) for name in asked})
            continue
        begun = time.perf_counter()
        found = {name: _profile(dataset, session, context, attempt) for name, dataset in asked.items()}
        took_ms = round((time.perf_counter() - begun) * 1000, 3)
        outcome.profiles = Profiles(found, took_ms)


def _profile(dataset: Dataset, session: Session, context: RunContext, attempt: Attempt) -> dict[str, Any]:
    try:
        why = _why_not(dataset, context)
        if why:
            return _untold(why)
        assert isinstance(dataset, DuckDBDataset)
        if (columns := _describe_few(dataset)) is not None:
            return {"why": "", "row_count": dataset.row_count(), "columns": columns}
        with closing(session.cursor()) as cursor, attempt.on_stop(cursor.interrupt):
            return _described(dataset, cursor)
    except Exception as error:  # noqa: BLE001 - the step's result counts already: no error undoes it
        return _untold(str(error).partition("\n")[0])


def _untold(why: str) -> dict[str, Any]:
    return {"why": why, "row_count": None, "columns": {}}


@cache
def _too_many(results: int) -> str:
    return f"the pipeline gives {results:,} results, and describing all would take a while"


def _why_not(dataset: Dataset, context: RunContext) -> str:
    if not isinstance(dataset, DuckDBDataset):
        return "its rows are not held where they can be described"
    if context.profile:
        return ""
    if not dataset.is_held:
        return "its rows streamed on, and describing them would compute them once more"
    values = dataset.row_count() * len(dataset.schema)
    return f"it has {values:,} values, and describing them would take a while" if values > MOST_VALUES else ""


def _describe_few(dataset: DuckDBDataset) -> dict[str, dict[str, Any]] | None:
    """What the values of a frame of few are like, told without a database: to open one takes longer."""
    if not isinstance(dataset, FrameDataset):
        return None
    few = dataset.few_values(FEW_VALUES)
    if few is None:
        return None
    from odibi_core.health.few_values import few_facts

    return few_facts(few, dataset.schema, dataset.row_count())


def _described(dataset: DuckDBDataset, cursor: DuckDBPyConnection) -> dict[str, Any]:
    from odibi_core.health.columns import column_facts, facts_select, frequent_select

    schema, row_count = dataset.schema, dataset.row_count()
    fragment = dataset.fragment()
    fragment.register(cursor)
    columns: dict[str, Any] = {}
    # Rows that are not held would be computed for each query.
    size = COLUMNS_AT_ONCE if dataset.is_held else max(1, len(schema))
    for start in range(0, len(schema), size):
        part = Schema(schema.columns[start : start + size])
        (facts,) = cursor.execute(fragment.sql(facts_select(part, row_count))).fetchall()
        select, few = frequent_select(part, facts)
        counts: tuple[Any, ...] = ()
        if few:
            (counts,) = cursor.execute(fragment.sql(select)).fetchall()
        columns |= column_facts(part, row_count, facts, dict(zip(few, counts, strict=True)))
    return {"why": "", "row_count": row_count, "columns": columns}
