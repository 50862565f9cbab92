"""Of odd files Spark gives the rows that DuckDB gives, or leaves them to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from tests.conftest import Run
from tests.core.engines.spark.odd_files import MAKERS
from tests.core.engines.spark.test_native_sources import by_duckdb

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Scan
from odibi_core.engines.spark.sources import natively
from odibi_core.engines.spark.staging import duckdb_schema
from odibi_core.engines.spark.strict_sources import strict_frame
from odibi_core.engines.spark.strict_text import is_otherwise
from odibi_core.formats.registry import format_named
from odibi_core.orchestrator import Orchestrator
from odibi_core.parity.comparing import compare_rows
from odibi_core.step import Step
from odibi_core.workspace import Workspace

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("spark")]

ENGINES = ("pandas", "spark")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with closing(Session(tmp_path_factory.mktemp("duckdb"))) as session:
        yield session


@pytest.mark.parametrize("name", MAKERS)
def test_odd_files_are_read_alike_or_left(
    spark: SparkSession, session: Session, tmp_path: Path, name: str
) -> None:
    format_name, path = MAKERS[name](tmp_path)
    scan = Scan(str(tmp_path / path), format_name, format_named(format_name).read_options())
    found = natively(spark, scan, scan.source, session)
    frame, count = found if found is not None else (None, None)
    if frame is None:
        frame = strict_frame(spark, scan, scan.source, scan.options, session)
    if frame is None:
        return
    failed = None
    try:
        rows = frame.toArrow()
    except (PySparkException, Py4JJavaError) as error:
        failed = error
    if failed is not None:
        assert is_otherwise(failed), failed
        return
    table, schema = by_duckdb(scan, session, tmp_path)
    schemas = (schema, duckdb_schema(frame, session))
    assert schemas[1] == schemas[0]
    assert compare_rows(table, rows, schemas, tolerance=0, examples=5).pairs == ()
    assert count in (None, table.num_rows)


def test_late_fractions_are_not_cut_off_to_the_type_that_the_heads_told(
    workspace: Workspace, run: Run
) -> None:
    lines = [*(json.dumps({"a": number}) for number in range(2_500)), '{"a": 2.5}']
    (workspace.root / "rows.json").write_text("\n".join(lines) + "\n")
    steps = [
        Step("bronze", "read", "config_op", "", "rows.json", {}, {}, {"data": "rows"}),
        Step("silver", "most", "sql", "", "SELECT sum(a) - 3123750 AS s FROM rows", {}, {"rows": "rows"},
             {"data": "sums"}),
    ]  # fmt: skip
    result = run(steps, engine_type="spark")
    assert result.success, result.errors
    assert [row[0] for row in result.data_map["sums"].collect()] == [2.5]


def test_what_spark_would_write_or_name_otherwise_is_written_by_this_machine(
    workspace: Workspace, run: Run
) -> None:
    (workspace.root / "odibi.toml").write_text('[spark]\nwrites = "spark"\n')
    rows = (
        "SELECT i, CASE WHEN i = 0 THEN DATE '12000-01-01' ELSE DATE '2024-01-01' END AS d, "
        "TIMESTAMPTZ '2024-01-01 10:00:00+02' AS z FROM (SELECT unnest([0, 1]) AS i)"
    )
    made = Step("silver", "made", "sql", "", rows, {}, {}, {"data": "made"})
    for engine in ("pandas", "spark"):
        saved = [
            Step("gold", "lines", "config_op", "", f"{engine}.json", {}, {"data": "made"}),
            Step("gold", "folders", "config_op", "", engine, {"format": "parquet", "partitionBy": "z"},
                 {"data": "made"}),
        ]  # fmt: skip
        result = run([made, *saved], engine_type=engine)
        assert result.success, result.errors
    texts = [sorted((workspace.root / f"{engine}.json").read_text().splitlines()) for engine in ENGINES]
    assert texts[0] == texts[1]
    names = [sorted(path.name for path in (workspace.root / engine).glob("z=*")) for engine in ENGINES]
    assert names[0] == names[1]


def test_moments_in_nanoseconds_are_rounded_with_a_warning_of_the_plan(
    workspace: Workspace, run: Run
) -> None:
    nanoseconds = pa.array([1704110400123456789], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"at": nanoseconds}), workspace.root / "rows.parquet")
    step = Step("bronze", "read", "config_op", "", "rows.parquet", {}, {}, {"data": "rows"})
    (told,) = Orchestrator([step], workspace=workspace, engine_type="spark").plan().warnings
    assert "no nanoseconds" in told.what
    result = run([step], engine_type="spark")
    assert result.success, result.errors
    ((at,),) = result.data_map["rows"].collect()
    assert at.microsecond == 123457
