"""Rows in the types that Delta has, on their way into a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from odibi_core.errors import TargetError
from odibi_core.formats import types
from odibi_core.formats.base import Rows, Target, WriteMode
from odibi_core.formats.types import mismatched_columns
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pyarrow as pa

_CONVERTED = {
    "UTINYINT": "SMALLINT",
    "USMALLINT": "INTEGER",
    "UINTEGER": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "UUID": "VARCHAR",
    "BIT": "VARCHAR",
    "JSON": "VARCHAR",
    "TIMESTAMP_S": "TIMESTAMP",
    "TIMESTAMP_MS": "TIMESTAMP",
}
_REFUSED = ("INTERVAL", "UNION", "TIME", "TIMETZ", "TIMESTAMP_NS", "TIME_NS")


def storable_sql(rows: Rows, where: str) -> str:
    """The rows with the types that Delta has.

    Raises:
        TargetError: A column has a type that Delta can't hold.
    """
    return types.storable_sql(rows, where, name="Delta", conversions=_CONVERTED, refused=_REFUSED)


def stored_schema(rows: Rows) -> Schema:
    """The columns of the rows in the types that Delta has."""
    return Schema.of((name, types.storable_type(type_, _CONVERTED)) for name, type_ in rows.schema)


def check_fit(old: Schema, rows: Rows, target: Target, partitions: tuple[str, ...], *, evolves: bool) -> None:
    """Refuse rows that a table with the columns `old` can't take.

    Args:
        old: The table's columns.
        rows: The rows.
        target: Where they go.
        partitions: The table's partition columns.
        evolves: Whether the table may get new columns, and the rows lack some.

    Raises:
        TargetError: Names the columns.
    """
    where = target.where
    missing = [name for name in old.names if name not in rows.schema.names]
    added = [name for name in rows.schema.names if name not in old.names]
    if (missing or added) and not evolves:
        parts = [f"the rows lack {', '.join(map(repr, missing))}"] if missing else []
        parts += [f"the table lacks {', '.join(map(repr, added))}"] if added else []
        can_replace = ", or overwrite with mode overwrite" if target.mode is WriteMode.OVERWRITE else ""
        raise TargetError(
            f"the rows' columns are not the table's: {'; '.join(parts)}",
            where=where,
            fix=f"set schema_mode to merge{can_replace}, or select the table's columns in a step before",
        )
    if target.partition_by and target.partition_by != partitions:
        raise TargetError(
            f"the table is partitioned by {', '.join(partitions) or 'nothing'}, "
            f"these rows by {', '.join(target.partition_by)}",
            where=where,
            fix="leave partitionBy out, or overwrite the table with schema_mode: overwrite",
        )
    shared = Schema.of((name, type_) for name, type_ in old if name not in missing)
    wrong = mismatched_columns(shared, stored_schema(rows), rows.cursor)
    if wrong:
        raise TargetError(
            f"the rows' types don't fit the table's: {'; '.join(wrong)}",
            where=where,
            fix="cast the columns in a step before, or overwrite the table with schema_mode: overwrite",
        )


class Stream:
    """Arrow batches on their way into a library that hides what went wrong at their source.

    Attributes:
        rows: How many went by.
        error: What the source raised, or the check.

    Args:
        source: The batches.
        check: Called behind the last one, before anything is committed; raises where the step was stopped.
        look: Called with each batch; raises where it can't be written.
    """

    def __init__(
        self,
        source: pa.RecordBatchReader,
        check: Callable[[], None],
        look: Callable[[pa.RecordBatch], None],
    ) -> None:
        self._source, self._check, self._look = source, check, look
        self.rows = 0
        self.error: Exception | None = None

    def reader(self) -> pa.RecordBatchReader:
        """The batches, counted."""
        import pyarrow as pa

        return pa.RecordBatchReader.from_batches(self._source.schema, self._batches())

    def close(self) -> None:
        """Read no more: a database whose rows nobody reads to their end takes no other query."""
        self._source.close()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        from odibi_core import late_duckdb as duckdb

        try:
            for batch in self._source:
                self._look(batch)
                self.rows += batch.num_rows
                yield batch
            self._check()
        except OSError as error:
            # Arrow makes an OSError of whatever its source raises; here that is DuckDB.
            self.error = duckdb.Error(str(error))
            raise self.error from error
        except Exception as error:
            self.error = error
            raise


def stream(
    select: str, rows: Rows, check: Callable[[], None], look: Callable[[pa.RecordBatch], None]
) -> Stream:
    """The rows of `select`, a query over `rows`, as a stream that is checked and looked at."""
    plain = f"SELECT {', '.join(map(quote, rows.schema.names))} FROM ({rows.sql})"
    # Only the engine's own reader ends when its step is stopped between two batches.
    source = rows.reader() if select == plain else rows.cursor.sql(select).to_arrow_reader(122_880)
    return Stream(source, check, look)
