"""The columns of a query in DuckDB, which is bound for them and does not run.

Only where values make the columns, as a PIVOT without names has them, the query runs.
"""

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
    names, types, parameters, _, waits_for_data, _ = connection._bind(query, with_writes=True)
    if parameters or waits_for_data:
        relation = connection.sql(query)
        names, types = relation.columns, relation.types
    return list(zip(names, types, strict=True))


def values_make_columns(connection: DuckDBPyConnection, query: str) -> bool:
    """Whether the columns are known only when the query has run, as those of a PIVOT without names are."""
    *_, waits_for_data, _ = connection._bind(query, with_writes=True)
    return bool(waits_for_data)


def bound_schema(connection: DuckDBPyConnection, query: str | Statement) -> Schema:
    """The columns, their types as DuckDB spells them.

    Raises:
        duckdb.Error: The query is wrong.
    """
    return Schema.of((name, str(type_)) for name, type_ in bound_columns(connection, query))
