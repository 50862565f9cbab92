"""Pipelines give on Spark what they give on DuckDB."""

from __future__ import annotations

import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from tests.conftest import Run
from tests.waiting import wait_until

from odibi_core.dataset import arrow_to_pandas
from odibi_core.design.yaml_form import load_yaml
from odibi_core.engine_context import SparkEngineContext
from odibi_core.engines.spark import session as session_module
from odibi_core.engines.spark.session import open_session
from odibi_core.errors import OdibiError, PipelineInvalidError
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.samples import copy_samples
from odibi_core.step import Step
from odibi_core.workspace import Workspace
from odibi_core.workspace_settings import SparkSettings

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("spark")]

ORDERS = (
    "id,customer,amount,day\n1,ana,10.5,2024-01-01\n2,bo,20,2024-01-02\n3,ana,7.25,2024-02-03\n"
    "4,,9,2024-02-04\n5,bo,31,2024-02-05\n5,bo,30,2024-03-05\n"
)
PEOPLE = "customer,town\nana,Bonn\nbo,Lund\ncleo,Nice\n"

QUERIES = {
    "filter and compute": "SELECT *, amount * 2 AS twice FROM orders WHERE amount > 8",
    "aggregate": "SELECT customer, count(*) AS n, sum(amount) AS s, avg(amount) AS m FROM orders GROUP BY 1",
    "join": "SELECT o.id, p.town FROM orders o LEFT JOIN people p USING (customer)",
    "window": "SELECT * EXCLUDE (rn) FROM (SELECT *, row_number() OVER (PARTITION BY id "
    "ORDER BY amount DESC) AS rn FROM orders) WHERE rn = 1",
    "union": "SELECT customer FROM orders UNION SELECT customer FROM people",
    "its own WITH": "WITH big AS (SELECT * FROM orders WHERE amount > 9) SELECT count(*) AS n FROM big -- !",
    "DuckDB's words": "SELECT strftime(day, '%Y-%m') AS month, \"customer\" AS who FROM orders",
    "Spark's words": "SELECT DATE_FORMAT(day, 'yyyy-MM') AS month, NVL(customer, 'none') AS who FROM orders",
    "a column of nulls": "SELECT id, NULL AS nothing FROM orders",
    "no rows": "SELECT * FROM orders WHERE amount > 1000",
    "many types": "SELECT day::TIMESTAMP AS at, true AS yes, 1.25::DECIMAL(9, 2) AS price, [1, 2] AS l "
    "FROM orders",
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "orders.csv").write_text(ORDERS)
    (tmp_path / "people.csv").write_text(PEOPLE)
    return tmp_path


def read(name: str, key: str, **more: Any) -> Step:
    return Step("bronze", f"read_{key}", "config_op", "", name, more, {}, {"data": key})


def query(name: str, sql: str, *inputs: str, engine: str = "", **params: Any) -> Step:
    taken = {key: key for key in inputs}
    return Step("silver", name, "sql", engine, sql, params, taken, {"data": name})


def store(path: str, key: str, **params: Any) -> Step:
    return Step("gold", f"save_{key}", "config_op", "", path, params, {"data": key})


def lineage(result: RunResult) -> dict[str, Any]:
    assert result.tracker is not None
    return result.tracker.lineage()


def rows(result: RunResult, key: str) -> list[tuple[Any, ...]]:
    frame = result.data_map[key]
    if isinstance(frame, DataFrame):
        frame = arrow_to_pandas(frame.toArrow())
    plain = frame.astype(object).where(frame.notna(), None)
    return sorted((tuple(map(str, row)) for row in plain.itertuples(index=False)), key=repr)


@pytest.mark.parametrize("sql", QUERIES.values(), ids=QUERIES)
def test_a_query_gives_the_same_rows_and_columns(run: Run, files: Path, sql: str) -> None:
    found = []
    for engine in ("pandas", "spark"):
        result = run(
            [
                read("orders.csv", "orders"),
                read("people.csv", "people"),
                query("out", sql, "orders", "people"),
            ],
            engine_type=engine,
        )
        assert result.success, result.errors
        schema = lineage(result)["steps"][-1]["output_snapshots"]["data"]["schema"]
        found.append((rows(result, "out"), list(schema)))
    assert found[1] == found[0]


def test_a_sample_pipeline_writes_the_same_files(tmp_path: Path) -> None:
    folder = tmp_path / "samples"
    copy_samples(folder)
    output = folder / "output" / "customer_360"
    files = ("customer_value.parquet", "best_customers.csv", "region_months.csv")
    found = []
    for engine in ("pandas", "spark"):
        pipeline = replace(load_yaml(folder / "pipelines" / "customer_360.yaml"), engine=engine)
        result = Orchestrator(pipeline, workspace=folder).execute()
        result.close()
        assert result.success, result.errors
        queries = [f"FROM '{output / name}' ORDER BY ALL" for name in files]
        found.append([duckdb.execute(query).fetchall() for query in queries])
        shutil.rmtree(output)
    assert found[1] == found[0]
    assert len(found[0][0]) > 500


@pytest.mark.parametrize("tracking", ["fused", "exact"])
def test_rows_of_every_step_are_counted(run: Run, files: Path, tracking: str) -> None:
    pd.DataFrame({"id": range(100)}).to_parquet(files / "ids.parquet")
    result = run(
        [
            read("ids.parquet", "ids"),
            query("some", "SELECT * FROM ids WHERE id >= 10", "ids"),
            query("few", "SELECT * FROM some WHERE id % 9 = 0", "some"),
            store("few.parquet", "few"),
        ],
        engine_type="spark",
        tracking=tracking,
    )
    assert result.success, result.errors
    steps = {step["step_name"]: step for step in lineage(result)["steps"]}
    counts = {
        name: step["output_snapshots"]["data"]["row_count"]
        for name, step in steps.items()
        if step["output_snapshots"]
    }
    assert counts == {"read_ids": 100, "some": 90, "few": 10}
    assert steps["save_few"]["written"]["rows"] == 10
    assert len(pd.read_parquet(files / "few.parquet")) == 10


def test_functions_and_both_engines_take_turns(run: Run, files: Path) -> None:
    def add_tax(orders: pd.DataFrame) -> pd.DataFrame:
        orders["tax"] = orders["amount"] * 0.1
        return orders

    result = run(
        [
            read("orders.csv", "orders"),
            query("big", "SELECT * FROM orders WHERE amount > 8", "orders", engine="spark"),
            Step(
                "silver",
                "taxed",
                "function",
                "spark",
                add_tax,
                inputs={"orders": "big"},
                outputs={"data": "taxed"},
            ),
            query("here", "SELECT * FROM taxed WHERE tax > 1", "taxed", engine="pandas"),
            query("there", "SELECT count(*) AS n, sum(tax) AS tax FROM here", "here", engine="spark"),
        ],
        engine_type="pandas",
    )
    assert result.success, result.errors
    assert rows(result, "there") == [("4", "9.15")]
    assert isinstance(result.data_map["taxed"], DataFrame)
    assert isinstance(result.data_map["here"], pd.DataFrame)


@pytest.mark.parametrize("mode", ["append", "overwrite", "merge"])
def test_delta_is_written_as_on_the_other_engine(run: Run, files: Path, mode: str) -> None:
    params = {"format": "delta", "mode": mode} | ({"merge_key": "id"} if mode == "merge" else {})
    best = query("best", "SELECT id, max(amount) AS amount FROM orders GROUP BY id", "orders")
    for _ in range(2):
        result = run([read("orders.csv", "orders"), best, store("t", "best", **params)], engine_type="spark")
        assert result.success, result.errors
    table = DeltaTable(files / "t").to_pyarrow_table()
    assert table.num_rows == (10 if mode == "append" else 5)
    again = run(
        [read("t", "t", source_type="delta"), query("n", "SELECT count(*) AS n FROM t", "t")],
        engine_type="spark",
    )
    assert again.success, again.errors
    assert rows(again, "n") == [(str(table.num_rows),)]


def test_rows_that_can_not_be_read_are_set_aside(run: Run, files: Path) -> None:
    (files / "orders.csv").write_text("id,amount\n1,5\n2,x\n3,7\n")
    steps = [read("orders.csv", "orders", schema={"amount": "BIGINT"}), store("a.parquet", "orders")]
    result = run(steps, engine_type="spark")
    assert result.success
    assert lineage(result)["steps"][0]["rejected_rows"] == 1
    assert pd.read_parquet(files / "a.parquet")["amount"].tolist() == [5, 7]


@pytest.mark.parametrize("engine", ["pandas", "spark"])
def test_a_misspelt_column_is_told_before_anything_runs(run: Run, files: Path, engine: str) -> None:
    with pytest.raises(PipelineInvalidError, match="mean 'amount'"):
        run(
            [read("orders.csv", "orders"), query("out", "SELECT amuont FROM orders", "orders")],
            engine_type=engine,
        )


def test_what_only_a_run_can_tell_is_said_in_words(run: Run, files: Path) -> None:
    steps = [
        read("orders.csv", "orders"),
        query("out", "SELECT CAST(customer AS INT) AS n FROM orders", "orders"),
    ]
    result = run(steps, engine_type="spark")
    assert not result.success
    told = str(result.errors["out"])
    assert "'ana'" in told
    assert "step 'out'" in told
    assert "org.apache" not in told
    assert "SQLSTATE" not in told


def test_a_function_that_only_spark_knows_runs_there(run: Run, files: Path) -> None:
    result = run(
        [
            read("orders.csv", "orders"),
            query("out", "SELECT soundex(customer) AS s FROM orders WHERE id = 1", "orders"),
        ],
        engine_type="spark",
    )
    assert result.success, result.errors
    assert rows(result, "out") == [("A500",)]


def test_a_run_that_failed_is_resumed(run: Run, files: Path) -> None:
    broken: list[bool] = [True]

    def check(big: pd.DataFrame) -> pd.DataFrame:
        if broken:
            raise ValueError("not yet")
        return big

    steps = [
        read("orders.csv", "orders"),
        query("big", "SELECT * FROM orders WHERE amount > 8", "orders"),
        Step("gold", "checked", "function", "", check, inputs={"big": "big"}, outputs={"data": "checked"}),
        query("n", "SELECT count(*) AS n FROM checked", "checked"),
    ]
    settings: dict[str, Any] = {"engine_type": "spark", "enable_checkpoints": True, "checkpoint_mode": "auto"}
    assert not run(steps, **settings).success
    broken.clear()
    result = run(steps, **settings, resume_from_checkpoint=True)
    assert result.success, result.errors
    assert {"read_orders", "big"} <= set(result.cached_nodes)
    assert rows(result, "n") == [("5",)]


def test_a_heavy_query_is_cancelled(workspace: Workspace, files: Path, spark: SparkSession) -> None:
    # Tasks of a Cartesian product never look whether somebody has stopped them; those of a range do.
    heavy = "SELECT count(*) AS n FROM orders a, range(100000000000000) b WHERE length(a.id || b.id) < 0"
    orchestrator = Orchestrator(
        [read("orders.csv", "orders"), query("heavy", heavy, "orders", dialect="spark")],
        "spark",
        workspace=workspace,
    )
    timer = threading.Timer(4, orchestrator.cancel, ["enough"])
    timer.start()
    # Counting to 10^14 would take days.
    result = orchestrator.execute()
    result.close()
    assert result.state == "cancelled"
    wait_until(lambda: running_tasks(spark) == 0)


def running_tasks(spark: SparkSession) -> int:
    """How many tasks Spark's own processes are at work on, those of stopped jobs too."""
    tracker = spark.sparkContext._jsc.sc().statusTracker()
    return sum(int(executor.numRunningTasks()) for executor in tracker.getExecutorInfos())


def test_a_missing_java_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "_held", None)
    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(OdibiError, match="needs Java 17 or newer") as caught:
        open_session(SparkSettings(), tmp_path)
    assert "openjdk-17-jre-headless" in caught.value.fix


def test_ctrl_c_is_still_the_run_s() -> None:
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_process_uses_spark_at_one_place(tmp_path: Path) -> None:
    with pytest.raises(
        OdibiError, match=r"uses Spark at local\[2\] already, so it can't use spark://elsewhere"
    ):
        open_session(SparkSettings(master="spark://elsewhere:7077"), tmp_path)
    _, leave = open_session(SparkSettings(master="local[2]"), tmp_path)
    leave()


def test_a_run_takes_the_config_of_its_context(workspace: Workspace, files: Path) -> None:
    context = SparkEngineContext(spark_config={"spark.master": "spark://elsewhere:7077"}, workspace=workspace)
    steps = [read("orders.csv", "orders"), query("n", "SELECT count(*) AS n FROM orders", "orders")]
    with pytest.raises(OdibiError, match="can't use spark://elsewhere:7077"):
        Orchestrator(steps, "spark", workspace=workspace, context=context).execute()


def test_a_place_that_is_given_takes_the_place_of_the_workspace_s() -> None:
    settings = SparkSettings(master="local[2]", config={"a": "1", "b": "1"})
    assert settings.with_config({}) == settings
    given = settings.with_config({"spark.remote": "sc://host", "b": "2"})
    assert given == SparkSettings(remote="sc://host", config={"a": "1", "b": "2"})


def test_files_that_spark_reads_otherwise_are_read_by_duckdb(run: Run, tmp_path: Path) -> None:
    (tmp_path / "days").mkdir()
    duckdb.execute(f"COPY (SELECT 1 AS a) TO '{tmp_path / 'days' / '1.parquet'}'")
    duckdb.execute(f"COPY (SELECT 2 AS a, 'x' AS b) TO '{tmp_path / 'days' / '2.parquet'}'")
    duckdb.execute(f"COPY (SELECT TIME '12:30' AS t, uuid() AS u) TO '{tmp_path / 'odd.parquet'}'")
    for source, key, sql in [("days", "d", "SELECT a, b FROM d"), ("odd.parquet", "o", "SELECT t, u FROM o")]:
        found = [
            rows(run([read(source, key), query("out", sql, key)], engine_type=engine), "out")
            for engine in ("pandas", "spark")
        ]
        assert found[1] == found[0]


def test_a_count_that_a_limit_cut_short_is_not_told(run: Run, tmp_path: Path) -> None:
    pd.DataFrame({"id": range(1000)}).to_parquet(tmp_path / "ids.parquet")
    steps = [
        read("ids.parquet", "ids"),
        query("some", "SELECT * FROM ids WHERE id >= 10", "ids"),
        query("few", "SELECT * FROM some LIMIT 3", "some"),
    ]
    result = run(steps, engine_type="spark", tracking="fused")
    counts = [step["output_snapshots"]["data"]["row_count"] for step in lineage(result)["steps"]]
    assert counts == [1000, None, 3]


def test_a_workspace_may_have_any_name(tmp_path: Path) -> None:
    root = tmp_path / "my data, [b] {c} 100%25"
    (root / "in" / "part=a b").mkdir(parents=True)
    (root / "odibi.toml").write_text('[spark]\nwrites = "spark"\n')
    (root / "orders.csv").write_text(ORDERS)
    duckdb.execute(f"COPY (SELECT 1 AS id) TO '{root / 'in' / 'part=a b' / '1.parquet'}'")
    steps = [
        read("orders.csv", "orders"),
        read("in", "ids"),
        query("both", "SELECT o.id, o.amount, i.part FROM orders o JOIN ids i USING (id)", "orders", "ids"),
        store("out.parquet", "both"),
    ]
    result = Orchestrator(steps, "spark", workspace=Workspace.find(root)).execute()
    assert result.success, result.errors
    assert "part=a b" in str(result.data_map["ids"].inputFiles()).replace("%20", " ")
    result.close()
    assert pd.read_parquet(root / "out.parquet").to_dict("list") == {
        "id": [1], "amount": [10.5], "part": ["a b"]
    }  # fmt: skip


def _counts(result: RunResult) -> dict[str, int | None]:
    assert result.success, result.errors
    given = {step["step_name"]: step["output_snapshots"] for step in lineage(result)["steps"]}
    return {name: outputs["data"]["row_count"] for name, outputs in given.items() if outputs}


def test_a_count_is_told_only_where_all_rows_were_surely_taken(
    run: Run, spark: SparkSession, tmp_path: Path
) -> None:
    pd.DataFrame({"k": range(1000)}).to_parquet(tmp_path / "many.parquet")
    pd.DataFrame({"k": [5, 7]}).to_parquet(tmp_path / "two.parquet")
    joined = "SELECT l.k, g.n FROM less l JOIN groups g ON g.k = l.k"
    taken = {"groups": "groups", "less": "less"}
    steps = [
        read("many.parquet", "many"),
        read("two.parquet", "two"),
        query("groups", "SELECT k, count(*) AS n FROM many WHERE k >= 0 GROUP BY k", "many"),
        query("less", "SELECT * FROM two WHERE k > 5", "two"),
        Step("silver", "joined", "sql", "", joined, {}, taken, {"data": "joined"}),
        store("joined.parquet", "joined"),
    ]  # fmt: skip
    assert _counts(run(steps, engine_type="spark", tracking="fused")) == {
        "read_many": 1000, "read_two": 2, "groups": 1000, "less": 1, "joined": 1,
    }  # fmt: skip
    # Joined in order, an empty side ends a part before the other one was looked at.
    in_order = {
        "spark.sql.autoBroadcastJoinThreshold": "-1",
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
        "spark.sql.shuffle.partitions": "8",
    }
    before = {name: spark.conf.get(name) or "" for name in in_order}
    try:
        for name, value in in_order.items():
            spark.conf.set(name, value)
        counts = _counts(run(steps, engine_type="spark", tracking="fused"))
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)
    assert counts == {"read_many": 1000, "read_two": 2, "groups": None, "less": 1, "joined": 1}


def test_rows_of_no_rows_are_counted(run: Run, tmp_path: Path) -> None:
    pd.DataFrame({"k": range(1000)}).to_parquet(tmp_path / "many.parquet")
    steps = [
        read("many.parquet", "many"),
        query("none", "SELECT * FROM many WHERE k < 0", "many"),
        query("odd", "SELECT * FROM none WHERE k % 2 = 1", "none"),
        query("sums", "SELECT k, count(*) AS n FROM odd GROUP BY k", "odd"),
        store("sums.parquet", "sums"),
    ]
    counts = _counts(run(steps, engine_type="spark", tracking="fused"))
    assert counts == {"read_many": 1000, "none": 0, "odd": 0, "sums": 0}
