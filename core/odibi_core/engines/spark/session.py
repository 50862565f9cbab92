"""Opening Spark: in this process, on a cluster, by Spark Connect, or a session that is there already."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import socket
import threading
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from odibi_core.cores import usable_cores
from odibi_core.errors import OdibiError
from odibi_core.late_dataclass import dataclass
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
_QUIET = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.scheduler.mode": "FAIR",
}
_LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}
_SHUFFLE_PARTITIONS = "spark.sql.shuffle.partitions"
_JAVA_OPTIONS = "spark.driver.extraJavaOptions"
_ADDRESSES = re.compile(r"(?:spark|sc)://(?P<addresses>[^/;]+)")
_CONNECT_PORT = "15002"
_REACHED_WITHIN_S = 10.0
_SILENCE = """\
status = off
appender.none.type = Null
appender.none.name = none
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
"""
"""Spark's own log says at length what the step's error says in a line."""


@dataclass(slots=True)
class _Held:
    """The session that this process uses: Spark has one at a time.

    Attributes:
        session: The session.
        place: Where it is: the master or the server.
        leave: Called when nobody uses it any more.
        users: How many do.
    """

    session: SparkSession
    place: str
    leave: Callable[[], object]
    users: int = 0


_lock = threading.Lock()
_held: _Held | None = None


def open_session(settings: SparkSettings, scratch: Path) -> tuple[SparkSession, Callable[[], object]]:
    """A Spark session, and what is to be called when it is not needed any more.

    A session that is there already, as in a notebook, on Databricks, or for another run of this process, is
    taken. One that was there before is not stopped, and its settings are as before afterwards.

    Args:
        settings: Where Spark is, and how it is set.
        scratch: Holds what Spark spills and its warehouse.

    Raises:
        OdibiError: Spark or Java is not installed, the place can't be reached, or this process uses Spark at
            another place.
    """
    global _held
    wanted = settings.remote or settings.master
    with _lock:
        if _held is None:
            session, place, leave = _opened(settings, scratch)
            _held = _Held(session, place, leave)
        held = _held
        if wanted and wanted != held.place:
            if held.users == 0:
                _held = None
            raise OdibiError(
                f"this process uses Spark at {held.place} already, so it can't use {wanted}",
                fix="end the other run or session first, or run one of them in a process of its own",
            )
        held.users += 1
    return held.session, partial(_leave, held)


class Tagged:
    """The jobs that this thread begins from now on, so that another thread can interrupt them.

    A classic session forgets in other threads which tags there are; its context does not.

    Args:
        session: The session.
        tag: A name of their own.
    """

    def __init__(self, session: SparkSession, tag: str) -> None:
        self._session, self._tag = session, tag
        self._is_classic = is_classic(session)
        if self._is_classic:
            session.sparkContext.addJobTag(tag)
        else:
            session.addTag(tag)

    def interrupt(self) -> None:
        """Interrupt those that go on. Safe from any thread."""
        if self._is_classic:
            self._session.sparkContext.cancelJobsWithTag(self._tag)
        else:
            self._session.interruptTag(self._tag)

    def leave(self) -> None:
        """Tag no more jobs of this thread."""
        if self._is_classic:
            self._session.sparkContext.removeJobTag(self._tag)
        else:
            self._session.removeTag(self._tag)


def is_classic(session: SparkSession) -> bool:
    """Whether the session's driver is at hand, and not behind Spark Connect."""
    return type(session).__module__ == "pyspark.sql.session"


def is_local(session: SparkSession) -> bool:
    """Whether the session computes in this process alone, and not on a cluster."""
    try:
        return (session.conf.get("spark.master", "") or "").startswith("local")
    except Exception:  # noqa: BLE001 - a server may not tell: then it is not this process
        return False


def _leave(held: _Held) -> None:
    global _held
    with _lock:
        held.users -= 1
        if held.users == 0:
            _held = None
            held.leave()


def _opened(settings: SparkSettings, scratch: Path) -> tuple[SparkSession, str, Callable[[], object]]:
    """A session, where it is, and what ends its use."""
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
    if active is not None:
        return active, active.conf.get("spark.master", "") or settings.remote, _borrow(active)
    if not settings.remote and not os.environ.get("SPARK_REMOTE"):
        _check_java()
    place = settings.remote or os.environ.get("SPARK_REMOTE", "")
    builder = SparkSession.builder.appName("odibi")
    if settings.remote:
        builder = builder.remote(settings.remote)
    elif not os.environ.get("SPARK_REMOTE"):
        master = settings.master or os.environ.get("SPARK_MASTER") or "local[*]"
        builder = builder.master(master)
        place = master
        static = {"spark.sql.warehouse.dir": str(scratch / "warehouse"), **_QUIET}
        if _is_here(master):
            static |= _LOCAL
            os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        if master.startswith("local"):
            # As many as run at once: the usual 200 are made for clusters.
            static[_SHUFFLE_PARTITIONS] = str(usable_cores())
        for name, value in static.items():
            builder = builder.config(name, value)
    given = dict(settings.config)
    if not settings.remote and "log4j" not in given.get(_JAVA_OPTIONS, ""):
        quiet = scratch / "log4j2.properties"
        quiet.write_text(_SILENCE, encoding="utf-8")
        given[_JAVA_OPTIONS] = f"-Dlog4j2.configurationFile={quiet.as_uri()} {given.get(_JAVA_OPTIONS, '')}"
    _check_reachable(place)
    for name, value in {**_ALWAYS, **given}.items():
        builder = builder.config(name, value)
    before = signal.getsignal(signal.SIGINT)
    try:
        opened = builder.getOrCreate()
    except Exception as error:
        raise OdibiError(
            f"Spark can't be started at {place}: {str(error).splitlines()[0]}",
            fix="look at [spark] in odibi.toml, and whether Spark and Java 17 or newer run there",
        ) from error
    if threading.current_thread() is threading.main_thread() and before is not None:
        # Spark takes Ctrl-C for itself, and the run would not stop cleanly.
        signal.signal(signal.SIGINT, before)
    return opened, place, opened.stop


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


def _is_here(master: str) -> bool:
    """Whether no other machine has to reach this one."""
    return master.startswith("local") or re.match(r"spark://(127\.|localhost\b)", master) is not None


def _check_reachable(place: str) -> None:
    """Return where somebody listens: Spark itself would try for minutes.

    Raises:
        OdibiError: Nobody does.
    """
    found = _ADDRESSES.match(place)
    if found is None:
        return
    reason = ""
    for address in found["addresses"].split(","):
        host, _, port = address.rpartition(":") if ":" in address else (address, "", _CONNECT_PORT)
        try:
            socket.create_connection((host, int(port)), _REACHED_WITHIN_S).close()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
        else:
            return
    raise OdibiError(
        f"Spark can't be reached at {place}: {reason.lower()}",
        fix="look at [spark] in odibi.toml or the address given, and whether Spark runs there",
    )


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        return
    if shutil.which("java") is None:
        raise OdibiError(
            "the engine 'spark' needs Java 17 or newer, and there is no java on the path",
            fix="install it (on Debian and Ubuntu: apt install openjdk-17-jre-headless), or set JAVA_HOME",
        )
