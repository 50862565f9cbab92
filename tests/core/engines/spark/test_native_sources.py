"""A cluster's machines read sources themselves, and give the rows that the other engine gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from tests.conftest import Run
from tests.core.engines.spark.source_cases import SOURCES, Source

from odibi_core.engines.duckdb.session import Session
from odibi_core.engines.operations import Scan
from odibi_core.engines.spark.conforming import conformed, told_apart
from odibi_core.engines.spark.file_forms import SparkForm
from odibi_core.engines.spark.staging import Staging, duckdb_schema
from odibi_core.engines.spark.strict_sources import reason_for_this_machine, strict_frame
from odibi_core.engines.spark.strict_text import is_otherwise
from odibi_core.formats.base import ScanContext
from odibi_core.formats.registry import format_named
from odibi_core.orchestrator import Orchestrator
from odibi_core.parity.comparing import compare_rows
from odibi_core.schema import Schema
from odibi_core.step import Step
from odibi_core.workspace import Workspace

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("spark")]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with closing(Session(tmp_path_factory.mktemp("duckdb"))) as session:
        yield session


def lay_out(source: Source, folder: Path) -> Scan:
    for name, content in source.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    options = format_named(source.format).read_options(**source.options)
    return Scan(str(folder / source.read), source.format, options)


def by_duckdb(scan: Scan, session: Session, scratch: Path) -> tuple[pa.Table, Schema]:
    with closing(session.cursor()) as cursor:
        context = ScanContext(cursor, scratch, False, session.new_name("case"))
        ready = format_named(scan.format).scan(scan.source, scan.options, context)
        for name, view in ready.views.items():
            cursor.register(name, view)
        return cursor.sql(f"FROM {ready.sql}").to_arrow_table(), ready.schema


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_spark_gives_the_same_rows_or_leaves_them(
    spark: SparkSession, session: Session, tmp_path: Path, source: Source
) -> None:
    scan = lay_out(source, tmp_path)
    frame = strict_frame(spark, scan, scan.source, scan.options, session)
    if frame is None:
        assert not source.is_native
        return
    try:
        found, failed = frame.toArrow(), None
    except (PySparkException, Py4JJavaError) as error:
        failed = error
    if failed is not None:
        assert is_otherwise(failed), failed
        assert not source.is_native
        return
    # What Spark reads must be right even where it was not looked for.
    table, schema = by_duckdb(scan, session, tmp_path)
    schemas = (schema, duckdb_schema(frame, session))
    assert schemas[1] == schemas[0]
    assert compare_rows(table, found, schemas, tolerance=0, examples=5).pairs == ()
    assert source.is_native


@pytest.mark.parametrize("format_name", ["orc", "avro"])
def test_binary_files_are_read_where_there_is_a_reader(
    spark: SparkSession, session: Session, run: Run, tmp_path: Path, format_name: str
) -> None:
    duckdb.execute(
        "COPY (SELECT i::INTEGER AS i, i * 10000000000 AS b, i / 4 AS d, 'é' || i AS s, i % 2 = 0 AS y, "
        "DATE '2024-01-31' + i::INTEGER AS t, (i / 8)::DECIMAL(9, 3) AS m, 'x'::BLOB AS x "
        f"FROM range(100) r(i)) TO '{tmp_path / 'in.parquet'}'"
    )
    steps = [
        Step("bronze", "read", "config_op", "", "in.parquet", {}, {}, {"data": "rows"}),
        Step("gold", "save", "config_op", "", "out", {"format": format_name}, {"data": "rows"}),
    ]
    assert run(steps, engine_type="pandas").success
    scan = Scan(str(tmp_path / "out"), format_name, format_named(format_name).read_options())
    frame = strict_frame(spark, scan, scan.source, scan.options, session)
    if format_name == "avro":
        # Spark's reader of Avro is a package of its own.
        assert frame is None
        return
    assert frame is not None
    table, schema = by_duckdb(scan, session, tmp_path)
    schemas = (schema, duckdb_schema(frame, session))
    assert schemas[1] == schemas[0]
    assert compare_rows(table, frame.toArrow(), schemas, tolerance=0, examples=5).pairs == ()
    assert frame.count() == 100


READ = "id,amount\n1,5\n2,7\n"


def steps(**params: Any) -> list[Step]:
    return [
        Step("bronze", "read", "config_op", "", "orders.csv", params, {}, {"data": "orders"}),
        Step("silver", "sum", "sql", "", "SELECT sum(amount) AS s, count(*) AS n FROM orders", {},
             {"orders": "orders"}, {"data": "sums"}),
    ]  # fmt: skip


def test_a_run_has_spark_read_and_counts_and_sets_aside_as_the_other_engine(
    workspace: Workspace, run: Run
) -> None:
    (workspace.root / "odibi.toml").write_text('[spark]\nreads = "spark"\n')
    place = workspace.root / "orders.csv"
    place.write_text(READ)
    result = run(steps(), engine_type="spark")
    assert result.success, result.errors
    assert [tuple(row) for row in result.data_map["sums"].collect()] == [(12, 2)]
    assert Path(result.data_map["orders"].inputFiles()[0]).parent.name.startswith("spark-")
    result.close()

    place.write_text(READ + "3,x\n")
    result = run(steps(schema={"amount": "BIGINT"}), engine_type="spark")
    assert result.success, result.errors
    assert [tuple(row) for row in result.data_map["sums"].collect()] == [(12, 2)]
    assert result.tracker is not None
    step = result.tracker.lineage()["steps"][0]
    assert step["rejected_rows"] == 1
    assert any("does not surely read alike" in warning for warning in step["warnings"])


WRITTEN = (
    "SELECT i AS id, i * 10000000000 AS b, 10.0 ** (i - 20) AS d, (i / 8)::DECIMAL(9, 3) AS m, "
    "i % 3 = 0 AS y, DATE '2024-01-31' + i::INTEGER AS t, "
    "CASE WHEN i % 7 = 0 THEN NULL ELSE 'é, \"' || i || chr(10) || '; ' END AS s, "
    "CASE WHEN i % 2 = 0 THEN 'a' WHEN i % 5 = 0 THEN NULL ELSE 'b c' END AS part{more} FROM range(40) r(i)"
)


@pytest.mark.parametrize("by", ["", "part"])
@pytest.mark.parametrize(
    ("format_name", "options", "more"),
    [
        ("csv", {}, ", TIMESTAMP '2024-01-31 10:00:00' + INTERVAL (i) MICROSECOND AS at"),
        ("csv", {"delimiter": ";", "compression": "gzip", "quote_all": True}, ""),
        ("json", {}, ", TIMESTAMP '2024-01-31 10:00:00' + INTERVAL (i) MICROSECOND AS at"),
        ("json", {"compression": "bzip2"}, ""),
        ("orc", {"compression": "zstd"}, ""),
    ],
)
def test_spark_s_files_hold_the_same_rows(
    workspace: Workspace,
    run: Run,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    format_name: str,
    options: dict[str, Any],
    more: str,
    by: str,
) -> None:
    formed: list[str] = []
    form = Staging.formed

    def seen(staging: Staging, ready: SparkForm, by: Sequence[str] = ()) -> Path:
        formed.append(ready.format)
        return form(staging, ready, by)

    monkeypatch.setattr(Staging, "formed", seen)
    query = WRITTEN.format(more=more)
    duckdb.execute(f"COPY ({query}) TO '{workspace.root / 'in.parquet'}'")
    (workspace.root / "odibi.toml").write_text('[spark]\nwrites = "spark"\n')
    params = {"format": format_name, **options, **({"partitionBy": by} if by else {})}
    read = Step("bronze", "read", "config_op", "", "in.parquet", {}, {}, {"data": "rows"})
    found = []
    for engine in ("pandas", "spark"):
        for mode in ("overwrite", "append"):
            save = Step("gold", "save", "config_op", "", engine, {**params, "mode": mode}, {"data": "rows"})
            result = run([read, save], engine_type=engine)
            assert result.success, result.errors
            assert result.tracker is not None
            assert result.tracker.lineage()["steps"][-1]["written"]["rows"] == 40
        reading = {"delimiter": options["delimiter"]} if "delimiter" in options else {}
        scan = Scan(
            str(workspace.root / engine), format_name, format_named(format_name).read_options(**reading)
        )
        found.append(by_duckdb(scan, session, workspace.root))
    (ours, schema), (theirs, same) = found
    assert same == schema
    assert compare_rows(ours, theirs, (schema, same), tolerance=0, examples=5).pairs == ()
    assert ours.num_rows == 80
    assert formed == [format_name] * 2


def test_what_a_format_lacks_is_refused_as_by_the_other_engine(workspace: Workspace, run: Run) -> None:
    (workspace.root / "odibi.toml").write_text('[spark]\nwrites = "spark"\n')
    duckdb.execute(f"COPY (SELECT 'nan'::DOUBLE AS d, 1 AS i) TO '{workspace.root / 'in.parquet'}'")
    read = Step("bronze", "read", "config_op", "", "in.parquet", {}, {}, {"data": "rows"})
    refused = run([read, Step("gold", "save", "config_op", "", "out", {"format": "json"}, {"data": "rows"})],
                  engine_type="spark")  # fmt: skip
    assert "NaN" in str(refused.errors["save"])
    assert not (workspace.root / "out").exists()
    written = run([read, Step("gold", "save", "config_op", "", "out.csv", {}, {"data": "rows"})],
                  engine_type="spark")  # fmt: skip
    assert written.success, written.errors
    assert (workspace.root / "out.csv").read_text() == "d,i\nnan,1\n"


@pytest.mark.parametrize(
    ("format_name", "sql"),
    [
        ("orc", "SELECT 1 AS i, DATE '1582-10-04' AS day"),
        ("orc", 'SELECT 1 AS "a`b", 2 AS "c d.e"'),
        ("csv", "SELECT * FROM (VALUES ('x'), (NULL), ('y')) AS v(a)"),
        ("json", "SELECT i, 'k' || i AS part FROM range(3) r(i)"),
    ],
)
def test_what_spark_s_files_mean_otherwise_is_written_and_read_by_duckdb(
    workspace: Workspace, run: Run, session: Session, format_name: str, sql: str
) -> None:
    duckdb.execute(f"COPY ({sql}) TO '{workspace.root / 'in.parquet'}'")
    (workspace.root / "odibi.toml").write_text('[spark]\nwrites = "spark"\nreads = "spark"\n')
    by = {"partitionBy": "part"} if "part" in sql else {}
    read = Step("bronze", "read", "config_op", "", "in.parquet", {}, {}, {"data": "rows"})
    save = Step("gold", "save", "config_op", "", "out", {"format": format_name, **by}, {"data": "rows"})
    written = run([read, save], engine_type="spark")
    assert written.success, written.errors
    again = Step(
        "bronze", "again", "config_op", "", "out", {"source_type": format_name}, {}, {"data": "back"}
    )
    kept = Step("gold", "keep", "config_op", "", "back.parquet", {}, {"data": "back"})
    result = run([again, kept], engine_type="spark")
    assert result.success, result.errors
    query = f"FROM '{workspace.root}/{{}}.parquet' ORDER BY ALL"
    assert duckdb.execute(query.format("back")).fetchall() == duckdb.execute(query.format("in")).fetchall()


def test_columns_are_as_the_plan_tells_or_it_is_said(spark: SparkSession, session: Session) -> None:
    frame = spark.sql("SELECT count(1), TIMESTAMP_LTZ '2024-01-01 10:00:00', 'x', 1")
    planned = Schema.of({"n": "BIGINT", "at": "TIMESTAMP WITH TIME ZONE", "id": "UUID", "k": "HUGEINT"})
    made = conformed(frame, planned, session)
    assert made.columns == list(planned.names)
    found = duckdb_schema(made, session)
    assert list(told_apart(found, planned)) == []
    (told,) = told_apart(found, Schema.of({**planned.as_dict(), "id": "DATE"}))
    assert told == "the column 'id' is VARCHAR on Spark, and DATE by the plan"
    (told,) = told_apart(found, Schema.of({"n": "BIGINT"}))
    assert told == "Spark gives the columns n, at, id, k, and the plan told n"


@pytest.mark.parametrize(
    ("format_name", "options", "reason"),
    [
        ("csv", {}, ""),
        ("csv", {"delimiter": ";", "null_values": ["NA"], "schema": {"a": "bigint"}}, ""),
        ("csv", {"comment": "#"}, "Spark has no comment of the same meaning"),
        ("csv", {"encoding": "latin-1"}, "Spark reads no latin-1 line by line"),
        ("csv", {"escape": "\\"}, "Spark has no escape of the same meaning, beside the quote itself"),
        ("csv", {"delimiter": "\t"}, "Spark passes over rows of nothing but blanks and tabs"),
        ("csv", {"date_format": "%d/%m/%Y"}, "Spark has no formats of dates and times of the same meaning"),
        ("csv", {"schema": {"a": "TIME"}}, "Spark makes no TIME of texts in the same way"),
        ("json", {}, ""),
        ("json", {"sample_size": 5}, "the columns are found out from the first rows alone"),
        ("json", {"schema": {"a": "BIGINT"}}, ""),
        ("json", {"schema": {"a": "BIGINT"}, "lines": False}, "a file that is one array can't be read"),
        ("orc", {}, ""),
        ("orc", {"nanoseconds": True}, "Spark has no settings of the same meaning"),
        ("excel", {}, "Spark has no reader of excel that gives the same"),
        ("postgresql", {"table": "t", "schema": {"a": "DOUBLE"}}, "Spark has no schema of the same meaning"),
    ],
)  # fmt: skip
def test_what_the_starting_machine_reads_is_told(
    format_name: str, options: dict[str, Any], reason: str
) -> None:
    scan = Scan("there", format_name, format_named(format_name).read_options(**options))
    found = reason_for_this_machine(scan)
    assert found.startswith(reason)
    assert bool(found) == bool(reason)


def test_a_plan_says_what_a_cluster_leaves_to_the_starting_machine(workspace: Workspace) -> None:
    (workspace.root / "orders.csv").write_text("made today\n" + READ)
    for engine in ("pandas", "spark"):
        reason = Orchestrator(steps(skip=1), engine, workspace=workspace).plan().steps["read"].reason
        told = "a cluster has the machine read it that the run is started on: Spark has no skip" in reason
        assert told == (engine == "spark")
