"""Lineage of datasets and columns across pipelines, from the pipeline files alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from odibi_core.workspace import Workspace
from odibi_studio.services.lineage.atlas import Atlas
from odibi_studio.services.lineage.model import ColumnName, DatasetName
from odibi_studio.views.lineage_graphs import column_graph, connected, place_edges, place_graph

CLEAN = """\
name: clean
steps:
  - {name: read, layer: bronze, type: config_op, value: data/orders.csv, outputs: {data: orders}}
  - {name: shops, layer: bronze, type: config_op, value: data/shops.csv, outputs: {data: shops}}
  - name: join
    layer: silver
    type: sql
    value: SELECT o.id, o.amount * s.rate AS paid, s.city FROM orders o JOIN shops s ON o.shop = s.shop
    inputs: {orders: orders, shops: shops}
    outputs: {data: joined}
  - {name: save, layer: store, type: config_op, value: output/sales.parquet, inputs: {data: joined}}
"""
REPORT = """\
name: report
steps:
  - {name: read, layer: bronze, type: config_op, value: output/sales.parquet, outputs: {data: sales}}
  - name: sum
    layer: gold
    type: sql
    value: SELECT city, sum(paid) AS total, count(*) AS sales FROM sales GROUP BY city
    inputs: {sales: sales}
    outputs: {data: totals}
  - {name: save, layer: store, type: config_op, value: output/totals.csv, inputs: {data: totals}}
  - name: guess
    layer: gold
    type: function
    value: transforms.guess
    inputs: {sales: sales}
    outputs: {data: guessed}
  - {name: keep, layer: store, type: config_op, value: output/guessed.csv, inputs: {data: guessed}}
"""


@pytest.fixture
def atlas(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Atlas]:
    """Two pipelines, of which the second reads what the first has written."""
    import duckdb

    for folder in ("data", "pipelines", "output"):
        (workspace.root / folder).mkdir()
    (workspace.root / "data" / "orders.csv").write_text("id,shop,amount\n1,a,5\n")
    (workspace.root / "data" / "shops.csv").write_text("shop,city,rate\na,Rome,1.5\n")
    (workspace.root / "transforms.py").write_text("def guess(sales):\n    return sales\n")
    (workspace.root / "pipelines" / "clean.yaml").write_text(CLEAN)
    (workspace.root / "pipelines" / "report.yaml").write_text(REPORT)
    monkeypatch.syspath_prepend(workspace.root)
    target = workspace.root / "output" / "sales.parquet"
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT 1::BIGINT AS id, 7.5::DOUBLE AS paid, 'Rome' AS city) TO '{target}'")
    atlas = Atlas(workspace)
    yield atlas
    atlas.close()


def column(place: str, name: str) -> ColumnName:
    return ColumnName(DatasetName("", place), name)


def test_a_column_is_traced_back_through_two_pipelines_to_its_sources(atlas: Atlas) -> None:
    trace = atlas.map().trace(column("output/totals.csv", "total"), forward=False)
    ends = {(str(end.dataset), end.column) for end in trace.ends}
    assert ends == {
        ("output/sales.parquet", "paid"),
        ("data/orders.csv", "amount"),
        ("data/shops.csv", "rate"),
    }
    assert trace.unknown == {}
    assert {step for _, _, step in trace.edges} == {"read", "shops", "join", "save", "sum"}


def test_a_column_is_traced_forward_to_all_that_it_feeds_and_where_the_way_is_lost(atlas: Atlas) -> None:
    trace = atlas.map().trace(column("data/shops.csv", "city"), forward=True)
    ends = {(str(end.dataset), end.column) for end in trace.ends}
    assert ends == {("output/sales.parquet", "city"), ("output/totals.csv", "city")}
    ((lost, why),) = trace.unknown.items()
    assert (str(lost.dataset), lost.column) == ("report · sales", "city")
    assert "a Python function makes it" in why


def test_a_count_is_made_of_no_column(atlas: Atlas) -> None:
    trace = atlas.map().trace(column("output/totals.csv", "sales"), forward=False)
    assert trace.ends == []
    assert trace.unknown == {}


def test_what_a_function_makes_is_honestly_unknown(atlas: Atlas) -> None:
    found = atlas.map()
    assert "a Python function makes it" in found.unknown[DatasetName("report", "guessed")]
    assert found.columns[DatasetName("", "output/guessed.csv")] is None


def test_places_are_connected_across_pipelines(atlas: Atlas) -> None:
    found = atlas.map()
    edges = place_edges(found)
    assert ("data/orders.csv", "▷ clean") in edges
    assert ("▷ clean", "output/sales.parquet") in edges
    assert ("output/sales.parquet", "▷ report") in edges
    assert "data/shops.csv" in connected(edges, "output/totals.csv")
    assert "output/totals.csv" not in connected(edges, "output/guessed.csv")
    assert '"▷ clean" -> "output/sales.parquet"' in place_graph(found, None, is_dark=False)


def test_names_with_quotes_stay_one_name_in_a_graph(workspace: Workspace) -> None:
    (workspace.root / "pipelines").mkdir()
    (workspace.root / 'say "hi".csv').write_text('"a ""b""",c\n1,2\n')
    step = "{name: read, layer: bronze, type: config_op, value: 'say \"hi\".csv', outputs: {data: orders}}"
    (workspace.root / "pipelines" / "x.yaml").write_text(f"name: x\nsteps:\n  - {step}\n")
    atlas = Atlas(workspace)
    found = atlas.map()
    atlas.close()
    start = column('say "hi".csv', 'a "b"')
    assert start.column in (found.columns[start.dataset] or {})
    dot = column_graph(found.trace(start, forward=True), is_dark=True)
    assert '[label="a \\"b\\""' in dot


def test_a_change_of_a_file_is_seen_and_a_broken_one_is_named(atlas: Atlas, workspace: Workspace) -> None:
    before = atlas.map()
    assert atlas.map() is before
    (workspace.root / "pipelines" / "report.yaml").write_text("name: report\nsteps: {a: b}\n")
    after = atlas.map()
    assert list(after.problems) == ["report"]
    assert DatasetName("", "output/sales.parquet") in after.columns


DECLARED = """\
from odibi_core import column_origins

@column_origins({"score": ["paid"], "odd": ["nothing"]}, keeps=True)
def guess(sales):
    return sales
"""
AFTER = """\
  - name: best
    layer: gold
    type: sql
    value: SELECT city, max(score) AS best, odd FROM guessed GROUP BY ALL
    inputs: {guessed: guessed}
    outputs: {data: best}
  - {name: keep_best, layer: store, type: config_op, value: output/best.csv, inputs: {data: best}}
"""


def test_a_column_is_traced_through_a_function_as_far_as_it_declares_it(
    atlas: Atlas, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(workspace.root)
    (workspace.root / "odibi.toml").write_text('[functions]\nallow = ["declared_guesses"]\n')
    (workspace.root / "declared_guesses.py").write_text(DECLARED)
    text = REPORT.replace("transforms.guess", "declared_guesses.guess") + AFTER
    (workspace.root / "pipelines" / "report.yaml").write_text(text)
    found = atlas.map()
    trace = found.trace(column("output/best.csv", "best"), forward=False)
    assert ("data/orders.csv", "amount") in {(str(end.dataset), end.column) for end in trace.ends}
    assert trace.unknown == {}
    city = found.trace(column("output/best.csv", "city"), forward=False)
    assert ("data/shops.csv", "city") in {(str(end.dataset), end.column) for end in city.ends}
    lost = found.trace(column("output/best.csv", "odd"), forward=False)
    assert list(lost.unknown.values()) == [
        "a Python function says that it is made of a column that none of its inputs has"
    ]
    feeds = found.trace(column("data/orders.csv", "amount"), forward=True)
    assert ("output/best.csv", "best") in {(str(end.dataset), end.column) for end in feeds.ends}
