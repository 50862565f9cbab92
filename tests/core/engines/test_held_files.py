"""A result that one step writes and others take is held in the file that is written, and packed once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from odibi_core.engines.base import Attempt, RunContext, Task, TaskError
from odibi_core.engines.duckdb import held_files
from odibi_core.engines.duckdb.datasets import TableDataset
from odibi_core.engines.duckdb.engine import DuckDBEngine, open_engine
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.held_files import FileDataset
from odibi_core.engines.duckdb.pushdown import Pushdown
from odibi_core.engines.duckdb.region import RegionRun
from odibi_core.engines.operations import Query, Write
from odibi_core.engines.registry import EngineSettings
from odibi_core.errors import OdibiError
from odibi_core.formats.base import WriteMode
from odibi_core.formats.registry import format_named
from odibi_core.orchestrator import Orchestrator
from odibi_core.step import Step
from odibi_core.workspace import Workspace

ROWS = "SELECT range AS id, 'n' || range % 7 AS name, range / 3 AS share FROM range(1000)"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    engine = open_engine(EngineSettings(tmp_path))
    yield engine
    engine.close()


def context(folder: Path, *, lets_go: bool = True) -> RunContext:
    return RunContext("run", Workspace.find(folder), folder, folder / "rejects", lets_go=lets_go)


def write(**options: object) -> Write:
    options_ = format_named("parquet").write_options(**options)
    return Write("out/rows.parquet", "parquet", WriteMode.OVERWRITE, options_)


def rows_of(sql: str) -> list[Any]:
    return duckdb.execute(sql).fetchall()


def made(engine: DuckDBEngine, context: RunContext, query: str, written_by: Write) -> TableDataset:
    task = Task("make", Query(query, "duckdb"), {}, {"data": "rows"}, is_kept=True, written_by=written_by)
    (outcome,) = engine.run_region([task], {}, context, Attempt())
    dataset = outcome.outputs["data"]
    assert isinstance(dataset, TableDataset)
    assert outcome.row_count == dataset.row_count()
    return dataset


def test_the_step_that_writes_puts_the_file_in_place(engine: DuckDBEngine, tmp_path: Path) -> None:
    rows = made(engine, context(tmp_path), ROWS, write())
    (held,) = tmp_path.glob("*.parquet")
    task = Task("save", write(), {"data": "rows"}, {}, is_kept=False)
    (outcome,) = engine.run_region([task], {"rows": rows}, context(tmp_path), Attempt())
    assert outcome.row_count == 1000
    target = tmp_path / "out/rows.parquet"
    assert target.samefile(held)
    assert rows_of(f"FROM '{target}'") == rows_of(ROWS)
    engine.release(rows)
    assert not held.exists()
    assert target.stat().st_nlink == 1


COME_BACK = (
    *("TRUE", "1::TINYINT", "1::UBIGINT", "0.1::FLOAT", "'NaN'::DOUBLE", "1.10::DECIMAL(9,2)", "'ü'"),
    *("'a'::BLOB", "'4ac7a9e9-607c-4c8a-84f3-843f0191e3fd'::UUID", "DATE '0001-01-01'", "TIME '01:02:03'"),
    *("TIMESTAMP '9999-12-31 23:59:59.999999'", "'2024-01-01 00:00:00+05'::TIMESTAMPTZ"),
    "'2024-01-01 00:00:00.123456789'::TIMESTAMP_NS",
)
OTHERS = (
    *("1::HUGEINT", "'a'::ENUM('a', 'b')", "INTERVAL 1 DAY", "[1, 2]", "{'a': 1}", "'{}'::JSON", "'01'::BIT"),
    *("TIMESTAMP_S '2024-01-01'", "MAP {'a': 1}", "[1.5]"),
)


@pytest.mark.parametrize("value", [*COME_BACK, *OTHERS])
def test_rows_come_back_as_they_are(engine: DuckDBEngine, tmp_path: Path, value: str) -> None:
    query = f"SELECT {value} AS v UNION ALL SELECT NULL"
    rows = made(engine, context(tmp_path), query, write())
    assert isinstance(rows, FileDataset) is (value in COME_BACK)
    take = Task("take", Query("FROM rows", "duckdb"), {"rows": "rows"}, {"data": "all"}, is_kept=True)
    (taken,) = engine.run_region([take], {"rows": rows}, context(tmp_path), Attempt())
    found = taken.outputs["data"]
    assert list(found.schema) == [(name, type_) for name, type_, *_ in rows_of(f"DESCRIBE {query}")]
    with duckdb.connect() as elsewhere:
        elsewhere.execute("SET TimeZone = 'UTC'")
        expected: Any = elsewhere.sql(query).to_arrow_table()
    # What is no number equals nothing, and reads the same.
    assert str(found.arrow().to_pylist()) == str(expected.to_pylist())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT range AS id, 'x' AS name FROM range(9) WHERE range > 99",
        'SELECT 1 AS filename, 2 AS file_row_number, 3 AS "a.b", 4 AS "say ""it", 5 AS "a=1", 6 AS rowid',
    ],
)
def test_no_rows_and_odd_names_come_back(engine: DuckDBEngine, tmp_path: Path, query: str) -> None:
    rows = made(engine, context(tmp_path), query, write())
    assert isinstance(rows, FileDataset)
    assert rows.schema.names == tuple(column for column, *_ in rows_of(f"DESCRIBE {query}"))
    assert [tuple(row.values()) for row in rows.arrow().to_pylist()] == rows_of(query)


def test_a_filter_finds_numbers_that_are_none(engine: DuckDBEngine, tmp_path: Path) -> None:
    query = "SELECT CASE range % 100 WHEN 7 THEN 'NaN'::DOUBLE ELSE range END AS v FROM range(300000)"
    rows = made(engine, context(tmp_path), query, write())
    assert isinstance(rows, FileDataset)
    filter_ = Query("SELECT count(*) AS n FROM rows WHERE v > 1e9", "duckdb")
    task = Task("take", filter_, {"rows": "rows"}, {"data": "n"}, is_kept=True)
    (taken,) = engine.run_region([task], {"rows": rows}, context(tmp_path), Attempt())
    assert taken.outputs["data"].arrow().to_pylist() == [{"n": 3000}]


@pytest.mark.parametrize("options", [{"parquet_version": "v2"}, {"row_group_size": 5000}])
def test_a_file_of_another_form_is_written_by_its_step(
    engine: DuckDBEngine, tmp_path: Path, options: dict[str, object]
) -> None:
    assert not isinstance(made(engine, context(tmp_path), ROWS, write(**options)), FileDataset)


def test_rows_that_somebody_may_ask_for_later_are_no_file_that_others_write(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    assert not isinstance(made(engine, context(tmp_path, lets_go=False), ROWS, write()), FileDataset)


def test_a_folder_that_gives_its_group_to_files_has_them_written_in_it(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    tmp_path.chmod(0o2775)
    assert not isinstance(made(engine, context(tmp_path), ROWS, write()), FileDataset)


def test_a_query_that_fails_leaves_no_file(engine: DuckDBEngine, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no luck"):
        made(engine, context(tmp_path), "SELECT error('no luck') AS a FROM range(9)", write())
    assert not list(tmp_path.glob("*.parquet"))


def test_rows_that_another_program_wrote_over_are_not_taken(engine: DuckDBEngine, tmp_path: Path) -> None:
    rows = made(engine, context(tmp_path), ROWS, write())
    (held,) = tmp_path.glob("*.parquet")
    held.write_bytes(held.read_bytes() + b"more")
    with pytest.raises(OdibiError, match="another program wrote into the file") as raised:
        rows.arrow()
    assert raised.value.where == "out/rows.parquet"


def test_rows_that_are_let_go_of_are_not_looked_at_again(engine: DuckDBEngine, tmp_path: Path) -> None:
    rows = made(engine, context(tmp_path), ROWS, write())
    (held,) = tmp_path.glob("*.parquet")
    held.write_bytes(b"no rows at all")
    engine.release(rows)
    assert not held.exists()
    assert rows.snapshot().sample[0] == {"id": 0, "name": "n0", "share": 0.0}


def test_rows_that_were_written_over_while_a_query_read_them_are_not_taken(
    engine: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = made(engine, context(tmp_path), ROWS, write())
    (held,) = tmp_path.glob("*.parquet")
    narrowed = Pushdown.narrowed

    def narrowed_late(pushdown: Pushdown, fragment: Fragment) -> Fragment:
        os.utime(held, (0, 0))
        return narrowed(pushdown, fragment)

    monkeypatch.setattr(Pushdown, "narrowed", narrowed_late)
    task = Task("take", Query("FROM rows", "duckdb"), {"rows": "rows"}, {"data": "all"}, is_kept=True)
    with pytest.raises(TaskError) as raised:
        engine.run_region([task], {"rows": rows}, context(tmp_path), Attempt())
    assert "another program wrote into the file" in str(raised.value.cause)


def test_a_region_that_fails_after_its_file_is_written_removes_it(
    engine: DuckDBEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_run: RegionRun) -> None:
        raise OdibiError("the source changed")

    monkeypatch.setattr(RegionRun, "_check_origins", fail)
    with pytest.raises(TaskError):
        made(engine, context(tmp_path), ROWS, write())
    assert not list(tmp_path.glob("*.parquet"))


def test_a_target_that_nobody_can_reach_is_told_of_by_its_own_step(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    far = replace(write(), target=f"{'x' * 300}/rows.parquet")
    assert not isinstance(made(engine, context(tmp_path), ROWS, far), FileDataset)


def test_a_target_that_waives_its_order_takes_it_from_nobody_else(
    engine: DuckDBEngine, tmp_path: Path
) -> None:
    assert not isinstance(made(engine, context(tmp_path), ROWS, write(ordered=False)), FileDataset)


@pytest.mark.parametrize(
    "sql",
    ["PIVOT raw ON name USING max(share) GROUP BY id", "SELECT id, name COLLATE NOCASE AS name FROM raw"],
)
def test_pivots_and_texts_that_are_compared_otherwise_are_held_in_tables(tmp_path: Path, sql: str) -> None:
    duckdb.execute(f"COPY ({ROWS}) TO '{tmp_path}/rows.csv'")
    steps = [
        Step("ingest", "read", "config_op", "", "rows.csv", {"header": True}, {}, {"data": "raw"}),
        Step("transform", "some", "sql", "", sql, {}, {"raw": "raw"}, {"data": "some"}),
        Step("transform", "all", "sql", "", "FROM some", {}, {"some": "some"}, {"data": "all"}),
        store("some", "some"),
        store("all", "all"),
    ]
    front = Orchestrator(steps, workspace=tmp_path, tracking="fused", keeps_data=False)
    assert front.plan().steps["some"].written_by is None
    result = front.execute()
    assert result.success, result.errors
    assert rows_of(f"FROM '{tmp_path}/out/some.parquet'") == rows_of(f"FROM '{tmp_path}/out/all.parquet'")


def pipeline(*stores: Step) -> list[Step]:
    some, sums = "SELECT * FROM raw WHERE id % 2 = 1", "SELECT name, sum(share) AS s FROM some GROUP BY ALL"
    return [
        Step("ingest", "read", "config_op", "", "rows.csv", {"header": True}, {}, {"data": "raw"}),
        *stores,
        Step("transform", "some", "sql", "", some, {}, {"raw": "raw"}, {"data": "some"}),
        Step("transform", "sums", "sql", "", sums, {}, {"some": "some"}, {"data": "sums"}),
        store("some", "some"),
        store("sums", "sums"),
    ]


def store(name: str, taken: str, **params: object) -> Step:
    params = {"format": "parquet", "mode": "overwrite", **params}
    return Step("store", f"save_{name}", "config_op", "", f"out/{name}.parquet", params, {"data": taken})


@pytest.mark.parametrize("keeps_data", [True, False])
def test_a_run_writes_the_same_either_way(
    tmp_path: Path, keeps_data: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped: list[str] = []

    class Told(FileDataset):
        def drop(self, cursor: duckdb.DuckDBPyConnection) -> None:
            dropped.append(self.key)
            super().drop(cursor)

    monkeypatch.setattr(held_files, "FileDataset", Told)
    duckdb.execute(f"COPY ({ROWS}) TO '{tmp_path}/rows.csv'")
    steps = pipeline(store("copy", "raw"))
    result = Orchestrator(steps, workspace=tmp_path, tracking="fused", keeps_data=keeps_data).execute()
    assert result.success, result.errors
    result.close()
    assert dropped == ([] if keeps_data else ["raw", "some"])
    sql = f"FROM ({ROWS})"
    names = {"copy": sql, "some": f"{sql} WHERE id % 2 = 1"}
    for name, query in names.items():
        assert rows_of(f"FROM '{tmp_path}/out/{name}.parquet'") == rows_of(query)
    assert [path.stat().st_nlink for path in (tmp_path / "out").glob("*.parquet")] == [1, 1, 1]
    assert not list((tmp_path / ".odibi/scratch").iterdir())
    assert result.tracker is not None
    told = {step["step_name"]: step["after_snapshot"] for step in result.tracker.step_executions}
    assert told["read"]["row_count"] == 1000
    assert len(told["some"]["sample"]) == 5


def test_two_targets_are_two_files(tmp_path: Path) -> None:
    duckdb.execute(f"COPY ({ROWS}) TO '{tmp_path}/rows.csv'")
    steps = pipeline(store("one", "raw"), store("two", "raw"))
    result = Orchestrator(steps, workspace=tmp_path, tracking="fused", keeps_data=False).execute()
    assert result.success, result.errors
    assert not (tmp_path / "out/one.parquet").samefile(tmp_path / "out/two.parquet")
