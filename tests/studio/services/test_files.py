"""The designer sees the files of the workspace and no others, and takes files without harm to those there."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.workspace import Workspace
from odibi_studio.services import sources
from odibi_studio.services.files import WorkspaceFiles
from odibi_studio.services.sources import Sources

MakeFile = Callable[[str, str | bytes], Path]


@pytest.fixture
def files(workspace: Workspace, make_file: MakeFile) -> WorkspaceFiles:
    make_file("data/b.csv", "id\n1\n")
    make_file("data/A.csv", "id\n")
    make_file("data/inner/c.csv", "id\n")
    make_file(".odibi/studio.db", "secret")
    make_file("data/.hidden", "secret")
    return WorkspaceFiles(workspace)


def test_a_folder_shows_folders_first_and_nothing_hidden(files: WorkspaceFiles) -> None:
    folder = files.folder("data")
    assert [entry.path for entry in folder.entries] == ["data/inner", "data/A.csv", "data/b.csv"]
    assert [entry.is_folder for entry in folder.entries] == [True, False, False]
    assert folder.entries[2].size_bytes == 5
    assert [entry.path for entry in files.folder("").entries] == ["data", "odibi.toml"]


@pytest.mark.parametrize(
    "path", ["..", "data/../..", "/etc", "/", "data/\0", ".odibi", "data/.hidden", "a" * 5_000]
)
def test_no_path_leads_out_or_to_what_is_hidden(files: WorkspaceFiles, path: str) -> None:
    with pytest.raises(UnknownNameError):
        files.folder(path)


def test_a_sibling_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop-secret").mkdir()
    files = WorkspaceFiles(Workspace(tmp_path / "shop", False))
    with pytest.raises(UnknownNameError, match="leads out"):
        files.folder("../shop-secret")


def test_a_link_that_leads_out_is_not_there(
    files: WorkspaceFiles, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (workspace.root / "data" / "link").symlink_to(outside)
    assert "data/link" not in [entry.path for entry in files.folder("data").entries]
    with pytest.raises(UnknownNameError, match="leads out"):
        files.folder("data/link")


def test_a_folder_that_is_not_there_has_near_names(files: WorkspaceFiles) -> None:
    with pytest.raises(UnknownNameError) as caught:
        files.folder("dta")
    assert caught.value.fix == "did you mean 'data'?"


def test_a_dropped_file_becomes_a_step_that_reads_it(workspace: Workspace) -> None:
    answer = Sources(workspace).take("Sales Übersicht 2025.csv", io.BytesIO(b"id,amount\n1,2\n"))
    assert answer.path == "data/Sales Übersicht 2025.csv"
    assert answer.step.name == "read_sales_ubersicht_2025"
    assert answer.step.value == answer.path
    assert answer.step.outputs == {"data": "sales_ubersicht_2025"}
    assert answer.step.params == {}
    assert (workspace.root / answer.path).read_bytes() == b"id,amount\n1,2\n"


def test_a_file_is_never_overwritten_and_the_same_content_is_the_same_file(workspace: Workspace) -> None:
    takes = Sources(workspace)
    assert takes.take("a.csv", io.BytesIO(b"x\n1\n")).path == "data/a.csv"
    assert takes.take("a.csv", io.BytesIO(b"x\n2\n")).path == "data/a_2.csv"
    assert takes.take("a.csv", io.BytesIO(b"x\n2\n")).path == "data/a_2.csv"
    assert takes.take("a.csv", io.BytesIO(b"x\n1\n")).path == "data/a.csv"
    assert (workspace.root / "data/a.csv").read_bytes() == b"x\n1\n"
    assert sorted(path.name for path in (workspace.root / "data").iterdir()) == ["a.csv", "a_2.csv"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/x.csv", "x.csv"),
        ("C:\\Users\\me\\x.csv", "x.csv"),
        ("..csv", "csv"),
        ("a*b?[c].csv", "abc.csv"),
        ("{date}.csv", "date.csv"),
    ],
)
def test_a_name_means_a_file_of_the_folder(workspace: Workspace, name: str, kept: str) -> None:
    assert sources.safe_name(name) == kept
    if "." in kept:
        assert Sources(workspace).take(name, io.BytesIO(b"x\n1\n")).path == f"data/{kept}"


def test_what_no_format_reads_is_refused_and_leaves_nothing(workspace: Workspace) -> None:
    with pytest.raises(OdibiError, match=r"no format reads files such as 'x\.exe'") as caught:
        Sources(workspace).take("x.exe", io.BytesIO(b"MZ"))
    assert "csv" in caught.value.fix
    with pytest.raises(OdibiError, match="the file is empty"):
        Sources(workspace).take("x.csv", io.BytesIO(b""))
    assert list((workspace.root / "data").iterdir()) == []


def test_a_file_that_is_too_large_is_refused_and_leaves_nothing(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", 1 << 20)
    with pytest.raises(OdibiError, match="larger than 1 MB"):
        Sources(workspace).take("x.csv", io.BytesIO(b"x" * ((1 << 20) + 1)))
    assert list((workspace.root / "data").iterdir()) == []
