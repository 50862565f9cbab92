"""The same pipeline on a cluster of several processes, and through Spark Connect."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from tests import spark_servers
from tests.processes import started
from tests.spark_servers import Cluster
from tests.waiting import wait_until

# Five processes of Java share what a machine has.
pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(600)]

ROWS, FILES = 24_000, 8
# Hashing long texts takes its time in the tasks, not between them.
SLOW = "sum(length(sha256(repeat(CAST(id AS VARCHAR), 2000))))"
LEAN = """
[spark.config]
"spark.driver.extraJavaOptions" = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"spark.executor.extraJavaOptions" = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"spark.executor.memory" = "512m"
"spark.sql.shuffle.partitions" = "3"
"spark.sql.adaptive.coalescePartitions.enabled" = "false"
"spark.sql.files.maxPartitionBytes" = "1m"
"spark.sql.files.openCostInBytes" = "1m"
"""
PIPELINE = f"""
name: ids
steps:
  - {{name: read, layer: bronze, type: config_op, value: ids, outputs: {{data: ids}}}}
  - name: sums
    layer: silver
    type: sql
    value: SELECT id % 7 AS k, count(*) AS n, sum(id) AS total, {SLOW} AS letters FROM ids GROUP BY 1
    inputs: {{ids: ids}}
    outputs: {{data: sums}}
  - {{name: few, layer: silver, type: sql, value: SELECT * FROM ids WHERE id % 3 = 0, inputs: {{ids: ids}},
     outputs: {{data: few}}}}
  - {{name: save, layer: gold, type: config_op, value: out/sums.parquet, inputs: {{data: sums}}}}
  - {{name: table, layer: gold, type: config_op, value: out/few, params: {{format: delta, partitionBy: part,
     mode: append}}, inputs: {{data: few}}}}
"""


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    """A workspace with a pipeline over files of numbers."""
    (tmp_path / "odibi.toml").write_text(LEAN)
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "ids.yaml").write_text(PIPELINE)
    (tmp_path / "ids").mkdir()
    for number in range(FILES):
        a_file = f"SELECT id, 'p' || id % 2 AS part FROM range({ROWS}) t(id) WHERE id % {FILES} = {number}"
        duckdb.execute(f"COPY ({a_file}) TO '{tmp_path / 'ids' / f'{number}.parquet'}'")
    return tmp_path


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers."""
    with spark_servers.cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def odibi(root: Path, *arguments: str) -> list[str]:
    code = "import sys; from odibi_core.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code, "-w", str(root), *arguments]


def expected(root: Path) -> list[tuple[Any, ...]]:
    sums = f"count(*) AS n, sum(id) AS total, {SLOW} AS letters"
    query = f"SELECT id % 7 AS k, {sums} FROM '{root}/ids/*.parquet' GROUP BY 1 ORDER BY 1"
    return duckdb.execute(query).fetchall()


def written(root: Path) -> list[tuple[Any, ...]]:
    return duckdb.execute(f"FROM '{root}/out/sums.parquet/*.parquet' ORDER BY k").fetchall()


def writers(files: Sequence[Path]) -> set[str]:
    return {pq.read_metadata(file).created_by.split(" ")[0] for file in files}


def test_a_worker_s_death_in_the_middle_changes_nothing(ids: Path, cluster: Cluster) -> None:
    command = odibi(ids, "run", "ids", "--engine", "spark", "--master", cluster.url, "--json")
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        doomed = cluster.workers[0]

        def has_worked() -> bool:
            assert process.poll() is None, process.communicate()
            logs = doomed.log.parent.glob("work-0/*/*/stderr")
            return any("Finished task" in log.read_text() for log in logs)

        wait_until(has_worked, timeout_s=400)
        assert process.poll() is None
        doomed.kill()
        told, complaints = process.communicate()
    assert process.returncode == 0, told + complaints
    assert written(ids) == expected(ids)
    table = DeltaTable(ids / "out" / "few")
    assert table.metadata().partition_columns == ["part"]
    assert sorted(table.to_pyarrow_table()["id"].to_pylist()) == list(range(0, ROWS, 3))
    # The rows went from the workers into the targets: this machine only named the files.
    assert writers([*(ids / "out" / "sums.parquet").glob("*.parquet")]) == {"parquet-mr"}
    assert writers([*(ids / "out" / "few").rglob("*.parquet")]) == {"parquet-mr"}
    counts = {step["name"]: step["row_count"] for step in json.loads(told)["steps"]}
    assert counts["few"] == counts["table"] == ROWS // 3


def test_the_same_through_spark_connect(ids: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (ids / "odibi.toml").write_text("")
    with spark_servers.connect_server(tmp_path_factory.mktemp("connect")) as url:
        for _ in range(2):
            run = subprocess.run(
                odibi(ids, "run", "ids", "--engine", "spark", "--remote", url, "--json"),
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode == 0, run.stdout + run.stderr
    files = "out/sums.parquet" if (ids / "out/sums.parquet").is_file() else "out/sums.parquet/*.parquet"
    assert duckdb.execute(f"FROM '{ids / files}' ORDER BY k").fetchall() == expected(ids)
    assert DeltaTable(ids / "out" / "few").to_pyarrow_table().num_rows == 2 * ROWS // 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--master", "local[2]"], "no step runs on it: add --engine spark"),
        (["--engine", "spark", "--master", "local[2]", "--remote", "sc://there"], "not both"),
    ],
)
def test_a_place_that_means_nothing_is_refused(ids: Path, arguments: list[str], message: str) -> None:
    run = subprocess.run(odibi(ids, "run", "ids", *arguments), capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert message in run.stderr
    assert not (ids / "out").exists()


@pytest.mark.parametrize("place", ["--remote=sc://127.0.0.1:9", "--master=spark://127.0.0.1:9"])
def test_a_cluster_that_is_not_there_is_told_at_once(ids: Path, place: str) -> None:
    arguments = ["run", "ids", "--engine", "spark", place]
    run = subprocess.run(odibi(ids, *arguments), capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 1
    assert f"Spark can't be reached at {place.partition('=')[2]}: connection refused" in run.stderr
    assert "Traceback" not in run.stderr
