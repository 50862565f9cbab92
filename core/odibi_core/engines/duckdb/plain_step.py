"""Steps that only compute columns of one small table and filter its rows.

DuckDB's optimizer takes a third of the time of such a query, and finds nothing to do in it. A step of another
form keeps it: without it a join compares each row with each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt, Outcome, Task
from odibi_core.engines.duckdb.datasets import TableDataset
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Query
from odibi_core.errors import SqlError
from odibi_core.schema import quote
from odibi_core.sql.compose import Dialect
from odibi_core.sql.plain_select import plain_select
from odibi_core.sql.statement import read_statement

MOST_ROWS = 10_000
"""Rows of a table up to which it doesn't matter that columns are read which nobody needs."""


def carry_out_plain_step(
    tasks: Sequence[Task], data: Mapping[str, Dataset], session: Session, attempt: Attempt
) -> Outcome | None:
    """What a step did that is all of its region; None where it is of another form, or failed.

    Raises:
        RunCancelledError: The attempt was stopped.
    """
    if len(tasks) > 1:
        return None
    (task,) = tasks
    query = _plain_query(task, data)
    if query is None:
        return None
    from odibi_core import late_duckdb as duckdb

    table = session.new_name("table")
    try:
        with session.plain_cursor() as cursor, attempt.on_stop(cursor.interrupt):
            attempt.check()
            ((count,),) = cursor.execute(f"CREATE TABLE {quote(table)} AS {query}").fetchall()
    except duckdb.Error:
        # Whoever runs it in full can say what is wrong with the author's text.
        attempt.check()
        return None
    ((output, key),) = task.outputs.items()
    return Outcome(task.name, {output: TableDataset(key, session, table, count)}, row_count=count)


def _plain_query(task: Task, data: Mapping[str, Dataset]) -> str | None:
    """The query of a step, over the table of its only input; None where it is of another form."""
    operation = task.operation
    if not isinstance(operation, Query) or operation.dialect != Dialect.DUCKDB or not task.is_kept:
        return None
    if len(task.inputs) != 1 or len(task.outputs) != 1:
        return None
    ((alias, key),) = task.inputs.items()
    source = data[key]
    # What is held in a file is no table: it is read as far as it is needed, and looked at before.
    if type(source) is not TableDataset or source.row_count() > MOST_ROWS:
        return None
    try:
        plain = plain_select(read_statement(operation.sql), alias)
    except SqlError:
        return None
    return plain.over(quote(source.table)) if plain is not None else None
