"""Datasets that Spark computes: a plan until somebody needs the rows, Parquet files from then on."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.dataset import CountScope, Snapshot
from odibi_core.engines.duckdb.datasets import DuckDBDataset, FrameDataset
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.spark.conforming import quoted
from odibi_core.engines.spark.file_forms import spark_form
from odibi_core.engines.spark.paths import read_path
from odibi_core.engines.spark.staging import COMPRESSION, Staging, duckdb_schema, writable
from odibi_core.engines.spark.strict_text import is_otherwise
from odibi_core.formats.base import FileForm, ReadyFiles
from odibi_core.formats.sources import sql_list
from odibi_core.schema import Schema, quote

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

CODECS = frozenset({"snappy", "zstd", "gzip", "none"})
"""How Spark can pack Parquet files without further libraries."""
_STREAMED = "none: the rows streamed on, and a sample would have computed them again"


class SparkDataset(DuckDBDataset):
    """A Spark frame that DuckDB can query too, once its rows are staged.

    Args:
        key: The dataset's key.
        session: The run's DuckDB database.
        frame: The frame.
        staging: Where its rows are staged.
        staged: The Parquet file or folder that the frame reads, where its rows are staged already.
        schema: Its columns, where they are known already.
    """

    def __init__(
        self,
        key: str,
        session: Session,
        frame: DataFrame,
        staging: Staging,
        staged: Path | None = None,
        schema: Schema | None = None,
    ) -> None:
        super().__init__(key, session)
        self._frame, self._staging, self._staged = frame, staging, staged
        self._reads_staged = staged is not None
        self._compression = COMPRESSION
        self._ready: dict[tuple[tuple[str, ...], FileForm], ReadyFiles | None] = {}
        self._schema = schema
        self._row_count: int | None = None
        # To count what is held asks for the rows again.
        self._lock = threading.RLock()

    @property
    def is_held(self) -> bool:
        """Whether the rows are computed and held."""
        return self._staged is not None

    def stage(self, compression: str = COMPRESSION) -> None:
        """Compute the rows and hold them, if they are not held yet.

        Args:
            compression: How the files are packed, where they may become what a step writes.
        """
        with self._lock:
            if self._staged is None:
                path = self._staging.from_spark(self._frame, compression=compression)
                self._compression, self._staged = compression, path

    def ready_files(self, partition_by: tuple[str, ...], form: FileForm) -> ReadyFiles | None:
        """Files that Spark wrote as they are to be written; None where this machine is to write them."""
        is_parquet = form.format == "parquet"
        makes_one = self._staging.makes_one and is_parquet and not partition_by
        if not (self._staging.is_shared or makes_one) or (is_parquet and form.compression not in CODECS):
            return None
        if not is_parquet and spark_form(self.frame, self.schema, form, partition_by) is None:
            return None
        self.stage(form.compression if is_parquet else COMPRESSION)
        wanted = partition_by, form
        with self._lock:
            if wanted not in self._ready:
                self._ready[wanted] = self._written(*wanted)
            return self._ready[wanted]

    def _written(self, partition_by: tuple[str, ...], form: FileForm) -> ReadyFiles | None:
        assert self._staged is not None
        if self._staged.is_file():
            # DuckDB read it from a source, on this machine.
            return None
        if partition_by and _has_empty_text(self.frame, partition_by):
            # Spark's files would have it as null.
            return None
        if form.format != "parquet":
            return self._formed(partition_by, form)
        if not self._staging.is_shared:
            return self._one_file(form)
        folder = self._staged
        if partition_by or form.compression != self._compression:
            folder = self._staging.from_spark(self.frame, partition_by, form.compression)
        files = sorted(folder.rglob("*.parquet"))
        return ReadyFiles(folder, tuple(files)) if files else None

    def _one_file(self, form: FileForm) -> ReadyFiles | None:
        assert self._staged is not None
        if form.compression != self._compression:
            return None
        file = self._staging.as_one(self._staged, self._frame.sparkSession)
        return None if file is None else ReadyFiles(file.parent, (file,), rows=self.row_count())

    def _formed(self, partition_by: tuple[str, ...], form: FileForm) -> ReadyFiles | None:
        from pyspark.errors import AnalysisException

        ready = spark_form(self.frame, self.schema, form, partition_by)
        assert ready is not None
        try:
            folder = self._staging.formed(ready, partition_by)
        except AnalysisException:
            # The cluster has no writer of that format.
            return None
        except Exception as error:
            if not is_otherwise(error):
                raise
            return None
        files = sorted(file for file in folder.rglob("part-*") if file.is_file())
        return ReadyFiles(folder, tuple(files), form.extension, self.row_count()) if files else None

    @property
    def frame(self) -> DataFrame:
        """The Spark frame; where the rows are held, one that reads them rather than compute them again."""
        if self._staged is not None and not self._reads_staged:
            # To look for the columns in the files would be a job.
            reader = self._frame.sparkSession.read.schema(writable(self._frame).schema)
            self._frame, self._reads_staged = reader.parquet(read_path(self._staged)), True
        return self._frame

    def native(self) -> DataFrame:  # type: ignore[override]
        """The Spark frame."""
        return self.frame

    @property
    def schema(self) -> Schema:
        """Names and types of the columns, as DuckDB spells them."""
        if self._schema is None:
            self._schema = duckdb_schema(self._frame, self.session)
        return self._schema

    @property
    def is_counted(self) -> bool:
        """Whether the number of rows is known."""
        return self._row_count is not None

    def keep_count(self, row_count: int) -> None:
        """Know the number of rows."""
        self._row_count = row_count

    def row_count(self) -> int:
        """The number of rows; counted where the run did not."""
        if self._row_count is None:
            self._row_count = (
                self.fragment().count(self.session.cursor()) if self.is_held else self._frame.count()
            )
        return self._row_count

    def head(self, n: int) -> pa.Table:
        """The first `n` rows as an Arrow table."""
        return super().head(n) if self.is_held else self._frame.limit(n).toArrow()

    def fragment(self) -> Fragment:
        """The rows, staged."""
        self.stage()
        assert self._staged is not None
        is_file = self._staged.is_file()
        files = [str(self._staged)] if is_file else sorted(map(str, self._staged.glob("*.parquet")))
        columns = ", ".join(f"{quote(name)}::{type_} AS {quote(name)}" for name, type_ in self.schema)
        name = quote(self.session.new_name("staged"))
        return Fragment(name, {name: f"SELECT {columns} FROM read_parquet({sql_list(files)})"})

    def _take_snapshot(self) -> Snapshot:
        if self.is_held:
            return super()._take_snapshot()
        scope = CountScope.UNKNOWN if self._row_count is None else CountScope.EXACT
        return Snapshot(self.schema, self._row_count, scope, (), _STREAMED)


def _has_empty_text(frame: DataFrame, names: Sequence[str]) -> bool:
    from pyspark.sql import functions as sf
    from pyspark.sql.types import StringType

    texts = [name for name in names if isinstance(frame.schema[name].dataType, StringType)]
    found = [sf.col(quoted(name)) == "" for name in texts]
    return bool(found) and not frame.filter(reduce(or_, found)).isEmpty()


class CalledDataset(FrameDataset):
    """A frame that a Python function gave to Spark's steps.

    Args:
        given: The frame, as DuckDB's side holds it.
        spark: The session.
    """

    def __init__(self, given: FrameDataset, spark: SparkSession) -> None:
        super().__init__(given.key, given.session, given.frame())
        self._spark = spark

    def native(self) -> DataFrame:  # type: ignore[override]
        """The rows as a Spark frame."""
        return self._spark.createDataFrame(self.arrow())
