"""Parameters in paths stay inside the folder that the step names; no two steps write one target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from odibi_core.engines.operations import Scan, Write
from odibi_core.errors import PipelineInvalidError
from odibi_core.nodes.registry import compile_step
from odibi_core.orchestrator import Orchestrator
from odibi_core.plan.targets import target_problems
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step
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


def collisions(*steps: Step) -> list[str]:
    """What is said of the targets of steps in the folder `/w`."""
    nodes = {step.name: compile_step(step, Path("/w")) for step in steps}
    assert not [problem for node in nodes.values() for problem in node.problems]

    def place(operation: Scan | Write) -> Path:
        return Path("/w", operation.source if isinstance(operation, Scan) else operation.target)

    return [f"{problem.step}: {problem.what}" for problem in target_problems(nodes, place)]


@pytest.mark.parametrize("inner", ["nest/a.csv", "nest/deep/er/a.csv", "nest/day=1", "other/../nest/a.csv"])
@pytest.mark.parametrize("form", ["csv", "delta"])
def test_no_step_writes_into_the_folder_of_another(inner: str, form: str) -> None:
    a, all_ = store_step("a", inner, "r", format="csv"), store_step("all", "nest", "r", format=form)
    told = ["a: 'a' writes into the folder that 'all' writes: /w/nest"]

    assert collisions(a, all_) == told
    assert collisions(all_, a) == told


def test_a_database_in_the_folder_of_another_step_is_told_for_each_that_writes_it() -> None:
    steps = [store_step(name, "nest/x.duckdb", "r", table=name) for name in "ab"]

    assert collisions(store_step("all", "nest", "r", format="csv"), *steps) == [
        f"{name}: '{name}' writes into the folder that 'all' writes: /w/nest" for name in "ab"
    ]


def test_a_target_in_two_folders_of_others_is_told_with_the_nearer_one() -> None:
    steps = [store_step(name, name, "r", format="csv") for name in ("one", "one/two", "one/two/three")]

    assert collisions(*steps) == [
        "one/two: 'one/two' writes into the folder that 'one' writes: /w/one",
        "one/two/three: 'one/two/three' writes into the folder that 'one/two' writes: /w/one/two",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("nest/a.csv", {}), ("nest/b.csv", {})),
        (("nest/a", {"format": "delta"}), ("nest/ab", {"format": "delta"})),
        (("nest", {"format": "csv"}), ("nest.csv", {})),
        (("nest", {"format": "csv"}), ("nest2/a.csv", {})),
        (("nest/x.duckdb", {"table": "t"}), ("nest/x.duckdb", {"table": "u"})),
        (("nest/x.duckdb", {"table": "t"}), ("nest/a.csv", {})),
        (("nest/x.sqlite", {"table": "t"}), ("nest/table", {"format": "delta"})),
    ],
)
def test_targets_beside_each_other_are_fine(
    one: tuple[str, dict[str, Any]], other: tuple[str, dict[str, Any]]
) -> None:
    assert collisions(*(store_step(path, path, "r", **params) for path, params in (one, other))) == []


def test_a_target_in_the_folder_of_another_is_told_before_a_run(workspace: Workspace) -> None:
    steps = [
        sql_step("rows", "SELECT 1 AS n"),
        store_step("a", "nest/a.csv", "rows"),
        store_step("all", "nest", "rows", format="csv"),
    ]

    with pytest.raises(PipelineInvalidError, match="step 'a', value: 'a' writes into the folder that 'all'"):
        Orchestrator(steps, workspace=workspace).validate()


@pytest.mark.parametrize(
    ("path", "one", "other", "said"),
    [
        ("x.duckdb", "T", "t", "t"),
        ("x.duckdb", "main.t", "t", "t"),
        ("x.duckdb", "Main.T", "t", "t"),
        ("x.duckdb", "S.t", "s.T", "s.t"),
        ("x.duckdb", "s.t", "t", ""),
        ("x.duckdb", "main.s.t", "s.t", ""),
        ("x.duckdb", "Ä", "ä", ""),
        ("x.sqlite", "T", "t", "t"),
        ("x.sqlite", "main.t", "t", ""),
        ("x.sqlite", "Ä", "ä", ""),
    ],
)
def test_a_table_is_one_however_its_name_is_spelled(path: str, one: str, other: str, said: str) -> None:
    steps = [store_step("one", path, "r", table=one), store_step("other", path, "r", table=other)]

    assert collisions(*steps) == [f"other: 'one' writes to the table {said!r} of /w/{path} too"] * bool(said)


@pytest.mark.parametrize("read", ["T", "main.t"])
def test_a_table_that_is_read_under_another_spelling_is_not_written(read: str) -> None:
    steps = [ingest_step("read", "x.duckdb", table=read), store_step("save", "x.duckdb", "read", table="t")]

    assert collisions(*steps) == ["save: the target /w/x.duckdb is also the source of 'read'"]


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
