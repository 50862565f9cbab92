"""The inside of the sandbox: a process that forks one more for every preview.

The one that forks has loaded what is slow to load and holds no rows. What it forks opens a database that can
reach nothing, carries out one request, and ends: nothing that one preview did is there for the next.
"""

from __future__ import annotations

import array
import json
import os
import resource
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from odibi_studio.sandbox.gate import RefusedError, check, system_views
from odibi_studio.sandbox.wire import HungUpError, pack, receive, send, unpack

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FURTHER_BYTES = 1_024 << 20
_CPU_S = 20
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": "1",
    "memory_limit": "256MB",
    "temp_directory": "",
    "max_temp_directory_size": "0B",
    "home_directory": "/nonexistent",
    "allow_community_extensions": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_persistent_secrets": "false",
    "allow_unsigned_extensions": "false",
    "allow_unredacted_secrets": "false",
    "python_enable_replacements": "false",
}


def serve(control: int) -> None:
    """Fork a process for each socket that comes, until the Studio closes the connection.

    Args:
        control: The file descriptor of the socket to the Studio.
    """
    import duckdb  # noqa: F401
    import pyarrow as pa
    import pyarrow.dataset

    # A second thread would not survive the fork.
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=control) as connection:
        connection.sendall(b"\0")
        while (given := _receive_socket(connection)) is not None:
            pid = os.fork()
            if pid == 0:
                connection.close()
                try:
                    _carry_out_one(given)
                finally:
                    os._exit(0)
            os.close(given)
            connection.sendall(pid.to_bytes(8, "big"))


def _receive_socket(connection: socket.socket) -> int | None:
    descriptors = array.array("i")
    message, ancillary, _, _ = connection.recvmsg(1, socket.CMSG_LEN(descriptors.itemsize))
    if not message:
        return None
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: descriptors.itemsize])
    return descriptors[0]


def _carry_out_one(descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as connection:
        database = _open_database()
        refused = system_views(database)
        connection.sendall(b"\0")
        try:
            request, tables = receive(connection)
        except HungUpError:
            return
        answer, parts = _carry_out(database, request, tables, refused)
        send(connection, answer, parts)


def _open_database() -> DuckDBPyConnection:
    import duckdb

    for limit, value in (
        (resource.RLIMIT_AS, _mapped_bytes() + _FURTHER_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
    database = duckdb.connect(":memory:", config=_SETTINGS)
    database.execute("SET TimeZone = 'UTC'")
    return database


def _mapped_bytes() -> int:
    """The address space that is taken already: mostly libraries, and what they have only reserved."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _carry_out(
    database: DuckDBPyConnection, request: dict[str, Any], tables: list[bytes], refused: frozenset[str]
) -> tuple[dict[str, Any], list[bytes]]:
    """The answer: the tables that were asked for, or the stage that failed and why."""
    import duckdb

    for name, stream in zip(request["tables"], tables, strict=True):
        database.register(name, unpack(stream))
    try:
        _open_files(database, request["views"])
    except duckdb.Error as error:
        return {"stage": 0, "kind": type(error).__name__, "message": _text(error)}, []
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")
    given = {*request["tables"], *(view["name"] for view in request["views"])}
    # The time of day is one moment for all stages.
    database.begin()
    parts = []
    for number, stage in enumerate(request["stages"]):
        try:
            check(database, stage["sql"], refused - given)
            if stage["table"]:
                name = '"' + stage["table"].replace('"', '""') + '"'
                database.execute(f"CREATE TEMP TABLE {name} AS {stage['sql']}")
            else:
                found = database.sql(stage["sql"])
                parts.append(pack((found.limit(stage["rows"]) if stage["rows"] else found).to_arrow_table()))
        except RefusedError as error:
            return {"stage": number, "kind": "refused", "message": str(error)}, []
        except duckdb.Error as error:
            return {"stage": number, "kind": type(error).__name__, "message": _text(error)}, []
        except MemoryError:
            return {"stage": number, "kind": "OutOfMemoryException", "message": "Out of Memory Error"}, []
    return {"kind": "rows"}, parts


def _open_files(database: DuckDBPyConnection, views: list[dict[str, str]]) -> None:
    """Make the views; their files are all that can be reached once the lock is set."""
    places = [view["path"] for view in views]
    folders = [f"{place.rstrip('/')}/" for place in places if Path(place).is_dir()]
    files = [place for place in places if not Path(place).is_dir()]
    for setting, allowed in (("allowed_directories", folders), ("allowed_paths", files)):
        if allowed:
            listed = ", ".join(_literal(place) for place in allowed)
            database.execute(f"SET {setting} = [{listed}]")
    for view in views:
        name = '"' + view["name"].replace('"', '""') + '"'
        database.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM {view['sql']}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _text(error: Exception) -> str:
    text = str(error)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(text)
    return text
