"""`odibi connections`: list, test, browse, preview."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import duckdb
import pytest
from tests.core.databases.conftest import connect
from tests.servers import DatabaseServer

from odibi_core.cli.app import run_command
from odibi_core.workspace import Workspace

FILES = """
[connections.files]
kind = "folder"
path = "data"
[connections.lite]
kind = "sqlite"
path = "a.db"
[connections.duck]
kind = "duckdb"
path = "a.duckdb"
[connections.gone]
kind = "sqlite"
path = "gone.db"
"""


@pytest.fixture
def known(shop: DatabaseServer, workspace: Workspace) -> DatabaseServer:
    """The workspace knows a server, a folder and two database files."""
    connect(workspace, shop, more=FILES)
    shop.execute("CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 50) i", "ANALYZE orders")
    shop.execute("CREATE VIEW recent AS SELECT * FROM orders")
    (workspace.root / "data" / "2026").mkdir(parents=True)
    (workspace.root / "data" / "2026" / "a.csv").write_text("id\n1\n")
    (workspace.root / "data" / "notes.unknown").write_text("x")
    with closing(sqlite3.connect(workspace.root / "a.db")) as database:
        database.execute("CREATE TABLE t (a INTEGER)")
        database.execute("INSERT INTO t VALUES (7)")
        database.commit()
    with duckdb.connect(str(workspace.root / "a.duckdb")) as made:
        made.execute("CREATE TABLE d AS SELECT 8 AS a")
    return shop


def answer(workspace: Workspace, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run_command(["-w", str(workspace.root), "connections", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("known")
def test_connections_are_listed_without_who_logs_in(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = answer(workspace, capsys, "list", "--json")
    assert code == 0
    listed = {entry["name"]: entry for entry in json.loads(out)}
    assert set(listed) == {"shop", "files", "lite", "duck", "gone"}
    assert listed["shop"]["place"].startswith("postgresql://127.0.0.1:")
    assert "@" not in listed["shop"]["place"]


@pytest.mark.usefixtures("known")
def test_each_connection_is_tested_and_one_that_fails_is_told(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = answer(workspace, capsys, "test")
    assert code == 1
    for name in ("shop", "files", "lite", "duck"):
        assert f"✓ {name}" in out
    assert "✗ gone: there is no such database file" in out
    assert answer(workspace, capsys, "test", "shop", "duck")[0] == 0
    (workspace.root / ".env").write_text("SHOP=not-the-right-one\n")
    code, out, err = answer(workspace, capsys, "test", "shop", "--json")
    assert code == 1
    assert "refuses the login" in json.loads(out)[0]["what"]
    assert "not-the-right-one" not in out + err
    code, _, err = answer(workspace, capsys, "tables", "shpo")
    assert (code != 0, "did you mean 'shop'" in err) == (True, True)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("shop", [("public", "orders", "table"), ("public", "recent", "view")]),
        ("lite", [("", "t", "table")]),
        ("duck", [("main", "d", "table")]),
        ("files", [("", "2026/a.csv", "file")]),
    ],
)
def test_what_is_behind_a_connection_is_listed(
    workspace: Workspace, capsys: pytest.CaptureFixture[str], name: str, listed: list[tuple[str, str, str]]
) -> None:
    code, out, _ = answer(workspace, capsys, "tables", name, "--json")
    assert code == 0
    assert [(table["schema"], table["name"], table["kind"]) for table in json.loads(out)] == listed


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("name", "table", "rows"),
    [
        ("shop", "orders", [{"id": 1}, {"id": 2}]),
        ("shop", "SELECT id + 1 AS id FROM orders ORDER BY id LIMIT 2", [{"id": 2}, {"id": 3}]),
        ("lite", "t", [{"a": 7}]),
        ("duck", "d", [{"a": 8}]),
        ("files", "2026/a.csv", [{"id": 1}]),
    ],
)
def test_first_rows_are_shown(
    workspace: Workspace,
    capsys: pytest.CaptureFixture[str],
    name: str,
    table: str,
    rows: list[dict[str, int]],
) -> None:
    code, out, err = answer(workspace, capsys, "preview", name, table, "--rows", "2", "--json")
    assert code == 0, err
    assert json.loads(out)["rows"] == rows
