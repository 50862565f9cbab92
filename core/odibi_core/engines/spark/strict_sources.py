"""Sources that a cluster reads where both engines surely give the same rows, and holds at once.

Spark makes rows of more than DuckDB does. Where a source holds more than is surely read alike, Spark fails
here, and the other engine reads it and sets aside what is malformed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Scan
from odibi_core.engines.spark.csv_source import csv_frame, csv_reason
from odibi_core.engines.spark.jdbc_source import jdbc_frame, jdbc_reason
from odibi_core.engines.spark.json_source import json_frame, json_reason
from odibi_core.engines.spark.orc_source import binary_frame
from odibi_core.formats.base import Options
from odibi_core.formats.csv_options import CsvReadOptions
from odibi_core.formats.json_options import JsonReadOptions
from odibi_core.formats.registry import format_named
from odibi_core.formats.servers import DividedReadOptions

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_ALSO_READ = ("parquet", "delta", "orc", "avro")
"""Formats that Spark reads where the step has no settings for reading."""


def reason_for_this_machine(scan: Scan) -> str:
    """Why the machine that a run was started on reads a source that a cluster could; "" where it may.

    Only what the settings tell: what is in a source can be another reason.
    """
    options = scan.options
    if isinstance(options, DividedReadOptions):
        return jdbc_reason(options)
    if scan.server:
        return "it is the one that reaches an address and what is behind a connection"
    if isinstance(options, CsvReadOptions):
        return csv_reason(options)
    if isinstance(options, JsonReadOptions):
        return json_reason(options)
    if scan.format not in _ALSO_READ:
        return f"Spark has no reader of {scan.format} that gives the same"
    is_plain = options == format_named(scan.format).read_options()
    return "" if is_plain else "Spark has no settings of the same meaning"


def strict_frame(
    spark: SparkSession, scan: Scan, source: str, options: Options, session: Session
) -> DataFrame | None:
    """A source as a frame that fails where it is not plain; None where the other engine is to read it.

    Args:
        spark: The session.
        scan: What is to be read.
        source: Its absolute path, or its server.
        options: The scan's, with the login where it is on a server.
        session: A database for looking at heads and metadata.

    Raises:
        SourceError: It is not there, or not of its format.
    """
    from pyspark.errors import PySparkException

    if reason_for_this_machine(scan):
        return None
    try:
        frame = _frame(spark, scan, source, options, session)
        # Spark Connect looks for a reader only when it is asked.
        return frame if frame is not None and frame.schema else None
    except PySparkException:
        # The cluster has no reader of that format, no driver of that database, or no way to it.
        return None


def _frame(
    spark: SparkSession, scan: Scan, source: str, options: Options, session: Session
) -> DataFrame | None:
    match options:
        case CsvReadOptions():
            return csv_frame(spark, source, options, session)
        case JsonReadOptions():
            return json_frame(spark, source, options, session)
        case DividedReadOptions():
            return jdbc_frame(spark, source, options, session)
    if scan.format in ("orc", "avro"):
        return binary_frame(spark, scan.format, source, options, session)
    return None
