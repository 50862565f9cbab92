"""SQL over what pipelines made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.orchestrator import Orchestrator
from odibi_core.pipeline import Pipeline
from odibi_core.schema import Schema
from odibi_core.step import Step
from odibi_core.workspace import Workspace
from odibi_studio.services import fetching
from odibi_studio.services.explorer import Explorer
from odibi_studio.services.saved_queries import save_query, saved_queries

PIPELINE = """\
name: sales
steps:
  - {name: read, layer: ingest, type: config_op, value: data/orders.csv, outputs: {data: orders}}
"""
STEP = """\
  - name: save_%(format)s
    layer: store
    type: config_op
    value: output/%(path)s
    params: {format: %(format)s%(more)s}
    inputs: {data: orders}
"""
ORDERS = "id,region\n1,North\n2,South\n3,North\n"
TARGETS = [
    ("parquet", "as_parquet.parquet", ""),
    ("csv", "as_csv.csv", ""),
    ("json", "as_json.json", ""),
    ("delta", "as_delta", ""),
    ("avro", "as_avro.avro", ""),
    ("excel", "as_excel.xlsx", ""),
    ("sqlite", "shop.db", ", table: as_sqlite"),
    ("duckdb", "shop.duckdb", ", table: as_duckdb"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose pipeline wrote three rows in many formats."""
    root = tmp_path_factory.mktemp("explore")
    (root / "odibi.toml").touch()
    for folder in ("data", "pipelines"):
        (root / folder).mkdir()
    (root / "data" / "orders.csv").write_text(ORDERS)
    steps = [Step("ingest", "read", "config_op", "", "data/orders.csv", {}, outputs={"data": "orders"})]
    text = PIPELINE
    for format_, path, more in TARGETS:
        text += STEP % {"format": format_, "path": path, "more": more}
        params = {"format": format_, **({"table": more.rpartition(" ")[2]} if more else {})}
        value = f"output/{path}"
        steps.append(Step("store", f"save_{format_}", "config_op", "", value, params, {"data": "orders"}))
    (root / "pipelines" / "sales.yaml").write_text(text)
    result = Orchestrator(Pipeline("sales", steps), workspace=root).execute()
    assert result.success
    result.close()
    return root


@pytest.fixture(scope="module")
def explorer(root: Path) -> Iterator[Explorer]:
    explorer = Explorer(Workspace.find(root))
    yield explorer
    explorer.close()


def test_all_that_pipelines_wrote_can_be_asked_whatever_its_format(explorer: Explorer) -> None:
    found = {one.name: one for one in explorer.datasets()}
    names = [f"as_{format_}" for format_, _, _ in TARGETS]
    assert set(found) == {*names, "orders"}
    assert found["orders"].written_by == ()
    assert found["orders"].read_by == ("sales",)
    for name in names:
        columns = explorer.columns(found[name])
        assert isinstance(columns, Schema)
        assert columns.names == ("id", "region")
        answer = explorer.ask(f"SELECT region, count(*) AS n FROM {name} GROUP BY ALL ORDER BY ALL", 10)
        assert answer.rows.to_pylist() == [{"region": "North", "n": 2}, {"region": "South", "n": 1}], name
    joined = explorer.ask(
        "SELECT count(*) AS n FROM as_csv JOIN as_excel USING (id) JOIN as_delta USING (id)", 10
    )
    assert joined.rows.to_pylist() == [{"n": 3}]


def test_no_more_rows_come_than_were_asked_for(explorer: Explorer) -> None:
    answer = explorer.ask("SELECT * FROM as_parquet ORDER BY id DESC; -- all", 2)
    assert [row["id"] for row in answer.rows.to_pylist()] == [3, 2]
    assert answer.has_more
    assert not explorer.ask("FROM as_parquet", 3).has_more
    odd = explorer.ask("SELECT 'é; -- x' AS text FROM as_parquet LIMIT 1 ;  ", 3)
    assert odd.rows.to_pylist() == [{"text": "é; -- x"}]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DROP VIEW orders", "one SELECT and nothing else"),
        ("COPY (SELECT 1) TO 'output/as_csv.csv'", "one SELECT and nothing else"),
        ("SELECT * FROM orders; SELECT 1", "one SELECT and nothing else"),
        ("SELECT * FROM read_csv('/etc/passwd')", "a query does not use read_csv"),
        ("SELECT * FROM '/etc/passwd'", "there is no dataset '/etc/passwd'"),
        ("SELECT * FROM 'data/orders.csv'", "Cannot access file"),
        ("SELECT getenv('HOME')", "does not use getenv"),
        ("SELECT * FROM duckdb_settings()", "does not use duckdb_settings"),
        ("SELECT nam FROM orders", "there is no column 'nam'"),
        ("SELEC 1", "line 1, column 1"),
        ("SELECT sume(id) FROM orders", "there is no function 'sume'"),
        ("SELECT * FROM ordrs", "did you mean 'orders'"),
        ("", "one SELECT and nothing else"),
    ],
)
def test_what_is_no_question_about_datasets_is_refused(explorer: Explorer, sql: str, says: str) -> None:
    with pytest.raises(OdibiError) as told:
        explorer.ask(sql, 10)
    assert says in str(told.value)


def test_files_beside_a_dataset_stay_out_of_reach(root: Path, explorer: Explorer) -> None:
    (root / "data" / "secret.csv").write_text("a\n1\n")
    with pytest.raises(OdibiError):
        explorer.ask(f"SELECT * FROM orders, '{root}/data/secret.csv'", 10)


def test_rows_that_cannot_be_read_are_left_out_and_told(root: Path, explorer: Explorer) -> None:
    (root / "data" / "orders.csv").write_text(f"{ORDERS}4,East,too much\n")
    answer = explorer.ask("SELECT count(*) AS n FROM orders", 10)
    (root / "data" / "orders.csv").write_text(ORDERS)
    assert answer.rows.to_pylist() == [{"n": 3}]
    assert answer.notes == ("1 rows of orders can't be read and are left out",)


def test_a_table_in_a_file_behind_a_url_is_no_dataset(workspace: Workspace) -> None:
    (workspace.root / "odibi.toml").write_text(
        '[connections.web]\nkind = "http"\nurl = "https://files.example.com"\n'
    )
    step = "value: shop.db, params: {connection: web, table: orders}, outputs: {data: orders}"
    (workspace.root / "pipelines").mkdir()
    (workspace.root / "pipelines" / "shop.yaml").write_text(
        f"name: shop\nsteps:\n  - {{name: read, layer: ingest, type: config_op, {step}}}\n"
    )
    with closing(Explorer(workspace)) as explorer:
        assert explorer.datasets() == []


def test_all_rows_of_a_large_table_are_asked_and_no_value_changes_on_the_way(workspace: Workspace) -> None:
    import duckdb

    with duckdb.connect(str(workspace.root / "shop.duckdb")) as database:
        database.execute(
            "CREATE TABLE sold AS SELECT i::HUGEINT AS id, INTERVAL (i) MICROSECOND AS took, "
            "'a'::ENUM('a', 'b') AS kind, [i, i + 1]::BIGINT[2] AS pair FROM range(600_001) t(i)"
        )
    step = "value: shop.duckdb, params: {table: sold}, outputs: {data: sold}"
    store = "value: sold_delta, params: {format: delta, mode: overwrite}, inputs: {data: ids}"
    (workspace.root / "pipelines").mkdir()
    pipeline = workspace.root / "pipelines" / "shop.yaml"
    pipeline.write_text(
        f"name: shop\nsteps:\n  - {{name: read, layer: ingest, type: config_op, {step}}}\n"
        "  - {name: pick, layer: transform, type: sql, value: 'SELECT id::BIGINT AS id FROM sold', "
        "inputs: {sold: sold}, outputs: {data: ids}}\n"
        f"  - {{name: keep, layer: store, type: config_op, {store}}}\n"
    )
    with Orchestrator(load_yaml(pipeline), workspace=workspace).execute() as result:
        assert result.success, result.errors
    with closing(Explorer(workspace)) as explorer:
        for sql in ("SELECT count(*) AS n FROM sold_delta", "SELECT count(*) AS n FROM sold"):
            answer = explorer.ask(sql, 10)
            assert answer.rows.to_pylist() == [{"n": 600_001}]
            assert answer.notes == ()
        answer = explorer.ask("SELECT * FROM sold WHERE id = 600_000", 10)
        assert answer.rows.to_pylist() == [
            {"id": 600_000, "took": "00:00:00.6", "kind": "a", "pair": [600_000, 600_001]}
        ]
        assert answer.notes == ("took of sold is asked as text",)


def test_what_takes_too_long_to_read_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    monkeypatch.setattr(fetching, "READ_WITHIN_S", 0.2)
    with (
        duckdb.connect(":memory:") as database,
        pytest.raises(OdibiError, match="took longer") as told,
        fetching.in_time(database, "orders"),
    ):
        database.execute("SELECT count(*) FROM range(100_000_000) a, range(100_000_000) b").fetchall()
    assert told.value.where == "orders"


def test_queries_are_kept_as_files(workspace: Workspace) -> None:
    assert saved_queries(workspace) == {}
    path = save_query(workspace, "by_region", "SELECT 1\n\n")
    assert path.read_text() == "SELECT 1\n"
    assert saved_queries(workspace) == {"by_region": "SELECT 1\n"}
    with pytest.raises(OdibiError, match="can't be the name of a query"):
        save_query(workspace, "../x", "SELECT 1")
