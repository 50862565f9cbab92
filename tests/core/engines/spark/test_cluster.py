"""The same pipeline on a cluster of several processes, and through Spark Connect."""

from __future__ import annotations

import json
import re
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
from tests.servers import DatabaseServer, mariadb_server, postgresql_server
from tests.spark_jars import spark_jars
from tests.spark_servers import Cluster
from tests.waiting import wait_until

from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step

# Five processes of Java share what a machine has.
pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.timeout(600)]

ROWS, FILES = 24_000, 8
# Hashing long texts takes its time in the tasks, not between them.
SLOW = "sum(length(sha256(repeat(CAST(id AS VARCHAR), 2000))))"
QUICK = "sum(length(sha256(CAST(id AS VARCHAR))))"
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
def postgresql() -> Iterator[DatabaseServer]:
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="module")
def mariadb() -> Iterator[DatabaseServer]:
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers."""
    with spark_servers.cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


def odibi(root: Path, *arguments: str) -> list[str]:
    code = "import sys; from odibi_core.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code, "-w", str(root), *arguments]


def expected(root: Path) -> list[tuple[Any, ...]]:
    # A hash is as long for a short text.
    sums = f"count(*) AS n, sum(id) AS total, {QUICK} AS letters"
    query = f"SELECT id % 7 AS k, {sums} FROM '{root}/ids/*.parquet' GROUP BY 1 ORDER BY 1"
    return duckdb.execute(query).fetchall()


def written(root: Path) -> list[tuple[Any, ...]]:
    return duckdb.execute(f"FROM '{root}/out/sums.parquet/*.parquet' ORDER BY k").fetchall()


def writers(files: Sequence[Path]) -> set[str]:
    return {pq.read_metadata(file).created_by.split(" ")[0] for file in files}


SOURCES = """
name: sources
steps:
  - {name: texts, layer: bronze, type: config_op, value: texts, outputs: {data: texts}}
  - {name: blocks, layer: bronze, type: config_op, value: blocks, params: {source_type: avro},
     outputs: {data: blocks}}
  - {name: objects, layer: bronze, type: config_op, value: objects.json, outputs: {data: objects},
     params: {schema: {id: BIGINT, kind: VARCHAR}}}
  - {name: table, layer: bronze, type: config_op, value: sold, outputs: {data: table},
     params: {connection: shop, partition_column: id, partitions: 4}}
  - {name: near, layer: bronze, type: config_op, value: near, outputs: {data: near},
     params: {connection: shop}}
  - {name: rates, layer: bronze, type: config_op, value: rates, outputs: {data: rates},
     params: {connection: rates, partition_column: id, partitions: 3}}
  - name: together
    layer: silver
    type: sql
    value: SELECT x.id, x.name, b.size, o.kind, t.price, t.day, t.at, r.* EXCLUDE (id)
      FROM texts x JOIN blocks b ON x.id = b.id JOIN rates r ON r.id = x.id
      JOIN objects o ON o.id = x.id JOIN "table" t ON t.id = x.id
      JOIN near n ON n.id = x.id
    inputs: {texts: texts, blocks: blocks, objects: objects, table: table, near: near,
      rates: rates}
    outputs: {data: together}
  - {name: save, layer: gold, type: config_op, value: out/together.parquet, inputs: {data: together}}
"""


def test_a_cluster_s_machines_read_the_sources(
    tmp_path: Path, cluster: Cluster, postgresql: DatabaseServer, mariadb: DatabaseServer
) -> None:
    jars = ",".join(str(jar) for jar in spark_jars().values())
    (tmp_path / "odibi.toml").write_text(
        f'{LEAN}"spark.jars" = "{jars}"\n[connections.shop]\nkind = "postgresql"\n'
        f'port = {postgresql.port}\ndatabase = "shop"\nuser = "{postgresql.user}"\n'
        'password = "${secret:SHOP}"\n[connections.rates]\nkind = "mysql"\n'
        f'port = {mariadb.port}\ndatabase = "shop"\nuser = "{mariadb.user}"\npassword = "${{secret:RATES}}"\n'
    )
    (tmp_path / ".env").write_text(f'SHOP="{postgresql.password}"\nRATES="{mariadb.password}"\n')
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "sources.yaml").write_text(SOURCES)
    (tmp_path / "texts").mkdir()
    for number in range(4):
        few = f"SELECT id, 'é, \"' || id AS name FROM range(1000) t(id) WHERE id % 4 = {number}"
        duckdb.execute(f"COPY ({few}) TO '{tmp_path / 'texts' / str(number)}.csv'")
    duckdb.execute(
        f"COPY (SELECT id, 'k' || id % 3 AS kind FROM range(1000) t(id)) TO '{tmp_path / 'objects.json'}'"
    )
    duckdb.execute(f"COPY (SELECT id, id / 4 AS size FROM range(1000) t(id)) TO '{tmp_path / 'b.parquet'}'")
    make = [
        Step("bronze", "read", "config_op", "", "b.parquet", {}, {}, {"data": "b"}),
        Step("gold", "save", "config_op", "", "blocks", {"format": "avro"}, {"data": "b"}),
    ]
    made = Orchestrator(make, workspace=tmp_path).execute()
    made.close()
    assert made.success, made.errors
    postgresql.execute(
        "DROP TABLE IF EXISTS sold CASCADE",
        "CREATE TABLE sold AS SELECT i::bigint AS id, (i / 8.0)::numeric(9, 3) AS price, "
        "date '2024-01-01' + i AS day, timestamp '2024-01-01 10:00' + i * interval '1 minute' AS at "
        "FROM generate_series(0, 999) s(i)",
        # To Spark's machines, which alone call what they read so, the server refuses the rows.
        "CREATE OR REPLACE FUNCTION near(i bigint) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN "
        "IF current_query() LIKE '%odibi_rows%' THEN RAISE EXCEPTION 'not from there'; END IF; "
        "RETURN i; END $$",
        "CREATE OR REPLACE VIEW near AS SELECT near(id) AS id FROM sold",
    )
    mariadb.execute(
        "DROP TABLE IF EXISTS rates",
        "CREATE TABLE rates (id BIGINT, tiny TINYINT, is_new TINYINT(1), `a b.c` DECIMAL(9, 3), f8 DOUBLE, "
        "f4 FLOAT, since DATE, until DATETIME(6), changed TIMESTAMP(6) NULL, remark TEXT, mark VARBINARY(9)) "
        "CHARACTER SET utf8mb4",
        "INSERT INTO rates SELECT seq, seq % 100, seq % 2, seq / 8, seq / 3, seq / 7, "
        "DATE '2024-01-01' + INTERVAL seq DAY, TIMESTAMP '2024-01-01 10:00:00.123456' + INTERVAL seq MINUTE, "
        "TIMESTAMP '2024-10-27 00:00:00.5' + INTERVAL seq MINUTE, CONCAT(' é😀 ', seq), x'00ff' "
        "FROM seq_0_to_998",
        "INSERT INTO rates (id) VALUES (999)",
    )
    found = []
    for arguments in (["--engine", "pandas"], ["--engine", "spark", "--master", cluster.url]):
        run = subprocess.run(
            odibi(tmp_path, "run", "sources", *arguments), capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert "does not surely read" not in run.stdout + run.stderr
        target = tmp_path / "out" / "together.parquet"
        files = str(target) if target.is_file() else f"{target}/*.parquet"
        found.append(duckdb.execute(f"FROM '{files}' ORDER BY id").fetchall())
    assert found[1] == found[0]
    assert len(found[0]) == 1000
    told = "".join(path.read_text() for path in (tmp_path / ".odibi" / "runs").glob("*/events.jsonl"))
    assert "Spark's machines could not read it, so the machine that the run was started on read it" in told
    # Each machine asked for ranges of the table, and opened files of the folders.
    asked = [line for line in postgresql.statements().splitlines() if '"id" >= ' in line or '"id" < ' in line]
    assert len({line.partition("WHERE")[2] for line in asked}) == 4
    ranges = set(re.findall(r"odibi_rows.*?WHERE (.*)", mariadb.statements()))
    assert len([each for each in ranges if "`id`" in each]) == 3
    logs = "".join(log.read_text() for log in cluster.workers[0].log.parent.glob("work-*/*/*/stderr"))
    for name in ("texts/0.csv", "texts/3.csv", "objects.json", "blocks/"):
        assert re.search(rf"Reading File path: file://{tmp_path}/{name}", logs), name


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
    (ids / "pipelines" / "ids.yaml").write_text(PIPELINE.replace(SLOW, QUICK))
    with spark_servers.connect_server(tmp_path_factory.mktemp("connect")) as url:
        for _ in range(2):
            run = subprocess.run(
                odibi(ids, "run", "ids", "--engine", "spark", "--remote", url, "--json"),
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode == 0, run.stdout + run.stderr
            counts = {step["name"]: step["row_count"] for step in json.loads(run.stdout)["steps"]}
            assert counts == {"read": ROWS, "sums": 7, "few": ROWS // 3, "save": 7, "table": ROWS // 3}
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
