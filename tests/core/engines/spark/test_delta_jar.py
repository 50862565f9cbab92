"""Tables are the same to Delta's own jar for Spark: each reads what the other writes, earlier states too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Run
from tests.spark_jars import spark_jars

from odibi_core.step import Step

# Its session has settings of its own, so it is a process of its own.
pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(600)]

SESSION = Path(__file__).with_name("delta_session.py")
ROWS = (
    "SELECT i AS id, 'é' || i AS name, (i / 4)::DECIMAL(9, 2) AS price, "
    "DATE '2024-01-31' + i::INTEGER AS day, TIMESTAMP '2024-01-31 10:00:00' + INTERVAL (i) MINUTE AS moment, "
    "i / 8 AS ratio, CASE WHEN i % 5 = 0 THEN NULL ELSE 'p' || i % 2 END AS part "
    "FROM range({first}, {last}) r(i)"
)


def store(query: str, target: str, **params: Any) -> list[Step]:
    return [
        Step("bronze", "ids", "config_op", "", "one.csv", {}, {}, {"data": "one"}),
        Step("silver", "rows", "sql", "", query, {"dialect": "duckdb"}, {"one": "one"}, {"data": "rows"}),
        Step("gold", "save", "config_op", "", target, {"format": "delta", **params}, {"data": "rows"}),
    ]


def read(run: Run, table: str, **options: Any) -> list[tuple[Any, ...]]:
    given = {"source_type": "delta", **options}
    steps = [
        Step("bronze", "read", "config_op", "", table, given, {}, {"data": "t"}),
        Step("silver", "told", "sql", "", "SELECT id, name, price::VARCHAR AS price, day::VARCHAR AS day, "
             "strftime(moment, '%Y-%m-%d %H:%M:%S') AS moment, ratio, part FROM t ORDER BY id",
             {"dialect": "duckdb"}, {"t": "t"}, {"data": "told"}),
    ]  # fmt: skip
    result = run(steps, engine_type="pandas")
    assert result.success, result.errors
    frame = result.data_map["told"].astype(object)
    return [tuple(row) for row in frame.where(frame.notna(), None).itertuples(index=False)]


def test_delta_of_spark_and_ours_are_one(run: Run, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("a,b\n1,2\n")
    saves: list[tuple[str, dict[str, Any]]] = [
        (ROWS.format(first=0, last=10), {"mode": "overwrite", "partitionBy": "part"}),
        (ROWS.format(first=10, last=20), {"mode": "append", "partitionBy": "part"}),
        (ROWS.format(first=15, last=25), {"mode": "merge", "merge_key": "id", "partitionBy": "part"}),
    ]
    for query, params in saves:
        result = run(store(query, "ours", **params), engine_type="pandas")
        assert result.success, result.errors
    versions = [read(run, "ours", version=number) for number in range(3)]
    assert [len(rows) for rows in versions] == [10, 20, 25]

    jars = ",".join(
        str(jar) for name, jar in spark_jars().items() if name.startswith(("delta-", "unitycatalog-"))
    )
    session = subprocess.run(
        [sys.executable, str(SESSION), jars, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert session.returncode == 0, session.stdout + session.stderr
    told = json.loads(session.stdout.splitlines()[-1])

    # Spark read every state of our table, and then changed it.
    assert [[tuple(row) for row in rows] for rows in told["ours"]] == versions
    assert [row[0] for row in read(run, "ours")] == [*range(24), 100]
    assert read(run, "ours", version=2) == versions[2]
    # And we read every state of Spark's table, to which a run on its session appended.
    states = [[tuple(row) for row in rows] for rows in told["theirs"]]
    assert [len(rows) for rows in states] == [10, 9, 12]
    assert [read(run, "theirs", version=number) for number in range(3)] == states

    # Of tables that are more than their files we read the same, or say why not.
    odd = {name: [tuple(row) for row in rows] for name, rows in told["odd"].items()}
    refused = run(odd_read("widened"), engine_type="pandas")
    (error,) = refused.errors.values()
    assert "asks its readers for TypeWidening, which delta-rs does not know yet" in str(error)
    del odd["widened"]
    assert odd == {name: odd_rows(run, name) for name in odd}
    assert [len(odd[name]) for name in ("deleted", "renamed", "listed", "cloned")] == [3, 5, 5, 5]
    for name, rows in odd.items():
        result = run(store("SELECT 9::INTEGER AS id, 'ours' AS name FROM one", name, mode="append"))
        assert result.success, result.errors
        assert odd_rows(run, name) == [*rows, (9, "ours")]
    result = run(store("SELECT 9::INTEGER AS id, 'ours' AS name FROM one", "widened", mode="append"))
    assert "asks its writers for TypeWidening" in str(result.errors["save"])


def odd_read(table: str) -> list[Step]:
    return [
        Step("bronze", "read", "config_op", "", table, {"source_type": "delta"}, {}, {"data": "t"}),
        Step("silver", "told", "sql", "", "SELECT id, name FROM t WHERE id >= 0 ORDER BY id",
             {"dialect": "duckdb"}, {"t": "t"}, {"data": "told"}),
    ]  # fmt: skip


def odd_rows(run: Run, table: str) -> list[tuple[Any, ...]]:
    result = run(odd_read(table), engine_type="pandas")
    assert result.success, result.errors
    return list(result.data_map["told"].itertuples(index=False, name=None))
