from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

from odibi_core.errors import WorkspaceError
from odibi_core.samples import copy_samples, sample_workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data as the script writes them now."""
    folder = tmp_path_factory.mktemp("made")
    runpy.run_path(str(ROOT / "scripts" / "make_sample_data.py"))["main"](folder)
    return folder


def test_the_script_writes_the_sample_data_byte_for_byte(made: Path) -> None:
    kept = {path.name: path.read_bytes() for path in (sample_workspace() / "data").iterdir()}
    assert {path.name: path.read_bytes() for path in made.iterdir()} == kept


def test_the_sample_data_stay_small(made: Path) -> None:
    assert sum(path.stat().st_size for path in made.iterdir()) < 1_500_000


def test_the_readme_counts_the_rows_right(made: Path) -> None:
    readme = (sample_workspace() / "README.md").read_text(encoding="utf-8")
    for name in ("customers.csv", "orders.csv", "sales.csv", "events.jsonl"):
        lines = (made / name).read_text(encoding="utf-8").count("\n")
        rows = lines if name.endswith(".jsonl") else lines - 1
        assert f"| `data/{name}` | {rows:,} |" in readme


def test_a_fresh_workspace_has_settings_data_and_pipelines(tmp_path: Path) -> None:
    copied = copy_samples(tmp_path / "new" / "folder")
    names = {path.relative_to(tmp_path / "new" / "folder").as_posix() for path in copied}
    assert {"odibi.toml", "README.md", "data/sales.csv", "pipelines/first_csv.yaml"} <= names
    assert all(path.is_file() for path in copied)
    assert copied[0].read_bytes() == (sample_workspace() / copied[0].name).read_bytes()


def test_other_files_in_the_folder_may_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    copy_samples(tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_nothing_is_copied_where_a_file_would_be_overwritten(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sales.csv").write_text("mine")
    with pytest.raises(WorkspaceError, match=r"already has 'data/sales.csv', and nothing is overwritten"):
        copy_samples(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["data", "sales.csv"]


def test_a_file_in_the_place_of_a_folder_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "pipelines").write_text("mine")
    with pytest.raises(WorkspaceError, match="already has 'pipelines'"):
        copy_samples(tmp_path)


def test_a_second_copy_names_some_of_the_files_in_the_way(tmp_path: Path) -> None:
    copy_samples(tmp_path)
    with pytest.raises(WorkspaceError, match=r"'README.md', 'data/customers.csv', .* and \d+ more"):
        copy_samples(tmp_path)


def test_a_target_that_is_a_file_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(WorkspaceError, match=r"can't be copied: (File exists|Not a directory)") as caught:
        copy_samples(tmp_path / "file")
    assert os.fspath(tmp_path / "file") in caught.value.where
