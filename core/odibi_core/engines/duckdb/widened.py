"""Steps that only add sums and products of numbers to the columns of a large table.

Such columns are computed once for the step's time and its mistakes, and again by whoever reads them: next to
nothing beside the reading. The rows that the step takes are not copied, which would be the most of it.
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

_NUMBER = re.compile(r"U?(TINY|SMALL|BIG)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)")
_SELECT = re.compile(r"\s*SELECT\s+\*\s*,(?P<added>.*)\bFROM\s+", re.IGNORECASE | re.DOTALL)
_ADDED = re.compile(r"\s*(?P<expression>.+?)\s+AS\s+(?P<name>[A-Za-z_]\w*)\s*", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(r"\s*(?:(?P<name>[A-Za-z_]\w*)(?!\w|\s*\()|\d+(?:\.\d+)?(?![\w.])|[-+*/%()])")


class WidenedDataset(TableDataset):
    """The rows of a table with further columns; the run's database has a view of them.

    Args:
        key: The dataset's key.
        session: The run's database.
        view: The view.
        base: The table, which stays as long as the view.
    """

    def __init__(self, key: str, session: Session, view: str, base: TableDataset) -> None:
        super().__init__(key, session, view, base.row_count())
        self._base = base
        base.lend(view)

    def drop(self, cursor: DuckDBPyConnection) -> None:
        """Remove the view, and let go of the table."""
        cursor.execute(f"DROP VIEW IF EXISTS {quote(self.table)}")
        self._base.take_back(self.table, cursor)


class _Widening(NamedTuple):
    """What a step makes of a table.

    Attributes:
        added: The SELECT of the columns that it adds.
        whole: The SELECT of all columns.
    """

    added: str
    whole: str


def carry_out_widening(
    task: Task, sql: str, base: TableDataset, session: Session, attempt: Attempt
) -> Outcome | None:
    """What a step did that only adds columns to a large table; None where it is of another form, or failed.

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
    (alias,) = task.inputs
    widening = _widening(sql, alias, quote(base.table), base.schema)
    if widening is None:
        return None
    from odibi_core import late_duckdb as duckdb

    view, computed = session.new_name("widened"), session.new_name("added")
    try:
        with session.cursor() as cursor, attempt.on_stop(cursor.interrupt):
            attempt.check()
            cursor.execute(f"CREATE TABLE {quote(computed)} AS {widening.added}")
            cursor.execute(f"DROP TABLE {quote(computed)}")
            cursor.execute(f"CREATE VIEW {quote(view)} AS {widening.whole}")
    except duckdb.Error:
        # Whoever runs it in full can say what is wrong with the author's text.
        attempt.check()
        return None
    ((output, key),) = task.outputs.items()
    dataset = WidenedDataset(key, session, view, base)
    return Outcome(task.name, {output: dataset}, row_count=dataset.row_count())


def _widening(sql: str, alias: str, table: str, schema: Schema) -> _Widening | None:
    """What the query makes of a table of these columns; None where it is of another form."""
    try:
        plain = plain_select(read_statement(sql), alias)
    except SqlError:
        return None
    found = _SELECT.fullmatch(plain.before) if plain is not None else None
    if plain is None or found is None or plain.behind.strip().lower() != alias.lower():
        return None
    types = {name.lower(): type_ for name, type_ in schema}
    columns = [_ADDED.fullmatch(column) for column in found["added"].split(",")]
    names = [column["name"].lower() if column else "" for column in columns]
    if not all(names) or len({*names, *types}) < len(names) + len(types):
        return None
    if not all(column and _is_arithmetic(column["expression"], types) for column in columns):
        return None
    return _Widening(f"SELECT {found['added']} FROM {table} AS {plain.behind}", plain.over(table))


def _is_arithmetic(expression: str, types: Mapping[str, str]) -> bool:
    """Whether it is made of numbers, columns of numbers, and what stands between them."""
    place = 0
    while place < len(expression):
        token = _TOKEN.match(expression, place)
        if token is None:
            return False
        if token["name"] and not _NUMBER.fullmatch(types.get(token["name"].lower(), "")):
            return False
        place = token.end()
    return True
