"""Databases by their SQLAlchemy dialect; what SQL Server would be asked, which is not here."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import sys
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
import sqlalchemy as sa
import sqlalchemy.dialects.mssql
import sqlalchemy.dialects.oracle
import sqlglot
from tests.conftest import Run
from tests.core.databases.conftest import by_url, connect
from tests.servers import DatabaseServer, free_port
from tests.waiting import wait_until

from odibi_core.connection_desk import ConnectionDesk
from odibi_core.connections import SqlserverConnection
from odibi_core.errors import MissingPackageError, OdibiError, SourceError, TransientError
from odibi_core.formats.dialect_created import created, sent_sql, stored_type
from odibi_core.formats.dialect_errors import told
from odibi_core.formats.dialect_filters import conditions
from odibi_core.formats.dialect_types import column_of, sampled_column
from odibi_core.formats.dialect_urls import full_url, open_engine
from odibi_core.formats.dialect_writing import update_statement
from odibi_core.formats.pushed import Compared
from odibi_core.formats.registry import format_named
from odibi_core.formats.servers import Server
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

# Which have no types of their own.
mssql: Any = sa.dialects.mssql
oracle: Any = sa.dialects.oracle

SQLSERVER = """[connections.erp]
kind = "sqlserver"
host = "127.0.0.1"
port = {port}
database = "erp"
user = "etl"
password = "${{secret:ERP}}"
options = {{ TrustServerCertificate = "yes" }}
"""


def read(run: Run, value: str, **params: Any) -> RunResult:
    return run([ingest_step("rows", value, connection="shop", **params)])


def rows_of(result: RunResult, key: str = "rows") -> list[dict[str, Any]]:
    assert result.success, result.errors
    return list(result.data_map.dataset(key).arrow().to_pylist())


def schema_of(result: RunResult) -> dict[str, str]:
    assert result.success, result.errors
    return result.data_map.dataset("rows").schema.as_dict()


@pytest.fixture
def shop_url(shop: DatabaseServer, workspace: Workspace) -> DatabaseServer:
    by_url(workspace, shop)
    return shop


@pytest.fixture
def maria_url(maria: DatabaseServer, workspace: Workspace) -> DatabaseServer:
    by_url(workspace, maria)
    return maria


def test_types_of_postgresql_are_kept(run: Run, shop_url: DatabaseServer) -> None:
    shop_url.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE TABLE t (i int, small smallint, yes boolean, f4 real, price numeric(10,2), n numeric, "
        "c char(3), tz timestamptz, iv interval, jb jsonb, u uuid, ints int[], a inet, r int4range, "
        "m mood, b bytea)",
        "INSERT INTO t VALUES (1, 2, true, 1.5, 12.34, 1e-18, 'ab', '2024-01-02 03:04:05+02', '1 mon', "
        "'{\"x\": 1.10}', '00000000-0000-0000-0000-0000000000ff', '{1,null}', '10.0.0.1/8', '[1,5)', 'glad', "
        "'\\x00ff')",
    )
    result = read(run, "t")
    assert schema_of(result) == {
        "i": "INTEGER",
        "small": "SMALLINT",
        "yes": "BOOLEAN",
        "f4": "FLOAT",
        "price": "DECIMAL(10,2)",
        "n": "DECIMAL(38,18)",
        "c": "VARCHAR",
        "tz": "TIMESTAMP WITH TIME ZONE",
        "iv": "VARCHAR",
        "jb": "JSON",
        "u": "UUID",
        "ints": "VARCHAR",
        "a": "VARCHAR",
        "r": "VARCHAR",
        "m": "VARCHAR",
        "b": "BLOB",
    }
    (row,) = rows_of(result)
    assert (row["jb"], row["a"], row["iv"], row["m"]) == ('{"x": 1.10}', "10.0.0.1/8", "1 mon", "glad")
    copied = [ingest_step("rows", "t", connection="shop")]
    copied.append(store_step("saved", "t", "rows", connection="shop", mode="append"))
    # What is read as text is turned into what it was.
    with pytest.raises(OdibiError, match="also the source"):
        run(copied)
    shop_url.execute("CREATE TABLE u (LIKE t)")
    copied[1] = store_step("saved", "u", "rows", connection="shop", mode="append")
    written = run(copied)
    assert written.success, written.errors
    assert shop_url.rows("SELECT x::text FROM t x") == shop_url.rows("SELECT x::text FROM u x")


def test_types_of_mariadb_are_kept(run: Run, maria_url: DatabaseServer) -> None:
    maria_url.execute(
        "SET time_zone = '+00:00'",
        "CREATE TABLE t (yes boolean, tiny tinyint, big bigint unsigned, f float, price decimal(10,2), "
        "tz timestamp(6) NULL, ts datetime(6), ti time(1), y year, e enum('sad', 'glad'), b blob, bi bit(3))",
        "INSERT INTO t VALUES (1, -5, 18446744073709551615, 1.5, 12.34, '2024-01-02 03:04:05', "
        "'2024-01-02 03:04:05.5', '10:11:12.5', 2024, 'glad', x'00ff', b'101')",
    )
    result = read(run, "t")
    assert schema_of(result) == {
        "yes": "BOOLEAN",
        "tiny": "SMALLINT",
        "big": "DECIMAL(20,0)",
        "f": "DOUBLE",
        "price": "DECIMAL(10,2)",
        "tz": "TIMESTAMP WITH TIME ZONE",
        "ts": "TIMESTAMP",
        "ti": "TIME",
        "y": "SMALLINT",
        "e": "VARCHAR",
        "b": "BLOB",
        "bi": "VARCHAR",
    }
    (row,) = rows_of(result)
    assert (int(row["big"]), row["tz"].isoformat()) == (18446744073709551615, "2024-01-02T03:04:05+00:00")


def test_columns_of_a_query_are_told_by_its_rows(run: Run, shop_url: DatabaseServer) -> None:
    query = (
        "SELECT 1 AS i, 1.50::numeric(8,2) AS d, now() AS tz, 'x' AS t, '{}'::jsonb AS j, "
        "NULL::int AS gone, date '2024-02-29' AS day"
    )
    assert schema_of(read(run, query)) == {
        "i": "BIGINT",
        "d": "DECIMAL(8,2)",
        "tz": "TIMESTAMP WITH TIME ZONE",
        "t": "VARCHAR",
        "j": "JSON",
        "gone": "DOUBLE",
        "day": "DATE",
    }
    late = "SELECT CASE WHEN i > 1500 THEN 'late' ELSE NULL END AS t, i FROM generate_series(1, 2000) i"
    assert rows_of(read(run, late))[-1] == {"t": "late", "i": 2000}
    assert "same name" in str(read(run, "SELECT 1 AS a, 2 AS a").errors["rows"])


@pytest.mark.parametrize("kind", ["shop_url", "maria_url"])
def test_only_the_columns_and_rows_that_are_needed_are_asked_for(
    request: pytest.FixtureRequest, run: Run, kind: str
) -> None:
    server: DatabaseServer = request.getfixturevalue(kind)
    assert run(
        [
            sql_step(
                "made",
                "SELECT range::INTEGER AS id, (range % 10)::INTEGER AS k, 'text ' || range AS t, "
                "DATE '2024-01-01' + range::INTEGER AS d FROM range(1000)",
            ),
            store_step("saved", "orders", "made", connection="shop"),
        ]
    ).success
    sql = (
        "SELECT sum(id) AS s FROM orders WHERE k IN (1, 2) AND id < 100 AND t <> 'TEXT 1' "
        "AND d BETWEEN DATE '2024-01-01' AND DATE '2030-01-01'"
    )
    result = run([ingest_step("orders", "orders", connection="shop"), sql_step("some", sql, "orders")])
    assert int(rows_of(result, "some")[0]["s"]) == sum(n for n in range(100) if n % 10 in (1, 2))
    told = server.statements()
    asked = [told[at.start() : at.start() + 600] for at in re.finditer(r"SELECT .orders.\..id", told)]
    assert any("id" + q + " < 100" in text and "2030" in text for text in asked for q in '"`')
    assert "TEXT 1" not in told
    equal = "SELECT id FROM orders WHERE t = 'TEXT 1'"
    result = run([ingest_step("orders", "orders", connection="shop"), sql_step("some", equal, "orders")])
    assert rows_of(result, "some") == []


def test_readers_of_a_large_table_keep_little_in_memory(run: Run, shop_url: DatabaseServer) -> None:
    shop_url.execute("CREATE TABLE t AS SELECT i, repeat('x', 500) AS t FROM generate_series(1, 40000) i")
    steps = [
        ingest_step("rows", "t", connection="shop"),
        sql_step("some", "SELECT count(t) AS n FROM rows", "rows"),
    ]
    assert rows_of(run(steps), "some") == [{"n": 40000}]
    # A cursor of the server, of which some rows are fetched at a time.
    log = shop_url.statements()
    assert re.search(r"DECLARE .* CURSOR", log)
    assert len(re.findall(r"FETCH FORWARD \d+ FROM", log)) >= 4


def test_a_connection_that_is_lost_while_rows_come_may_be_tried_again(
    run: Run, shop_url: DatabaseServer
) -> None:
    shop_url.execute(
        "CREATE TABLE t AS SELECT i FROM generate_series(1, 60000) i",
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION lose(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
        "IF i = 50000 AND nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; "
        "RETURN i; END $$",
        "CREATE VIEW losing AS SELECT lose(i) AS i FROM t",
    )
    steps = [
        ingest_step("rows", "losing", connection="shop", max_retries=3, retry_delay=0.01),
        sql_step("count", "SELECT count(*) AS n, sum(i) AS s FROM rows", "rows"),
    ]
    (row,) = rows_of(run(steps, max_retries=3, retry_delay=0.01), "count")
    assert (row["n"], int(row["s"])) == (60000, 60000 * 60001 // 2)
    assert shop_url.rows("SELECT last_value > 1 FROM tries") == [(True,)]


def test_a_write_that_loses_its_connection_leaves_the_table_as_it_was(
    run: Run, shop_url: DatabaseServer
) -> None:
    shop_url.execute(
        "CREATE TABLE t (a bigint)",
        "INSERT INTO t VALUES (-1)",
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF new.a = 15000 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN new; END $$",
        "CREATE TRIGGER lose BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION lose()",
    )
    steps = [
        sql_step("made", "SELECT range AS a FROM range(20000)"),
        store_step("saved", "t", "made", connection="shop", mode="append"),
    ]
    error = run(steps).errors["saved"]
    assert isinstance(error, TransientError), repr(error)
    assert shop_url.rows("SELECT a FROM t") == [(-1,)]


def test_a_step_that_is_stopped_ends_its_query(workspace: Workspace, shop_url: DatabaseServer) -> None:
    step = ingest_step(
        "rows",
        "SELECT i, pg_sleep(CASE WHEN i > 20000 THEN 120 ELSE 0 END)::text AS s "
        "FROM generate_series(1, 30000) i",
        connection="shop",
        materialize=True,
        timeout_s=2,
    )
    with Orchestrator([step], workspace=workspace).execute() as result:
        assert "rows" in result.failed_nodes
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'FETCH%' AND pid <> pg_backend_pid() "
        "AND state = 'active'"
    )
    wait_until(lambda: not shop_url.rows(waiting))


def test_writers_of_both_kinds_of_connection_take_turns(
    run: Run, workspace: Workspace, shop: DatabaseServer
) -> None:
    steps = [
        sql_step("made", "SELECT 1 AS a"),
        store_step("saved", "t", "made", connection="shop", mode="append"),
    ]
    assert run(steps).success
    by_url(workspace, shop)
    assert run(steps).success
    connect(workspace, shop)
    assert run(steps).success
    assert shop.rows("SELECT count(*), count(DISTINCT ticket) FROM t, odibi_writes") == [(9, 3)]


def test_tables_and_views_are_listed_tested_and_looked_at(
    workspace: Workspace, shop_url: DatabaseServer
) -> None:
    shop_url.execute(
        "CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 50) i",
        "CREATE SCHEMA sales",
        'CREATE TABLE sales."Odd.Table" (a int)',
        "CREATE SCHEMA db_shop",
        "CREATE TABLE db_shop.orders (a int)",
        "CREATE VIEW recent AS SELECT * FROM orders",
    )
    desk = ConnectionDesk(workspace)
    desk.test("shop")
    tables = desk.tables("shop")
    shop_url.execute("DROP SCHEMA db_shop CASCADE")
    assert [(each.schema, each.name, each.kind) for each in tables] == [
        ("db_shop", "orders", "table"),
        ("public", "orders", "table"),
        ("public", "recent", "view"),
        ("sales", "Odd.Table", "table"),
    ]
    assert desk.preview("shop", 'sales."Odd.Table"', 5).rows.num_rows == 0
    assert len(desk.preview("shop", "orders", 5).rows) == 5


def test_values_of_sqlite_that_are_not_of_their_type_are_told(run: Run, workspace: Workspace) -> None:
    path = workspace.root / "shop.db"
    (workspace.root / "odibi.toml").write_text(
        f'[connections.shop]\nkind = "sqlalchemy"\nurl = "sqlite:///{path}"\n'
    )
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t (i INTEGER, d DATE, p DECIMAL(8,2), x)")
        database.execute("INSERT INTO t VALUES (1, '2024-02-29', 1.25, 'any'), (2, 'soon', 2.5, 7)")
        database.commit()
    error = read(run, "t").errors["rows"]
    assert "column 'd' holds a value that is not of type date32" in error.what
    assert "schema: {d: VARCHAR}" in error.fix
    assert rows_of(read(run, "t", schema={"d": "VARCHAR"}))[1]["d"] == "soon"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE u (s TEXT)")
        database.execute("INSERT INTO u VALUES ('text'), (x'ff00')")
        database.commit()
    assert "column 's' holds a value that is not of type string" in read(run, "u").errors["rows"].what
    nan = [
        sql_step("made", "SELECT 'nan'::DOUBLE AS a"),
        store_step("saved", "n", "made", connection="shop"),
    ]
    assert "NaN" in str(run(nan).errors["saved"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('url = "postgresql+psycopg://u:hunter22@h/d"', "must hold no password"),
        ('url = "mssql+pymssql://u@h/d?password=hunter22"', "must hold no password"),
        ('url = "what is this"', "a URL that names a dialect"),
        ('url = "sqlite:///shop.db"', "its whole path"),
        ('url = "oracle+oracledb://u@h/d"\npassword = "hunter22"', r"must be \$\{secret:NAME\}"),
    ],
)
def test_a_url_that_holds_a_password_or_is_none_is_refused(
    workspace: Workspace, settings: str, said: str
) -> None:
    (workspace.root / "odibi.toml").write_text(f'[connections.shop]\nkind = "sqlalchemy"\n{settings}\n')
    with pytest.raises(OdibiError, match=said) as caught:
        workspace.load()
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "said", "fix"),
    [
        ("nosuch+thing://h/d", "no installed package has SQLAlchemy's dialect 'nosuch.thing'", "package"),
        ("oracle+oracledb://h/d", "the driver 'oracledb'", "pip install oracledb"),
    ],
)
def test_a_dialect_or_driver_that_is_missing_is_named(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, url: str, said: str, fix: str
) -> None:
    monkeypatch.setitem(sys.modules, "oracledb", None)
    (workspace.root / "odibi.toml").write_text(f'[connections.shop]\nkind = "sqlalchemy"\nurl = "{url}"\n')
    with pytest.raises(MissingPackageError) as caught:
        ConnectionDesk(workspace).test("shop")
    assert re.search(said, caught.value.what)
    assert fix in caught.value.fix


def test_the_driver_of_sql_server_is_named_where_it_is_missing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mssql_python", None)
    (workspace.root / "odibi.toml").write_text(SQLSERVER.format(port=1433))
    (workspace.root / ".env").write_text("ERP=hush-hush\n")
    with pytest.raises(MissingPackageError, match="mssql_python") as caught:
        ConnectionDesk(workspace).test("erp")
    assert caught.value.fix == 'pip install "odibi-studio[sqlserver]"'


def test_a_sql_server_that_is_not_there_may_be_tried_again(workspace: Workspace) -> None:
    (workspace.root / "odibi.toml").write_text(SQLSERVER.format(port=free_port()))
    (workspace.root / ".env").write_text("ERP=hush-hush\n")
    with pytest.raises(TransientError, match="can't be reached") as caught:
        ConnectionDesk(workspace).test("erp")
    assert "hush-hush" not in str(caught.value)
    assert "sqlserver://127.0.0.1:" in caught.value.where


def test_an_option_that_the_driver_of_sql_server_does_not_know_is_told(workspace: Workspace) -> None:
    settings = SQLSERVER.format(port=free_port()).replace("TrustServerCertificate", "TrustServerCert")
    (workspace.root / "odibi.toml").write_text(settings)
    (workspace.root / ".env").write_text("ERP=hush-hush\n")
    with pytest.raises(SourceError, match="the driver can't begin a connection") as caught:
        ConnectionDesk(workspace).test("erp")
    assert "'trustservercert' is not recognized" in caught.value.what
    assert "check options and url" in caught.value.fix
    assert "hush-hush" not in str(caught.value)


def test_a_connection_that_cannot_even_be_closed_prints_no_traceback(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(Server("", "", 0, "", "", "", url=f"sqlite:///{workspace.root}/a.db"), 5, 5)
    connection = engine.connect()
    driver: Any = connection.connection.driver_connection

    def fail(_: object) -> None:
        raise ConnectionError("lost")

    monkeypatch.setattr(engine.dialect, "do_close", fail)
    connection.invalidate()
    driver.close()
    assert caplog.records == []


def test_columns_of_a_query_without_values_are_of_the_types_that_sql_servers_driver_tells() -> None:
    dialect = mssql.mssqlpython.dialect()
    told: list[tuple[Any, ...]] = [
        *((int, None, 10, 10, 0, True), (Decimal, None, 12, 12, 3, True), (float, None, 53, 53, 0, True)),
        *((dt.datetime, None, 27, 27, 7, True), (bytes, None, 5, 5, 0, True), (str, None, 0, 0, 0, True)),
        *((dt.date, None, 10, 10, 0, True), (UUID, None, 36, 36, 0, True), (bool, None, 1, 1, 0, True)),
    ]
    found = [sampled_column("c", (None, None), ("c", *each), dialect).type for each in told]
    assert found == [
        *("BIGINT", "DECIMAL(12,3)", "DOUBLE", "TIMESTAMP", "BLOB", "VARCHAR", "DATE", "UUID", "BOOLEAN"),
    ]


def test_rows_go_to_sql_server_by_columns() -> None:
    connection = SqlserverConnection(
        kind="sqlserver", host="db", database="erp", user="etl", password="${secret:ERP}"
    )
    # Else nulls have no type, and each value is a parameter of one long statement.
    assert not open_engine(connection.server(lambda _: "p"), 5, 5).dialect.use_insertmanyvalues


def test_sql_server_is_told_who_logs_in_by_the_connection(workspace: Workspace) -> None:
    connection = SqlserverConnection(
        kind="sqlserver", host="db", database="erp", user="etl", password="${secret:ERP}", schema_name="sales"
    )
    server = connection.server(lambda _: "p;w}")
    url = full_url(server)
    assert url.render_as_string(hide_password=True) == "mssql+mssqlpython://etl:***@db:1433/erp"
    ((text,), _) = url.get_dialect()().create_connect_args(url)
    assert "PWD={p;w}}}" in text
    assert str(server) == "sqlserver://db:1433/erp"
    assert format_named("sqlserver").abilities.merge


def test_types_of_sql_server_both_ways() -> None:
    dialect = mssql.mssqlpython.dialect()
    made = {
        type_: created(type_, dialect).compile(dialect)  # type: ignore[union-attr]
        for type_ in ("BOOLEAN", "TINYINT", "DECIMAL(12,3)", "VARCHAR", "BLOB", "TIMESTAMP", "UUID", "JSON")
    }
    assert made == {
        "BOOLEAN": "BIT",
        "TINYINT": "SMALLINT",
        "DECIMAL(12,3)": "NUMERIC(12, 3)",
        "VARCHAR": "NVARCHAR(max)",
        "BLOB": "VARBINARY(max)",
        "TIMESTAMP": "DATETIME2(6)",
        "UUID": "UNIQUEIDENTIFIER",
        "JSON": "NVARCHAR(max)",
    }
    moment = created("TIMESTAMP WITH TIME ZONE", dialect)
    assert moment is not None
    assert moment.compile(dialect) == "DATETIMEOFFSET(6)"
    assert stored_type("TIMESTAMP WITH TIME ZONE", dialect) == "TIMESTAMP WITH TIME ZONE"
    assert (stored_type("UUID", dialect), stored_type("FLOAT", dialect)) == ("UUID", "FLOAT")
    found: dict[Any, str] = {
        mssql.BIT(): "BOOLEAN",
        mssql.TINYINT(): "SMALLINT",
        mssql.MONEY(): "DECIMAL(19,4)",
        mssql.DATETIMEOFFSET(): "TIMESTAMP WITH TIME ZONE",
        mssql.UNIQUEIDENTIFIER(): "UUID",
        mssql.XML(): "VARCHAR",
        mssql.SQL_VARIANT(): "VARCHAR",
        mssql.ROWVERSION(): "BLOB",
    }
    assert {type_: column_of("c", type_, dialect).type for type_ in found} == found
    assert column_of("c", oracle.NUMBER(10, 2), oracle.dialect()).type == "DECIMAL(10,2)"


class BIGINT(sa.Integer):
    """As dialects have it that bring types of their own."""

    __visit_name__ = "BIGINT"


class Huge(sa.Integer):
    """Of unknown size."""

    __visit_name__ = "COUNTER"


def test_whole_numbers_of_dialects_with_types_of_their_own_fit() -> None:
    dialect = sa.create_engine("sqlite://").dialect
    dialect.name = "other"

    found = {type(type_): column_of("n", type_, dialect).type for type_ in (BIGINT(), Huge(), sa.Integer())}

    assert found == {BIGINT: "BIGINT", Huge: "BIGINT", sa.Integer: "INTEGER"}


def test_a_database_without_schemas_is_listed(
    run: Run, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(workspace.root / "a.db")) as database:
        database.execute("CREATE TABLE orders (id BIGINT)")
    url = f"sqlite:///{workspace.root}/a.db"
    (workspace.root / "odibi.toml").write_text(f'[connections.shop]\nkind = "sqlalchemy"\nurl = "{url}"\n')

    def unknown(*_: object, **__: object) -> list[str]:
        raise NotImplementedError

    monkeypatch.setattr(sa.create_engine("sqlite://").dialect.__class__, "get_schema_names", unknown)

    result = read(run, "order")
    assert "did you mean 'orders'?" in str(result.errors["rows"])


def test_what_firebird_lacks_is_refused() -> None:
    dialect = sa.create_engine("sqlite://").dialect
    dialect.name, dialect.server_version_info = "firebird.firebird", (3, 0)

    for type_ in ("DECIMAL(19,2)", "HUGEINT", "TIMESTAMP WITH TIME ZONE"):
        assert created(type_, dialect) is None
    made = created("DOUBLE", dialect)
    assert made is not None
    assert made.compile(dialect=dialect) == "DOUBLE PRECISION"
    sent = f"SELECT {sent_sql('at', 'TIMESTAMP', dialect)} FROM (SELECT ?::TIMESTAMP AS at)"
    assert duckdb.execute(sent, ["2024-01-31 10:00:00.1234"]).fetchall()
    with pytest.raises(duckdb.Error, match="column 'at' is finer than the four digits"):
        duckdb.execute(sent, ["2024-01-31 10:00:00.12345"])


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Dynamic SQL Error\n-SQL error code = -204\n-Table unknown\n-NEU", "-204: Table unknown: NEU"),
        ("Your user name and password are not defined. Ask\n", "refuses the login: Your user name"),
        (
            "ORA-00942: table or view does not exist\nHelp: https://docs",
            "ORA-00942: table or view does not exist\n",
        ),
        (
            "Driver Error: Invalid authorization; DDBC Error: [Microsoft][SQL Server]Login failed",
            "refuses the login: Login failed\n",
        ),
        (
            "Driver Error: Server rejected the connection; DDBC Error: [Microsoft][SQL Server]Cannot open "
            'database "shpo" requested by the login. The login failed.',
            'there is no such database, or the user may not open it: Cannot open database "shpo"',
        ),
        (
            "Driver Error: Client unable to establish connection; DDBC Error: [Microsoft]SSL Provider: "
            "[error:0A000086:SSL routines::certificate verify failed:self-signed certificate]",
            'options = { TrustServerCertificate = "yes" }',
        ),
    ],
)
def test_what_a_driver_says_over_several_lines_is_told(said: str, wanted: str) -> None:
    error = sa.exc.DatabaseError("SELECT 1", {}, RuntimeError(said))

    assert wanted in str(told(error, "db", SourceError, "other"))


def test_a_certificate_that_nobody_trusts_is_no_lost_connection() -> None:
    said = RuntimeError("SSL Provider: [error:0A000086:SSL routines::certificate verify failed:self-signed]")
    error = sa.exc.OperationalError("", {}, said, connection_invalidated=True)

    found = told(error, "db", SourceError, "mssql")

    assert isinstance(found, SourceError)
    assert "whom this machine trusts" in found.what


def test_filters_in_the_words_of_sql_server() -> None:
    place = sa.table("orders", sa.column("id"), sa.column("yes"), sa.column("Name"), sa.column("d"))
    compared = {
        "id": Compared.NUMBER,
        "yes": Compared.ORDERED,
        "Name": Compared.EQUAL,
        "d": Compared.ORDERED,
    }
    for sql, wanted in (
        ('"id" >= 5 AND "id" <= -3', "orders.id >= 5 AND orders.id <= -3"),
        ('"yes"', "orders.yes = 1"),
        ('NOT "yes" IS NULL', "orders.yes IS NOT NULL"),
        (
            "\"Name\" = 'it''s' OR \"id\" IN (1, 2)",
            "orders.[Name] = N'it''s' OR orders.id = 1 OR orders.id = 2",
        ),
        ("\"d\" < CAST('2024-03-01' AS DATE)", "orders.d < '2024-03-01'"),
        ("\"d\" < CAST('infinity' AS DATE)", ""),
        ('CAST("id" AS BIGINT) = 1', ""),
        ("lower(\"Name\") = 'x'", ""),
    ):
        condition = sqlglot.parse_one(f"SELECT 1 WHERE {sql}", read="duckdb").args["where"].this
        found = conditions([condition], compared, lambda name: place.c[name])
        told = [
            str(each.compile(dialect=mssql.dialect(), compile_kwargs={"literal_binds": True}))
            for each in found
        ]
        assert told == ([wanted] if wanted else []), sql


@pytest.mark.parametrize(
    ("dialect", "wanted"),
    [
        (mssql.dialect(), "UPDATE t SET b=n.b FROM t, n WHERE t.a = n.a"),
        (
            oracle.dialect(),
            "UPDATE t SET b=(SELECT n.b FROM n WHERE t.a = n.a) "
            "WHERE EXISTS (SELECT * FROM n WHERE t.a = n.a)",
        ),
    ],
)
def test_a_merge_replaces_rows_in_the_words_of_the_dialect(dialect: Any, wanted: str) -> None:
    old, new = (sa.table(name, sa.column("a"), sa.column("b")) for name in ("t", "n"))
    statement = update_statement(dialect.name, old, new, ["b"], old.c.a == new.c.a)
    assert " ".join(str(statement.compile(dialect=dialect)).split()) == wanted


def test_the_core_reaches_sqlalchemy_in_the_modules_of_dialects_alone() -> None:
    folder = Path(__file__).parents[3] / "core" / "odibi_core"
    users = {
        path.name
        for path in folder.rglob("*.py")
        if re.search(r"^\s*(?:import|from) sqlalchemy", path.read_text(), re.MULTILINE)
    }
    assert all(name.startswith("dialect") for name in users), users
