"""Upserts into plain files: the new rows replace those of the same key, and the others join at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from odibi_core.bound_columns import bound_schema
from odibi_core.errors import TargetError
from odibi_core.formats.atomic import ticket_hash
from odibi_core.formats.base import Target
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PLACE = "odibi place"


class _Storage(Protocol):
    def stored_sql(self, column: str, type_: str, options: Any) -> str: ...
    def key_sql(self, column: str, type_: str, options: Any) -> str: ...


@dataclass(frozen=True, slots=True)
class Merged:
    """An upsert as SQL.

    Attributes:
        select: The target's whole new content: old rows in their places, then the new ones.
        matches: The number of new rows whose key is there already.
    """

    select: str
    matches: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """The new rows in a table, their keys checked.

    Attributes:
        cursor: Where the table is.
        table: Its name.
        schema: Its columns.
        rows: How many there are.
    """

    cursor: DuckDBPyConnection
    table: str
    schema: Schema
    rows: int

    def count_matches(self, merged: Merged) -> dict[str, int]:
        """How many rows the merge updates and inserts."""
        updated = int(self.cursor.execute(merged.matches).fetchall()[0][0])
        return {"updated": updated, "inserted": self.rows - updated}


@contextmanager
def incoming(cursor: DuckDBPyConnection, select: str, target: Target) -> Iterator[Incoming]:
    """The new rows, computed once; they go at the end.

    Raises:
        TargetError: A key is null, or two rows have the same.
    """
    table = f"odibi_merge_{ticket_hash(target.ticket)}"
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {quote(table)} AS {select}")
    try:
        check_keys(cursor, table, target)
        schema = bound_schema(cursor, f"FROM {quote(table)}")
        rows = int(cursor.execute(f"SELECT count(*) FROM {quote(table)}").fetchall()[0][0])
        yield Incoming(cursor, table, schema, rows)
    finally:
        cursor.execute(f"DROP TABLE IF EXISTS {quote(table)}")


def check_keys(cursor: DuckDBPyConnection, table: str, target: Target) -> None:
    """Refuse new rows without a key, or with the same key twice.

    Raises:
        TargetError: Says how many, and an example.
    """
    keys = ", ".join(quote(name) for name in target.merge_key)
    missing = " OR ".join(f"{quote(name)} IS NULL" for name in target.merge_key)
    named = f"merge_key {', '.join(map(repr, target.merge_key))}"
    nulls = int(cursor.execute(f"SELECT count(*) FROM {quote(table)} WHERE {missing}").fetchall()[0][0])
    if nulls:
        raise TargetError(
            f"{nulls} of the new rows {'has' if nulls == 1 else 'have'} a null in {named}",
            where=target.where,
            fix="filter those rows out in a step before, or choose another key",
        )
    twice = cursor.sql(
        f"SELECT {keys}, count(*) FROM {quote(table)} GROUP BY {keys} HAVING count(*) > 1 "
        "ORDER BY ALL LIMIT 1"
    ).fetchall()
    if twice:
        *values, times = twice[0]
        raise TargetError(
            f"{times} of the new rows have the same {named}: {', '.join(map(repr, values))}",
            where=target.where,
            fix="keep one row a key in a step before, with row_number() or SELECT DISTINCT ON",
        )


def alike_keys(target: Target) -> TargetError:
    """The error of new rows whose keys differ here and are the same to the database."""
    return TargetError(
        f"some of the new rows have the same merge_key {', '.join(map(repr, target.merge_key))} for the "
        "database, whose collation tells no capitals, accents or blanks at the end apart",
        where=target.where,
        fix="keep one row a key in a step before, compared by lower(trim(key)), or give the column of the "
        "table a binary collation",
    )


def merged_sql(
    storage: _Storage, fresh: Incoming, existing: str, old: Schema, *, target: Target, options: Any
) -> Merged:
    """The upsert of `fresh` into the rows of `existing`, whose columns are `old`."""
    types = fresh.schema.as_dict()
    place = quote(_PLACE)
    on = " AND ".join(
        f"{storage.key_sql(f'o.{quote(name)}', types[name], options)} = f.{quote(name)}"
        for name in target.merge_key
    )
    columns = ", ".join(
        f"CASE WHEN f.{place} IS NULL THEN o.{quote(name)} "
        f"ELSE {storage.stored_sql(f'f.{quote(name)}', types[name], options)} END AS {quote(name)}"
        for name in old.names
    )
    tables = (
        f"WITH o AS (SELECT row_number() OVER () AS {place}, * FROM ({existing})), "
        f"f AS (SELECT row_number() OVER () AS {place}, * FROM {quote(fresh.table)})"
    )
    # The old rows come first, in their order; a bigint has room for both numberings.
    order = f"coalesce(o.{place}, {1 << 62} + f.{place})"
    select = (
        f"{tables} SELECT * EXCLUDE ({place}) FROM (SELECT {columns}, {order} AS {place} "
        f"FROM o FULL JOIN f ON {on}) ORDER BY {place}"
    )
    return Merged(select, f"{tables} SELECT count(*) FROM f WHERE EXISTS (FROM o WHERE {on})")
