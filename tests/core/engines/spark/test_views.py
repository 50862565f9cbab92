"""Frames are named in a session without a command of Spark's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession

from odibi_core.engines.spark import views as views_module
from odibi_core.engines.spark.views import Views

pytestmark = pytest.mark.xdist_group("spark")

NAME = "views_of_a_test"
SQL = f"SELECT v.k, (SELECT max(k) FROM {NAME}) AS top FROM {NAME} AS v WHERE v.k > 1"


@pytest.fixture
def frame(spark: SparkSession) -> DataFrame:
    return spark.range(5).selectExpr("id % 3 AS k", "id / 2 AS half")


def plan(frame: DataFrame) -> str:
    return re.sub(r"#\d+L?|plan_id=\d+", "", str(frame._jdf.queryExecution().toString()))


def commands(spark: SparkSession) -> int:
    spark._jsc.sc().listenerBus().waitUntilEmpty(10_000)
    return int(spark._jsparkSession.sharedState().statusStore().executionsCount())


def test_a_frame_is_named_without_a_command_and_read_by_the_same_plan(
    spark: SparkSession, frame: DataFrame
) -> None:
    frame.createOrReplaceTempView(NAME)
    wanted = spark.sql(SQL)
    spark.catalog.dropTempView(NAME)
    views, before = Views(spark), commands(spark)
    views.keep(NAME, frame)
    assert commands(spark) == before
    found = spark.sql(SQL)
    assert plan(found) == plan(wanted)
    assert sorted(map(tuple, found.collect())) == [(2, 2)]
    views.forget(NAME)
    with pytest.raises(AnalysisException, match="cannot be found"):
        spark.sql(SQL)


def test_where_spark_has_other_objects_a_command_names_the_frame(
    spark: SparkSession, frame: DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_package: Any, name: str) -> Any:
        raise TypeError(f"{name} is not there")

    monkeypatch.setattr(views_module, "_object", missing)
    views = Views(spark)
    views.keep(NAME, frame)
    assert spark.sql(SQL).count() == 1
    views.forget(NAME)
    assert not spark.catalog.tableExists(NAME)
