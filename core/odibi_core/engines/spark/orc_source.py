"""ORC and Avro files that Spark reads on all its machines."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.spark.conforming import quoted, spark_type
from odibi_core.engines.spark.file_forms import AVRO_NAME, modern
from odibi_core.engines.spark.partitions import reader_of
from odibi_core.engines.spark.paths import read_path
from odibi_core.formats.base import Options
from odibi_core.formats.registry import format_named
from odibi_core.formats.sources import find_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_NAMES = {"orc": re.compile(r"[^`]+"), "avro": AVRO_NAME}
_ALIKE = frozenset(
    ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR", "BLOB", "DATE")
)
"""Types that both read alike from these files; moments have zones in the one and none in the other."""


def binary_frame(
    spark: SparkSession, format_name: str, source: str, options: Options, session: Session
) -> DataFrame | None:
    """The rows; None where the other engine is to read them.

    Raises:
        SourceError: The source is missing, or not of its format.
    """
    format_ = format_named(format_name)
    if options != format_.read_options():
        return None
    files = find_files(source, format_.extensions)
    with closing(session.cursor()) as cursor:
        # Of every file: the columns of all are matched by name.
        schema = format_.probe(source, options, cursor)
    types = {name: type_ for name, type_ in schema if name not in files.partitions}
    if not all(map(_NAMES[format_name].fullmatch, types)):
        # Of such columns Spark would make null: the file calls them otherwise.
        return None
    if not all(type_ in _ALIKE or type_.startswith("DECIMAL(") for type_ in types.values()):
        return None
    reader = reader_of(spark, files, source, [(name, spark_type(type_)) for name, type_ in types.items()])
    if reader is None:
        return None
    frame = reader.format(format_name).load([read_path(path) for path in files.paths])
    columns = [quoted(name) for name in schema.names]
    if format_name == "avro":
        return frame.select(*columns)
    return frame.select(
        *(
            modern(frame[column], types.get(name, "")).alias(name)
            for name, column in zip(schema.names, columns, strict=True)
        )
    )
