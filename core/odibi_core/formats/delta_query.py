"""Delta tables read by delta-rs's own query engine.

It knows what a table's protocol asks of readers (rows that only a list says are deleted, columns that have
other names in the files), and fetches from an object store without Python in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from odibi_core.errors import OdibiError
from odibi_core.formats.arrow_schema import duckdb_schema
from odibi_core.formats.base import Scan
from odibi_core.formats.delta_table import count_rows
from odibi_core.formats.pushed import Compared, pushed_sql
from odibi_core.formats.streams import BatchSource
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import quote

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable
    from duckdb import DuckDBPyConnection

_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")


@dataclass(frozen=True, slots=True)
class QueriedTable:
    """A table in the version that is to be read.

    Attributes:
        table: The table.
        explain: Turns what delta-rs raises into an error of the source.
    """

    table: DeltaTable
    explain: Callable[[Exception], Exception]

    def scan(self, view: str, cursor: DuckDBPyConnection) -> Scan:
        """The table, ready to be read: filters and columns reach its files, the row count is in its log."""
        source = self.rows()
        schema = duckdb_schema(source.schema, cursor)
        compared = {name: _compared(type_) for name, type_ in schema}

        def narrow(names: Sequence[str], filters: Sequence[Any]) -> BatchSource:
            return self.rows(names or schema.names[:1], pushed_sql(filters, compared, "postgres"))

        return Scan(quote(view), schema, count_rows(self.table), views={view: source}, narrow=narrow)

    def rows(self, names: Sequence[str] | None = None, condition: str = "") -> BatchSource:
        """The named columns, or all, of the rows that meet a condition."""
        import pyarrow as pa

        columns = [field.name for field in self.table.schema().fields] if names is None else names
        where = f" WHERE {condition}" if condition else ""
        query = f"SELECT {', '.join(map(quote, columns))} FROM rows{where}"

        def opened(query: str) -> pa.RecordBatchReader:
            from deltalake import QueryBuilder

            found = QueryBuilder().register("rows", self.table).execute(query)
            return pa.RecordBatchReader.from_stream(found)

        def batches() -> Iterator[pa.RecordBatch]:
            try:
                yield from opened(query)
            except OdibiError:
                raise
            except Exception as error:  # delta-rs has many kinds of errors
                raise self.explain(error) from error

        try:
            return BatchSource(opened(f"{query} LIMIT 0").schema, batches)
        except Exception as error:
            raise self.explain(error) from error


def _compared(type_: str) -> Compared:
    """How far a column compares in delta-rs's engine as in DuckDB."""
    if type_ in _WHOLE:
        return Compared.NUMBER
    if type_ in ("DATE", "BOOLEAN"):
        return Compared.ORDERED
    return Compared.EQUAL if type_ == "VARCHAR" else Compared.NOT
