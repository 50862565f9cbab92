"""SQL over tables on servers and objects in stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.object_stores import ObjectStore, s3_server
from tests.servers import PASSWORD, DatabaseServer, free_port, mariadb_server, postgresql_server

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.orchestrator import Orchestrator
from odibi_core.schema import Schema
from odibi_core.workspace import Workspace
from odibi_studio.services.explorer import Explorer
from odibi_studio.services.far_needs import Need, needs_of

PIPELINE = """\
name: sales
steps:
  - {name: make, layer: transform, type: sql, outputs: {data: orders}, value: "SELECT i AS id,
      'shop ' || i % 3 AS shop, i::DECIMAL(18,2) AS amount, DATE '2024-01-01' + (i % 10)::INTEGER AS day,
      i % 2 = 0 AS is_paid FROM range(2000) AS t(i)"}
  - {name: to_pg, layer: store, type: config_op, value: pg_orders, params: {connection: pg},
     inputs: {data: orders}}
  - {name: to_maria, layer: store, type: config_op, value: maria_orders, params: {connection: maria},
     inputs: {data: orders}}
"""
STORED = """\
  - {name: to_%(name)s, layer: store, type: config_op, value: %(path)s, inputs: {data: orders},
     params: {connection: lake, format: %(format)s}}
"""
OBJECTS = {
    "as_parquet": ("as_parquet.parquet", "parquet"),
    "as_delta": ("as_delta", "delta"),
    "as_csv": ("as_csv.csv", "csv"),
}
FAR = ["pg_orders", "maria_orders", *OBJECTS]


@dataclass(frozen=True)
class Far:
    """A workspace whose pipeline wrote 2,000 rows to two servers and a store, and one that reads them."""

    root: Path
    postgresql: DatabaseServer
    explorer: Explorer


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Far]:
    root = tmp_path_factory.mktemp("far")
    with ExitStack() as stack:
        postgresql = stack.enter_context(postgresql_server())
        maria = stack.enter_context(mariadb_server())
        store = stack.enter_context(s3_server())
        store.make_bucket("bucket")
        (root / "pipelines").mkdir()
        (root / "data").mkdir()
        (root / "data" / "shops.csv").write_text("shop,town\nshop 0,Ulm\nshop 1,Bonn\n")
        connect(root, {"pg": postgresql, "maria": maria}, store)
        text = PIPELINE + "".join(
            STORED % {"name": name, "path": path, "format": format_}
            for name, (path, format_) in OBJECTS.items()
        )
        (root / "pipelines" / "sales.yaml").write_text(text)
        (root / "pipelines" / "report.yaml").write_text(
            "name: report\nsteps:\n"
            "  - {name: read, layer: ingest, type: config_op, value: pg_orders, params: {connection: pg},"
            " outputs: {data: orders}}\n"
            "  - {name: shops, layer: ingest, type: config_op, value: data/shops.csv,"
            " outputs: {data: shops}}\n"
        )
        workspace = Workspace.find(root)
        with Orchestrator(
            load_yaml(root / "pipelines" / "sales.yaml"), workspace=workspace
        ).execute() as result:
            assert result.success, result.errors
        explorer = Explorer(workspace)
        stack.callback(explorer.close)
        yield Far(root, postgresql, explorer)


def connect(root: Path, servers: dict[str, DatabaseServer], store: ObjectStore) -> None:
    lines = []
    for name, server in servers.items():
        lines += [f"[connections.{name}]", f'kind = "{server.kind}"', f"port = {server.port}"]
        lines += ['database = "shop"', f'user = "{server.user}"', 'password = "${secret:SHOP}"']
    lines += ["[connections.lake]", 'kind = "s3"', 'bucket = "bucket"']
    lines += [f'{name} = "{value}"' for name, value in store.connection.items()]
    (root / "odibi.toml").write_text("\n".join(lines) + "\n")
    secrets = {"SHOP": PASSWORD, **store.secrets}
    (root / ".env").write_text("".join(f'{name}="{value}"\n' for name, value in secrets.items()))


def test_what_pipelines_wrote_to_servers_and_stores_is_listed_by_connection_and_can_be_asked(
    far: Far,
) -> None:
    found = {one.name: one for one in far.explorer.datasets()}
    assert {name: one.home for name, one in found.items()} == {
        "pg_orders": "pg",
        "maria_orders": "maria",
        "shops": "",
        **dict.fromkeys(OBJECTS, "lake"),
    }
    assert found["pg_orders"].written_by == ("sales",)
    assert found["pg_orders"].read_by == ("report",)
    for name in FAR:
        columns = far.explorer.columns(found[name])
        assert isinstance(columns, Schema), columns
        assert columns.names == ("id", "shop", "amount", "day", "is_paid")
        answer = far.explorer.ask(
            f"SELECT shop, count(*) AS n, sum(amount) AS amount FROM {name} "
            "WHERE day >= '2024-01-03' AND id < 1000 GROUP BY ALL ORDER BY ALL",
            10,
        )
        assert answer.notes == ()
        rows = [(row["shop"], row["n"], int(row["amount"])) for row in answer.rows.to_pylist()]
        numbers = [i for i in range(1000) if i % 10 >= 2]
        assert rows == [
            (f"shop {k}", len(part), sum(part))
            for k in range(3)
            for part in [[i for i in numbers if i % 3 == k]]
        ], name


def test_datasets_far_and_near_are_joined_and_read_as_often_as_the_query_says(far: Far) -> None:
    answer = far.explorer.ask(
        "SELECT town, count(*) AS n FROM pg_orders JOIN shops USING (shop) JOIN as_delta USING (id) "
        "WHERE pg_orders.amount > 100 AND id NOT IN (SELECT id FROM pg_orders WHERE NOT is_paid) "
        "GROUP BY ALL ORDER BY ALL;",
        10,
    )
    paid = [i for i in range(101, 2000) if i % 2 == 0]
    towns = [("Bonn", 1), ("Ulm", 0)]
    assert [(row["town"], row["n"]) for row in answer.rows.to_pylist()] == [
        (town, sum(1 for i in paid if i % 3 == k)) for town, k in towns
    ]


def test_a_server_is_asked_for_the_columns_and_rows_that_the_query_needs(far: Far) -> None:
    before = len(far.postgresql.statements())
    answer = far.explorer.ask("SELECT shop FROM pg_orders WHERE id >= 1990 AND is_paid ORDER BY id", 10)
    assert answer.rows.num_rows == 5
    asked = far.postgresql.statements()[before:]
    (select,) = [line for line in asked.splitlines() if "1990" in line and "COPY" in line]
    assert "amount" not in select
    assert "WHERE" in select


def test_what_is_wrong_with_a_query_is_told_before_rows_are_asked_for(far: Far) -> None:
    far.explorer.ask("SELECT count(*) FROM pg_orders", 10)
    before = far.postgresql.statements()
    for sql, says in (
        ("SELECT nam FROM pg_orders", "there is no column 'nam'"),
        ("DROP TABLE pg_orders", "one SELECT and nothing else"),
        ("SELECT * FROM pg_orders, read_csv('/etc/passwd')", "does not use read_csv"),
        ("SELECT getenv('HOME') FROM pg_orders", "does not use getenv"),
    ):
        with pytest.raises(OdibiError) as told:
            far.explorer.ask(sql, 10)
        assert says in str(told.value)
    assert far.postgresql.statements() == before


def test_a_server_that_is_away_and_one_that_refuses_are_told_without_the_password(far: Far) -> None:
    settings = (far.root / "odibi.toml").read_text()
    dataset = next(one for one in far.explorer.datasets() if one.name == "pg_orders")
    try:
        (far.root / "odibi.toml").write_text(
            settings.replace(f"port = {far.postgresql.port}", f"port = {free_port()}")
        )
        with (
            closing(Explorer(Workspace.find(far.root))) as explorer,
            pytest.raises(OdibiError, match="the database server can't be reached") as away,
        ):
            explorer.ask("SELECT count(*) FROM pg_orders", 10)
        (far.root / "odibi.toml").write_text(settings)
        secrets = (far.root / ".env").read_text()
        (far.root / ".env").write_text(secrets.replace(PASSWORD, "wrong-password"))
        with closing(Explorer(Workspace.find(far.root))) as explorer:
            refused = explorer.columns(dataset)
        (far.root / ".env").write_text(secrets)
    finally:
        (far.root / "odibi.toml").write_text(settings)
    assert isinstance(refused, OdibiError)
    for error in (away.value, refused):
        assert PASSWORD not in str(error)
        assert "wrong-password" not in str(error)
    assert far.explorer.ask("SELECT count(*) AS n FROM pg_orders", 10).rows.to_pylist() == [{"n": 2000}]


def test_a_pivot_which_has_no_plan_beforehand_is_answered_too(far: Far) -> None:
    answer = far.explorer.ask("PIVOT (SELECT shop, is_paid FROM pg_orders) ON is_paid USING count(*)", 10)
    assert answer.rows.num_rows == 3


T = Schema.of({"id": "BIGINT", "name": "VARCHAR", "moment": "TIMESTAMP", "tags": "VARCHAR[]"})


@pytest.mark.parametrize(
    ("sql", "need"),
    [
        ("SELECT * FROM t", Need(frozenset(T.names), "", 100)),
        ("SELECT id + 1 AS n FROM t LIMIT 7 OFFSET 3", Need(frozenset({"id"}), "", 10)),
        ("FROM t LIMIT 500", Need(frozenset(T.names), "", 100)),
        ("SELECT id FROM t WHERE id > 5 LIMIT 7", Need(frozenset({"id"}), '(("id" > 5))', None)),
        ("SELECT id FROM t ORDER BY moment LIMIT 7", Need(frozenset({"id", "moment"}), "", None)),
        ("SELECT DISTINCT name FROM t", Need(frozenset({"name"}), "", None)),
        ("SELECT count(*) FROM t", Need(frozenset({"id"}), "", None)),
        ("SELECT max(id) FROM t WHERE tags[1] = 'x'", Need(frozenset({"id", "tags"}), "", None)),
        ("SELECT a.id FROM t AS a JOIN t AS b ON a.id = b.id + 1 WHERE a.name = 'x'",
         Need(frozenset({"id", "name"}), "", None)),
        ("SELECT id FROM t WHERE id IN (SELECT max(id) FROM t)", Need(frozenset({"id"}), "", None)),
        ("SELECT unnest(tags) FROM t", Need(frozenset({"tags"}), "", None)),
        ("SELECT id, row_number() OVER () FROM t", Need(frozenset({"id"}), "", None)),
        ("SELECT nothing FROM t", Need()),
    ],
)  # fmt: skip
def test_a_query_tells_what_it_needs(sql: str, need: Need) -> None:
    assert needs_of(sql, {"t": T}, {}, 100)["t"] == need


def test_of_several_datasets_each_is_read_whole_where_the_query_meets_them() -> None:
    needs = needs_of("SELECT t.id FROM t JOIN u USING (id) LIMIT 5", {"t": T, "u": T}, {}, 100)
    assert needs == {name: Need(frozenset({"id"}), "", None) for name in ("t", "u")}
