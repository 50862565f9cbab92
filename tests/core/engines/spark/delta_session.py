"""What a session with Delta's own jar sees of our table, and makes of it; run by the test of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step
from odibi_core.workspace import Workspace

TOLD = (
    "id, name, CAST(price AS STRING), CAST(day AS STRING), date_format(moment, 'yyyy-MM-dd HH:mm:ss'), "
    "ratio, part"
)


def main(jars: str, root: Path) -> None:
    """Read, change and write, and say what the states of the tables were."""
    settings = {
        "spark.jars": jars,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.warehouse.dir": str(root / "warehouse"),
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()

    def states(table: str, count: int) -> list[list[Any]]:
        query = f"SELECT {TOLD} FROM delta.`{root / table}` VERSION AS OF {{}} ORDER BY id"
        return [[list(row) for row in spark.sql(query.format(number)).collect()] for number in range(count)]

    ours = states("ours", 3)
    spark.sql(f"UPDATE delta.`{root / 'ours'}` SET id = 100 WHERE id = 24")
    spark.table(f"delta.`{root / 'ours'}`").filter("id < 10").write.format("delta").mode("overwrite").save(
        str(root / "theirs")
    )
    theirs = f"delta.`{root / 'theirs'}`"
    spark.sql(f"DELETE FROM {theirs} WHERE id = 3")
    read, saved = {"source_type": "delta"}, {"format": "delta", "mode": "append"}
    steps = [
        Step("bronze", "read", "config_op", "", "ours", read, {}, {"data": "t"}),
        Step("silver", "more", "sql", "", "SELECT * REPLACE (id + 1000 AS id) FROM t WHERE id < 3",
             {"dialect": "duckdb"}, {"t": "t"}, {"data": "more"}),
        Step("gold", "save", "config_op", "", "theirs", saved, {"data": "more"}),
    ]  # fmt: skip
    (root / "odibi.toml").write_text('[spark]\nwrites = "spark"\n')
    result = Orchestrator(steps, "spark", workspace=Workspace.find(root)).execute()
    result.close()
    if not result.success:
        raise SystemExit(str(result.errors))
    odd = make_odd(spark, root)
    print(json.dumps({"ours": ours, "theirs": states("theirs", 3), "odd": odd}, ensure_ascii=False))
    spark.stop()


ODD = {
    "deleted": ("id INT, name STRING", "'delta.enableDeletionVectors' = 'true'"),
    "renamed": ("id INT, old STRING", "'delta.columnMapping.mode' = 'name'"),
    "widened": ("id SMALLINT, name STRING", "'delta.enableTypeWidening' = 'true'"),
    "listed": ("id INT, name STRING", "'delta.checkpointPolicy' = 'v2'"),
}


def make_odd(spark: SparkSession, root: Path) -> dict[str, list[list[Any]]]:
    """Tables whose protocol asks more of readers than to read their files, and their rows."""
    tables = {name: f"delta.`{root / name}`" for name in ODD}
    for name, (columns, properties) in ODD.items():
        spark.sql(f"CREATE TABLE {tables[name]} ({columns}) USING delta TBLPROPERTIES ({properties})")
        spark.sql(f"INSERT INTO {tables[name]} SELECT id, 'n' || id FROM range(5)")
    spark.sql(f"DELETE FROM {tables['deleted']} WHERE id IN (1, 3)")
    spark.sql(f"ALTER TABLE {tables['renamed']} RENAME COLUMN old TO name")
    spark.sql(f"ALTER TABLE {tables['widened']} ALTER COLUMN id TYPE INT")
    spark.sql(f"INSERT INTO {tables['widened']} VALUES (100000, 'n')")
    tables["cloned"] = f"delta.`{root / 'cloned'}`"
    spark.sql(f"CREATE TABLE {tables['cloned']} SHALLOW CLONE {tables['listed']}")
    return {
        name: [list(row) for row in spark.sql(f"SELECT id, name FROM {table} ORDER BY id").collect()]
        for name, table in tables.items()
    }


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
