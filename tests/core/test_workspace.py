"""Workspaces: which folder it is, what its paths mean, and what is wrong in odibi.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from odibi_core.connections import FolderConnection
from odibi_core.errors import OdibiError, UnknownNameError, WorkspaceError
from odibi_core.workspace import Workspace, file_name


def declared(folder: Path, toml: str = "") -> Workspace:
    (folder / "odibi.toml").write_text(toml, encoding="utf-8")
    return Workspace.find(folder)


def test_the_nearest_folder_above_that_holds_the_file_is_found(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "pipelines" / "deep"
    inner.mkdir(parents=True)
    declared(tmp_path)
    declared(tmp_path / "project")
    assert Workspace.find(inner) == Workspace(tmp_path / "project", True)


def test_a_folder_without_the_file_serves_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Workspace.find() == Workspace(tmp_path, False)
    assert Workspace.find().load().engine == "pandas"
    assert list(tmp_path.iterdir()) == []


def test_a_file_stands_for_its_folder(tmp_path: Path) -> None:
    workspace = declared(tmp_path)
    assert Workspace.find(str(tmp_path / "odibi.toml")) == workspace


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="there is no such folder"):
        Workspace.find(tmp_path / "nowhere")


def test_every_setting_is_read(tmp_path: Path) -> None:
    settings = declared(
        tmp_path,
        """
        name = "shop"
        engine = "spark"
        memory_limit = "4GB"
        threads = 2
        [functions]
        allow = ["transforms", "shop.rules"]
        [connections.lake]
        kind = "folder"
        path = "data"
        [connections.api]
        kind = "http"
        url = "https://example.org/v1"
        headers = { Authorization = "Bearer ${secret:API}" }
        [runs]
        at_once = 20
        """,
    ).load()
    assert (settings.name, settings.engine, settings.memory_limit, settings.threads) == (
        "shop",
        "spark",
        "4GB",
        2,
    )
    assert settings.functions.allow == ("transforms", "shop.rules")
    assert settings.connections["lake"] == FolderConnection(kind="folder", path="data")
    assert settings.runs.at_once == 20


@pytest.mark.parametrize(
    ("toml", "line", "message"),
    [
        ("name = 'x'\nenginee = 'pandas'\n", 2, "no setting 'enginee'.*did you mean 'engine'"),
        ("[functions]\nalow = []\n", 2, "no setting 'functions.alow'.*did you mean 'allow'"),
        ("[runs]\n\nat_once = 0\n", 3, "'runs.at_once' is wrong: input should be greater than or equal to 1"),
        ("runs.keep = 20\n", 1, "no setting 'runs.keep'"),
        ("runs.at_once = 'all'\n", 1, "'runs.at_once' is wrong: input should be a valid integer"),
        ("threads = 0\n", 1, "'threads' is wrong"),
        ("memory_limit = 'lots'\n", 1, "'memory_limit' is wrong: give a size such as 512MB or 4GB"),
        ("[connections.lake]\npath = 'x'\n", 1, "'connections.lake' has no kind"),
        ("[connections.lake]\nkind = 'foldr'\n", 1, "unknown kind 'foldr'.*did you mean 'folder'"),
        ("[connections.lake]\nkind = 'folder'\n", 1, "'connections.lake.path' is missing.*add path = "),
        (
            "[connections.'my lake']\nkind = 'folder'\npath = 'x'\npth = ''\n",
            4,
            "no setting .*did you mean 'path'",
        ),
        ("[connections.api]\nkind = 'http'\nurl = 'ftp://x'\n", 3, "it must be a URL that begins with http"),
        ("[connections.api]\nkind = 'http'\nurl = 'http://me:pw@x/'\n", 3, "a URL must hold no credentials"),
        (
            "[connections.x]\nkind='http'\nurl='http://x/'\n[connections.x.headers]\nX-Api-Key='hunter2'\n",
            4,
            "the header 'X-Api-Key' must hold \\${secret:NAME}",
        ),
        ("connections = 3\n", 1, "'connections' is wrong: input should be a valid dictionary"),
    ],
)
def test_a_mistake_names_key_and_line_and_how_to_mend_it(
    tmp_path: Path, toml: str, line: int, message: str
) -> None:
    with pytest.raises(WorkspaceError, match="(?s)" + message) as caught:
        declared(tmp_path, toml).load()
    assert caught.value.where == f"{tmp_path / 'odibi.toml'}, line {line}"
    assert "hunter2" not in str(caught.value)
    assert "pw@" not in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="the file has 2 mistakes") as caught:
        declared(tmp_path, "enginee = 'pandas'\nthreads = 0\n").load()
    assert "- line 1: there is no setting 'enginee'; did you mean 'engine'?" in str(caught.value)
    assert "- line 2: 'threads' is wrong" in str(caught.value)


def test_what_is_no_toml_says_where(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"not valid TOML: .*line 2"):
        declared(tmp_path, "name = 'x'\nengine = \n").load()


def test_what_is_no_utf8_is_told(tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").write_bytes("name = 'Müller'".encode("latin-1"))
    with pytest.raises(WorkspaceError, match="not UTF-8"):
        Workspace.find(tmp_path).load()


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").write_bytes(b"\xef\xbb\xbfname = 'x'\n")
    assert Workspace.find(tmp_path).load().name == "x"


def test_the_state_is_made_when_it_is_asked_for_and_ignored_by_git(tmp_path: Path) -> None:
    workspace = declared(tmp_path)
    assert not (tmp_path / ".odibi").exists()
    assert workspace.runs == tmp_path / ".odibi" / "runs"
    assert workspace.runs.is_dir()
    assert workspace.scratch.is_dir()
    assert (workspace.state / ".gitignore").read_text() == "*\n"


def test_a_state_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".odibi").write_text("a file in its place")
    with pytest.raises(WorkspaceError, match="can't keep its runs here") as caught:
        _ = declared(tmp_path).runs
    assert caught.value.where == str(tmp_path / ".odibi" / "runs")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("data/orders.csv", "{root}/data/orders.csv"),
        (Path("data") / "*.csv", "{root}/data/*.csv"),
        ("/srv/orders.csv", "/srv/orders.csv"),
        ("~/orders.csv", "{home}/orders.csv"),
        ("file:///srv/my%20orders.csv", "/srv/my orders.csv"),
        ("file://localhost/srv/orders.csv", "/srv/orders.csv"),
        ("FILE:/srv/orders.csv", "/srv/orders.csv"),
        ("odd:name.csv", "{root}/odd:name.csv"),
        ("données/😀 'x'.csv", "{root}/données/😀 'x'.csv"),
    ],
)
def test_paths_are_relative_to_the_workspace(tmp_path: Path, path: str | Path, expected: str) -> None:
    resolved = declared(tmp_path).resolve(path)
    assert str(resolved) == expected.format(root=tmp_path, home=Path.home())


@pytest.mark.parametrize(
    "path", ["abfss://lake@account.dfs.core.windows.net/x", "s3://bucket/x", "dbfs:/x", "https://x/y"]
)
def test_storage_that_cannot_be_reached_is_told_with_another_way(tmp_path: Path, path: str) -> None:
    with pytest.raises(OdibiError, match=r"paths are not supported by this engine yet") as caught:
        declared(tmp_path).resolve(path)
    assert "local path" in caught.value.fix


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "is no path"),
        ("  ", "is no path"),
        ("a\0b", "is no path"),
        ("~nobody-of-that-name/x", "is no path"),
        ("file://server/share/x", "on another machine, 'server'"),
    ],
)
def test_what_is_no_path_is_told(tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(WorkspaceError, match=message):
        declared(tmp_path).resolve(path)


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    (tmp_path / "pipelines").mkdir()
    for name in ("orders.yaml", "customers.yml", "notes.txt"):
        (tmp_path / "pipelines" / name).write_text("")
    return declared(tmp_path)


def test_pipelines_are_the_yaml_files_of_the_folder(shop: Workspace, tmp_path: Path) -> None:
    assert [path.name for path in shop.pipelines()] == ["customers.yml", "orders.yaml"]
    (tmp_path / "empty").mkdir()
    assert Workspace(tmp_path / "empty", False).pipelines() == []


@pytest.mark.parametrize("name", ["orders", "orders.yaml", "pipelines/orders.yaml"])
def test_a_pipeline_is_found_by_name_and_by_path(shop: Workspace, name: str) -> None:
    assert shop.find_pipeline(name) == shop.root / "pipelines" / "orders.yaml"


def test_a_pipeline_is_found_at_a_path_from_the_current_folder(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.root / "pipelines")
    assert shop.find_pipeline("./orders.yaml").samefile(shop.root / "pipelines" / "orders.yaml")


def test_an_unknown_pipeline_gets_the_near_names(shop: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="pipeline 'oders' is not known") as caught:
        shop.find_pipeline("oders")
    assert caught.value.fix == "did you mean 'orders'?"


def test_a_workspace_without_pipelines_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="holds no pipeline"):
        declared(tmp_path).find_pipeline("orders")


def test_two_pipelines_of_one_name_ask_which(shop: Workspace) -> None:
    (shop.root / "pipelines" / "orders.yml").write_text("")
    with pytest.raises(
        WorkspaceError, match=r"orders\.yaml and orders\.yml are both pipelines named 'orders'"
    ):
        shop.find_pipeline("orders")
    assert shop.find_pipeline("orders.yml").name == "orders.yml"


def test_a_link_that_leads_nowhere_declares_nothing(tmp_path: Path) -> None:
    (tmp_path / "odibi.toml").symlink_to("nowhere")
    assert not Workspace.find(tmp_path).is_declared


def test_names_that_look_alike_have_files_of_their_own() -> None:
    names = ["load_a", "load a", "load/a", "über", "a" * 200, "a" * 201]
    files = [file_name(name) for name in names]
    assert len(set(files)) == len(names)
    assert files[0] == "load_a"
    assert files[1].startswith("load_a-")
    assert max(map(len, files)) < 64
