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
    InvalidInputException,
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
    "InvalidInputException",
    "OutOfMemoryException",
    "ParserException",
    "StatementType",
    "TransactionException",
    "connect",
    "register",
]


def register(connection: DuckDBPyConnection, name: str, rows: Any) -> None:
    """Make a frame or an Arrow object known under a name that queries on this connection may use."""
    import duckdb  # noqa: F401  It tells DuckDB how Arrow objects are read.

    connection.register(name, rows)


def _with_package(name: str) -> Callable[..., Any]:
    def method(connection: DuckDBPyConnection, *args: Any, **settings: Any) -> Any:
        import duckdb  # noqa: F401  It puts its own method in the place of this one.

        return getattr(connection, name)(*args, **settings)

    return method


for _name in ("sql", "from_arrow"):
    if not hasattr(DuckDBPyConnection, _name):
        setattr(DuckDBPyConnection, _name, _with_package(_name))
