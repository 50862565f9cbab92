"""DuckDB's compiled module, whose Python package loads when relations or Arrow are asked for.

The package makes relations and expressions in Python. To load it takes 0.1 s of CPU, as much as all else in a
small run. Where the core needs DuckDB, this module is imported in the place of `duckdb`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from _duckdb import (  # noqa: TID253
    CatalogException,
    ConnectionException,
    DuckDBPyConnection,
    Error,
    FatalException,
    InternalException,
    InterruptException,
    IOException,
    OutOfMemoryException,
    ParserException,
    StatementType,
    TransactionException,
    connect,
)

__all__ = [
    "CatalogException",
    "ConnectionException",
    "DuckDBPyConnection",
    "Error",
    "FatalException",
    "IOException",
    "InternalException",
    "InterruptException",
    "OutOfMemoryException",
    "ParserException",
    "StatementType",
    "TransactionException",
    "connect",
]

METHODS_OF_PACKAGE = (
    *("sql", "query", "from_query", "table", "view", "values", "table_function"),
    *("read_csv", "from_csv_auto", "read_json", "read_parquet", "from_parquet", "from_df", "from_arrow"),
    *("to_arrow_table", "to_arrow_reader"),
)
"""What the package adds to a connection."""


def _method(name: str) -> Callable[..., Any]:
    def method(connection: DuckDBPyConnection, *args: Any, **settings: Any) -> Any:
        from duckdb._relation import CONNECTION_METHODS

        return CONNECTION_METHODS[name](connection, *args, **settings)

    return method


def _register(connection: DuckDBPyConnection, view_name: str, python_object: object) -> DuckDBPyConnection:
    import duckdb  # noqa: F401  It tells DuckDB how Arrow objects are read.

    return _REGISTER(connection, view_name, python_object)


_REGISTER = DuckDBPyConnection.register
if not hasattr(DuckDBPyConnection, "sql"):
    for _name in METHODS_OF_PACKAGE:
        setattr(DuckDBPyConnection, _name, _method(_name))
    DuckDBPyConnection.register = _register  # type: ignore[assignment, method-assign]
