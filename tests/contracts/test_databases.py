"""Pipelines that read and write tables of database files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.core.formats.bench import Bench

from odibi_core import Orchestrator, Step
from odibi_core.errors import PipelineInvalidError
from odibi_core.testing import ingest_step, sql_step, store_step


@pytest.fixture(params=["sqlite", "duckdb"])
def base(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of two tables, in the folder that paths are relative to."""
    monkeypatch.chdir(tmp_path)
    path = f"shop.{request.param}"
    connection = duckdb.connect(":memory:", config={"python_enable_replacements": "false"})
    bench = Bench(tmp_path, connection)
    bench.write(tmp_path / path, "SELECT range AS id, range % 3 AS kind FROM range(100)", table="orders")
    bench.write(tmp_path / path, "SELECT 1 AS id", table="other", ticket="run/2")
    connection.close()
    return path


def read(path: str, table: str) -> list[tuple[Any, ...]]:
    connection = duckdb.connect(":memory:", config={"python_enable_replacements": "false"})
    try:
        return sorted(Bench(Path.cwd(), connection).read(Path(path).absolute(), table=table).rows)
    finally:
        connection.close()


def steps(base: str, **store: Any) -> list[Step]:
    return [
        ingest_step("orders", base, table="orders"),
        sql_step("kinds", "SELECT kind, count(*) AS n FROM orders GROUP BY kind", "orders"),
        store_step("saved", base, "kinds", **store),
    ]


@pytest.mark.parametrize("tracking", ["exact", "fused"])
def test_a_table_is_made_from_another_one_of_the_same_database(base: str, tracking: str) -> None:
    with Orchestrator(steps(base, table="kinds"), tracking=tracking).execute() as result:
        assert result.success, result.errors
    assert read(base, "kinds") == [(0, 34), (1, 33), (2, 33)]
    assert read(base, "other") == [(1,)]


@pytest.mark.parametrize("tracking", ["exact", "fused"])
@pytest.mark.parametrize(
    "query",
    [
        "FROM (PIVOT (FROM orders) ON kind USING count(*))",
        "WITH few AS (FROM orders WHERE id < 3) SELECT * FROM (PIVOT few ON kind USING count(*) GROUP BY id)",
    ],
)
def test_a_source_s_columns_may_come_from_its_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str, tracking: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with duckdb.connect("shop.duckdb") as connection:
        connection.execute(
            "CREATE TABLE orders AS SELECT range AS id, 'k' || range % 3 AS kind FROM range(100)"
        )
        expected = connection.execute(f"SELECT sum(k0 + k1) FROM ({query})").fetchall()
    steps = [
        ingest_step("wide", "shop.duckdb", query=query),
        sql_step("sums", "SELECT sum(k0 + k1) AS n FROM wide", "wide"),
        store_step("saved", "shop.duckdb", "sums", table="sums"),
    ]
    with Orchestrator(steps, tracking=tracking).execute() as result:
        assert result.success, result.errors
    with duckdb.connect("shop.duckdb") as connection:
        assert connection.execute("FROM sums").fetchall() == expected


def test_if_exists_names_the_mode(base: str) -> None:
    for mode, success in (("append", True), ("append", True), ("fail", False)):
        with Orchestrator(steps(base, table="kinds", if_exists=mode)).execute() as result:
            assert result.success is success
    assert len(read(base, "kinds")) == 6


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ({"table": "orders"}, "is also the source of 'orders'"),
        ({"table": "t", "partitionBy": "kind"}, r"can't be partitioned\. Use one of .*parquet"),
        ({"table": "t", "if_exists": "append", "mode": "append"}, "say the same thing twice"),
        ({}, r"params\.table: the setting is missing"),
    ],
)
def test_what_can_not_be_is_told_before_anything_runs(base: str, store: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineInvalidError, match=message):
        Orchestrator(steps(base, **store)).validate()


@pytest.mark.parametrize(
    ("value", "params", "message"),
    [
        ("db", {"source_type": "jdbc"}, "'jdbc' reads a database server, .*named connection"),
        ("https://example.com/a", {"source_type": "delta"}, "no format of files that are fetched over HTTP"),
        ("a.csv", {"if_exists": "append"}, "there is no setting 'if_exists'"),
    ],
)
def test_sources_that_are_no_files_are_told(value: str, params: dict[str, Any], message: str) -> None:
    step = Step("ingest", "i", "config_op", "pandas", value, params, outputs={"data": "d"})
    with pytest.raises(PipelineInvalidError, match=message):
        Orchestrator([step]).validate()
