"""Scans and writes of tables on servers, as far as they are the same for every kind of server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from odibi_core.errors import TargetError
from odibi_core.formats.base import Rows, Scan, ScanContext, Target, Written
from odibi_core.formats.servers import ServerWriteOptions
from odibi_core.formats.streams import BatchSource
from odibi_core.formats.tables import Database, write_table
from odibi_core.formats.types import check_types
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from sqlglot import exp

View = Callable[[Sequence[str], "Sequence[exp.Expr]"], BatchSource]
"""Gives the rows of a table: no more of its columns than those named, and those that the filters let."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """A column as it comes.

    Attributes:
        name: Its name.
        type: The type that it is read as.
        is_text: Whether its values come as texts, which are then cast to the type.
    """

    name: str
    type: str
    is_text: bool


def streamed_scan(context: ScanContext, columns: Sequence[Streamed], rows: int | None, view: View) -> Scan:
    """A table or query of a server, ready to be read in batches.

    Args:
        context: Of the scan.
        columns: All columns.
        rows: How many rows there are, where that is known.
        view: Gives the batches.
    """
    schema = Schema.of((column.name, column.type) for column in columns)
    name = f"{context.name}_rows"
    casts = [
        f"CAST({quote(column.name)} AS {column.type}) AS {quote(column.name)}"
        for column in columns
        if column.type == "JSON" or (column.is_text and column.type != "VARCHAR")
    ]
    sql = f"(SELECT * REPLACE ({', '.join(casts)}) FROM {quote(name)})" if casts else quote(name)
    return Scan(sql, schema, rows, views={name: view(schema.names, ())}, narrow=view)


def check_held(schema: Schema, holds: Callable[[str], object], product: str, where: str) -> None:
    """Refuse rows with a column that a database has no type for.

    Raises:
        TargetError: Names the column.
    """
    for name, type_ in schema:
        if not holds(type_):
            raise TargetError(
                f"column {name!r} is of type {type_}, which {product} can't hold",
                where=where,
                fix=f"cast it in a step before, such as CAST({quote(name)} AS VARCHAR)",
            )


def write_rows(
    rows: Rows,
    target: Target,
    options: ServerWriteOptions,
    table: str,
    *,
    select: str,
    transaction: Callable[[], AbstractContextManager[Database]],
    held_as: Callable[[str], Sequence[str]] = lambda _type: (),
) -> Written:
    """Write rows into a table of a server, all or none.

    Args:
        rows: The rows.
        target: How the table changes.
        options: Name the table, for messages.
        table: The table without its schema.
        select: The rows with the types that the database has.
        transaction: Begins a transaction.
        held_as: Type → those of columns that hold its values, though DuckDB would not say so.

    Raises:
        TargetError: The rows don't fit the table, or the mode does not allow the write.
    """

    def check_fit(old: Schema, new: Schema) -> None:
        held = old.as_dict()
        told = [(name, held[name] if held[name] in held_as(type_) else type_) for name, type_ in new]
        check_types(old, Schema.of(told), rows.cursor, f"{target.where}, table {options.table!r}")

    return write_table(rows, target, table, select=select, transaction=transaction, check_types=check_fit)
