"""Sources that Spark reads by itself, on all its machines: Parquet, and Delta tables of plain Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Scan
from odibi_core.engines.spark.staging import duckdb_schema
from odibi_core.formats.registry import format_named
from odibi_core.formats.sources import find_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def natively(
    spark: SparkSession, scan: Scan, source: str, session: Session
) -> tuple[DataFrame, int | None] | None:
    """A source as a frame, and its number of rows as the metadata tell it; None where DuckDB is to read it.

    Only what both engines surely read alike: files without columns in the names of their folders, and read
    without settings.

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
    paths = _parquet_files(source, format_.extensions) if scan.format == "parquet" else _delta_files(source)
    if not paths:
        return None
    try:
        frame = spark.read.parquet(*(Path(path).as_uri() for path in paths))
        is_same = duckdb_schema(frame, session) == schema
    except PySparkException:
        return None
    # Of several files Spark looks at one; and some types, such as UUID and TIME, it reads as others.
    return (frame, row_count) if is_same else None


def _parquet_files(source: str, extensions: tuple[str, ...]) -> Sequence[str]:
    files = find_files(source, extensions)
    return () if files.partitions else files.paths


def _delta_files(source: str) -> Sequence[str]:
    """The files of a table that is nothing but them: no partitions, no deleted rows, no renamed columns."""
    from deltalake import DeltaTable

    table = DeltaTable(source)
    is_plain = not table.metadata().partition_columns and not table.protocol().reader_features
    return [file.removeprefix("file://") for file in table.file_uris()] if is_plain else []
