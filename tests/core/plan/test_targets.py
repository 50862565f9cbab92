"""Parameters in paths stay inside the folder that the step names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from odibi_core.errors import PipelineInvalidError
from odibi_core.nodes.registry import compile_step
from odibi_core.orchestrator import Orchestrator
from odibi_core.plan.targets import target_problems
from odibi_core.testing import ingest_step, store_step
from odibi_core.workspace import Workspace


def mistakes(workspace: Workspace, value: str, **parameters: str) -> str:
    (workspace.root / "in.csv").write_text("a\n1\n")
    steps = [ingest_step("rows", "in.csv"), store_step("write", value, "rows", format="csv")]
    try:
        Orchestrator(steps, workspace=workspace, parameters=parameters).validate()
    except PipelineInvalidError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("day", ["../../evil", "/../../../evil", "x/../../evil"])
def test_a_parameter_that_leads_out_of_the_folder_is_refused(workspace: Workspace, day: str) -> None:
    told = mistakes(workspace, "output/{day}.csv", day=day)
    assert "a parameter leads the path out of its folder" in told
    assert "inside output" in told


@pytest.mark.parametrize("day", ["2026-01-31", "2026/01/31", "a b", ".."])
def test_a_parameter_may_name_what_is_inside(workspace: Workspace, day: str) -> None:
    assert mistakes(workspace, "output/p_{day}.csv", day=day) == ""


def test_a_value_that_is_all_placeholder_may_be_any_path(workspace: Workspace, tmp_path: Path) -> None:
    assert mistakes(workspace, "{target}", target=str(tmp_path / "elsewhere.csv")) == ""


@pytest.mark.parametrize(
    ("read", "is_refused"),
    [({"sheet": "plan"}, False), ({"sheet": "Sales"}, True), ({}, True), ({"sheet": 2}, True)],
)
def test_a_workbook_of_a_store_is_not_read_where_its_sheet_may_be_the_one_that_is_written(
    read: dict[str, Any], is_refused: bool
) -> None:
    book = "s3://bucket/book.xlsx"
    steps = [ingest_step("read", book, **read), store_step("save", book, "read", sheet="sales")]
    nodes = {step.name: compile_step(step, Path()) for step in steps}

    told = [problem.what for problem in target_problems(nodes, lambda _: Path())]

    assert told == [f"the table 'sales' of {book} is also the source of 'read'"] * is_refused
