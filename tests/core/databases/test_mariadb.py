"""MariaDB: types both ways, modes, pushdown, errors; on a real server."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pymysql import MySQLError
from tests.conftest import Run
from tests.core.databases.conftest import connect
from tests.servers import DatabaseServer, free_port

from odibi_core.errors import SourceError, TransientError
from odibi_core.formats.mysql_session import connected, explained
from odibi_core.formats.servers import Server
from odibi_core.run_result import RunResult
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

TYPES = """CREATE TABLE everything (
    i int, big bigint unsigned, small smallint, tiny tinyint, yes boolean, f4 float, f8 double,
    price decimal(10,2), n decimal(12,0) unsigned, t text, v varchar(20), c char(3), b blob, d date,
    ti time(1), ts datetime(6), tz timestamp(6) NULL, y year, e enum('sad', 'glad'), `odd ``name"` text)"""
VALUES = """INSERT INTO everything VALUES (
    1, 18446744073709551615, 3, -5, true, 1.5, 2.5, 12.34, 7, 'hörse ✓', 'v', 'ab', x'00ff', '2024-02-29',
    '10:11:12.5', '2024-01-02 03:04:05.678901', '2024-01-02 03:04:05', 2024, 'glad', 'odd')"""
WRITTEN = """SELECT 1::INTEGER AS i, 9007199254740993 AS big, true AS yes, 1.5::FLOAT AS f4,
    2.5::DOUBLE AS f8,
    12.34::DECIMAL(10,2) AS price, 'hö "q", \\ ✓' || chr(10) || 'NULL' AS t, '\\x00\\xFF'::BLOB AS b,
    DATE '2024-02-29' AS d, TIME '10:11:12.5' AS ti, TIMESTAMP '2024-01-02 03:04:05.678901' AS ts,
    TIMESTAMPTZ '2024-01-02 03:04:05+02' AS tz, '{"b": 1}'::JSON AS j, '' AS empty, 'NULL' AS word,
    '00000000-0000-0000-0000-0000000000ff'::UUID AS u, [1, NULL, 3] AS ints, {'x': 1, 'y': 'z'} AS s,
    7::UTINYINT AS tiny, 18446744073709551615::UBIGINT AS ub, NULL AS nothing"""


def read(run: Run, value: str, **params: Any) -> RunResult:
    return run([ingest_step("rows", value, connection="shop", **params)])


def rows_of(result: RunResult, key: str = "rows") -> list[dict[str, Any]]:
    assert result.success, result.errors
    return list(result.data_map.dataset(key).arrow().to_pylist())


def saved(run: Run, sql: str, table: str = "t", **params: Any) -> RunResult:
    return run([sql_step("made", sql), store_step("saved", table, "made", connection="shop", **params)])


def test_every_type_is_read_as_itself(run: Run, maria: DatabaseServer) -> None:
    maria.execute("SET time_zone = '+00:00'", TYPES, VALUES, "INSERT INTO everything (i) VALUES (NULL)")
    result = read(run, "everything")
    row, nulls = rows_of(result)
    assert result.data_map.dataset("rows").schema.as_dict() == {
        "i": "INTEGER",
        "big": "UBIGINT",
        "small": "SMALLINT",
        "tiny": "TINYINT",
        "yes": "BOOLEAN",
        "f4": "FLOAT",
        "f8": "DOUBLE",
        "price": "DECIMAL(10,2)",
        "n": "DECIMAL(12,0)",
        "t": "VARCHAR",
        "v": "VARCHAR",
        "c": "VARCHAR",
        "b": "BLOB",
        "d": "DATE",
        "ti": "TIME",
        "ts": "TIMESTAMP",
        "tz": "TIMESTAMP WITH TIME ZONE",
        "y": "SMALLINT",
        "e": "VARCHAR",
        'odd `name"': "VARCHAR",
    }
    assert (row["big"], row["tiny"], row["yes"]) == (18446744073709551615, -5, True)
    assert (row["price"], row["n"]) == (Decimal("12.34"), Decimal(7))
    assert (row["t"], row["b"], row['odd `name"'], row["e"]) == ("hörse ✓", b"\x00\xff", "odd", "glad")
    assert row["ts"] == dt.datetime(2024, 1, 2, 3, 4, 5, 678901)
    assert row["tz"].astimezone(dt.UTC).tzinfo == dt.UTC
    assert (row["d"], row["ti"], row["y"]) == (dt.date(2024, 2, 29), dt.time(10, 11, 12, 500000), 2024)
    assert set(nulls.values()) == {None}


@pytest.mark.parametrize("takes_files", [True, False])
def test_every_type_is_written_as_itself(run: Run, maria: DatabaseServer, takes_files: bool) -> None:
    maria.execute(f"SET GLOBAL local_infile = {int(takes_files)}")
    result = saved(run, f"{WRITTEN} UNION ALL BY NAME SELECT NULL AS i")
    assert result.success, result.errors
    row, nulls = rows_of(read(run, "t"))
    assert (row["i"], row["big"], row["yes"]) == (1, 9007199254740993, True)
    assert (row["price"], row["ub"], row["tiny"]) == (Decimal("12.34"), 18446744073709551615, 7)
    assert (row["t"], row["b"]) == ('hö "q", \\ ✓\nNULL', b"\x00\xff")
    assert (row["empty"], row["word"]) == ("", "NULL")
    assert row["ts"] == dt.datetime(2024, 1, 2, 3, 4, 5, 678901)
    assert row["tz"] == dt.datetime(2024, 1, 2, 1, 4, 5, tzinfo=dt.UTC)
    assert (row["d"], row["ti"]) == (dt.date(2024, 2, 29), dt.time(10, 11, 12, 500000))
    assert row["u"] == "00000000-0000-0000-0000-0000000000ff"
    assert (json.loads(row["j"]), json.loads(row["ints"])) == ({"b": 1}, [1, None, 3])
    assert json.loads(row["s"]) == {"x": 1, "y": "z"}
    assert set(nulls.values()) == {None}


def test_rows_that_do_not_fit_change_nothing(run: Run, maria: DatabaseServer) -> None:
    maria.execute("CREATE TABLE t (a int PRIMARY KEY, b varchar(3))", "INSERT INTO t VALUES (1, 'x')")
    for rows in ("SELECT 1 AS a, 'y' AS b", "SELECT 2 AS a, 'too long' AS b"):
        error = saved(run, f"{rows} UNION ALL SELECT 9, 'z'", mode="append").errors["saved"]
        assert "the rows don't fit the table" in error.what
    maria.execute("SET GLOBAL local_infile = 0")
    error = saved(run, "SELECT 1 AS a, 'y' AS b UNION ALL SELECT 9, 'z'", mode="append").errors["saved"]
    assert "Duplicate entry" in error.what
    assert maria.rows("SELECT * FROM t") == [(1, "x")]


def test_rows_that_do_not_fit_are_told_where_the_server_keeps_no_warnings(
    run: Run, maria: DatabaseServer
) -> None:
    maria.execute("CREATE TABLE t (a int PRIMARY KEY, b varchar(3))", "INSERT INTO t VALUES (1, 'x')")
    maria.execute("SET GLOBAL max_error_count = 0")
    try:
        for rows in ("SELECT 1 AS a, 'y' AS b", "SELECT 2 AS a, 'too long' AS b"):
            error = saved(run, rows, mode="append").errors["saved"]
            assert "the rows don't fit the table" in error.what
    finally:
        maria.execute("SET GLOBAL max_error_count = DEFAULT")
    assert maria.rows("SELECT * FROM t") == [(1, "x")]


def test_only_the_columns_and_rows_that_are_needed_are_asked_for(run: Run, maria: DatabaseServer) -> None:
    maria.execute(
        "CREATE TABLE orders AS SELECT seq AS id, seq % 10 AS k, concat('text ', seq) AS t, "
        "date_add('2024-01-01', INTERVAL seq DAY) AS d FROM seq_1_to_1000"
    )
    sql = "SELECT sum(id) AS s FROM orders WHERE k IN (1, 2) AND id < 100 AND t <> 'TEXT 1'"
    result = run([ingest_step("orders", "orders", connection="shop"), sql_step("some", sql, "orders")])
    assert int(rows_of(result, "some")[0]["s"]) == sum(n for n in range(100) if n % 10 in (1, 2))
    asked = [line for line in maria.statements().splitlines() if "FROM `shop`.`orders` WHERE" in line]
    assert any("`id` < 100" in line and "`d`" not in line and "TEXT 1" not in line for line in asked)
    sql = "SELECT id FROM orders WHERE t = 'TEXT 1'"
    equal = run([ingest_step("orders", "orders", connection="shop"), sql_step("some", sql, "orders")])
    assert rows_of(equal, "some") == []


def test_a_query_and_another_type_for_a_column(run: Run, maria: DatabaseServer) -> None:
    maria.execute("CREATE TABLE t (a tinyint(1), d decimal(40,20))", "INSERT INTO t VALUES (5, 0.5)")
    assert "neither 0 nor 1" in str(read(run, "t").errors["rows"])
    assert rows_of(read(run, "SELECT a, a + 1 AS b FROM t;", schema={"a": "INTEGER"})) == [{"a": 5, "b": 6}]


def test_wrong_logins_missing_tables_and_lost_servers_are_told(
    run: Run, maria: DatabaseServer, workspace: Workspace
) -> None:
    maria.execute("CREATE TABLE orders (a int)")
    error = read(run, "ordrs").errors["rows"]
    assert "has no table 'ordrs'" in error.what
    assert "orders" in error.fix
    assert "nope" in str(read(run, "SELECT nope FROM orders").errors["rows"])
    (workspace.root / ".env").write_text("SHOP=not-the-right-one\n")
    error = read(run, "orders").errors["rows"]
    assert isinstance(error, SourceError)
    assert "refuses the login" in error.what
    assert "not-the-right-one" not in str(error)
    connect(workspace, maria, port=free_port())
    error = read(run, "orders").errors["rows"]
    assert isinstance(error, TransientError)
    assert "can't be reached" in error.what


def test_a_connection_that_is_lost_while_rows_come_may_be_tried_again(
    run: Run, maria: DatabaseServer
) -> None:
    maria.execute(
        "CREATE TABLE tries (n int)",
        "CREATE FUNCTION lose(i int) RETURNS int READS SQL DATA BEGIN "
        "IF i = 2500 THEN KILL CONNECTION CONNECTION_ID(); END IF; RETURN i; END",
    )
    error = read(run, "SELECT lose(seq) AS i FROM seq_1_to_300000").errors["rows"]
    assert isinstance(error, TransientError), repr(error)


def test_the_system_finds_out_that_a_server_is_gone(maria: DatabaseServer) -> None:
    with connected(server_of(maria)) as session:
        sock = session.connection._sock
        assert sock.gettimeout() is None  # a query may take long
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        assert session.rows("SELECT sleep(0), 'up'") == [("0", "up")]


def test_no_file_is_sent_but_the_one_that_is_offered(maria: DatabaseServer, tmp_path: Path) -> None:
    private, offered = tmp_path / "private", tmp_path / "hörse, offered"
    private.write_text("mine\n")
    offered.write_text("yours\n")
    maria.execute("CREATE TABLE t (a text)")
    load = "LOAD DATA LOCAL INFILE %s INTO TABLE t CHARACTER SET utf8mb4 (a)"
    for sends_files in (False, True):
        with (
            connected(server_of(maria), sends_files=sends_files) as session,
            pytest.raises(MySQLError),
        ):
            session.execute(load, [str(private)])
    with connected(server_of(maria), sends_files=True) as session:
        assert session.load_file(load, offered) == 1
        session.connection.commit()
    assert maria.rows("SELECT a FROM t") == [("yours",)]


@pytest.mark.parametrize("sends_files", [False, True])
def test_a_server_that_asks_for_a_file_gets_none(
    maria: DatabaseServer, tmp_path: Path, sends_files: bool
) -> None:
    private = tmp_path / "private"
    private.write_text("mine, and nobody else's\n")
    with asking_server(maria.port, private) as (port, sent):
        server = replace(server_of(maria), port=port)
        with (
            pytest.raises(SourceError, match="which nobody offered it"),
            connected(server, sends_files=sends_files) as session,
            explained("shop", SourceError),
        ):
            session.rows("SELECT 'a file, please'")
    assert b"a file, please" in sent
    assert b"nobody else" not in sent


def server_of(maria: DatabaseServer) -> Server:
    """What leads to the server."""
    return Server("mysql", "127.0.0.1", maria.port, "shop", maria.user, maria.password)


@contextmanager
def asking_server(port: int, file: Path) -> Iterator[tuple[int, bytearray]]:
    """A server before a real one that answers a query by asking for a file; its port, and all that it got."""
    sent = bytearray()

    def serve() -> None:
        client, _ = listener.accept()
        with client, socket.create_connection(("127.0.0.1", port), 30) as real:
            client.settimeout(30)
            thread = threading.Thread(target=pass_on, args=(real, client))
            thread.start()
            with suppress(OSError):
                while got := client.recv(65_536):
                    sent.extend(got)
                    if b"a file, please" in got:
                        question = b"\xfb" + bytes(file)
                        client.sendall(len(question).to_bytes(3, "little") + b"\x01" + question)
                    else:
                        real.sendall(got)
            real.shutdown(socket.SHUT_RDWR)
            thread.join(30)

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while got := source.recv(65_536):
                target.sendall(got)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        server = threading.Thread(target=serve)
        server.start()
        yield int(listener.getsockname()[1]), sent
        server.join(30)
