"""Formats whose files a library writes from Arrow batches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from odibi_core.bound_columns import bound_schema
from odibi_core.formats.base import ReadOptions, WriteOptions
from odibi_core.formats.plain import Parts, PlainFormat
from odibi_core.formats.sources import NULL_PARTITION
from odibi_core.schema import Schema, literal, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

BATCH_ROWS = 65_536
_FOLDER, _PLACE = "odibi folder", "odibi place"


class BatchWriter(Protocol):
    """A file in the making."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""

    def close(self) -> None:
        """Complete the file."""


class BatchFormat(PlainFormat[ReadOptions, WriteOptions]):
    """What formats share that a library writes batch by batch."""

    @abstractmethod
    def open_writer(
        self, path: Path, columns: Schema, schema: pa.Schema, options: WriteOptions
    ) -> BatchWriter:
        """A new file.

        Args:
            path: Where it will be.
            columns: Its columns, as DuckDB spells their types.
            schema: The same, as the batches have them.
            options: As the step gives them.

        Raises:
            TargetError: The format can't hold a column.
        """

    def write_file(
        self,
        cursor: DuckDBPyConnection,
        select: str,
        path: Path,
        options: WriteOptions,
        check: Callable[[], None],
    ) -> int:
        """Write the rows of a SELECT to a new file; gives back their number."""
        columns = bound_schema(cursor, select)
        reader = cursor.sql(select).to_arrow_reader(BATCH_ROWS)
        written = 0
        with closing(self.open_writer(path, columns, reader.schema, options)) as writer:
            for batch in reader:
                check()
                writer.write(batch)
                written += batch.num_rows
        return written

    def write_partitions(
        self,
        cursor: DuckDBPyConnection,
        select: str,
        parts: Parts,
        options: WriteOptions,
        check: Callable[[], None],
    ) -> int:
        """Write the rows of a SELECT to files in folders named by values; gives back their number.

        The rows are sorted by folder, so that one file is open at a time however many there are.
        """
        query = _by_folder(select, parts)
        columns = Schema.of(list(bound_schema(cursor, query))[:-1])
        reader = cursor.sql(query).to_arrow_reader(BATCH_ROWS)
        schema = reader.schema.remove(len(reader.schema) - 1)
        written = 0
        with ExitStack() as open_file:
            writer, current = None, None
            for batch in reader:
                check()
                for folder, run in _runs(batch):
                    if writer is None or folder != current:
                        open_file.close()
                        place = parts.folder / folder
                        place.mkdir(parents=True, exist_ok=True)
                        path = place / f"{parts.prefix}0{parts.extension}"
                        made = self.open_writer(path, columns, schema, options)
                        writer, current = open_file.enter_context(closing(made)), folder
                    writer.write(run)
                    written += run.num_rows
        return written


def _by_folder(select: str, parts: Parts) -> str:
    """The rows without the columns that become folders, and last the folder of each, sorted by it."""
    folder = " || '/' || ".join(
        f"url_encode({literal(name)}) || '=' || "
        f"coalesce(url_encode(CAST({quote(name)} AS VARCHAR)), {literal(NULL_PARTITION)})"
        for name in parts.by
    )
    excluded = ", ".join(map(quote, [*parts.by, _PLACE]))
    numbered = f"SELECT *, row_number() OVER () AS {quote(_PLACE)} FROM ({select})"
    return (
        f"SELECT * EXCLUDE ({excluded}), {folder} AS {quote(_FOLDER)} FROM ({numbered}) "
        f"ORDER BY {quote(_FOLDER)}, {quote(_PLACE)}"
    )


def _runs(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Neighbouring rows of one folder, without the column that names it."""
    import pyarrow.compute as pc

    folders = pc.run_end_encode(batch.column(batch.num_columns - 1))
    rows = batch.remove_column(batch.num_columns - 1)
    start = 0
    for folder, end in zip(folders.values.to_pylist(), folders.run_ends.to_pylist(), strict=True):
        yield folder, rows.slice(start, end - start)
        start = end
