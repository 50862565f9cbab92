"""Rows on their way to a target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from odibi_core.bound_columns import bound_schema
from odibi_core.dataset import Dataset
from odibi_core.engines.base import Attempt
from odibi_core.engines.duckdb.datasets import DuckDBDataset
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.formats.base import FileForm, ReadyFiles
from odibi_core.schema import Schema

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection


class FragmentRows:
    """A fragment's rows, for a format to write. Nothing has run yet.

    Args:
        fragment: The query.
        cursor: Where it runs.
        attempt: Ends the stream where the step is stopped.
        dataset: The dataset whose rows they are, where they are all of its rows.
    """

    def __init__(
        self,
        fragment: Fragment,
        cursor: DuckDBPyConnection,
        attempt: Attempt,
        dataset: Dataset | None = None,
    ) -> None:
        fragment.register(cursor)
        self._dataset = dataset
        self._cursor, self._attempt = cursor, attempt
        self._sql = fragment.sql()
        self._schema: Schema | None = None

    @property
    def cursor(self) -> DuckDBPyConnection:
        """The cursor on which `sql` may run."""
        return self._cursor

    @property
    def sql(self) -> str:
        """A SELECT that gives the rows."""
        return self._sql

    @property
    def schema(self) -> Schema:
        """The columns of the rows."""
        if self._schema is None:
            self._schema = bound_schema(self._cursor, self._sql)
        return self._schema

    def reader(self, batch_rows: int = 122_880) -> pa.RecordBatchReader:
        """The rows as a stream of Arrow batches, which ends in an error where the step is stopped."""
        import pyarrow as pa

        source = self._cursor.sql(self._sql).to_arrow_reader(batch_rows)

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in source:
                self._attempt.check()
                yield batch
            self._attempt.check()

        return pa.RecordBatchReader.from_batches(source.schema, batches())

    def ready_files(self, partition_by: tuple[str, ...], form: FileForm) -> ReadyFiles | None:
        """Files that hold the rows already; None where the query alone gives them."""
        if not isinstance(self._dataset, DuckDBDataset):
            return None
        return self._dataset.ready_files(partition_by, form)
