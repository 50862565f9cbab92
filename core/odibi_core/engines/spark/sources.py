"""Sources that Spark reads by itself, on all its machines: Parquet, and Delta tables of plain Parquet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Scan
from odibi_core.engines.spark.staging import duckdb_schema
from odibi_core.formats.registry import format_named
from odibi_core.formats.sources import find_files
from odibi_core.schema import Schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType

_PARTITION = re.compile(r"[^/=]+=[^/]*")
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


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
    from pyspark.sql.types import StructField, StructType

    paths = [Path(path).as_uri() for path in files.paths]
    if not files.partitions:
        return spark.read.parquet(*paths)
    # Spark would guess the types of what the folders' names hold by the names alone.
    inner = spark.read.parquet(paths[0]).schema
    types = {name: _spark_type(type_) for name, type_ in schema if name in files.partitions}
    fields = [*inner.fields]
    for name, type_ in types.items():
        if type_ is None:
            return None
        fields.append(StructField(name, type_))
    reader = spark.read.schema(StructType(fields)).option("basePath", Path(files.folder).as_uri())
    return reader.parquet(*paths).select(*(f"`{name.replace('`', '``')}`" for name in schema.names))


def _spark_type(type_: str) -> DataType | None:
    """Spark's type of a column in the names of folders; None where the two may read such names otherwise."""
    from pyspark.sql import types

    if decimal := _DECIMAL.fullmatch(type_):
        return types.DecimalType(int(decimal[1]), int(decimal[2]))
    known: dict[str, DataType] = {
        "VARCHAR": types.StringType(),
        "INTEGER": types.IntegerType(),
        "BIGINT": types.LongType(),
        "DATE": types.DateType(),
        "BOOLEAN": types.BooleanType(),
    }
    return known.get(type_)


def _parquet_files(source: str, extensions: tuple[str, ...]) -> _Files:
    files = find_files(source, extensions)
    if not files.partitions:
        return _Files(files.paths)
    # A pattern may begin among the folders that are named by values.
    is_plain = Path(source).is_dir() and _PARTITION.fullmatch(Path(source).name) is None
    return _Files(files.paths, source, tuple(files.partitions)) if is_plain else _Files(())


def _delta_files(source: str) -> _Files:
    """The files of a table that is nothing but them: no deleted rows, no renamed columns."""
    from deltalake import DeltaTable

    table = DeltaTable(source)
    features = {*(table.protocol().reader_features or ())} - {"timestampNtz"}
    if features:
        return _Files(())
    paths = [file.removeprefix("file://") for file in table.file_uris()]
    return _Files(paths, source, tuple(table.metadata().partition_columns))
