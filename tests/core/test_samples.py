from __future__ import annotations

import os
import runpy
from pathlib import Path

import pytest

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import WorkspaceError
from odibi_core.orchestrator import Orchestrator
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


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh workspace that the pipelines share."""
    folder = tmp_path_factory.mktemp("workspace")
    copy_samples(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "rows", "rejected"),
    [
        ("first_csv", {"sales_with_tax": 88}, {"read_sales_csv": 2}),
        ("medallion", {"dedupe_customers": 608, "customer_summary": 3}, {"ingest_customers": 2}),
        (
            "customer_360",
            {"clean_customers": 640, "region_months": 48, "best_customers": 20},
            {"read_orders": 6, "read_customers": 2},
        ),
        ("events_daily", {"days": 14, "hours": 15}, {"read_events": 1}),
    ],
)
def test_every_sample_pipeline_runs_and_sets_the_bad_rows_aside(
    workspace: Path, name: str, rows: dict[str, int], rejected: dict[str, int]
) -> None:
    pipeline = load_yaml(workspace / "pipelines" / f"{name}.yaml")
    orchestrator = Orchestrator(pipeline, workspace=workspace)
    assert orchestrator.validate() == []
    result = orchestrator.execute()
    assert result.success, result.errors
    assert {key: len(result.data_map[key]) for key in rows} == rows
    assert result.tracker is not None
    found = {step["step_name"]: step["rejected_rows"] for step in result.tracker.step_executions}
    assert {step: count for step, count in found.items() if count} == rejected


def test_the_flood_shows_in_the_orders_of_the_west(workspace: Path) -> None:
    pipeline = load_yaml(workspace / "pipelines" / "customer_360.yaml")
    result = Orchestrator(pipeline, workspace=workspace, parameters={"region": "West"}).execute()
    months = result.data_map["region_months"].set_index("month")
    assert set(months["region"]) == {"West"}
    assert months["cancelled_share"].idxmax() == 9
    assert months["cancelled_share"][9] > 0.3


def test_the_cafe_is_the_best_customer(workspace: Path) -> None:
    pipeline = load_yaml(workspace / "pipelines" / "customer_360.yaml")
    best = Orchestrator(pipeline, workspace=workspace).execute().data_map["best_customers"]
    assert best["customer"].iloc[0] == "Harbour Street Café"
