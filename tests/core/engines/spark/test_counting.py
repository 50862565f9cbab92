"""Counting the rows of steps that stream, where Spark's own metrics are out of reach."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from odibi_core.engines.spark.counting import Observations

pytestmark = pytest.mark.xdist_group("spark")

GROUPS = 100


@pytest.fixture
def groups(spark: SparkSession) -> DataFrame:
    """A hundred rows that lie as a join by their key wants them."""
    return spark.range(1_000).selectExpr(f"id % {GROUPS} AS k").groupBy("k").count()


def counted(spark: SparkSession, groups: DataFrame, sql: str, folder: Path) -> dict[str, int]:
    """What the groups, and a row of few, were counted as while a query over them was written."""
    counting = Observations()
    counting.watched("groups", groups).createOrReplaceTempView("counted_groups")
    counting.watched("few", spark.range(7, 8).toDF("k")).createOrReplaceTempView("counted_few")
    frame = spark.sql(sql)
    counting.carries(frame)
    frame.write.parquet(str(folder / "out"))
    return counting.rows_seen({"groups", "few"})


def test_a_count_is_left_out_where_a_sorted_join_may_have_ended_early(
    spark: SparkSession, groups: DataFrame, tmp_path: Path
) -> None:
    sql = "SELECT /*+ MERGE(g) */ * FROM counted_groups g JOIN counted_few f USING (k)"
    assert counted(spark, groups, sql, tmp_path) == {"few": 1}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT /*+ BROADCAST(f) */ * FROM counted_groups g JOIN counted_few f USING (k)",
        "SELECT g.count, count(f.k) FROM counted_groups g, counted_few f GROUP BY 1",
    ],
)
def test_rows_are_counted_where_all_of_them_are_taken(
    spark: SparkSession, groups: DataFrame, sql: str, tmp_path: Path
) -> None:
    assert counted(spark, groups, sql, tmp_path)["groups"] == GROUPS
