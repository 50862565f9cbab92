"""Tables of databases that Spark's machines read themselves, side by side, by JDBC.

The driver is a jar of the database's, which the cluster has or `spark.jars` names; without it the machine
that the run was started on reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.spark.conforming import quoted, spark_type
from odibi_core.engines.spark.session import is_classic
from odibi_core.engines.spark.strict_text import surely, typed
from odibi_core.formats import mysql, postgresql
from odibi_core.formats.mysql import MysqlReadOptions
from odibi_core.formats.mysql_session import named
from odibi_core.formats.postgresql import PostgresqlReadOptions
from odibi_core.formats.servers import DividedReadOptions, PlainRead, Server
from odibi_core.schema import quote

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_POSTGRESQL = "org.postgresql.Driver"
_MYSQL = ("org.mariadb.jdbc.Driver", "com.mysql.cj.jdbc.Driver")
_ALIKE = frozenset(
    ("BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "VARCHAR", "BLOB", "DATE", "TIMESTAMP")
)
_UNBOUNDED = "DECIMAL(38,18)"
"""A numeric of any number of digits, which Spark would round."""
_AS_THEY_ARE = frozenset(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "VARCHAR", "BLOB"))
"""Types that MySQL's driver gives as they are."""
_AS_TEXTS = frozenset(("BOOLEAN", "FLOAT", "DOUBLE", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"))
"""Types whose values are asked of MySQL as texts: its driver makes null of days that there are not."""
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
_FETCHED = 10_000
"""Rows that a machine asks for at a time: the driver would hold all of them otherwise."""
_OPTIONS = frozenset(("sslmode", "sslrootcert"))
"""What the two drivers of PostgreSQL call alike."""
_MYSQL_SESSION = (
    "SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE'"
)


def jdbc_reason(options: DividedReadOptions) -> str:
    """Why this machine reads a table with these settings; "" where Spark does."""
    return "Spark has no schema of the same meaning for tables" if options.column_types else ""


def jdbc_frame(
    spark: SparkSession, source: str, options: DividedReadOptions, session: Session
) -> DataFrame | None:
    """The rows; None where the other engine is to read them.

    Raises:
        SourceError: The table is not there, or the partition column can't be divided into ranges.
        TransientError: The server can't be reached.
    """
    match options:
        case PostgresqlReadOptions():
            return _of_postgresql(spark, source, options, session)
        case MysqlReadOptions():
            return _of_mysql(spark, source, options, session)
    return None


def _of_postgresql(
    spark: SparkSession, source: str, options: PostgresqlReadOptions, session: Session
) -> DataFrame | None:
    from pyspark.sql import functions as sf

    server = options.server
    if set(server.options) - _OPTIONS or not _has_driver(spark, _POSTGRESQL):
        return None
    with closing(session.cursor()) as cursor:
        read = postgresql.plain_read(options, source, cursor)
    if read is None or not all(type_ in _ALIKE or _is_decimal(type_) for _, type_ in read.schema):
        return None
    names = ", ".join(map(quote, read.schema.names))
    given = {
        "url": f"jdbc:postgresql://{_host(server)}:{server.port}/",
        "PGDBNAME": server.database,
        "driver": _POSTGRESQL,
        "dbtable": f"(SELECT {names} FROM {read.query}) AS odibi_rows",
        "ApplicationName": "odibi",
        **server.options,
    }
    if server.schema:
        given["sessionInitStatement"] = f"SET search_path TO {quote(server.schema)}"
    frame = _loaded(spark, given, options, read, quote)
    columns = []
    for name, type_ in read.schema:
        held = frame[quoted(name)].cast(spark_type(type_))
        if type_ in ("DATE", "TIMESTAMP"):
            # Spark has no endless time, and gives a very late one.
            held = surely(held.isNull() | sf.year(held).between(2, 9998), held)
        columns.append(held.alias(name))
    return frame.select(*columns)


def _of_mysql(
    spark: SparkSession, source: str, options: MysqlReadOptions, session: Session
) -> DataFrame | None:
    server = options.server
    driver = next((name for name in _MYSQL if _has_driver(spark, name)), "")
    if server.options or not driver:
        return None
    with closing(session.cursor()) as cursor:
        read = mysql.plain_read(options, source, cursor)
    types = read.schema.as_dict()
    if not all(type_ in _AS_THEY_ARE | _AS_TEXTS or _is_decimal(type_) for type_ in types.values()):
        return None
    if options.partition_column and types[options.partition_column] not in _WHOLE:
        return None
    asked = ", ".join(
        named(name) if type_ in _AS_THEY_ARE else f"CAST({named(name)} AS CHAR) AS {named(name)}"
        for name, type_ in types.items()
    )
    given = {
        # Spark knows MySQL's SQL by this scheme alone, which MariaDB's driver takes where it is told to.
        "url": f"jdbc:mysql://{_host(server)}:{server.port}/{server.database}?permitMysqlScheme",
        "driver": driver,
        "dbtable": f"(SELECT {asked} FROM {read.query}) AS odibi_rows",
        "sessionInitStatement": _MYSQL_SESSION,
    }
    frame = _loaded(spark, given, options, read, named)
    return frame.select(*(_of_text(frame[quoted(name)], type_).alias(name) for name, type_ in types.items()))


def _of_text(value: Column, type_: str) -> Column:
    """A value as MySQL gives it, as one of its column's type."""
    if type_ in _AS_THEY_ARE:
        return value.cast(spark_type(type_))
    if type_ == "BOOLEAN":
        return surely(value.isNull() | value.isin("0", "1"), value) == "1"
    if type_ == "TIMESTAMP WITH TIME ZONE":
        # The session reckons in UTC, as Spark's does.
        return typed(value, "TIMESTAMP").cast(spark_type(type_))
    return typed(value, type_)


def _loaded(
    spark: SparkSession,
    given: Mapping[str, str],
    options: DividedReadOptions,
    read: PlainRead,
    quote_name: Callable[[str], str],
) -> DataFrame:
    """The rows of a query, divided where that is wanted."""
    server = options.server
    settings = {
        "user": server.user,
        "fetchsize": str(_FETCHED),
        "preferTimestampNTZ": "true",
        **given,
    }
    if server.password:
        settings["password"] = server.password
    if read.bounds is not None and options.partition_column:
        least, greatest = read.bounds
        settings |= {
            "partitionColumn": quote_name(options.partition_column),
            "lowerBound": least,
            "upperBound": greatest,
            "numPartitions": str(options.partitions),
        }
    reader = spark.read.format("jdbc")
    for name, value in settings.items():
        reader = reader.option(name, value)
    return reader.load()


def _host(server: Server) -> str:
    return f"[{server.host}]" if ":" in server.host else server.host


def _is_decimal(type_: str) -> bool:
    return type_.startswith("DECIMAL(") and type_ != _UNBOUNDED and "[" not in type_


def _has_driver(spark: SparkSession, driver: str) -> bool:
    """Whether the session has a database's driver; where a server does not tell, reading shows it."""
    machine = getattr(spark, "_jvm", None) if is_classic(spark) else None
    if machine is None:
        return not is_classic(spark)
    return bool(machine.org.apache.spark.util.Utils.classIsLoadable(driver))
