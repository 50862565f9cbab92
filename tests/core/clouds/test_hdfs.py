"""What HDFS does in ways of its own: renames and leases in the place of conditions, files beside files."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hdfs_native import WriteOptions
from tests.conftest import Run
from tests.core.clouds.conftest import Lake, make_lake
from tests.core.clouds.test_faults import told
from tests.core.clouds.test_formats import frame, read, write
from tests.object_stores import ObjectStore
from tests.servers import free_port

from odibi_core.clouds import hdfs_lease
from odibi_core.clouds.account import ConflictError
from odibi_core.clouds.faults import explain
from odibi_core.clouds.hdfs import HdfsAccount, _beside
from odibi_core.clouds.hdfs_lease import leased
from odibi_core.errors import SourceError, TargetError, TransientError
from odibi_core.workspace import Workspace

pytestmark = pytest.mark.xdist_group("object_stores")


@pytest.fixture
def cluster(hdfs: ObjectStore, workspace: Workspace) -> Lake:
    return make_lake(hdfs, workspace)


def account_of(lake: Lake) -> HdfsAccount:
    assert isinstance(lake.server.account, HdfsAccount)
    return lake.server.account


def test_files_come_in_the_order_of_their_paths_and_without_those_that_only_odibi_looks_at(
    cluster: Lake,
) -> None:
    names = ["a-b.csv", "a.csv", "a/x.csv", "a/y/z.csv", "b#1?.csv", "größe 日本/100%.csv"]
    for name in reversed(names):
        cluster.put(name, name)
        (cluster.workspace.root / "sent").write_text(name)
        cluster.store.put(cluster.workspace.root / "sent", cluster.at(name), ["ticket"])
    assert cluster.names() == names == sorted(names)
    for name in names:
        found = cluster.store.head(cluster.at(name))
        assert found is not None
        assert found.tickets == ("ticket",)
        assert cluster.store.read(cluster.at(name)) == name.encode()
    client = account_of(cluster)._client
    assert len(list(client.list_status(f"/{cluster.folder}", True))) > 2 * len(names)
    cluster.store.remove(map(cluster.at, names))
    left = [found.path for found in client.list_status(f"/{cluster.folder}", True) if not found.isdir]
    assert left == []


def test_two_states_of_a_file_are_never_alike_however_fast_they_follow(cluster: Lake) -> None:
    (cluster.workspace.root / "sent").write_text("alike")
    states = set()
    for number in range(6):
        cluster.store.put(cluster.workspace.root / "sent", cluster.at("t.csv"), [str(number)])
        found = cluster.store.head(cluster.at("t.csv"))
        assert found is not None
        assert found.tickets == (str(number),)
        states.add(found.state)
    assert len(states) == 6


def test_a_put_waits_for_one_that_is_at_it_and_then_sees_what_that_has_done(cluster: Lake) -> None:
    cluster.put("t.csv", "one")
    before = cluster.store.head(cluster.at("t.csv"))
    assert before is not None
    account, path = account_of(cluster), f"/{cluster.folder}/t.csv"
    (cluster.workspace.root / "two").write_text("two")
    ended: list[Exception | None] = []

    def put() -> None:
        try:
            cluster.store.put(cluster.workspace.root / "two", cluster.at("t.csv"), expected=before.state)
        except ConflictError as error:
            ended.append(error)
        else:
            ended.append(None)

    with leased(account._open().client, _beside(path, "lock")):
        other = threading.Thread(target=put)
        other.start()
        cluster.put("t.csv", "three")
    other.join(60)
    assert len(ended) == 1
    assert isinstance(ended[0], ConflictError)
    assert cluster.store.read(cluster.at("t.csv")) == b"three"


def test_one_that_holds_a_file_for_ever_is_told_as_another_writer(
    cluster: Lake, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hdfs_lease, "WAIT_S", 0.1)
    path = f"/{cluster.folder}/t.csv"
    with leased(account_of(cluster)._open().client, _beside(path, "lock")):
        error = told(run, write("SELECT 1 AS id", cluster.url("t.csv"), "csv"))
    assert isinstance(error, TransientError)
    assert "another writer changed it" in error.what
    assert run(write("SELECT 1 AS id", cluster.url("t.csv"), "csv")).success


def test_what_a_writer_left_that_died_keeps_nobody_out(cluster: Lake, run: Run) -> None:
    client, path = account_of(cluster)._open().client, f"/{cluster.folder}/t.csv"
    client.create(_beside(path, "lock"), WriteOptions(overwrite=False)).close()
    client.create(_beside(path, "draft-of-one-that-died")).close()
    assert run(write("SELECT 1 AS id", cluster.url("t.csv"), "csv")).success
    assert cluster.names() == ["t.csv"]
    assert frame(run, read(cluster.url(), "csv"))["id"].tolist() == [1]


def test_who_asks_is_said_as_to_hadoops_own_tools(
    cluster: Lake, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.put("private/t.csv", "id\n1\n")
    account_of(cluster)._client.set_permission(f"/{cluster.folder}/private", 0o700)
    account_of(cluster)._client.set_permission(f"/{cluster.folder}", 0o755)
    monkeypatch.setenv("HADOOP_USER_NAME", "guest")
    refused = told(run, read(cluster.url("private/t.csv"), "csv"))
    assert isinstance(refused, SourceError)
    assert "doesn't allow to read here" in refused.what
    assert "user=guest" in refused.what
    assert "org.apache" not in refused.what
    assert "\n" not in refused.what
    for format_ in ("csv", "delta"):
        error = told(run, write("SELECT 1 AS id", cluster.url("mine/t"), format_))
        assert isinstance(error, TargetError), error
        assert "doesn't allow to write here" in error.what


@pytest.mark.parametrize(
    ("said", "kind", "wanted"),
    [
        (
            'GSSAPIError(GssMajorCodes { raw: "0x000d0000", routine_error: "GSS_S_FAILURE" }, 2529638944, '
            '"Unspecified GSS failure.  Minor code may provide more information: Ticket expired")',
            SourceError,
            "Kerberos lets nobody in: Ticket expired\n",
        ),
        (
            "Kernel error -> Generic HdfsObjectStore error\n   \x1b[31m↳\x1b[0m GSSAPI error\n   "
            "\x1b[31m↳\x1b[0m GssMajorCodes(GSS_S_BAD_MECH | GSS_S_BAD_NAME) 0 No credentials were supplied",
            SourceError,
            "Kerberos lets nobody in: No credentials were supplied",
        ),
        (
            "error\n ↳ GSSAPI error\n ↳ GssMajorCodes(GSS_S_FAILURE) 2529638944 Unspecified GSS failure.  "
            "Minor code may provide more information\n",
            SourceError,
            "the ticket may have expired\n",
        ),
        (
            'GSSAPIError(GssMajorCodes { raw: "0x000d0000" }, 2529639068, "Unspecified GSS failure.  Minor '
            "code may provide more information: Cannot contact any KDC for realm 'SHOP'\")",
            TransientError,
            "the server of Kerberos can't be reached: Cannot contact any KDC for realm 'SHOP'\n",
        ),
        ("RPC listener disconnected", TransientError, "a cluster with Kerberos needs HADOOP_CONF_DIR"),
    ],
)
def test_what_kerberos_says_is_told(said: str, kind: type[Exception], wanted: str) -> None:
    error = explain(RuntimeError(said), "hdfs://shop/t.csv")
    assert isinstance(error, kind)
    assert wanted in str(error)
    assert "GSS" not in str(error)


def test_a_cluster_that_is_gone_and_one_that_nothing_names_are_told(
    workspace: Workspace, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HADOOP_CONF_DIR", "HADOOP_HOME"):
        monkeypatch.delenv(name, raising=False)
    for steps in (read("hdfs:///x.csv", "csv"), write("SELECT 1 AS id", "hdfs:///x.csv", "csv")):
        unknown = told(run, steps)
        assert "nothing says which cluster is meant" in unknown.what
        assert "HADOOP_CONF_DIR" in unknown.fix
    url = f"hdfs://127.0.0.1:{free_port()}/x"
    for steps in (read(url, "csv"), write("SELECT 1 AS id", url, "delta")):
        gone = told(run, steps)
        assert isinstance(gone, TransientError), gone
        assert "can't be reached" in gone.what


def test_hadoops_configuration_names_the_cluster(
    cluster: Lake, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "fs.defaultFS": "hdfs://shop",
        "dfs.ha.namenodes.shop": "one",
        "dfs.namenode.rpc-address.shop.one": cluster.server.endpoint,
    }
    told = "".join(f"<property><name>{n}</name><value>{v}</value></property>" for n, v in settings.items())
    (tmp_path / "core-site.xml").write_text(f"<configuration>{told}</configuration>")
    monkeypatch.setenv("HADOOP_CONF_DIR", str(tmp_path))
    cluster.put("t.csv", "id\n1\n")
    (cluster.workspace.root / "odibi.toml").write_text("")
    for place in ("hdfs://", "hdfs://shop"):
        assert frame(run, read(f"{place}/{cluster.folder}/t.csv", "csv"))["id"].tolist() == [1]
        result = run(write("SELECT 1 AS id", f"{place}/{cluster.folder}/delta", "delta", mode="append"))
        assert result.success, result.errors
    assert len(frame(run, read(cluster.url("delta"), "delta"))) == 2


def test_the_cache_is_kept_in_hdfs(cluster: Lake, run: Run) -> None:
    steps = write("SELECT 1 AS id", "out.csv", "csv")
    cached = [run(steps, enable_cache=True, cache_dir=cluster.url("cache")).cached_nodes for _ in range(2)]
    assert cached[0] == []
    assert cached[1]
    assert any(name.startswith("cache/entries/") for name in cluster.names())


def test_a_path_that_delta_would_not_find_again_is_refused(cluster: Lake, run: Run) -> None:
    for steps in (
        write("SELECT 1 AS id", cluster.url("größe/t"), "delta"),
        read(cluster.url("größe/t"), "delta"),
    ):
        assert "delta-rs finds no table in HDFS" in told(run, steps).what
    query = "SELECT 1 AS id, 'größe a/b' AS name UNION ALL SELECT 2, 'x y'"
    for _ in range(2):
        result = run(write(query, cluster.url("parts"), "delta", mode="append", partitionBy="name"))
        assert result.success, result.errors
    assert sorted(frame(run, read(cluster.url("parts"), "delta"))["name"]) == [
        *["größe a/b"] * 2,
        *["x y"] * 2,
    ]


def test_a_file_that_cannot_be_sent_leaves_nothing(cluster: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster.put("t.csv", "old")
    client = account_of(cluster)._client

    def fail(*_: object) -> None:
        raise ConnectionError("the data node went away")

    monkeypatch.setattr("odibi_core.clouds.hdfs.shutil.copyfileobj", fail)
    with pytest.raises(TransientError):
        cluster.put("t.csv", "new")
    monkeypatch.undo()
    assert cluster.store.read(cluster.at("t.csv")) == b"old"
    left = [found.path for found in client.list_status(f"/{cluster.folder}", True) if not found.isdir]
    assert left == [f"/{cluster.folder}/t.csv"]
