"""Opening Spark: in this process, on a cluster, by Spark Connect, or a session that is there already."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.errors import OdibiError
from odibi_core.workspace_settings import SparkSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# What the other engine does too: UTC, no number that silently wraps around, moments to the microsecond.
_ALWAYS = {
    # A moment has no zone unless it is said to have one.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
_LOCAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.scheduler.mode": "FAIR",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_SHUFFLE_PARTITIONS = "spark.sql.shuffle.partitions"
_JAVA_OPTIONS = "spark.driver.extraJavaOptions"
_SILENCE = """\
status = off
appender.none.type = Null
appender.none.name = none
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
"""
"""Spark's own log says at length what the step's error says in a line."""


def open_session(settings: SparkSettings, scratch: Path) -> tuple[SparkSession, Callable[[], object]]:
    """A Spark session, and what is to be called when it is not needed any more.

    A session that is active already, as in a notebook or on Databricks, is taken unless the settings name
    another place. It is not stopped, and its settings are as before afterwards.

    Args:
        settings: Where Spark is, and how it is set.
        scratch: Holds what Spark spills and its warehouse.

    Raises:
        OdibiError: Spark or Java is not installed, or the place can't be reached.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise OdibiError(
            "the engine 'spark' needs the package pyspark",
            fix="install it: pip install 'odibi-studio[spark]', or use the engine 'pandas'",
        ) from error
    # It would write every error to standard error, with its whole stack; the step's error says what it was.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    # It works with pandas 3 in all that is used here.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    active = SparkSession.getActiveSession()
    if active is not None and not settings.master and not settings.remote:
        return active, _borrow(active)
    if not settings.remote and not os.environ.get("SPARK_REMOTE"):
        _check_java()
    builder = SparkSession.builder.appName("odibi")
    if settings.remote:
        builder = builder.remote(settings.remote)
    elif not os.environ.get("SPARK_REMOTE"):
        master = settings.master or os.environ.get("SPARK_MASTER") or "local[*]"
        builder = builder.master(master)
        static = {"spark.sql.warehouse.dir": str(scratch / "warehouse"), **_LOCAL}
        if master.startswith("local"):
            # As many as run at once: the usual 200 are made for clusters.
            static |= {_SHUFFLE_PARTITIONS: str(os.cpu_count() or 2)}
        for name, value in static.items():
            builder = builder.config(name, value)
    given = dict(settings.config)
    if not settings.remote and "log4j" not in given.get(_JAVA_OPTIONS, ""):
        quiet = scratch / "log4j2.properties"
        quiet.write_text(_SILENCE, encoding="utf-8")
        given[_JAVA_OPTIONS] = f"-Dlog4j2.configurationFile={quiet.as_uri()} {given.get(_JAVA_OPTIONS, '')}"
    for name, value in {**_ALWAYS, **given}.items():
        builder = builder.config(name, value)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    try:
        opened = builder.getOrCreate()
    except Exception as error:
        place = settings.remote or settings.master or "this machine"
        raise OdibiError(
            f"Spark can't be started at {place}: {str(error).splitlines()[0]}",
            fix="look at [spark] in odibi.toml, and whether Spark and Java 17 or newer run there",
        ) from error
    return opened, opened.stop


def _borrow(session: SparkSession) -> Callable[[], object]:
    before = {name: session.conf.get(name, None) for name in _ALWAYS}
    for name, value in _ALWAYS.items():
        session.conf.set(name, value)

    def give_back() -> None:
        for name, value in before.items():
            if value is None:
                session.conf.unset(name)
            else:
                session.conf.set(name, value)

    return give_back


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        return
    if shutil.which("java") is None:
        raise OdibiError(
            "the engine 'spark' needs Java 17 or newer, and there is no java on the path",
            fix="install it (on Debian and Ubuntu: apt install openjdk-17-jre-headless), or set JAVA_HOME",
        )
