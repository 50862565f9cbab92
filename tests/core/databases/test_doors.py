"""What every kind of connection to a database does alike: modes, tickets, writers at once, errors."""

from __future__ import annotations

import datetime as dt
import gc
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.conftest import Run
from tests.core.databases.conftest import Door
from tests.servers import free_port

from odibi_core.errors import SourceError, TransientError
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

ROWS = """SELECT 1::INTEGER AS i, 9007199254740993 AS big, true AS yes, 2.5::DOUBLE AS f8,
    7::UTINYINT AS tiny,
    12.34::DECIMAL(10,2) AS price, 'hö "q", \\ ✓: %s :x' AS t, '\\x00\\xFF'::BLOB AS b,
    DATE '2024-02-29' AS d, TIME '10:11:12.5' AS ti, TIMESTAMP '2024-01-02 03:04:05.678901' AS ts,
    TIMESTAMPTZ '2024-01-02 03:04:05.25+02' AS tz, '{"b": 1}'::JSON AS j, '' AS empty,
    '00000000-0000-0000-0000-0000000000ff'::UUID AS u, [1, NULL, 3] AS ints, {'x': 1, 'y': 'z'} AS s,
    18446744073709551615::UBIGINT AS ub, NULL AS nothing, 'odd' AS "odd %(name)s: `x`" """


def read(run: Run, value: str, **params: Any) -> RunResult:
    return run([ingest_step("rows", value, connection="shop", **params)])


def rows_of(result: RunResult, key: str = "rows") -> list[dict[str, Any]]:
    assert result.success, result.errors
    return list(result.data_map.dataset(key).arrow().to_pylist())


def saved(run: Run, sql: str, table: str = "t", **params: Any) -> RunResult:
    return run([sql_step("made", sql), store_step("saved", table, "made", connection="shop", **params)])


def test_what_is_written_comes_back(run: Run, door: Door) -> None:
    result = saved(run, f"{ROWS} UNION ALL BY NAME SELECT NULL AS i")
    assert result.success, result.errors
    row, nulls = rows_of(read(run, "t"))
    assert (row["i"], row["big"], row["yes"], row["f8"], row["tiny"]) == (1, 9007199254740993, True, 2.5, 7)
    assert (Decimal(row["price"]), int(row["ub"])) == (Decimal("12.34"), 18446744073709551615)
    assert (row["t"], row["b"], row["empty"]) == ('hö "q", \\ ✓: %s :x', b"\x00\xff", "")
    assert row["ts"] == dt.datetime(2024, 1, 2, 3, 4, 5, 678901)
    moment = dt.datetime.fromisoformat(row["tz"]) if isinstance(row["tz"], str) else row["tz"]
    assert moment == dt.datetime(2024, 1, 2, 1, 4, 5, 250000, tzinfo=dt.UTC)
    assert (row["d"], row["ti"]) == (dt.date(2024, 2, 29), dt.time(10, 11, 12, 500000))
    assert UUID(str(row["u"])).int == 255
    ints = row["ints"] if isinstance(row["ints"], list) else json.loads(row["ints"])
    assert (json.loads(row["j"]), ints) == ({"b": 1}, [1, None, 3])
    assert (json.loads(row["s"]), row["odd %(name)s: `x`"]) == ({"x": 1, "y": "z"}, "odd")
    assert set(nulls.values()) == {None}
    again = saved(run, f"{ROWS} UNION ALL BY NAME SELECT NULL AS i", mode="append")
    assert again.success, again.errors
    assert len(rows_of(read(run, "t"))) == 4


def test_append_overwrite_merge_and_the_modes_that_refuse(run: Run, door: Door) -> None:
    assert saved(run, "SELECT 1 AS a, 'x' AS b").success
    assert saved(run, "SELECT 'y' AS b, 2 AS a", mode="append").success
    assert sorted(door.rows("SELECT * FROM t")) == [(1, "x"), (2, "y")]
    assert "exists already" in str(saved(run, "SELECT 3 AS a, 'z' AS b", mode="error").errors["saved"])
    assert saved(run, "SELECT 3 AS a, 'z' AS b", mode="ignore").success
    assert len(door.rows("SELECT * FROM t")) == 2
    merged = "SELECT * FROM (VALUES (2, 'new'), (3, 'new')) t(a, b)"
    result = saved(run, merged, mode="merge", merge_key="a")
    assert result.success, result.errors
    assert sorted(door.rows("SELECT * FROM t")) == [(1, "x"), (2, "new"), (3, "new")]
    twice = "SELECT * FROM (VALUES (2, 'a'), (2, 'b')) t(a, b)"
    assert "have the same merge_key" in str(saved(run, twice, mode="merge", merge_key="a").errors["saved"])
    refused = saved(run, "SELECT 3 AS a", mode="append").errors["saved"]
    assert "the rows lack 'b'" in refused.what
    refused = saved(run, "SELECT 3.5::DOUBLE AS a, 'x' AS b", mode="append").errors["saved"]
    assert "'a' is DOUBLE, the target's is" in refused.what
    assert len(door.rows("SELECT * FROM t")) == 3


def test_rows_whose_keys_are_one_to_the_database_replace_none_of_each_other(run: Run, door: Door) -> None:
    assert saved(run, "SELECT 'x' AS a, 0 AS b").success
    both = "SELECT * FROM (VALUES ('x', 1), ('X', 2)) t(a, b)"
    result = saved(run, both, mode="merge", merge_key="a")
    if "mysql" not in door.name and door.name != "sqlserver":
        assert result.success, result.errors
        assert sorted(door.rows("SELECT * FROM t")) == [("X", 2), ("x", 1)]
        return
    assert "some of the new rows have the same merge_key 'a' for the database" in result.errors["saved"].what
    assert door.rows("SELECT * FROM t") == [("x", 0)]


def test_what_a_cast_makes_null_is_looked_for_here(run: Run, door: Door) -> None:
    door.execute("CREATE TABLE t (a varchar(9), b int)", "INSERT INTO t VALUES ('1', 1), ('x', 2), (NULL, 3)")
    for what, found in (("IS NULL", [2, 3]), ("IS NOT NULL", [1])):
        some = sql_step("some", f"SELECT b FROM t WHERE TRY_CAST(a AS INTEGER) {what} ORDER BY b", "t")
        result = run([ingest_step("t", "t", connection="shop"), some])
        assert [row["b"] for row in rows_of(result, "some")] == found


def test_overwriting_the_same_columns_keeps_the_table_and_others_make_a_new_one(run: Run, door: Door) -> None:
    assert saved(run, "SELECT 1 AS a, 'x' AS b").success
    door.execute("CREATE INDEX kept ON t (a)")
    door.execute("CREATE VIEW seen AS SELECT a FROM t")
    assert saved(run, "SELECT 4 AS a, 'z' AS b", if_exists="replace").success
    assert door.rows("SELECT * FROM t") == [(4, "z")]
    assert door.rows("SELECT * FROM seen") == [(4,)]
    assert "is a view" in str(saved(run, "SELECT 1 AS a", "seen").errors["saved"])
    door.execute("DROP VIEW seen")
    result = saved(run, "SELECT 5 AS other")
    assert result.success, result.errors
    assert door.rows("SELECT * FROM t") == [(5,)]
    missing = read(run, "nothing_like_it").errors["rows"]
    assert "t" in missing.fix
    assert "odibi_" not in missing.fix


@pytest.mark.parametrize("mode", ["overwrite", "append", "merge", "error"])
def test_a_write_that_is_repeated_changes_nothing(workspace: Workspace, door: Door, mode: str) -> None:
    params: dict[str, Any] = {"merge_key": "a"} if mode == "merge" else {}
    steps = [
        sql_step("made", "SELECT range AS a FROM range(5)"),
        store_step("saved", "t", "made", connection="shop", mode=mode, **params),
    ]
    run_id = "20260101T000000-0000000001"
    for time in range(2):
        with Orchestrator(steps, workspace=workspace, run_id=run_id).execute() as result:
            assert result.success, result.errors
        (workspace.root / ".odibi" / "runs" / run_id).rename(workspace.root / f"run-{time}")
    assert len(door.rows("SELECT * FROM t")) == 5
    assert len(door.rows("SELECT * FROM odibi_writes WHERE ticket <> 'turn'")) == 1


def test_six_writers_append_at_once(workspace: Workspace, door: Door) -> None:
    def append(number: int) -> None:
        steps = [
            sql_step("made", f"SELECT {number} AS writer, range AS n FROM range(500)"),
            store_step("saved", "t", "made", connection="shop", mode="append"),
        ]
        with Orchestrator(steps, workspace=workspace).execute() as result:
            assert result.success, result.errors

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(append, range(6)))
    found = door.rows("SELECT writer, count(DISTINCT n), count(*) FROM t GROUP BY writer")
    assert sorted(found) == [(number, 500, 500) for number in range(6)]


def test_no_rows_and_many_columns_and_rows_come_and_go(run: Run, door: Door) -> None:
    assert saved(run, "SELECT 1 AS a, 'x' AS b LIMIT 0").success
    assert rows_of(read(run, "t")) == []
    columns = ", ".join(f"range + {n} AS c{n}" for n in range(40))
    result = saved(run, f"SELECT {columns} FROM range(11000)")
    assert result.success, result.errors
    steps = [
        ingest_step("rows", "t", connection="shop"),
        sql_step("total", "SELECT sum(c39) AS s, count(*) AS n FROM rows WHERE c0 >= 1000", "rows"),
    ]
    (row,) = rows_of(run(steps), "total")
    assert (int(row["s"]), row["n"]) == (sum(range(1039, 11039)), 10000)


def test_a_reader_that_has_enough_leaves_without_a_word(run: Run, door: Door) -> None:
    assert saved(run, "SELECT range AS a, repeat('x', 200) AS t FROM range(70000)").success
    steps = [
        ingest_step("rows", "t", connection="shop"),
        sql_step("some", "SELECT a FROM rows LIMIT 3", "rows"),
    ]
    assert len(rows_of(run(steps), "some")) == 3
    # A warning of the collector would fail the test.
    gc.collect()


def test_a_query_is_run_there(run: Run, door: Door) -> None:
    assert saved(run, "SELECT range AS i, range % 3 AS k, 'a:b %' AS t FROM range(1, 10)").success
    query = "SELECT k, count(*) AS n, max(t) AS t FROM t WHERE t LIKE 'a:%' GROUP BY k ORDER BY k; -- all"
    assert [list(row.values()) for row in rows_of(read(run, query))] == [[k, 3, "a:b %"] for k in range(3)]
    steps = [
        ingest_step("rows", "SELECT i, t FROM t", connection="shop"),
        sql_step("some", "SELECT t, i FROM rows WHERE i > 7", "rows"),
    ]
    assert rows_of(run(steps), "some") == [{"t": "a:b %", "i": 8}, {"t": "a:b %", "i": 9}]
    assert rows_of(read(run, "SELECT i FROM t WHERE i = 1", schema={"i": "VARCHAR"})) == [{"i": "1"}]
    assert "no_such" in str(read(run, "SELECT no_such FROM t").errors["rows"])


def test_wrong_logins_missing_tables_and_servers_that_are_gone_are_told(
    run: Run, door: Door, workspace: Workspace
) -> None:
    door.execute("CREATE TABLE orders (a int)")
    error = read(run, "ordrs").errors["rows"]
    assert "has no table 'ordrs'" in error.what
    assert "orders" in error.fix
    assert run([Step("connect", "check", "config_op", "", "", {"connection": "shop"})]).success
    if not door.has_port:
        return
    (workspace.root / ".env").write_text("SHOP=not-the-right-one\n")
    error = read(run, "orders").errors["rows"]
    assert isinstance(error, SourceError)
    assert "refuses the login" in error.what
    assert "not-the-right-one" not in str(error)
    door.lead(port=free_port())
    error = read(run, "orders").errors["rows"]
    assert isinstance(error, TransientError)
    assert "can't be reached" in error.what


def test_rows_that_break_a_rule_of_the_table_change_nothing(run: Run, door: Door) -> None:
    door.execute("CREATE TABLE t (a int PRIMARY KEY, b varchar(3))", "INSERT INTO t VALUES (1, 'x')")
    result = saved(run, "SELECT 2 AS a, 'y' AS b UNION ALL SELECT 1, 'z'", mode="append")
    assert "merge" in result.errors["saved"].fix
    assert door.rows("SELECT * FROM t") == [(1, "x")]
    refused = saved(run, "SELECT TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS a", "u").errors["saved"]
    assert "can't hold" in refused.what


def test_nothing_of_a_run_shows_the_password(run: Run, door: Door, workspace: Workspace) -> None:
    assert saved(run, "SELECT 1 AS a", mode="append").success
    assert read(run, "t").success
    assert not read(run, "SELECT nope FROM t").success
    for path in (workspace.root / ".odibi").rglob("*"):
        if path.is_file():
            assert door.password.encode() not in path.read_bytes(), path
