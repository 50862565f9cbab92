"""The columns of a query in DuckDB, which is bound for them and does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.schema import Schema

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, Statement
    from duckdb.sqltypes import DuckDBPyType


def bound_columns(connection: DuckDBPyConnection, query: str | Statement) -> list[tuple[str, DuckDBPyType]]:
    """Name and type of each column.

    Raises:
        duckdb.Error: The query is wrong.
    """
    # A relation asks by the same call, and takes twice the time.
    names, types, parameters, *_ = connection._bind(query, with_writes=True)
    if parameters:
        from odibi_core.late_duckdb import InvalidInputException

        marks = ", ".join(name for name, _ in parameters)
        what = f"Values were not provided for the following parameters: {marks}"
        raise InvalidInputException(f"Invalid Input Error: {what}")
    return list(zip(names, types, strict=True))


def bound_schema(connection: DuckDBPyConnection, query: str | Statement) -> Schema:
    """The columns, their types as DuckDB spells them.

    Raises:
        duckdb.Error: The query is wrong.
    """
    return Schema.of((name, str(type_)) for name, type_ in bound_columns(connection, query))
