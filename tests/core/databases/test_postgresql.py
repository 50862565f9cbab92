"""PostgreSQL: types both ways, modes, pushdown, errors; on a real server."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import duckdb
import pyarrow.parquet as pq
import pytest
from tests.conftest import Run
from tests.core.databases.conftest import connect
from tests.servers import DatabaseServer, free_port
from tests.waiting import wait_until

from odibi_core.errors import OdibiError, PipelineInvalidError, SourceError, TransientError
from odibi_core.formats.postgresql_writing import lock_key
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.stream_manager import StreamConfig, StreamManager
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

ALL_TYPES = """CREATE TABLE everything (
    i int, big bigint, small smallint, yes boolean, f4 real, f8 double precision, price numeric(10,2),
    n numeric, t text, v varchar(20), c char(3), b bytea, d date, ti time, ts timestamp, tz timestamptz,
    iv interval,
    j json, jb jsonb, u uuid, ints int[], texts text[], numbers numeric(6,2)[], m money, a inet, x xml,
    r int4range,
    "odd ""name" text)"""
ALL_VALUES = """INSERT INTO everything VALUES (
    1, 9007199254740993, 3, true, 1.5, 2.5, 12.34, 0.000000000000000001, 'hörse ✓', 'v', 'ab', '\\x00ff',
    '2024-02-29', '10:11:12.5', '2024-01-02 03:04:05.678901', '2024-01-02 03:04:05+02', '1 day 02:00',
    '{"a": [1, null]}', '{"b": 1}', '00000000-0000-0000-0000-0000000000ff', '{1,null,3}', '{a,"b c",null}',
    '{1.50,2.25}', '1.20', '10.0.0.1/8', '<a/>', '[1,5)', 'odd')"""


def read(run: Run, value: str, **params: Any) -> RunResult:
    return run([ingest_step("rows", value, connection="shop", **params)])


def rows_of(result: RunResult, key: str = "rows") -> list[dict[str, Any]]:
    assert result.success, result.errors
    return list(result.data_map.dataset(key).arrow().to_pylist())


def saved(run: Run, sql: str, table: str = "t", **params: Any) -> RunResult:
    steps = [sql_step("made", sql), store_step("saved", table, "made", connection="shop", **params)]
    return run(steps)


def test_every_type_is_read_as_itself(run: Run, shop: DatabaseServer) -> None:
    shop.execute(ALL_TYPES, ALL_VALUES, "INSERT INTO everything DEFAULT VALUES")
    result = read(run, "everything")
    row, nulls = rows_of(result)
    assert result.data_map.dataset("rows").schema.as_dict() == {
        "i": "INTEGER",
        "big": "BIGINT",
        "small": "SMALLINT",
        "yes": "BOOLEAN",
        "f4": "FLOAT",
        "f8": "DOUBLE",
        "price": "DECIMAL(10,2)",
        "n": "DECIMAL(38,18)",
        "t": "VARCHAR",
        "v": "VARCHAR",
        "c": "VARCHAR",
        "b": "BLOB",
        "d": "DATE",
        "ti": "TIME",
        "ts": "TIMESTAMP",
        "tz": "TIMESTAMP WITH TIME ZONE",
        "iv": "INTERVAL",
        "j": "JSON",
        "jb": "JSON",
        "u": "UUID",
        "ints": "INTEGER[]",
        "texts": "VARCHAR[]",
        "numbers": "DECIMAL(38,18)[]",
        "m": "DECIMAL(19,2)",
        "a": "VARCHAR",
        "x": "VARCHAR",
        "r": "VARCHAR",
        'odd "name': "VARCHAR",
    }
    assert row["big"] == 9007199254740993
    assert (row["price"], row["n"], row["m"]) == (Decimal("12.34"), Decimal("1E-18"), Decimal("1.20"))
    assert (row["t"], row["b"], row['odd "name']) == ("hörse ✓", b"\x00\xff", "odd")
    assert row["ts"] == dt.datetime(2024, 1, 2, 3, 4, 5, 678901)
    assert row["tz"] == dt.datetime(2024, 1, 2, 1, 4, 5, tzinfo=dt.UTC)
    assert (row["d"], row["ti"]) == (dt.date(2024, 2, 29), dt.time(10, 11, 12, 500000))
    assert (json.loads(row["j"]), json.loads(row["jb"])) == ({"a": [1, None]}, {"b": 1})
    assert str(row["u"]) == "00000000-0000-0000-0000-0000000000ff"
    assert (row["ints"], row["texts"]) == ([1, None, 3], ["a", "b c", None])
    assert row["numbers"] == [Decimal("1.50"), Decimal("2.25")]
    assert (row["a"], row["x"], row["r"]) == ("10.0.0.1/8", "<a/>", "[1,5)")
    assert set(nulls.values()) == {None}


WRITTEN = """SELECT 1::INTEGER AS i, 9007199254740993 AS big, true AS yes, 1.5::FLOAT AS f4,
    2.5::DOUBLE AS f8, 12.34::DECIMAL(10,2) AS price, 'hörse ✓' AS t, '\\x00\\xFF'::BLOB AS b,
    DATE '2024-02-29' AS d,
    TIME '10:11:12.5' AS ti, TIMESTAMP '2024-01-02 03:04:05.678901' AS ts,
    TIMESTAMPTZ '2024-01-02 03:04:05+02' AS tz, INTERVAL '1 day 2 hours' AS iv, '{"b": 1}'::JSON AS j,
    '00000000-0000-0000-0000-0000000000ff'::UUID AS u, [1, NULL, 3] AS ints, ['a', 'b "c\\', NULL] AS texts,
    {'x': 1, 'y': 'z'} AS s, MAP {'k': 2} AS m, [[1], [2, 3]] AS nested, 7::UTINYINT AS tiny,
    18446744073709551615::UBIGINT AS ub, [1.5::DECIMAL(6,2)] AS numbers, NULL AS nothing"""


def test_every_type_is_written_as_itself(run: Run, shop: DatabaseServer) -> None:
    result = saved(run, f"{WRITTEN} UNION ALL BY NAME SELECT NULL AS i")
    assert result.success, result.errors
    types = dict(
        shop.rows(
            "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute "
            "WHERE attrelid = 't'::regclass AND attnum > 0"
        )
    )
    assert types == {
        "i": "integer",
        "big": "bigint",
        "yes": "boolean",
        "f4": "real",
        "f8": "double precision",
        "price": "numeric(10,2)",
        "t": "text",
        "b": "bytea",
        "d": "date",
        "ti": "time without time zone",
        "ts": "timestamp without time zone",
        "tz": "timestamp with time zone",
        "iv": "interval",
        "j": "jsonb",
        "u": "uuid",
        "ints": "integer[]",
        "texts": "text[]",
        "s": "jsonb",
        "m": "jsonb",
        "nested": "jsonb",
        "tiny": "smallint",
        "ub": "numeric(20,0)",
        "numbers": "numeric(6,2)[]",
        "nothing": "integer",
    }
    row, nulls = rows_of(read(run, "t"))
    assert row["big"] == 9007199254740993
    assert (row["price"], row["ub"]) == (Decimal("12.34"), Decimal(18446744073709551615))
    assert (row["t"], row["b"]) == ("hörse ✓", b"\x00\xff")
    assert row["ts"] == dt.datetime(2024, 1, 2, 3, 4, 5, 678901)
    assert row["tz"] == dt.datetime(2024, 1, 2, 1, 4, 5, tzinfo=dt.UTC)
    assert UUID(str(row["u"])).int == 255
    assert (row["ints"], row["texts"]) == ([1, None, 3], ["a", 'b "c\\', None])
    assert json.loads(row["s"]) == {"x": 1, "y": "z"}
    assert (json.loads(row["m"]), json.loads(row["nested"])) == ({"k": 2}, [[1], [2, 3]])
    assert row["numbers"] == [Decimal("1.50")]
    assert set(nulls.values()) == {None}


def test_a_value_that_does_not_fit_the_type_is_an_error_that_names_the_column(
    run: Run, shop: DatabaseServer
) -> None:
    shop.execute("CREATE TABLE t (n numeric)", "INSERT INTO t VALUES (0.1234567890123456789), ('NaN')")
    result = read(run, "t")
    error = result.errors["rows"]
    assert "column 'n' holds a value that is not of type decimal128(38, 18)" in str(error)
    assert "schema: {n: DOUBLE}" in error.fix
    (first, second) = rows_of(read(run, "t", schema={"n": "VARCHAR"}))
    assert (first["n"], second["n"]) == ("0.1234567890123456789", "NaN")
    asked = read(run, "SELECT n FROM t WHERE n < 1", schema={"n": "DOUBLE"})
    assert rows_of(asked) == [{"n": 0.12345678901234568}]


def test_a_query_is_run_there(run: Run, shop: DatabaseServer) -> None:
    shop.execute("CREATE TABLE t AS SELECT i, i % 3 AS k FROM generate_series(1, 9) i")
    query = "SELECT k, count(*) AS n, sum(i)::numeric(9,1) AS s FROM t GROUP BY k ORDER BY k; -- all"
    assert [list(row.values()) for row in rows_of(read(run, query))] == [
        [0, 3, Decimal(18)],
        [1, 3, Decimal(12)],
        [2, 3, Decimal(15)],
    ]
    assert rows_of(read(run, "", query="SELECT 1 AS one"))[0] == {"one": 1}


def test_tables_of_other_schemas_and_of_odd_names_are_found(
    run: Run, shop: DatabaseServer, workspace: Workspace
) -> None:
    shop.execute(
        "CREATE SCHEMA sales",
        'CREATE TABLE sales."Odd.Table" (a int)',
        'INSERT INTO sales."Odd.Table" VALUES (5)',
    )
    assert rows_of(read(run, 'sales."Odd.Table"')) == [{"a": 5}]
    assert saved(run, "SELECT 1 AS a", 'sales."Odd.Table"', mode="append").success
    connect(workspace, shop, more='schema = "sales"\n')
    assert rows_of(read(run, '"Odd.Table"')) == [{"a": 5}, {"a": 1}]


ORDERS = (
    "CREATE TABLE orders AS SELECT i AS id, i % 10 AS k, 'text ' || i AS t, (i * 1.5)::numeric(9,1) AS n, "
    "date '2024-01-01' + i AS d, i * 0.5::double precision AS f FROM generate_series(1, 1000) i"
)


def asked(shop: DatabaseServer, mark: str) -> list[str]:
    """The queries that rows came from, after a mark in the server's log."""
    return re.findall(
        r'COPY \((SELECT (?!count).* FROM "orders".*)\) TO STDOUT', shop.statements().rpartition(mark)[2]
    )


@pytest.mark.parametrize(
    ("sql", "wanted"),
    [
        (
            "SELECT sum(n) AS x FROM orders WHERE d < '2024-03-01' AND k IN (1, 2)",
            ['"k", "n", "d"', "(\"d\" < CAST('2024-03-01' AS DATE))", '"k"'],
        ),
        ("SELECT id FROM orders WHERE n BETWEEN 15 AND 30 OR id = 7", ['"id", "n"', '"n"', '"id" = 7']),
        ("SELECT t FROM orders WHERE t = 'text 5'", ['SELECT "t"', "(\"t\" = 'text 5')"]),
        ("SELECT f FROM orders WHERE t > 'text 9' AND f IS NOT NULL", ['"t", "f"', '(NOT "f" IS NULL)']),
        ("SELECT id FROM orders WHERE lower(t) = 'text 9' AND id <> 4", ['("id" <> 4)']),
        ("SELECT count(*) AS n FROM orders", ["SELECT "]),
    ],
)
def test_only_the_columns_and_rows_that_are_needed_are_asked_for(
    run: Run, shop: DatabaseServer, sql: str, wanted: list[str]
) -> None:
    shop.execute(ORDERS)
    steps = [ingest_step("orders", "orders", connection="shop"), sql_step("some", sql, "orders")]
    mark = f"'{uuid4()}'"
    shop.rows(f"SELECT {mark}")
    got = rows_of(run(steps), "some")
    (query, *_) = asked(shop, mark)
    with duckdb.connect() as here:
        here.register("orders", read(run, "orders").data_map.dataset("rows").arrow())
        assert got == here.sql(sql).to_arrow_table().to_pylist()
    for part in wanted:
        assert part in query
    assert "lower" not in query
    assert "text 9" not in query


def test_a_column_that_is_read_as_another_type_is_filtered_here(run: Run, shop: DatabaseServer) -> None:
    shop.execute("CREATE TABLE t (yes text, n text)", "INSERT INTO t VALUES ('true', '10'), ('false', '9')")
    source = ingest_step("rows", "t", connection="shop", schema={"yes": "BOOLEAN", "n": "INTEGER"})
    for sql in ("SELECT n FROM rows WHERE yes", "SELECT n FROM rows WHERE NOT yes OR n > 9"):
        result = run([source, sql_step("some", sql, "rows")])
        assert {"n": 10} in rows_of(result, "some")


def test_a_source_that_is_read_twice_keeps_the_rows_of_both_readings(run: Run, shop: DatabaseServer) -> None:
    shop.execute(ORDERS)
    sql = (
        "SELECT (SELECT count(*) FROM orders) AS every, "
        "(SELECT count(*) FROM orders WHERE id > 990) AS last, "
        "(SELECT sum(k) FROM orders WHERE id < 11) AS k"
    )
    steps = [ingest_step("orders", "orders", connection="shop"), sql_step("some", sql, "orders")]
    assert [list(map(int, row.values())) for row in rows_of(run(steps), "some")] == [[1000, 10, 45]]


def test_joins_and_samples_see_whole_rows(run: Run, shop: DatabaseServer) -> None:
    shop.execute(ORDERS)
    steps = [
        ingest_step("orders", "orders", connection="shop"),
        ingest_step(
            "names", "SELECT g AS k, 'name ' || g AS name FROM generate_series(0, 9) g", connection="shop"
        ),
        sql_step(
            "joined",
            "SELECT o.id, n.name FROM orders o JOIN names n USING (k) WHERE k = 3",
            "orders",
            "names",
        ),
        store_step("saved", "out.parquet", "joined"),
    ]
    result = run(steps)
    assert result.success, result.errors
    assert result.tracker is not None
    samples = {
        execution["step_name"]: execution["after_snapshot"]["sample"]
        for execution in result.tracker.step_executions
        if execution["step_name"] in ("orders", "joined")
    }
    assert all(value is not None for value in samples["orders"][0].values())
    assert all(row["name"] == "name 3" for row in samples["joined"])


def test_overwriting_the_same_columns_keeps_indexes_rights_and_views(run: Run, shop: DatabaseServer) -> None:
    shop.execute(
        "CREATE TABLE t (a int PRIMARY KEY, b varchar(20) DEFAULT 'd')",
        "INSERT INTO t VALUES (1, 'old')",
        "CREATE VIEW v AS SELECT a FROM t",
        "GRANT SELECT ON t TO PUBLIC",
    )
    assert saved(run, "SELECT 2 AS a, 'new' AS b").success
    assert shop.rows("SELECT * FROM v") == [(2,)]
    assert len(shop.rows("SELECT * FROM pg_indexes WHERE tablename = 't'")) == 1
    refused = saved(run, "SELECT 2 AS other").errors["saved"]
    assert "something in the database stands on the table" in refused.what
    assert shop.rows("SELECT a, b FROM t") == [(2, "new")]


def test_readers_see_the_old_rows_until_a_write_is_complete(
    run: Run, shop: DatabaseServer, workspace: Workspace
) -> None:
    assert saved(run, "SELECT range AS a FROM range(1000)").success
    seen: set[int] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            ((count,),) = shop.rows("SELECT count(*) FROM t")
            seen.add(count)

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            assert saved(run, "SELECT range AS a FROM range(300000)").success
            assert saved(run, "SELECT range AS a, 'x' AS b FROM range(200000)").success
        finally:
            over.set()
        looking.result(60)
    assert seen <= {1000, 300000, 200000}
    assert 1000 in seen


def test_a_table_made_while_a_writer_waited_for_its_turn_is_seen(run: Run, shop: DatabaseServer) -> None:
    with closing(shop.connect()) as other, closing(other.cursor()) as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({lock_key('public', 't')})::text")
        cursor.fetchall()
        with ThreadPoolExecutor(1) as pool:
            writing = pool.submit(saved, run, "SELECT 2 AS a", mode="append")
            wait_until(
                lambda: shop.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            )
            cursor.execute("CREATE TABLE t AS SELECT 1 AS a")
            other.commit()
            result = writing.result(60)
    assert result.success, result.errors
    assert shop.rows("SELECT a FROM t ORDER BY a") == [(1,), (2,)]


@pytest.mark.parametrize("held", ["public", "later"])
def test_writers_take_turns_however_they_name_the_table(run: Run, shop: DatabaseServer, held: str) -> None:
    shop.execute("DROP SCHEMA IF EXISTS later CASCADE", "CREATE SCHEMA later")
    if held == "later":
        # Found on the search path, though new tables go elsewhere.
        shop.execute("CREATE TABLE later.t (a int)", "ALTER ROLE shop SET search_path = public, later")
    try:
        with closing(shop.connect()) as other, closing(other.cursor()) as cursor:
            cursor.execute(f"SELECT pg_advisory_xact_lock({lock_key(held, 't')})::text")
            cursor.fetchall()
            with ThreadPoolExecutor(1) as pool:
                writing = pool.submit(saved, run, "SELECT 1 AS a", mode="append")
                wait_until(
                    lambda: shop.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
                )
                assert not writing.done()
                other.rollback()
                result = writing.result(60)
        assert result.success, result.errors
        assert shop.rows(f"SELECT a FROM {held}.t") == [(1,)]
    finally:
        shop.execute("ALTER ROLE shop RESET search_path", "DROP SCHEMA later CASCADE")


def test_merge_replaces_rows_of_the_same_key(run: Run, shop: DatabaseServer) -> None:
    shop.execute(
        "CREATE TABLE t (id int PRIMARY KEY, name text, j jsonb, u uuid)",
        "INSERT INTO t VALUES (1, 'old', '1'), (2, 'old', '2')",
    )
    values = "(2, 'new', '{\"a\": 1}'::JSON, uuid()), (3, 'new', NULL, NULL)"
    rows = f"SELECT * FROM (VALUES {values}) t(id, name, j, u)"
    result = saved(run, rows, mode="merge", merge_key="id")
    assert result.success, result.errors
    assert sorted(shop.rows("SELECT id, name, j::text FROM t")) == [
        (1, "old", "1"),
        (2, "new", '{"a": 1}'),
        (3, "new", None),
    ]
    twice = "SELECT * FROM (VALUES (2, 'a', NULL, NULL), (2, 'b', NULL, NULL)) t(id, name, j, u)"
    assert "have the same merge_key" in str(saved(run, twice, mode="merge", merge_key="id").errors["saved"])
    null = "SELECT NULL::INTEGER AS id, 'a' AS name, NULL AS j, NULL AS u"
    assert "null in merge_key" in str(saved(run, null, mode="merge", merge_key="id").errors["saved"])


def test_rows_for_types_that_are_sent_as_text_are_converted_there(run: Run, shop: DatabaseServer) -> None:
    shop.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE TABLE t (m mood, a inet, r int4range, us uuid[], n numeric(8,3)[], s varchar(4))",
    )
    rows = (
        "SELECT 'glad' AS m, '10.0.0.1' AS a, '[1,3)' AS r, "
        "['00000000-0000-0000-0000-0000000000ff'::UUID] AS us, "
        "[1.5::DECIMAL(8,3), NULL] AS n, 'ab' AS s"
    )
    result = saved(run, rows, mode="append")
    assert result.success, result.errors
    assert shop.rows("SELECT m::text, a::text, r::text, us::text, n::text, s FROM t") == [
        ("glad", "10.0.0.1/32", "[1,3)", "{00000000-0000-0000-0000-0000000000ff}", "{1.500,NULL}", "ab")
    ]
    wrong = saved(run, rows.replace("'glad'", "'gald'"), mode="append").errors["saved"]
    assert "invalid input value for enum mood" in wrong.what
    wrong = saved(run, rows.replace("'ab'", "'abcde'"), mode="append").errors["saved"]
    assert "too long" in wrong.what
    assert len(shop.rows("SELECT 1 FROM t")) == 1


def test_a_wrong_password_is_told_without_it(run: Run, shop: DatabaseServer, workspace: Workspace) -> None:
    (workspace.root / ".env").write_text("SHOP=not-the-right-one\n")
    error = read(run, "t").errors["rows"]
    assert isinstance(error, SourceError)
    assert "the server refuses the login" in error.what
    assert "not-the-right-one" not in str(error)
    assert "check user and password" in error.fix


def test_a_server_that_is_not_there_may_be_tried_again(
    run: Run, shop: DatabaseServer, workspace: Workspace
) -> None:
    connect(workspace, shop, port=free_port())
    result = run([ingest_step("rows", "t", connection="shop", max_retries=2, retry_delay=0.01)])
    error = result.errors["rows"]
    assert isinstance(error, TransientError)
    assert "the database server can't be reached" in error.what


def test_a_database_or_table_that_is_not_there_is_told_with_near_names(
    run: Run, shop: DatabaseServer, workspace: Workspace
) -> None:
    shop.execute("CREATE TABLE orders (a int)", "CREATE TABLE customers (a int)")
    error = read(run, "ordrs").errors["rows"]
    assert "the database has no table 'ordrs'" in error.what
    assert "orders" in error.fix
    assert "customers" not in error.fix
    error = read(run, "SELECT * FROM orders WHERE nope = 1").errors["rows"]
    assert 'column "nope" does not exist' in error.what
    text = (workspace.root / "odibi.toml").read_text()
    (workspace.root / "odibi.toml").write_text(text.replace('database = "shop"', 'database = "shpo"'))
    assert 'database "shpo" does not exist' in str(read(run, "orders").errors["rows"])


def test_a_connection_that_is_lost_while_rows_come_is_tried_again(run: Run, shop: DatabaseServer) -> None:
    shop.execute(
        "CREATE TABLE t AS SELECT i, repeat('x', 200) AS t FROM generate_series(1, 300000) i",
        "CREATE SEQUENCE tries",
        # The first reader loses its connection in its middle.
        "CREATE FUNCTION lose(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
        "IF i = 250000 AND nextval('tries') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; "
        "RETURN i; END $$",
    )
    steps = [
        ingest_step(
            "rows", "SELECT lose(i) AS i, t FROM t", connection="shop", max_retries=3, retry_delay=0.01
        ),
        sql_step("count", "SELECT count(*) AS n, sum(i) AS s FROM rows", "rows"),
    ]
    result = run(steps, max_retries=3, retry_delay=0.01)
    (row,) = rows_of(result, "count")
    assert (row["n"], int(row["s"])) == (300000, 300000 * 300001 // 2)
    assert shop.rows("SELECT last_value > 1 FROM tries") == [(True,)]


def test_a_write_that_loses_its_connection_leaves_the_table_as_it_was(run: Run, shop: DatabaseServer) -> None:
    shop.execute(
        "CREATE TABLE t (a bigint)",
        "INSERT INTO t VALUES (-1)",
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF new.a = 5000 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN new; END $$",
        "CREATE TRIGGER lose BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION lose()",
    )
    error = saved(run, "SELECT range AS a FROM range(10000)", mode="append").errors["saved"]
    assert isinstance(error, TransientError), repr(error)
    assert shop.rows("SELECT a FROM t") == [(-1,)]
    shop.execute("DROP TRIGGER lose ON t")
    assert saved(run, "SELECT range AS a FROM range(10000)", mode="append").success
    assert shop.rows("SELECT count(*) FROM t") == [(10001,)]


def test_rows_that_break_a_rule_of_the_table_are_told(run: Run, shop: DatabaseServer) -> None:
    shop.execute("CREATE TABLE t (a int PRIMARY KEY, b text NOT NULL)", "INSERT INTO t VALUES (1, 'x')")
    error = saved(run, "SELECT 1 AS a, 'y' AS b", mode="append").errors["saved"]
    assert "duplicate key" in error.what
    assert "merge" in error.fix
    error = saved(run, "SELECT 2 AS a, NULL::VARCHAR AS b", mode="append").errors["saved"]
    assert "null value" in error.what
    error = saved(run, "SELECT 2 AS a, chr(0) AS b", mode="append").errors["saved"]
    assert "\\0" in error.fix
    error = saved(run, "SELECT TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS a", "u").errors["saved"]
    assert "which PostgreSQL can't hold" in error.what


def test_a_step_that_is_stopped_ends_its_query(workspace: Workspace, shop: DatabaseServer) -> None:
    steps = [
        ingest_step(
            "rows", "SELECT pg_sleep(120)::text AS s", connection="shop", materialize=True, timeout_s=1
        )
    ]
    with Orchestrator(steps, workspace=workspace).execute() as result:
        assert "rows" in result.failed_nodes
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(120)%' AND pid <> pg_backend_pid() "
        "AND state = 'active'"
    )
    wait_until(lambda: not shop.rows(waiting))


def test_two_steps_that_write_one_table_are_refused_and_so_is_one_that_is_read(
    workspace: Workspace, shop: DatabaseServer
) -> None:
    steps = [
        ingest_step("rows", "t", connection="shop"),
        store_step("one", "u", "rows", connection="shop"),
        store_step("two", "u", "rows", connection="shop"),
        store_step("three", "t", "rows", connection="shop"),
    ]
    with pytest.raises(PipelineInvalidError) as caught:
        Orchestrator(steps, workspace=workspace).validate()
    assert "'one' writes to the table 'u'" in str(caught.value)
    assert "is also the source of 'rows'" in str(caught.value)


def test_columns_are_known_to_a_plan_after_a_run_and_without_a_secret(
    run: Run, workspace: Workspace, shop: DatabaseServer
) -> None:
    shop.execute("CREATE TABLE t (a int, b text)")
    steps = [ingest_step("rows", "t", connection="shop"), sql_step("s", "SELECT c FROM rows", "rows")]
    assert Orchestrator(steps, workspace=workspace).validate() == []
    with pytest.raises(PipelineInvalidError, match="column"):
        run(steps)
    (workspace.root / ".env").unlink()
    with pytest.raises(PipelineInvalidError, match="column"):
        Orchestrator(steps, workspace=workspace).validate()


def test_nothing_of_a_run_shows_the_password(run: Run, shop: DatabaseServer, workspace: Workspace) -> None:
    shop.execute("CREATE TABLE t (a int)")
    result = read(run, "t")
    assert result.success
    steps = [
        sql_step("made", "SELECT 1 AS a"),
        store_step("saved", "t", "made", connection="shop", mode="append"),
    ]
    assert run(steps).success
    assert not read(run, "SELECT 1/0 AS a").success
    for path in (workspace.root / ".odibi").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert shop.password.encode() not in content, path
            assert b"sh0p" not in content, path


def test_a_password_in_the_settings_is_refused(workspace: Workspace, shop: DatabaseServer) -> None:
    text = (workspace.root / "odibi.toml").read_text()
    (workspace.root / "odibi.toml").write_text(text.replace("${secret:SHOP}", "hunter22"))
    with pytest.raises(OdibiError, match=r"it must be \$\{secret:NAME\}") as caught:
        workspace.load()
    assert "hunter22" not in str(caught.value)


def test_a_step_that_names_no_connection_is_told_to(workspace: Workspace) -> None:
    for step in (
        ingest_step("rows", "t", source_type="postgresql"),
        ingest_step("rows", "t", source_type="jdbc"),
    ):
        with pytest.raises(PipelineInvalidError, match="a step reaches by a named connection"):
            Orchestrator([step], workspace=workspace).validate()


def test_values_that_only_postgresql_has_are_never_changed_without_a_word(
    run: Run, shop: DatabaseServer
) -> None:
    shop.execute(
        "CREATE TABLE t (d date, ts timestamptz, a int[][])",
        "INSERT INTO t VALUES ('infinity', '-infinity', NULL), ('4000-01-01', '0044-03-15 BC', NULL)",
    )
    query = "SELECT isinf(d) AS d, isinf(ts) AS ts, CAST(d AS VARCHAR) AS text FROM rows"
    steps = [ingest_step("rows", "t", connection="shop"), sql_step("asked", query, "rows")]
    first, second = sorted(rows_of(run(steps), "asked"), key=lambda row: not row["d"])
    assert (first["d"], first["ts"]) == (True, True)
    assert (second["d"], second["ts"], second["text"]) == (False, False, "4000-01-01")
    shop.execute("INSERT INTO t VALUES (NULL, NULL, '{{1,2},{3,4}}')")
    result = read(run, "SELECT a FROM t WHERE a IS NOT NULL")
    assert "column a holds an array of more dimensions than one: 2" in result.errors["rows"].what
    for value in ("'infinity'::TIMESTAMPTZ", "'infinity'::DATE", "'-infinity'::TIMESTAMP"):
        error = saved(run, f"SELECT {value} AS t", "u").errors["saved"]
        assert "an endless date or time can't be written" in error.what


def test_a_stream_takes_the_new_rows_of_a_table(workspace: Workspace, shop: DatabaseServer) -> None:
    shop.execute("CREATE TABLE orders (id int, at timestamptz)")
    shop.execute("INSERT INTO orders VALUES (1, '2026-01-01 10:00+00'), (2, '2026-01-01 11:00+00')")
    steps = [
        ingest_step("rows", "orders", connection="shop"),
        store_step("save", "out.parquet", "rows", mode="append"),
    ]
    stream = StreamManager(
        steps,
        stream_mode="incremental",
        stream_config=StreamConfig(source_path="orders", watermark_column="at"),
        workspace=workspace,
    )
    assert stream.run_once() == 1
    shop.execute("INSERT INTO orders VALUES (3, '2026-01-01 11:00+00')")
    assert stream.run_once() == 1
    assert stream.run_once() == 0
    assert sorted(pq.read_table(workspace.root / "out.parquet")["id"].to_pylist()) == [1, 2, 3]
