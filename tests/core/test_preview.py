from __future__ import annotations

import pytest

from odibi_core.errors import OdibiError, SourceError
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.preview import preview_step
from odibi_core.step import Step
from odibi_core.workspace import Workspace


@pytest.fixture
def pipeline(workspace: Workspace) -> Pipeline:
    """Reads a hundred numbers, and goes on from there."""
    (workspace.root / "numbers.csv").write_text("n\n" + "".join(f"{n}\n" for n in range(100)))
    return Pipeline(
        "numbers",
        [
            Step("bronze", "read", "config_op", "", "numbers.csv", outputs={"data": "numbers"}),
            Step(
                "silver",
                "double",
                "sql",
                "",
                "SELECT n * {factor} AS n FROM numbers",
                inputs={"numbers": "numbers"},
                outputs={"data": "doubled"},
            ),
            Step("gold", "save", "config_op", "", "out.csv", inputs={"data": "doubled"}),
            Step(
                "gold",
                "break",
                "sql",
                "",
                "SELECT error('no') FROM n",
                inputs={"n": "numbers"},
                outputs={"data": "x"},
            ),
        ],
        {"factor": Parameter("factor", ParameterType.INTEGER, 2)},
    )


def test_the_first_rows_of_a_step_are_computed_from_the_sources(
    pipeline: Pipeline, workspace: Workspace
) -> None:
    preview = preview_step(pipeline, "double", rows=3, workspace=workspace)
    assert preview.rows.to_pydict() == {"n": [0, 2, 4]}
    assert (preview.dataset, preview.schema.names, preview.has_more) == ("doubled", ("n",), True)


def test_a_preview_of_all_rows_says_that_there_are_no_more(pipeline: Pipeline, workspace: Workspace) -> None:
    preview = preview_step(pipeline, "read", rows=100, workspace=workspace)
    assert (preview.rows.num_rows, preview.has_more) == (100, False)


def test_parameters_count_in_a_preview(pipeline: Pipeline, workspace: Workspace) -> None:
    preview = preview_step(pipeline, "double", rows=2, workspace=workspace, parameters={"factor": "7"})
    assert preview.rows.to_pydict() == {"n": [0, 7]}


def test_a_preview_of_a_store_shows_what_it_would_write_and_writes_nothing(
    pipeline: Pipeline, workspace: Workspace
) -> None:
    preview = preview_step(pipeline, "save", rows=2, workspace=workspace)
    assert (preview.dataset, preview.rows.num_rows) == ("doubled", 2)
    assert not (workspace.root / "out.csv").exists()
    assert [path for path in (workspace.root / ".odibi").rglob("*") if path.is_dir()] == [workspace.scratch]


def test_a_step_that_fails_says_so(pipeline: Pipeline, workspace: Workspace) -> None:
    with pytest.raises(OdibiError, match="no"):
        preview_step(pipeline, "break", rows=2, workspace=workspace)


def test_a_missing_source_says_so(pipeline: Pipeline, workspace: Workspace) -> None:
    (workspace.root / "numbers.csv").unlink()
    with pytest.raises(SourceError, match=r"numbers\.csv"):
        preview_step(pipeline, "double", rows=2, workspace=workspace)


def test_rows_that_can_not_be_read_are_told(pipeline: Pipeline, workspace: Workspace) -> None:
    (workspace.root / "numbers.csv").write_text("n,m\n1,1\n2,2,2\n3,3\n")
    preview = preview_step(pipeline, "read", rows=5, workspace=workspace)
    assert preview.rows.to_pydict() == {"n": [1, 3], "m": [1, 3]}
    assert "1 row could not be read" in preview.warnings[0]


def test_a_step_without_rows_has_no_preview(workspace: Workspace) -> None:
    pipeline = Pipeline("bank", [Step("connect", "check", "config_op", "", "", {"connection": "bank"})])
    with pytest.raises(OdibiError, match="the step has no rows"):
        preview_step(pipeline, "check", rows=1, workspace=workspace)
