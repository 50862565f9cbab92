"""Real database servers of Debian's packages, each in a folder of its own, on a free port of this machine."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import adbc_driver_postgresql.dbapi as postgresql
import pymysql
from tests.waiting import wait_until

PASSWORD = "sh0p'p@ss/wörd"
START_S = 120


class Asked:
    """A database that is asked by its driver alone, past what is tested."""

    connect: Callable[[], Any]

    def execute(self, *statements: str) -> None:
        """Carry out statements, and commit."""
        with closing(self.connect()) as connection:
            for statement in statements:
                with closing(connection.cursor()) as cursor:
                    cursor.execute(statement)
            connection.commit()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with closing(self.connect()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class DatabaseServer(Asked):
    """A server with a database `shop` and a user `shop` who may do anything in it."""

    kind: str
    port: int
    user: str
    password: str
    connect: Callable[[], Any]
    log: Path

    def statements(self) -> str:
        """All that was asked of the server so far."""
        return self.log.read_text(errors="replace")


_PORTS = range(20_000, 32_000)
_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to outgoing connections.

    Between asking and listening one of those would take it now and then. Each is given once, and to no other
    process that shares the tests: servers that start at the same time don't meet.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ours = _PORTS[worker :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]
    while True:
        port = secrets.choice(ours)
        if port not in _given:
            with suppress(OSError), socket.create_server(("127.0.0.1", port)):
                _given.add(port)
                return port


@contextmanager
def postgresql_server() -> Iterator[DatabaseServer]:
    """A PostgreSQL server until the end of the block.

    Raises:
        FileNotFoundError: It is not installed.
    """
    port = free_port()
    with _folder() as folder:
        (folder / "password").write_text(PASSWORD)
        data = folder / "data"
        _call(
            [
                *(_program("initdb"), "-D", str(data), "-U", "shop", "-E", "UTF8", "--locale=C.UTF-8"),
                *("--no-sync", "-A", "scram-sha-256", f"--pwfile={folder / 'password'}"),
            ],
            folder,
        )
        command = [_program("postgres"), "-D", str(data), "-p", str(port)]
        for setting in (
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "fsync=off",
            "log_statement=all",
        ):
            command += ["-c", setting]

        def connect(database: str = "shop") -> Any:
            return postgresql.connect(
                f"postgresql://shop:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/{database}"
            )

        with _running(command, folder, signal.SIGINT, lambda: connect("postgres").close()):
            with closing(connect("postgres")) as connection:
                connection.adbc_connection.set_autocommit(True)
                with closing(connection.cursor()) as cursor:
                    cursor.execute("CREATE DATABASE shop")
            yield DatabaseServer("postgresql", port, "shop", PASSWORD, connect, folder / "log")


@contextmanager
def mariadb_server() -> Iterator[DatabaseServer]:
    """A MariaDB server until the end of the block.

    Raises:
        FileNotFoundError: It is not installed.
    """
    port = free_port()
    with _folder() as folder:
        data = folder / "data"
        _call(
            [
                *(_program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--skip-test-db"),
                *("--auth-root-authentication-method=normal", f"--tmpdir={folder}"),
            ],
            folder,
        )
        command = [_program("mariadbd"), "--no-defaults", f"--datadir={data}", f"--port={port}"]
        command += [
            "--bind-address=127.0.0.1",
            f"--socket={folder / 'socket'}",
            # In the folder of all programs another one may clear away what it does not know.
            f"--tmpdir={folder}",
            "--skip-log-bin",
            "--skip-name-resolve",
            "--general-log=1",
            f"--general-log-file={folder / 'statements'}",
        ]
        command += ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M"]

        def connect(user: str = "shop", password: str = PASSWORD, database: str | None = "shop") -> Any:
            return pymysql.connect(
                host="127.0.0.1",
                port=port,
                user=user,
                password=password.encode(),
                database=database,
                connect_timeout=5,
            )

        with _running(command, folder, signal.SIGTERM, lambda: connect("root", "", None).close()):
            with closing(connect("root", "", None)) as connection, connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE shop")
                cursor.execute("CREATE USER shop@'%%' IDENTIFIED BY %s", [PASSWORD])
                cursor.execute("GRANT ALL ON *.* TO shop@'%'")
            yield DatabaseServer("mysql", port, "shop", PASSWORD, connect, folder / "statements")


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder that the servers' user may use: they refuse to work for root."""
    folder = Path(tempfile.mkdtemp(prefix="odibi-server-"))
    try:
        if (user := _user()) is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.getuid() == 0 else None


def _program(name: str) -> str:
    places = [Path("/usr/sbin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    for place in places:
        if (place / name).exists():
            return str(place / name)
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(
            f"{name} is not installed: apt-get install postgresql mariadb-server-core mariadb-client-core"
        )
    return found


def _call(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=START_S, check=False, **_as_user()
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _as_user() -> dict[str, Any]:
    user = _user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


@contextmanager
def _running(
    command: Sequence[str], folder: Path, ends: signal.Signals, answers: Callable[[], object]
) -> Iterator[None]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **_as_user()
        )

    def is_up() -> bool:
        if process.poll() is not None:
            raise AssertionError(f"the server ended: {log.read_text(errors='replace')}")
        try:
            answers()
        except (postgresql.Error, pymysql.Error):
            return False
        return True

    try:
        wait_until(is_up, timeout_s=START_S)
        yield
    finally:
        process.send_signal(ends)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)
