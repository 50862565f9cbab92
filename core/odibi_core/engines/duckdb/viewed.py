"""Steps that only add sums and products of numbers to the columns of a large table.

What such a step computes is computed once, for its time, count and mistakes, and again by those who read its
rows: next to nothing beside reading them. The rows are not copied, which would be most of the step's work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from odibi_core.engines.base import Attempt, Outcome, Task
from odibi_core.engines.duckdb.datasets import TableDataset
from odibi_core.engines.duckdb.session import Session
from odibi_core.errors import SqlError
from odibi_core.schema import Schema, quote
from odibi_core.sql.plain_select import plain_select
from odibi_core.sql.statement import read_statement

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LEAST_ROWS = 100_000
"""Rows of a table from which to copy them is noticed."""
MOST_VIEWS = 8
"""Views that stand on one another: each computes anew what the others do."""

_NUMBER = re.compile(r"U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)")
_SELECT = re.compile(r"\s*SELECT\s+\*\s*(?:,(?P<added>.*))?\bFROM\s+", re.IGNORECASE | re.DOTALL)
_ADDED = re.compile(r"\s*(?P<expression>.+?)\s+AS\s+(?P<name>[A-Za-z_]\w*)\s*", re.IGNORECASE | re.DOTALL)
_BEHIND = re.compile(r"(?P<alias>\w+)(?:\s+WHERE\b(?P<condition>.*)|\s*)", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)(?!\w|\s*\()|\d+(?:\.\d+)?(?![\w.])|[-+*/%()])\s*")


class ViewDataset(TableDataset):
    """Rows of a table with further columns; the run's database has a view of them.

    Args:
        key: The dataset's key.
        session: The run's database.
        view: The view.
        row_count: The number of rows.
        base: The table, or view, which stays as long as this view.
    """

    def __init__(self, key: str, session: Session, view: str, row_count: int, base: TableDataset) -> None:
        super().__init__(key, session, view, row_count)
        self._base = base
        self.views_below: int = base.views_below + 1 if isinstance(base, ViewDataset) else 0
        base.lend(view)

    def _remove(self, cursor: DuckDBPyConnection) -> None:
        cursor.execute(f"DROP VIEW IF EXISTS {quote(self.table)}")
        self._base.take_back(self.table, cursor)


class _View(NamedTuple):
    """What a step makes of a table.

    Attributes:
        added: The SELECT of the columns that it adds.
        whole: The SELECT of all columns.
    """

    added: str
    whole: str


def carry_out_view(
    task: Task, sql: str, base: TableDataset, session: Session, attempt: Attempt
) -> Outcome | None:
    """What a step did that computes little of a large table; None where it is of another form, or failed.

    Args:
        task: The step, which is all of its region and has one input and one output.
        sql: Its query, in DuckDB's dialect.
        base: What it takes.
        session: The run's database.
        attempt: Stops it.

    Raises:
        RunCancelledError: The attempt was stopped.
    """
    if base.row_count() < LEAST_ROWS or task.wants_table or task.written_by is not None:
        return None
    if isinstance(base, ViewDataset) and base.views_below + 2 > MOST_VIEWS:
        return None
    (alias,) = task.inputs
    found = _view(sql, alias, quote(base.table), base.schema)
    if found is None:
        return None
    from odibi_core import late_duckdb as duckdb

    view, computed, rows = session.new_name("view"), session.new_name("added"), base.row_count()
    try:
        with session.cursor() as cursor, attempt.on_stop(cursor.interrupt):
            attempt.check()
            cursor.execute(f"CREATE TABLE {quote(computed)} AS {found.added}")
            cursor.execute(f"DROP TABLE {quote(computed)}")
            cursor.execute(f"CREATE VIEW {quote(view)} AS {found.whole}")
    except duckdb.Error:
        # Whoever runs it in full can say what is wrong with the author's text.
        attempt.check()
        return None
    ((output, key),) = task.outputs.items()
    return Outcome(task.name, {output: ViewDataset(key, session, view, rows, base)}, row_count=rows)


def _view(sql: str, alias: str, table: str, schema: Schema) -> _View | None:
    """What the query makes of a table of these columns; None where it is of another form."""
    try:
        plain = plain_select(read_statement(sql), alias)
    except SqlError:
        return None
    select = _SELECT.fullmatch(plain.before) if plain is not None else None
    behind = _BEHIND.fullmatch(plain.behind) if plain is not None else None
    if plain is None or select is None or behind is None:
        return None
    # Not of some rows: who filters them further may have a product computed for those that are left out.
    if behind["condition"] is not None or select["added"] is None:
        return None
    types = {name.lower(): type_ for name, type_ in schema}
    if not _adds_numbers(select["added"], types):
        return None
    return _View(f"SELECT {select['added']} FROM {table} AS {plain.behind}", plain.over(table))


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
