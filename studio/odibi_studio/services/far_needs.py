"""What a query needs of data that are far away: columns, filters and rows, from DuckDB's plan of it.

The plan is made over empty tables, in a database that can reach nothing: no row is read for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.pushdown import Pushdown
from odibi_core.errors import OdibiError
from odibi_core.formats.base import Scan
from odibi_core.formats.pushed import Compared, pushed_sql
from odibi_core.schema import Schema, quote
from odibi_core.sql.compose import compose

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LOCKED: dict[str, Any] = {
    "threads": "1",
    "memory_limit": "256MB",
    "temp_directory": "",
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
_PASSING = ("PROJECTION", "LIMIT", "STREAMING_LIMIT")
"""Steps of a plan that give no more rows than they take, and look at each by itself."""

_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE")
_QUERY = "odibi_query"


@dataclass(frozen=True, slots=True)
class Need:
    """What a query needs of one dataset.

    Attributes:
        columns: Those that it looks at; None where that can't be told.
        condition: What all rows that it needs meet; "" where it may need any.
        rows: How many rows are enough; None where only all are.
    """

    columns: frozenset[str] | None = None
    condition: str = ""
    rows: int | None = None


def needs_of(sql: str, far: Mapping[str, Schema], near: Mapping[str, Schema], rows: int) -> dict[str, Need]:
    """What a query needs of each far dataset.

    Args:
        sql: A SELECT.
        far: Name in the query → columns.
        near: The same of the other datasets that it asks.
        rows: How many rows of its result are wanted.
    """
    import duckdb

    found = {name: Need() for name in far}
    with duckdb.connect(":memory:", config=_LOCKED) as database:
        try:
            for name, schema in near.items():
                columns = ", ".join(f"{quote(column)} {type_}" for column, type_ in schema)
                database.execute(f"CREATE TABLE {quote(name)} ({columns})")
            stand_ins = [
                _stand_in(database, name, f"far_{number}", schema, found)
                for number, (name, schema) in enumerate(far.items())
            ]
            views = {view: stream for scan in stand_ins for view, stream in scan.views.items()}
            relations = {name: scan.sql for name, scan in zip(far, stand_ins, strict=True)}
            query = Fragment(quote(_QUERY), {quote(_QUERY): compose(relations, sql)}, views)
            pushdown = Pushdown(database, stand_ins)
            planned = pushdown.planned(query)
            planned.register(database)
            database.execute("SET enable_external_access = false")
            database.execute("SET lock_configuration = true")
            pushdown.narrowed(query)
            enough = _enough(database, planned, sql, rows)
        except (duckdb.Error, OdibiError):
            # Such as a PIVOT, which looks values up before it has a plan.
            return {name: Need() for name in far}
    if enough is not None and len(far) == 1:
        found = {name: Need(need.columns, need.condition, enough) for name, need in found.items()}
    return found


def _stand_in(
    database: DuckDBPyConnection, name: str, view: str, schema: Schema, found: dict[str, Need]
) -> Scan:
    """An empty table, of which the planner is told what it would have to read."""
    compared = {column: _compared(type_) for column, type_ in schema}

    def narrow(columns: Sequence[str], filters: Sequence[Any]) -> None:
        found[name] = Need(frozenset(columns), pushed_sql(filters, compared, "duckdb"))

    nulls = ", ".join(f"CAST(NULL AS {type_}) AS {quote(column)}" for column, type_ in schema)
    stream = database.sql(f"SELECT {nulls} LIMIT 0").to_arrow_table()
    return Scan(quote(view), schema, views={view: stream}, narrow=narrow)


def _enough(database: DuckDBPyConnection, planned: Fragment, sql: str, rows: int) -> int | None:
    """How many rows of the one source are enough, where the query takes them as they come."""
    ((_, plan),) = database.execute(f"EXPLAIN (FORMAT json) {planned.sql()}").fetchall()
    (operator,) = json.loads(plan)
    while operator["children"]:
        if operator["name"].strip() not in _PASSING or len(operator["children"]) > 1:
            return None
        (operator,) = operator["children"]
    if operator["extra_info"].get("Filters"):
        return None
    limit = _limit(sql)
    return None if limit is None else min(rows, limit[0]) + limit[1]


def _limit(sql: str) -> tuple[int, int] | None:
    """LIMIT and OFFSET of a query, as far as they are plain numbers; None where they are not."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        (query,) = sqlglot.parse(sql, read="duckdb")
    except (SqlglotError, ValueError):
        return None
    if not isinstance(query, exp.Select) or query.find(exp.Subquery, exp.CTE):
        return None
    numbers = []
    for part, nothing in (("limit", 1 << 62), ("offset", 0)):
        given = query.args.get(part)
        value = given.expression if given is not None else exp.Literal.number(nothing)
        if not isinstance(value, exp.Literal) or not value.is_int:
            return None
        numbers.append(int(value.this))
    return numbers[0], numbers[1]


def _compared(type_: str) -> Compared:
    """How far a filter may be repeated where the rows are read, which DuckDB does there too."""
    if type_ in _NUMBERS or type_.startswith("DECIMAL"):
        return Compared.NUMBER
    if type_ in ("DATE", "BOOLEAN", "VARCHAR") or type_.startswith("TIMESTAMP"):
        return Compared.ORDERED
    return Compared.NOT
