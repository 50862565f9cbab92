"""Steps that only add sums and products of numbers to the columns of a large table.

What such a step computes is computed once, for its time, count and mistakes, and again by those who read its
rows: next to nothing beside reading them. The rows are not copied, which would be most of the step's work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from odibi_core.engines.base import Attempt, Outcome, Task
from odibi_core.engines.duckdb.datasets import TableDataset
from odibi_core.engines.duckdb.session import Session
from odibi_core.schema import Schema, quote
from odibi_core.sql.plain_select import PlainSelect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LEAST_ROWS = 100_000
"""Rows of a table from which to copy them is noticed."""
MOST_VIEWS = 8
"""Views that stand on one another: each computes anew what the others do."""

_NUMBER = re.compile(r"U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)")
_SELECT = re.compile(r"\s*SELECT\s+\*\s*,(?P<added>.*)\bFROM\s+", re.IGNORECASE | re.DOTALL)
_ADDED = re.compile(r"\s*(?P<expression>.+?)\s+AS\s+(?P<name>[A-Za-z_]\w*)\s*", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)(?!\w|\s*\()|\d+(?:\.\d+)?(?![\w.])|[-+*/%()])\s*")


class ViewDataset(TableDataset):
    """Rows of a table with further columns; the run's database has a view of them.

    Args:
        key: The dataset's key.
        session: The run's database.
        view: The view.
        base: The table, or view, which stays as long as this view.
    """

    def __init__(self, key: str, session: Session, view: str, base: TableDataset) -> None:
        super().__init__(key, session, view, base.row_count())
        self._base = base
        self.depth: int = _depth(base) + 1
        base.lend(view)

    def _remove(self, cursor: DuckDBPyConnection) -> None:
        cursor.execute(f"DROP VIEW IF EXISTS {quote(self.table)}")
        self._base.take_back(self.table, cursor)


def _depth(base: TableDataset) -> int:
    """How many views stand on one another there."""
    return base.depth if isinstance(base, ViewDataset) else 0


def carry_out_view(
    task: Task, query: PlainSelect, base: TableDataset, session: Session, attempt: Attempt
) -> Outcome | None:
    """What a step did that only adds columns to a large table; None where it is of another form, or failed.

    Args:
        task: The step, which is all of its region and has one input and one output.
        query: Its query, in DuckDB's dialect.
        base: What it takes.
        session: The run's database.
        attempt: Stops it.

    Raises:
        RunCancelledError: The attempt was stopped.
    """
    if base.row_count() < LEAST_ROWS or task.wants_table or task.written_by is not None:
        return None
    added = _added(query, task, base.schema) if _depth(base) < MOST_VIEWS else None
    if added is None:
        return None
    from odibi_core import late_duckdb as duckdb

    table, view, computed = quote(base.table), session.new_name("view"), quote(session.new_name("added"))
    try:
        with session.cursor() as cursor, attempt.on_stop(cursor.interrupt):
            attempt.check()
            cursor.execute(f"CREATE TABLE {computed} AS SELECT {added} FROM {table} AS {query.behind}")
            cursor.execute(f"DROP TABLE {computed}")
            cursor.execute(f"CREATE VIEW {quote(view)} AS {query.over(table)}")
    except duckdb.Error:
        # Whoever runs it in full can say what is wrong with the author's text.
        attempt.check()
        return None
    ((output, key),) = task.outputs.items()
    dataset = ViewDataset(key, session, view, base)
    return Outcome(task.name, {output: dataset}, row_count=dataset.row_count())


def _added(query: PlainSelect, task: Task, schema: Schema) -> str | None:
    """The columns that the query adds to those of this schema; None where it is of another form."""
    (alias,) = task.inputs
    found = _SELECT.fullmatch(query.before)
    # Not of some rows: who filters them further may have a product computed for those that are left out.
    if found is None or query.behind.strip().lower() != alias.lower():
        return None
    types = {name.lower(): type_ for name, type_ in schema}
    return found["added"] if _adds_numbers(found["added"], types) else None


def _adds_numbers(added: str, types: Mapping[str, str]) -> bool:
    """Whether these are columns of other names than those that are there, made of numbers."""
    columns = [_ADDED.fullmatch(column) for column in added.split(",")]
    names = [column["name"].lower() if column else "" for column in columns]
    if not all(names) or len({*names, *types}) < len(names) + len(types):
        return False
    return all(column and _is_arithmetic(column["expression"], types) for column in columns)


def _is_arithmetic(text: str, types: Mapping[str, str]) -> bool:
    """Whether it is made of numbers, columns of numbers, and what stands between them."""
    place = 0
    while place < len(text):
        token = _TOKEN.match(text, place)
        if token is None:
            return False
        if token["name"] and not _NUMBER.fullmatch(types.get(token["name"].lower(), "")):
            return False
        place = token.end()
    return True
