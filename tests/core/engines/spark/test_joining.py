"""On one machine the files that Spark wrote become the one file of a target."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyspark.sql import SparkSession
from tests.conftest import Run

from odibi_core.engines.spark.joining import joined
from odibi_core.formats.parquet import ROW_GROUP_ROWS
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("spark")]

ROWS, FEW_ROWS = 300_000, 10_000
KINDS = (
    "i AS id, i % 7 AS k, 'name ' || i % 1000 AS name, i / 3 AS part, i::DECIMAL(12, 2) AS price, "
    "DATE '1500-01-01' + (i % 300000)::INTEGER AS day, TIMESTAMP '2024-01-01' + i * INTERVAL 1 SECOND AS at, "
    "[i, NULL] AS l, {'a': i, 'b': 'x'} AS s, CASE WHEN i % 3 = 0 THEN i END AS gap"
)


@pytest.fixture
def halves(tmp_path: Path) -> Path:
    """A workspace with a folder of two files, of several groups of rows each."""
    return in_halves(tmp_path, ROWS)


@pytest.fixture
def few_halves(tmp_path: Path) -> Path:
    """The same with few rows."""
    return in_halves(tmp_path, FEW_ROWS)


def in_halves(workspace: Path, count: int) -> Path:
    folder = workspace / "many"
    folder.mkdir()
    for number in range(2):
        rows = f"SELECT {KINDS} FROM range({number * count}, {(number + 1) * count}) t(i)"
        duckdb.execute(f"COPY ({rows}) TO '{folder / f'{number}.parquet'}'")
    return workspace


def steps(target: str, **settings: Any) -> list[Step]:
    return [
        ingest_step("raw", "many", source_type="parquet"),
        sql_step("kept", "SELECT *, k + 1 AS more FROM raw WHERE k <> 3", "raw"),
        store_step("save", target, "kept", **settings),
    ]


def made_by(file: Path) -> str:
    (found,) = duckdb.execute(f"SELECT created_by FROM parquet_file_metadata('{file}')").fetchall()
    return str(found[0])


@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
def test_a_target_is_one_file_with_the_rows_and_groups_that_the_other_engine_gives(
    run: Run, halves: Path, compression: str
) -> None:
    for engine in ("spark", "pandas"):
        result = run(steps(f"{engine}.parquet", compression=compression), engine_type=engine)
        assert result.success, result.errors
    assert "parquet-mr" in made_by(halves / "spark.parquet")
    assert "DuckDB" in made_by(halves / "pandas.parquet")
    ours, theirs = (f"SELECT * FROM '{halves / engine}.parquet'" for engine in ("spark", "pandas"))
    assert duckdb.execute(f"({ours} EXCEPT {theirs}) UNION ALL ({theirs} EXCEPT {ours})").fetchall() == []
    described = [duckdb.execute(f"DESCRIBE {query}").fetchall() for query in (ours, theirs)]
    assert described[0] == described[1]
    groups = duckdb.execute(
        "SELECT DISTINCT row_group_id, row_group_num_rows, compression FROM "
        f"parquet_metadata('{halves / 'spark.parquet'}')"
    ).fetchall()
    wanted = {"none": "UNCOMPRESSED"}.get(compression, compression.upper())
    assert {packed for *_, packed in groups} == {wanted}
    assert max(rows for _, rows, _ in groups) == ROW_GROUP_ROWS
    assert sum(rows for _, rows, _ in groups) == ROWS * 2 - len(range(3, ROWS * 2, 7))


def test_one_part_is_copied_so_that_the_run_reads_its_own_on(run: Run, few_halves: Path) -> None:
    for file in (few_halves / "many").iterdir():
        file.unlink()
    duckdb.execute(f"COPY (SELECT {KINDS} FROM range(10) t(i)) TO '{few_halves / 'many' / 'few.parquet'}'")
    umask = os.umask(0o077)
    try:
        result = run(steps("few.parquet"), engine_type="spark")
    finally:
        os.umask(umask)
    assert result.success, result.errors
    target = few_halves / "few.parquet"
    assert "parquet-mr" in made_by(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    target.write_bytes(b"another program's")
    assert result.data_map["kept"].count() == 9


def test_what_spark_would_write_otherwise_is_written_by_duckdb(run: Run, few_halves: Path) -> None:
    cases: dict[str, dict[str, Any]] = {
        "groups.parquet": {"row_group_size": 4_096},
        "lz4.parquet": {"compression": "lz4"},
    }
    for target, settings in cases.items():
        result = run(steps(target, **settings), engine_type="spark")
        assert result.success, result.errors
        assert "DuckDB" in made_by(few_halves / target)
    again = run(steps("lz4.parquet", mode="append", compression="lz4"), engine_type="spark")
    assert again.success, again.errors
    (count,) = duckdb.execute(f"SELECT count(*) FROM '{few_halves / 'lz4.parquet'}'").fetchall()
    assert count[0] == 2 * (FEW_ROWS * 2 - len(range(3, FEW_ROWS * 2, 7)))


def test_files_that_can_not_be_joined_leave_nothing(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"no Parquet")
    assert joined(spark, [tmp_path / "a.parquet"], tmp_path / "b.parquet") is None
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.parquet"]


@pytest.mark.parametrize("format_", ["csv", "parquet"])
def test_spark_writes_where_it_is_told_to(run: Run, few_halves: Path, format_: str) -> None:
    target = f"out.{format_}"
    (few_halves / "odibi.toml").write_text('[spark]\nwrites = "spark"\n')
    given = steps(target)
    flat = sql_step("flat", "SELECT id, name, k FROM kept", "kept")
    given[2:] = [flat, store_step("save", target, "flat")]
    result = run(given, engine_type="spark")
    assert result.success, result.errors
    assert (few_halves / target).is_dir()
    (count,) = duckdb.execute(f"SELECT count(*) FROM read_{format_}('{few_halves / target}/*')").fetchall()
    assert count[0] == FEW_ROWS * 2 - len(range(3, FEW_ROWS * 2, 7))
