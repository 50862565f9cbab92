"""Tables of PostgreSQL that Spark's machines read themselves, side by side, by JDBC.

The driver is PostgreSQL's own jar, which the cluster has or `spark.jars` names; without it the machine that
the run was started on reads.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.spark.conforming import quoted, spark_type
from odibi_core.engines.spark.strict_text import surely
from odibi_core.formats.postgresql import PostgresqlReadOptions, plain_read
from odibi_core.schema import quote

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_DRIVER = "org.postgresql.Driver"
_ALIKE = frozenset(
    ("BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR", "BLOB", "DATE", "TIMESTAMP")
)
_UNBOUNDED = "DECIMAL(38,18)"
"""A numeric of any number of digits, which Spark would round."""
_FETCHED = 10_000
"""Rows that a machine asks for at a time: the driver would hold all of them otherwise."""
_OPTIONS = frozenset(("sslmode", "sslrootcert"))
"""What the two drivers call alike."""


def jdbc_reason(options: PostgresqlReadOptions) -> str:
    """Why this machine reads a table with these settings; "" where Spark does."""
    return "Spark has no schema of the same meaning for tables" if options.column_types else ""


def jdbc_frame(
    spark: SparkSession, source: str, options: PostgresqlReadOptions, session: Session
) -> DataFrame | None:
    """The rows; None where the other engine is to read them.

    Raises:
        SourceError: The table is not there, or the partition column can't be divided into ranges.
        TransientError: The server can't be reached.
    """
    from pyspark.sql import functions as sf

    server = options.server
    if set(server.options) - _OPTIONS or not _has_driver(spark):
        return None
    with closing(session.cursor()) as cursor:
        read = plain_read(options, source, cursor)
    if read is None or not all(_is_alike(column.type) for column in read.columns):
        return None
    names = ", ".join(quote(column.name) for column in read.columns)
    host = f"[{server.host}]" if ":" in server.host else server.host
    given = {
        "url": f"jdbc:postgresql://{host}:{server.port}/",
        "PGDBNAME": server.database,
        "driver": _DRIVER,
        "user": server.user,
        "dbtable": f"(SELECT {names} FROM {read.query}) AS odibi_rows",
        "fetchsize": str(_FETCHED),
        "preferTimestampNTZ": "true",
        "ApplicationName": "odibi",
        **server.options,
    }
    if server.password:
        given["password"] = server.password
    if server.schema:
        given["sessionInitStatement"] = f"SET search_path TO {quote(server.schema)}"
    if read.bounds is not None and options.partition_column:
        least, greatest = read.bounds
        given |= {
            "partitionColumn": quote(options.partition_column),
            "lowerBound": least,
            "upperBound": greatest,
            "numPartitions": str(options.partitions),
        }
    reader = spark.read.format("jdbc")
    for name, value in given.items():
        reader = reader.option(name, value)
    frame = reader.load()
    columns = []
    for column in read.columns:
        held = frame[quoted(column.name)].cast(spark_type(column.type))
        if column.type in ("DATE", "TIMESTAMP"):
            # Spark has no endless time, and gives a very late one.
            held = surely(held.isNull() | sf.year(held).between(2, 9998), held)
        columns.append(held.alias(column.name))
    return frame.select(*columns)


def _is_alike(type_: str) -> bool:
    return type_ in _ALIKE or (type_.startswith("DECIMAL(") and type_ != _UNBOUNDED and "[" not in type_)


def _has_driver(spark: SparkSession) -> bool:
    """Whether the session has PostgreSQL's driver; where a server does not tell, reading shows it."""
    machine = getattr(spark, "_jvm", None) if type(spark).__module__ == "pyspark.sql.session" else None
    if machine is None:
        return type(spark).__module__ != "pyspark.sql.session"
    return bool(machine.org.apache.spark.util.Utils.classIsLoadable(_DRIVER))
