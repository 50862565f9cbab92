"""Connections: whether they can be used, and what is said when not."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from tests.core.local_service import Answer, Service, local_service
from tests.processes import started

from odibi_core.connection_check import check_connection
from odibi_core.connections import (
    DuckdbConnection,
    FolderConnection,
    HttpConnection,
    SqliteConnection,
    path_in,
)
from odibi_core.errors import OdibiError, SourceError, TransientError
from odibi_core.parameters import Reference
from odibi_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, False)


@pytest.fixture
def service() -> Iterator[Service]:
    with local_service() as service:
        yield service


def folder(path: str = "data") -> FolderConnection:
    return FolderConnection(kind="folder", path=path)


def sqlite(path: str = "shop.db") -> SqliteConnection:
    return SqliteConnection(kind="sqlite", path=path)


def duck(path: str = "shop.duckdb") -> DuckdbConnection:
    return DuckdbConnection(kind="duckdb", path=path)


def test_a_folder_that_is_there_is_fine(workspace: Workspace) -> None:
    (workspace.root / "data").mkdir()
    check_connection(folder(), workspace)


def test_a_missing_folder_and_a_file_in_its_place_are_told(workspace: Workspace) -> None:
    with pytest.raises(SourceError, match="there is no such folder") as caught:
        check_connection(folder(), workspace)
    assert caught.value.where == str(workspace.root / "data")
    (workspace.root / "data").write_text("")
    with pytest.raises(SourceError, match="a file, not a folder"):
        check_connection(folder(), workspace)


def test_a_path_with_a_folder_connection_is_inside_it(workspace: Workspace) -> None:
    (workspace.root / "data").mkdir()
    assert path_in(folder(), "2026/*.csv", workspace) == workspace.root / "data" / "2026" / "*.csv"


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "a/../../x", "link/x"])
def test_a_path_that_leads_out_of_the_connection_is_refused(workspace: Workspace, path: str) -> None:
    (workspace.root / "data").mkdir()
    (workspace.root / "data" / "link").symlink_to("/etc")
    with pytest.raises(OdibiError, match="leads out of the connection's folder"):
        path_in(folder(), path, workspace)


def test_a_connection_without_files_has_no_paths(workspace: Workspace) -> None:
    with pytest.raises(OdibiError, match="a connection of kind 'sqlite' has no files inside"):
        path_in(sqlite(), "x.csv", workspace)


@pytest.mark.parametrize("connection", [sqlite(), duck()])
def test_a_missing_database_is_told_and_not_made(
    workspace: Workspace, connection: SqliteConnection | DuckdbConnection
) -> None:
    with pytest.raises(SourceError, match="there is no such database file"):
        check_connection(connection, workspace)
    assert list(workspace.root.iterdir()) == []
    (workspace.root / connection.path).mkdir()
    with pytest.raises(SourceError, match="this is no file"):
        check_connection(connection, workspace)


@pytest.mark.parametrize("connection", [sqlite(), duck()])
def test_a_file_of_something_else_is_no_database(
    workspace: Workspace, connection: SqliteConnection | DuckdbConnection
) -> None:
    (workspace.root / connection.path).write_bytes(b"id,name\n1,Ada\n" * 1000)
    with pytest.raises(SourceError, match="this is no usable database"):
        check_connection(connection, workspace)


@pytest.fixture
def shop_db(workspace: Workspace) -> Path:
    path = workspace.root / "shop #1?.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, city TEXT)")
        database.executemany("INSERT INTO orders (city) VALUES (?)", [("Rome" * 50,)] * 2000)
        database.commit()
    return path


def test_a_sound_sqlite_database_is_fine(workspace: Workspace, shop_db: Path) -> None:
    check_connection(sqlite(shop_db.name), workspace)


def test_a_sqlite_database_that_was_cut_off_is_told(workspace: Workspace, shop_db: Path) -> None:
    content = shop_db.read_bytes()
    shop_db.write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceError, match="this is no usable database"):
        check_connection(sqlite(shop_db.name), workspace)


def test_a_sqlite_database_with_a_broken_page_is_told(workspace: Workspace, shop_db: Path) -> None:
    content = bytearray(shop_db.read_bytes())
    content[3 * 4096 : 4 * 4096] = b"\xff" * 4096
    shop_db.write_bytes(content)
    with pytest.raises(SourceError, match="this is no usable database"):
        check_connection(sqlite(shop_db.name), workspace)


def test_a_sound_duckdb_database_is_fine_also_while_this_process_writes_it(workspace: Workspace) -> None:
    with duckdb.connect(str(workspace.root / "shop.duckdb")) as database:
        database.execute("CREATE TABLE t AS SELECT * FROM range(10)")
        check_connection(duck(), workspace)
    check_connection(duck(), workspace)


def test_a_duckdb_database_that_was_cut_off_is_told(workspace: Workspace) -> None:
    path = workspace.root / "shop.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute("CREATE TABLE t AS SELECT * FROM range(10)")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(SourceError, match="this is no usable database"):
        check_connection(duck(), workspace)


def test_a_duckdb_database_that_another_program_writes_may_be_free_later(workspace: Workspace) -> None:
    program = (
        "import duckdb, sys; d = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    )
    path = workspace.root / "shop.duckdb"
    command = [sys.executable, "-c", program, str(path)]
    with started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(TransientError, match="another program has opened the database"):
            check_connection(duck(), workspace)
        other.communicate()


def http(url: str, **headers: str) -> HttpConnection:
    return HttpConnection(kind="http", url=url, headers=headers, allow_private=True)


def secret(reference: Reference) -> str:
    assert reference == Reference("secret", "API")
    return "hunter2"


@pytest.mark.parametrize("status", [200, 204, 302, 404])
def test_a_service_that_answers_is_reached(workspace: Workspace, service: Service, status: int) -> None:
    service.answers = [Answer(status)]
    check_connection(http(service.url), workspace)
    assert [request.method for request in service.requests] == ["HEAD"]


def test_a_service_without_head_is_asked_with_get(workspace: Workspace, service: Service) -> None:
    service.answers = [Answer(405), Answer(200, b"hello")]
    check_connection(http(service.url), workspace)
    assert [request.method for request in service.requests] == ["HEAD", "GET"]


def test_secrets_are_sent_where_they_can_be_resolved(workspace: Workspace, service: Service) -> None:
    connection = http(service.url, Authorization="Bearer ${secret:API}", Accept="text/csv")
    check_connection(connection, workspace)
    check_connection(connection, workspace, secret)
    sent = [request.headers.get("Authorization") for request in service.requests]
    assert sent == [None, "Bearer hunter2"]
    assert service.requests[0].headers["Accept"] == "text/csv"
    assert "hunter2" not in repr(connection)


def test_refused_credentials_are_told_where_they_were_sent(workspace: Workspace, service: Service) -> None:
    service.answers = [Answer(401)]
    connection = http(service.url, Authorization="Bearer ${secret:API}")
    check_connection(connection, workspace)
    with pytest.raises(SourceError, match="refuses the credentials") as caught:
        check_connection(connection, workspace, secret)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", ["hunter2\n", "hünter2"])
def test_a_secret_that_no_header_can_hold_is_told_without_it(
    workspace: Workspace, service: Service, value: str
) -> None:
    connection = http(service.url, Authorization="${secret:API}")
    with pytest.raises(SourceError, match="a character that HTTP doesn't allow") as caught:
        check_connection(connection, workspace, lambda _: value)
    assert "nter2" not in str(caught.value)


def test_a_broken_service_may_be_up_later(workspace: Workspace, service: Service) -> None:
    service.answers = [Answer(503)]
    with pytest.raises(TransientError, match="answers with status 503"):
        check_connection(http(service.url), workspace)


def test_a_service_that_is_down_may_be_up_later(workspace: Workspace) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(TransientError, match="can't be reached"):
        check_connection(http(url), workspace)
