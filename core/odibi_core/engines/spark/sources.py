"""Sources that Spark reads by itself, on all its machines."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Scan
from odibi_core.engines.spark.conforming import quoted
from odibi_core.engines.spark.partitions import hides_letters, is_plain_folder, partition_type
from odibi_core.engines.spark.paths import read_path, written_path
from odibi_core.engines.spark.staging import duckdb_schema
from odibi_core.formats.delta_table import is_its_files
from odibi_core.formats.registry import format_named
from odibi_core.formats.sources import find_files
from odibi_core.late_dataclass import dataclass
from odibi_core.schema import Schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True)
class _Files:
    """Files that are read together.

    Attributes:
        paths: The files.
        folder: What the folders that are named by values are in; "" without any.
        partitions: The columns that these names hold.
    """

    paths: Sequence[str]
    folder: str = ""
    partitions: Sequence[str] = ()


def natively(
    spark: SparkSession, scan: Scan, source: str, session: Session
) -> tuple[DataFrame, int | None] | None:
    """A source as a frame, and its number of rows as the metadata tell it; None where DuckDB is to read it.

    Only what both engines surely read alike: columns of the same types, and read without settings.

    Args:
        spark: The session.
        scan: What is to be read.
        source: Its absolute path.
        session: A database for looking at metadata.

    Raises:
        SourceError: It is not there, or not of its format.
    """
    from pyspark.errors import PySparkException

    format_ = format_named(scan.format)
    if scan.format not in ("parquet", "delta") or scan.options != format_.read_options():
        return None
    with closing(session.cursor()) as cursor:
        # One look at the columns, for the same errors as the other engine gives.
        schema = format_.probe(source, scan.options, cursor)
        row_count = format_.count_rows(source, cursor)
    files = _parquet_files(source, format_.extensions) if scan.format == "parquet" else _delta_files(source)
    if not files.paths:
        return None
    try:
        frame = _read(spark, files, schema)
        is_same = frame is not None and duckdb_schema(frame, session) == schema
    except PySparkException:
        return None
    # Of several files Spark looks at one; and some types, such as UUID and TIME, it reads as others.
    return (frame, row_count) if frame is not None and is_same else None


def _read(spark: SparkSession, files: _Files, schema: Schema) -> DataFrame | None:
    paths = [read_path(path) for path in files.paths]
    if not files.partitions:
        return spark.read.parquet(*paths)
    inner = spark.read.parquet(paths[0]).schema
    types = {name: partition_type(type_) for name, type_ in schema if name in files.partitions}
    if not all(types.values()) or hides_letters(files.paths):
        return None
    for name, type_ in types.items():
        inner = inner.add(name, type_)
    reader = spark.read.schema(inner).option("basePath", written_path(files.folder))
    return reader.parquet(*paths).select(*map(quoted, schema.names))


def _parquet_files(source: str, extensions: tuple[str, ...]) -> _Files:
    files = find_files(source, extensions)
    if not files.partitions:
        return _Files(files.paths)
    return _Files(files.paths, source, tuple(files.partitions)) if is_plain_folder(source) else _Files(())


def _delta_files(source: str) -> _Files:
    """The files of a table that is nothing but them: no deleted rows, no renamed columns."""
    from deltalake import DeltaTable

    table = DeltaTable(source)
    if not is_its_files(table):
        return _Files(())
    paths = [file.removeprefix("file://") for file in table.file_uris()]
    return _Files(paths, source, tuple(table.metadata().partition_columns))
