"""Golden rows: what a step gave once is what it has to give, on every engine."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from odibi_core.errors import OdibiError
from odibi_core.golden.case import GoldenCase, GoldenRows, find_case, write_case
from odibi_core.golden.pinning import pin_step
from odibi_core.golden.running import GoldenResult, run_case
from odibi_core.pipeline import Pipeline
from odibi_core.testing import function_step, ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]

SQL = """\
SELECT id, sum(amount) AS total, max(day) AS day, [1, 2] AS parts, count(*) FILTER (WHERE amount > 5) AS large
FROM orders LEFT JOIN people USING (id) GROUP BY id
"""


@pytest.fixture
def pipeline(make_file: MakeFile) -> Pipeline:
    """Orders are read, summed and written."""
    make_file("orders.csv", "id,amount,day\n1,5.5,2024-01-01\n1,7.25,2024-01-02\n2,,2024-01-03\n3,1e-3,\n")
    make_file("people.csv", "id,name\n1,ana\n2,\"bo: 'the #1'\"\n")
    return Pipeline(
        "shop",
        [
            ingest_step("orders", "orders.csv"),
            ingest_step("people", "people.csv"),
            sql_step("sums", SQL, "orders", "people"),
            store_step("save", "out.parquet", "sums"),
        ],
    )


def kept(workspace: Workspace, case: GoldenCase) -> GoldenCase:
    """The case as its file gives it back."""
    write_case(workspace, "case", case)
    return find_case(workspace, "case")


def checked(
    case: GoldenCase, pipeline: Pipeline, workspace: Workspace, engine: str = "pandas"
) -> GoldenResult:
    """What becomes of the case."""
    return run_case("case", case, engine, pipeline, workspace=workspace)


def test_a_case_comes_back_from_its_file_and_passes(pipeline: Pipeline, workspace: Workspace) -> None:
    case = pin_step(pipeline, "sums", workspace=workspace)
    assert [len(given.rows) for given in case.inputs.values()] == [4, 2]
    again = kept(workspace, case)
    assert again == case
    text = (workspace.root / "golden" / "case.yaml").read_text()
    assert '- [1, 5.5, "2024-01-01"]\n' in text
    assert checked(again, pipeline, workspace).is_passed
    assert not (workspace.root / "out.parquet").exists()


def test_a_case_takes_the_place_of_one_of_its_name_whatever_the_ending(
    pipeline: Pipeline, workspace: Workspace
) -> None:
    case = pin_step(pipeline, "people", workspace=workspace)
    file = write_case(workspace, "case", case)
    file.rename(file.with_suffix(".yml"))
    again = case.model_copy(update={"description": "anew"})
    assert kept(workspace, again) == again
    assert [path.name for path in file.parent.iterdir()] == ["case.yml"]


@pytest.mark.xdist_group("spark")
@pytest.mark.usefixtures("spark")
def test_every_engine_has_to_give_the_same(pipeline: Pipeline, workspace: Workspace) -> None:
    case = kept(workspace, pin_step(pipeline, "sums", workspace=workspace))
    result = checked(case, pipeline, workspace, "spark")
    assert result.is_passed, result


def test_other_rows_are_told_side_by_side(pipeline: Pipeline, workspace: Workspace) -> None:
    case = pin_step(pipeline, "sums", workspace=workspace)
    pipeline.steps[2].value = SQL.replace("sum(amount)", "sum(amount) + 1").replace(
        "GROUP", "WHERE id < 3 GROUP"
    )
    result = checked(case, pipeline, workspace)
    assert not result.is_passed
    assert result.rows is not None
    assert result.rows.counts == (2, 1)
    assert result.rows.columns == ("total",) or "total" in result.rows.columns


def test_columns_that_are_new_gone_or_of_another_type_are_told(
    pipeline: Pipeline, workspace: Workspace
) -> None:
    case = pin_step(pipeline, "sums", workspace=workspace)
    pipeline.steps[2].value = "SELECT id::VARCHAR AS id, 1 AS more FROM orders"
    result = checked(case, pipeline, workspace)
    assert result.columns["id"] == ("BIGINT", "VARCHAR")
    assert result.columns["more"][0] == ""
    assert result.columns["total"][1] == ""


@pytest.mark.parametrize(
    ("expected", "is_passed"),
    [(1 / 3, True), (1 / 3 + 1e-12, True), (1 / 3 + 1e-6, False), (None, False), ("NaN", False)],
)
def test_floats_may_be_apart_by_the_tolerance_alone(
    pipeline: Pipeline, workspace: Workspace, expected: Any, *, is_passed: bool
) -> None:
    pipeline.steps[2].value = "SELECT count(*) / 12.0::DOUBLE AS share FROM orders"
    case = pin_step(pipeline, "sums", workspace=workspace)
    other = case.model_copy(update={"expected": GoldenRows(columns={"share": "DOUBLE"}, rows=((expected,),))})
    assert checked(kept(workspace, other), pipeline, workspace).is_passed is is_passed


def test_null_and_nan_are_two_things(pipeline: Pipeline, workspace: Workspace) -> None:
    pipeline.steps[2].value = "SELECT 'NaN'::DOUBLE AS a, NULL::DOUBLE AS b, 'inf'::DOUBLE AS c FROM people"
    case = kept(workspace, pin_step(pipeline, "sums", workspace=workspace))
    assert case.expected.rows == (("nan", None, "inf"),) * 2
    assert checked(case, pipeline, workspace).is_passed
    pipeline.steps[2].value = "SELECT NULL::DOUBLE AS a, NULL::DOUBLE AS b, 'inf'::DOUBLE AS c FROM people"
    result = checked(case, pipeline, workspace)
    assert not result.is_passed
    assert result.rows is not None
    expected, found = result.rows.pairs[0]
    assert expected is not None
    assert math.isnan(expected["a"])
    assert found is not None
    assert found["a"] is None


def test_a_step_that_reads_is_held_against_the_first_rows_of_its_source(
    pipeline: Pipeline, workspace: Workspace, make_file: MakeFile
) -> None:
    case = kept(workspace, pin_step(pipeline, "orders", workspace=workspace, rows=2))
    assert case.inputs == {}
    assert len(case.expected.rows) == 2
    assert checked(case, pipeline, workspace).is_passed
    make_file("orders.csv", "id,amount,day\n1,6.5,2024-01-01\n1,7.25,2024-01-02\n")
    assert not checked(case, pipeline, workspace).is_passed


def test_a_function_is_pinned_too_and_one_that_raises_fails_its_case(
    pipeline: Pipeline, workspace: Workspace
) -> None:
    def doubled(orders: Any) -> Any:
        return orders.assign(amount=orders.amount * 2)

    def broken(orders: Any) -> Any:
        raise ValueError(len(orders))

    step = function_step("doubled", doubled, "orders")
    made = replace(pipeline, steps=[*pipeline.steps, step])
    case = kept(workspace, pin_step(made, "doubled", workspace=workspace))
    assert checked(case, made, workspace).is_passed
    step.value = broken
    result = checked(case, made, workspace)
    assert result.error is not None
    assert "ValueError: 4" in result.error.what


def test_what_does_not_fit_the_step_is_told(pipeline: Pipeline, workspace: Workspace) -> None:
    case = pin_step(pipeline, "sums", workspace=workspace)
    given = case.inputs["orders"]
    with pytest.raises(OdibiError, match="has no input 'order'") as raised:
        checked(case.model_copy(update={"inputs": {"order": given}}), pipeline, workspace)
    assert "did you mean 'orders'" in raised.value.fix
    with pytest.raises(OdibiError, match="the input 'people' of 'sums' has no rows"):
        checked(case.model_copy(update={"inputs": {"orders": given}}), pipeline, workspace)
    with pytest.raises(OdibiError, match="a value is not of its column's type"):
        GoldenRows(columns={"a": "INTEGER"}, rows=(("x",),)).arrow("here")
    with pytest.raises(ValueError, match="row 1 has 1 values, and there are 2 columns"):
        GoldenRows(columns={"a": "INTEGER", "b": "INTEGER"}, rows=((1,),))
    with pytest.raises(OdibiError, match="gives nothing that could be pinned"):
        pin_step(pipeline, "save", workspace=workspace)
