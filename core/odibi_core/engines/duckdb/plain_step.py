"""Steps that only compute columns of one table and filter its rows.

DuckDB's optimizer takes a third of the time of such a query, and finds nothing to do in it. A step of another
form keeps it: without it a join compares each row with each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt, Outcome, Task
from odibi_core.engines.duckdb.datasets import TableDataset
from odibi_core.engines.duckdb.held_files import FileDataset
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Query
from odibi_core.errors import SqlError
from odibi_core.schema import quote
from odibi_core.sql.compose import Dialect
from odibi_core.sql.plain_select import PlainSelect, plain_select
from odibi_core.sql.statement import read_statement

MOST_ROWS = 10_000
"""Rows of a table up to which it doesn't matter that columns are read which nobody needs."""


def carry_out_plain_step(
    tasks: Sequence[Task], data: Mapping[str, Dataset], session: Session, attempt: Attempt
) -> Outcome | None:
    """What a step did that is all of its region; None where it is of another form, or failed.

    Of a large table this is done where its rows need not be copied.

    Raises:
        RunCancelledError: The attempt was stopped.
    """
    taken = _only_table(tasks, data)
    if taken is None:
        return None
    task, sql, source = taken
    (alias,) = task.inputs
    plain = _plain_select(sql, alias)
    if plain is None:
        return None
    if source.row_count() > MOST_ROWS:
        from odibi_core.engines.duckdb.viewed import carry_out_view

        return carry_out_view(task, plain, source, session, attempt)
    from odibi_core import late_duckdb as duckdb

    table = session.new_name("table")
    try:
        with session.plain_cursor() as cursor, attempt.on_stop(cursor.interrupt):
            attempt.check()
            query = plain.over(quote(source.table))
            ((count,),) = cursor.execute(f"CREATE TABLE {quote(table)} AS {query}").fetchall()
    except duckdb.Error:
        # Whoever runs it in full can say what is wrong with the author's text.
        attempt.check()
        return None
    ((output, key),) = task.outputs.items()
    return Outcome(task.name, {output: TableDataset(key, session, table, count)}, row_count=count)


def _only_table(tasks: Sequence[Task], data: Mapping[str, Dataset]) -> tuple[Task, str, TableDataset] | None:
    """The task that is all of a region, its query, and the table of its only input; None of other regions."""
    if len(tasks) > 1:
        return None
    (task,) = tasks
    operation = task.operation
    if not isinstance(operation, Query) or operation.dialect != Dialect.DUCKDB or not task.is_kept:
        return None
    if len(task.inputs) != 1 or len(task.outputs) != 1:
        return None
    (key,) = task.inputs.values()
    source = data[key]
    # What is held in a file is no table: it is read as far as it is needed, and looked at before.
    if not isinstance(source, TableDataset) or isinstance(source, FileDataset):
        return None
    return task, operation.sql, source


def _plain_select(sql: str, alias: str) -> PlainSelect | None:
    try:
        return plain_select(read_statement(sql), alias)
    except SqlError:
        return None
