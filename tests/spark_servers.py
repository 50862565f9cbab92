"""Real Spark clusters of this machine: a master, its workers, a Connect server; each a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyspark
from tests.servers import free_port
from tests.waiting import wait_until

_HERE = "127.0.0.1"
# Quick to start rather than quick to run.
_LEAN = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_STARTS_WITHIN_S = 300
SPARK_HOME = Path(pyspark.__file__).parent


@dataclass(slots=True)
class Server:
    """A process with its log.

    Attributes:
        process: The process, the first of a group of its own.
        log: What it says.
    """

    process: subprocess.Popen[bytes]
    log: Path

    def said(self, pattern: str) -> re.Match[str] | None:
        """What it has said of that form by now."""
        assert self.process.poll() is None, self.log.read_text()
        return re.search(pattern, self.log.read_text())

    def wait_for(self, pattern: str) -> re.Match[str]:
        """What it says of that form, as soon as it does."""
        found = wait_until(lambda: self.said(pattern), timeout_s=_STARTS_WITHIN_S)
        assert found is not None
        return found

    def kill(self) -> None:
        """End it and all that it started, without a warning."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A standalone cluster.

    Attributes:
        url: Where its master is: spark://…
        workers: Its workers, each with one core.
    """

    url: str
    workers: list[Server]


@contextmanager
def server(folder: Path, name: str, *command: str) -> Iterator[Server]:
    """A program of Spark's that runs within, with its log in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    environment = {
        **os.environ,
        "SPARK_HOME": str(SPARK_HOME),
        "SPARK_LOCAL_IP": _HERE,
        "SPARK_DAEMON_JAVA_OPTS": _LEAN,
        "SPARK_DAEMON_MEMORY": "512m",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(SPARK_HOME / "bin" / command[0]), *command[1:]],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    started = Server(process, log)
    try:
        yield started
    finally:
        started.kill()


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A master and its workers, which run within."""
    place = "org.apache.spark.deploy"
    with ExitStack() as stack:
        master = stack.enter_context(
            server(
                folder, "master", "spark-class", f"{place}.master.Master",
                "--host", _HERE, "--port", "0", "--webui-port", "0",
            )
        )  # fmt: skip
        url = master.wait_for(r"Starting Spark master at (spark://\S+)")[1]
        started = [
            stack.enter_context(
                server(
                    folder, f"worker-{number}", "spark-class", f"{place}.worker.Worker", url,
                    "--host", _HERE, "--webui-port", "0", "--cores", "1", "--memory", "1g",
                    "--work-dir", str(folder / f"work-{number}"),
                )
            )
            for number in range(workers)
        ]  # fmt: skip
        for worker in started:
            worker.wait_for("Successfully registered with master")
        yield Cluster(url, started)


@contextmanager
def connect_server(folder: Path, master: str = "local[2]") -> Iterator[str]:
    """Where a Spark Connect server listens within: sc://…"""
    port = free_port()
    settings = {
        "spark.connect.grpc.binding.address": _HERE,
        "spark.connect.grpc.binding.port": str(port),
        "spark.driver.host": _HERE,
        "spark.driver.bindAddress": _HERE,
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.extraJavaOptions": _LEAN,
    }
    given = [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    with server(
        folder, "connect", "spark-submit", "--master", master, *given,
        "--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal",
    ) as started:  # fmt: skip
        started.wait_for("Spark Connect server started")
        yield f"sc://{_HERE}:{port}"
