"""The cache on an object store: a real S3 server on this machine, and fsspec's own stores."""

from __future__ import annotations

import logging
import multiprocessing
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pandas as pd
import pytest
from fsspec.implementations.arrow import ArrowFSWrapper
from moto.server import ThreadedMotoServer
from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

from odibi_core.cache_manager import CloudCacheManager
from odibi_core.errors import OdibiError
from odibi_core.kept.manifest import DamagedError
from odibi_core.orchestrator import Orchestrator
from odibi_core.run_result import RunResult
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

ORDERS = "id,amount\n1,10\n2,20\n3,30\n"
KEYS = [f"{number:064x}" for number in range(5)]

Open = Callable[..., CloudCacheManager]


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket(address: str) -> ArrowFSWrapper:
    store = S3FileSystem(
        access_key="one",
        secret_key="two",
        endpoint_override=address,
        region="us-east-1",
        allow_bucket_creation=True,
    )
    store.create_dir("results")
    return ArrowFSWrapper(store)


@pytest.fixture(params=["s3", "memory", "local"])
def open_cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens the cache of one store, each time anew."""
    prefix = uuid.uuid4().hex
    if request.param == "s3":
        address = request.getfixturevalue("s3")
        return lambda **more: CloudCacheManager("s3", "results", prefix, filesystem=bucket(address), **more)
    container = str(tmp_path_factory.mktemp("store")) if request.param == "local" else "results"
    return lambda **more: CloudCacheManager(request.param, container, prefix, **more)


def files_of(cache: CloudCacheManager) -> list[str]:
    return sorted(cache._store.sizes())


def run(
    workspace: Workspace, cache: CloudCacheManager, sql: str = "SELECT id, amount * 2 AS two FROM o"
) -> RunResult:
    steps = [
        ingest_step("o", "orders.csv"),
        sql_step("two", sql, "o"),
        store_step("keep", "out.parquet", "two"),
    ]
    result = Orchestrator(steps, workspace=workspace, tracking="exact", cache_manager=cache).execute()
    assert result.success, result.errors
    assert result.data_map["two"]["two"].tolist() == [20, 40, 60]
    assert pd.read_parquet(workspace.root / "out.parquet")["two"].tolist() == [20, 40, 60]
    return result


@pytest.fixture
def orders(workspace: Workspace) -> Workspace:
    (workspace.root / "orders.csv").write_text(ORDERS)
    return workspace


def fill(content: bytes, step: str = "one", target: str = "") -> Callable[[Path], dict[str, Any]]:
    def write(folder: Path) -> dict[str, Any]:
        (folder / "data-1.parquet").write_bytes(content)
        return {"steps": [step], "targets": {"keep": target}}

    return write


def taken(cache: CloudCacheManager, key: str, folder: Path) -> bytes | None:
    manifest = cache.find(key)
    target = folder / uuid.uuid4().hex
    if manifest is None or not cache.take(key, manifest, "data-1.parquet", target):
        return None
    return target.read_bytes()


def test_a_second_run_takes_everything_from_the_store(orders: Workspace, open_cache: Open) -> None:
    first = run(orders, open_cache())
    assert first.cached_nodes == []
    second = run(orders, open_cache())
    assert second.nodes_executed == 0
    changed = run(orders, open_cache(), "SELECT id, amount + amount AS two FROM o")
    assert changed.cache_reasons == {"two": "settings changed", "keep": "input changed"}


def test_damaged_files_and_manifests_are_noticed_and_made_anew(orders: Workspace, open_cache: Open) -> None:
    run(orders, open_cache())
    store = open_cache()._store
    for name in files_of(open_cache()):
        content = bytearray(store.get(name))
        content[len(content) // 2] ^= 0x10
        store.put(name, bytes(content))
    second = run(orders, open_cache())
    assert second.nodes_executed == 3
    assert "was damaged and is made anew" in second.warnings[0]
    assert run(orders, open_cache()).nodes_executed == 0
    assert any(name.endswith(".damaged") for name in files_of(open_cache()))


def test_a_missing_file_is_damage_and_a_missing_entry_is_none(open_cache: Open, tmp_path: Path) -> None:
    cache = open_cache()
    cache.keep(KEYS[0], fill(b"rows"))
    manifest = cache.find(KEYS[0])
    assert manifest is not None
    cache._store.remove(*(name for name in files_of(cache) if name.startswith("data/")))
    with pytest.raises(DamagedError, match="is missing"):
        cache.take(KEYS[0], manifest, "data-1.parquet", tmp_path / "it")
    assert cache.invalidate("one") == 1
    assert cache.find(KEYS[0]) is None
    assert not cache.take(KEYS[0], manifest, "data-1.parquet", tmp_path / "it")


def test_what_was_used_longest_ago_goes_first(open_cache: Open, tmp_path: Path) -> None:
    cache = open_cache(max_bytes=4_000)
    for key in KEYS[:3]:
        cache.keep(key, fill(b"x" * 1_000))
    cache.mark_used(KEYS[0])
    cache.keep(KEYS[3], fill(b"x" * 1_000))
    assert cache.size_bytes() <= 4_000
    assert [key for key in KEYS[:4] if cache.find(key)] == [KEYS[0], KEYS[2], KEYS[3]]
    assert taken(cache, KEYS[0], tmp_path) == b"x" * 1_000
    assert not [name for name in files_of(cache) if KEYS[1] in name]


def test_an_entry_whose_targets_are_others_is_replaced(open_cache: Open, tmp_path: Path) -> None:
    cache = open_cache()
    cache.keep(KEYS[0], fill(b"old", target="1"))
    early = cache.find(KEYS[0])
    assert early is not None
    cache.keep(KEYS[0], fill(b"same", target="1"))
    assert taken(cache, KEYS[0], tmp_path) == b"old"
    cache.keep(KEYS[0], fill(b"new", target="2"))
    assert taken(cache, KEYS[0], tmp_path) == b"new"
    # Who found the old one just before takes it for gone, not for damaged.
    assert not cache.take(KEYS[0], early, "data-1.parquet", tmp_path / "early")
    assert len([name for name in files_of(cache) if name.startswith("data/")]) == 1


@pytest.mark.parametrize("max_bytes", [None, 100_000])
def test_what_writers_that_died_left_is_cleared(
    open_cache: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, max_bytes: int | None
) -> None:
    cache = open_cache(max_bytes=max_bytes)
    cache.keep(KEYS[0], fill(b"rows"))
    (kept,) = [name for name in files_of(cache) if name.startswith("data/")]
    _, key, place, file = kept.split("/")
    other = place[:-1] + ("0" if place[-1] != "0" else "1")
    left = [f"data/{key}/{other}/{file}", f"data/{KEYS[1]}/{place}/{file}"]
    for name in left:
        cache._store.put(name, b"half")
    cache.keep(KEYS[2], fill(b"rows"))
    assert set(left) <= set(files_of(cache))  # a writer may still be at them
    monkeypatch.setattr("odibi_core.kept.cloud_cache._OLD_S", -60)
    cache.keep(KEYS[3], fill(b"rows"))
    assert not set(left) & set(files_of(cache))
    assert [taken(cache, key, tmp_path) for key in (KEYS[0], KEYS[2], KEYS[3])] == [b"rows"] * 3


def test_clearing_leaves_nothing(open_cache: Open) -> None:
    cache = open_cache()
    for key in KEYS[:2]:
        cache.keep(key, fill(b"rows"))
    cache.note_parts("sales", "one", {"settings": "1"})
    assert cache.last_parts("sales", "one") == {"settings": "1"}
    assert cache.clear_all() == 2
    assert files_of(cache) == []
    assert cache.last_parts("sales", "one") is None


def share(address: str, prefix: str, folder: Path) -> None:
    cache = CloudCacheManager("s3", "results", prefix, max_bytes=20_000, filesystem=bucket(address))
    for turn in range(12):
        key = KEYS[turn % len(KEYS)]
        cache.keep(key, fill(key.encode() * 100, target=str(turn % 3)))
        found = taken(cache, key, folder)
        assert found in (None, key.encode() * 100)
        cache.mark_used(key)


def test_processes_share_a_store(s3: str, tmp_path: Path) -> None:
    prefix = uuid.uuid4().hex
    context = multiprocessing.get_context("spawn")
    workers = [
        context.Process(target=share, args=(s3, prefix, tmp_path / str(number))) for number in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    cache = CloudCacheManager("s3", "results", prefix, filesystem=bucket(s3))
    assert cache.size_bytes() <= 30_000
    for key in KEYS:
        assert taken(cache, key, tmp_path) in (None, key.encode() * 100)


def test_a_store_that_is_away_costs_a_run_nothing_but_the_cache(orders: Workspace) -> None:
    away = ArrowFSWrapper(
        S3FileSystem(
            access_key="one",
            secret_key="two",
            endpoint_override="http://127.0.0.1:9",
            region="us-east-1",
            connect_timeout=1,
            retry_strategy=AwsStandardS3RetryStrategy(max_attempts=1),
        )
    )
    result = run(orders, CloudCacheManager("s3", "results", filesystem=away))
    assert result.nodes_executed == 3
    assert any("can't be read" in warning for warning in result.warnings)


def test_a_folder_of_the_cache_may_be_a_url(orders: Workspace) -> None:
    steps = [ingest_step("o", "orders.csv"), sql_step("two", "SELECT * FROM o", "o")]
    place = f"memory://results/{uuid.uuid4().hex}"
    for expected in (2, 0):
        with Orchestrator(
            steps, workspace=orders, tracking="exact", enable_cache=True, cache_dir=place
        ).execute() as result:
            assert result.nodes_executed == expected
    assert fsspec.filesystem("memory").exists(place)


def test_an_unknown_provider_is_named_with_the_near_ones() -> None:
    with pytest.raises(OdibiError, match="there is no cloud provider 'asure'") as caught:
        CloudCacheManager("asure", "results")
    assert caught.value.fix == "did you mean 'azure'?"
