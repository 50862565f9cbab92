"""Object stores by hand, by adapter and by connection."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
import pytest
from tests.conftest import Run
from tests.core.clouds.conftest import Lake
from tests.core.clouds.test_formats import read

from odibi_core.cache_manager import CloudCacheManager
from odibi_core.cli.app import run_command
from odibi_core.cloud_adapter import CloudAdapter
from odibi_core.clouds.account import Object
from odibi_core.clouds.address import Address, is_address, parse_address
from odibi_core.clouds.s3 import S3Account, S3Login
from odibi_core.clouds.store import Store
from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.step import Step
from odibi_core.testing import sql_step, store_step

pytestmark = pytest.mark.xdist_group("object_stores")


def adapter_of(lake: Lake) -> CloudAdapter:
    config = {name: value for name, value in lake.server.connection.items() if "${" not in str(value)}
    if lake.server.kind == "s3":
        config["secret_access_key"] = lake.server.secrets["STORE"]
    if lake.server.kind == "azure":
        config["account_key"] = lake.server.secrets["STORE"]
    return CloudAdapter.create(lake.server.kind, **config)


def test_an_adapter_reads_writes_lists_and_deletes(lake: Lake, run: Run) -> None:
    adapter = adapter_of(lake)
    assert adapter.connect() is adapter
    secret = lake.server.secrets.get("STORE", "nothing")
    assert secret not in repr(adapter)
    sales = pd.DataFrame({"id": [1, 2], "amount": [1.5, 2.5]})
    assert adapter.write(sales, lake.url("sales/2024/a.parquet")) == 2
    assert adapter.write(sales, lake.url("sales/2025/b.csv")) == 2
    pd.testing.assert_frame_equal(adapter.read(lake.url("sales/2024/*.parquet")), sales)
    inside = lake.url("sales").partition("://")[2]
    assert adapter.exists(inside)
    assert adapter.exists(lake.url("sales/2025/b.csv"))
    assert not adapter.exists(lake.url("sales/2025/c.csv"))
    assert adapter.list(inside) == [lake.url("sales/2024/a.parquet"), lake.url("sales/2025/b.csv")]
    assert adapter.list(lake.url("sales"), "**/*.csv") == [lake.url("sales/2025/b.csv")]
    (lake.workspace.root / "odibi.toml").write_text("")
    params = {"source_type": "csv", "cloud_adapter": adapter}
    result = run(
        [
            Step(
                "ingest",
                "r",
                "config_op",
                "pandas",
                lake.url("sales/2025/b.csv"),
                params,
                outputs={"data": "x"},
            )
        ]
    )
    assert result.success, result.errors
    assert all(
        secret not in path.read_text(errors="replace") for path in result.run_dir.rglob("*") if path.is_file()
    )
    with pytest.raises(OdibiError, match="this is a folder"):
        adapter.delete(lake.url("sales"))
    assert adapter.delete(lake.url("sales/2025/b.csv")) == 1
    assert adapter.delete(lake.url("sales"), recursive=True) == 1
    assert not adapter.exists(lake.url("sales"))


def test_an_adapter_for_this_machine_takes_paths(tmp_path: Any) -> None:
    adapter = CloudAdapter.create("local")
    assert adapter.write(pd.DataFrame({"id": [1]}), str(tmp_path / "in" / "a.parquet")) == 1
    assert adapter.list(str(tmp_path / "in")) == [str(tmp_path / "in" / "a.parquet")]
    assert adapter.read(str(tmp_path / "in" / "a.parquet"))["id"].tolist() == [1]
    assert adapter.exists(str(tmp_path / "in"))
    assert adapter.delete(str(tmp_path / "in"), recursive=True) == 1


def test_wrong_providers_and_settings_are_told() -> None:
    assert CloudAdapter.list_backends() == ["azure", "gcs", "hdfs", "local", "s3"]
    with pytest.raises(UnknownNameError, match="azur"):
        CloudAdapter.create("azur")
    with pytest.raises(OdibiError, match="did you mean 'account_name'"):
        CloudAdapter.create("azure", acount_name="x")
    with pytest.raises(OdibiError, match="the adapter is for azure"):
        CloudAdapter.create("azure", account_name="x").exists("s3://bucket/key")
    mine = CloudAdapter.create("azure", account_name="mine", account_key="a2V5")
    with pytest.raises(OdibiError, match="the key is that of the account 'mine'"):
        mine.exists("abfss://c@other.dfs.core.windows.net/x")
    with pytest.raises(OdibiError, match="nothing says which storage account"):
        CloudAdapter.create("azure", account_key="a2V5").exists("az://container/x")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://bucket/a//b.csv", Address("s3", "bucket", "a/b.csv")),
        ("S3A://bucket", Address("s3a", "bucket", "")),
        (
            "abfss://raw@shop.dfs.core.windows.net/x y",
            Address("abfss", "raw", "x y", "shop.dfs.core.windows.net"),
        ),
        ("hdfs:///data/x", Address("hdfs", "", "data/x")),
    ],
)
def test_addresses_are_understood(url: str, told: Address) -> None:
    assert parse_address(url) == told


@pytest.mark.parametrize(
    "url", ["s3:///key", "s3://key:hunter22@bucket/x", "gs://bucket/../x", "https://x/y"]
)
def test_addresses_that_mean_nothing_are_refused(url: str) -> None:
    with pytest.raises(OdibiError) as caught:
        parse_address(url)
    assert "hunter22" not in str(caught.value)


def test_paths_of_this_machine_are_no_addresses() -> None:
    assert not any(map(is_address, ["file:///x", "data/x.csv", "/x", "https://x/y", None]))


class Endless(S3Account):
    """An account with a hundred thousand objects."""

    def pages(self, address: Address) -> Iterator[Sequence[Object]]:
        for page in range(100):
            yield [Object(f"{address.key}{page:04}/{place:04}.csv", 1, "x") for place in range(1_000)]


def test_very_many_objects_are_gone_through_without_holding_them() -> None:
    store = Store(Endless(S3Login()))
    tracemalloc.start()
    try:
        found = sum(1 for _ in store.matching(parse_address("s3://bucket/logs/*/0007.csv")))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == 100
    assert peak < 2_000_000


def test_lists_go_on_from_page_to_page(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"odibi_core.clouds.{lake.server.kind}.PAGE", 3)
    names = [f"many/{number:02}.csv" for number in range(10)]
    for name in names:
        lake.put(name, "id\n1\n")
    pages = list(lake.server.account.pages(lake.at("many/")))
    assert len(pages) >= 4
    assert [found.key.rpartition("many/")[2] for found in itertools.chain(*pages)] == [
        f"{n:02}.csv" for n in range(10)
    ]


def test_connections_to_stores_are_tested_listed_and_looked_into(
    lake: Lake, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    lake.put("sales/a.csv", "id,amount\n1,5\n")
    lake.put("readme.txt", "x")

    def said(*arguments: str) -> str:
        code = run_command(["-w", str(lake.workspace.root), "connections", *arguments])
        out, err = capsys.readouterr()
        assert code == 0, err
        return out

    assert "lake" in said("test", "lake")
    assert lake.url().rstrip("/") in said("list")
    tables = said("tables", "lake")
    assert "sales/a.csv" in tables
    assert "readme" not in tables
    assert "amount" in said("preview", "lake", "sales/a.csv")
    assert run(read("sales/a.csv", "csv", connection="lake")).success


def test_the_cache_logs_in_as_the_connections_say(s3_lake: Lake, run: Run) -> None:
    steps = [
        Step("transform", "make", "sql", "pandas", "SELECT 1 AS id", {}, outputs={"data": "x"}),
        Step("store", "save", "config_op", "pandas", "out.csv", {}, {"data": "x"}),
    ]
    cached: list[Mapping[str, Any]] = []
    for _ in range(2):
        result = run(steps, enable_cache=True, cache_dir=s3_lake.url("cache"))
        assert result.success, result.errors
        cached.append({"cached": result.cached_nodes})
    assert cached[0]["cached"] == []
    assert cached[1]["cached"]
    assert any(name.startswith("cache/entries/") for name in s3_lake.names())
    assert CloudCacheManager.at("memory://x/y").size_bytes() == 0


def test_a_run_hides_the_secrets_that_lead_to_its_cache(s3_lake: Lake, run: Run) -> None:
    secret = next(value for name, value in s3_lake.server.secrets.items() if len(value) > 5)
    steps = [sql_step("shown", f"SELECT '{secret}' AS told"), store_step("saved", "out.csv", "shown")]
    with run(steps, enable_cache=True, cache_dir=s3_lake.url("cache")) as result:
        assert result.success, result.errors
        kept = [path for path in result.run_dir.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if secret.encode() in path.read_bytes()]
