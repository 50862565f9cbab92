"""One bridge between the two dialects: SQL is written once and runs on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from odibi_core.errors import SqlError
from odibi_core.sql.compose import Dialect


@dataclass(frozen=True, slots=True)
class Translation:
    """A text in the other dialect.

    Attributes:
        sql: The text.
        warnings: What may come out otherwise than in the dialect that it was written in: function, and why.
    """

    sql: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NativeSql:
    """A text as the engine takes it.

    Attributes:
        sql: The text; the given one where there is an error.
        dialect: Whose SQL the given text was found to be.
        warnings: What may come out otherwise than meant.
        error: Why the engine takes it in neither dialect.
    """

    sql: str
    dialect: Dialect
    warnings: tuple[str, ...] = ()
    error: SqlError | None = None


def native_sql(
    sql: str, dialect: str, *, engine: str = "duckdb", binds: Callable[[str], SqlError | None]
) -> NativeSql:
    """The text as the engine takes it."""
    return NativeSql(sql, Dialect.DUCKDB, (), binds(sql))
