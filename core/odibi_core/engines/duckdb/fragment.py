"""A query in the making: what stands behind FROM, and what it stands on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from odibi_core.bound_columns import bound_schema
from odibi_core.engines.duckdb.markers import marked
from odibi_core.late_dataclass import dataclass

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from odibi_core.schema import Schema


@dataclass(frozen=True, slots=True)
class Fragment:
    """A relation and the common table expressions that it stands on.

    Attributes:
        name: What stands behind FROM.
        ctes: Name → SELECT, each after the ones it needs.
        views: Arrow objects that the SQL names, to be registered on the cursor.
    """

    name: str
    ctes: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, Any] = field(default_factory=dict)

    def sql(self, select: str = "SELECT *") -> str:
        """The whole SELECT."""
        if not self.ctes:
            return f"{select} FROM {self.name}"
        ctes = ", ".join(f"{name} AS ({query})" for name, query in self.ctes.items())
        return f"WITH {ctes} {select} FROM {self.name}"

    def statement(self) -> str:
        """The whole SELECT, for a place where nothing follows it: a query that stands alone as it is."""
        alone = self.ctes.get(self.name, "") if len(self.ctes) == 1 else ""
        return alone if alone.startswith(("SELECT ", "WITH ")) else self.sql()

    def marked(self, names: Collection[str]) -> Fragment:
        """The same, with a marker on each common table expression of these names."""
        ctes = {name: marked(query) if name in names else query for name, query in self.ctes.items()}
        return Fragment(self.name, ctes, self.views)

    def register(self, cursor: DuckDBPyConnection) -> None:
        """Make the views known to the cursor."""
        for name, view in self.views.items():
            cursor.register(name, view)

    def schema(self, cursor: DuckDBPyConnection) -> Schema:
        """The columns, without running the query."""
        self.register(cursor)
        return bound_schema(cursor, self.sql())

    def run(self, cursor: DuckDBPyConnection, *, limit: int | None = None) -> DuckDBPyRelation:
        """The rows as a relation that has not run yet."""
        self.register(cursor)
        return cursor.sql(self.sql() + (f" LIMIT {limit}" if limit is not None else ""))

    def read_through(self, cursor: DuckDBPyConnection) -> None:
        """Read every value, and hold none."""
        from odibi_core.formats.old_rows import read_through

        self.register(cursor)
        read_through(cursor, self.sql())

    def count(self, cursor: DuckDBPyConnection) -> int:
        """The number of rows; the query runs for it."""
        self.register(cursor)
        # A result that was not read to its end keeps the cursor from further work.
        ((count,),) = cursor.execute(self.sql("SELECT count(*)")).fetchall()
        return int(count)
