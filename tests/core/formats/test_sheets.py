"""Several steps of a pipeline that write sheets of one workbook."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.conftest import Run

from odibi_core.errors import PipelineInvalidError
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace

MakeFile = Callable[[str, str | bytes], Path]


def sheets(book: str, count: int = 6) -> list[Step]:
    """A pipeline whose branches end in a sheet each, all at the same time."""
    steps = [ingest_step("read", "rows.csv")]
    for number in range(count):
        steps.append(sql_step(f"make_{number}", f"SELECT n + {number} AS n FROM read", "read"))
        steps.append(store_step(f"save_{number}", book, f"make_{number}", sheet=f"sheet {number}"))
    return steps


def test_sheets_of_one_workbook_are_written_at_the_same_time(
    run: Run, workspace: Workspace, make_file: MakeFile
) -> None:
    make_file("rows.csv", "n\n1\n2\n")
    for _ in range(2):
        assert run(sheets("out.xlsx"), distributed_max_workers=6).success
        book = openpyxl.load_workbook(workspace.root / "out.xlsx")
        found = {sheet.title: [cell.value for (cell,) in sheet.iter_rows()] for sheet in book}
        assert found == {f"sheet {number}": ["n", 1 + number, 2 + number] for number in range(6)}


def test_two_steps_do_not_write_one_sheet(run: Run, make_file: MakeFile) -> None:
    make_file("rows.csv", "n\n1\n")
    steps = [
        ingest_step("read", "rows.csv"),
        store_step("one", "out.xlsx", "read", sheet="Sales"),
        store_step("two", "out.xlsx", "read", sheet="sales"),
    ]
    with pytest.raises(PipelineInvalidError, match=r"'one' writes to the table 'sales' of .*out\.xlsx too"):
        run(steps)


@pytest.mark.parametrize(
    ("sheet", "is_allowed"), [("plan", True), ("result", False), (None, False), (1, False)]
)
def test_another_sheet_of_a_workbook_may_be_read_where_it_is_known_to_be_another(
    run: Run, workspace: Workspace, sheet: str | int | None, is_allowed: bool
) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = "plan"
    book.active.append(["n"])
    book.active.append([3])
    book.save(workspace.root / "book.xlsx")
    params: dict[str, Any] = {} if sheet is None else {"sheet": sheet}
    steps = [
        ingest_step("read", "book.xlsx", **params),
        store_step("save", "book.xlsx", "read", sheet="result"),
    ]
    if is_allowed:
        assert run(steps).success
        found = openpyxl.load_workbook(workspace.root / "book.xlsx")
        assert [found["result"]["A2"].value, found["plan"]["A2"].value] == [3, 3]
    else:
        with pytest.raises(PipelineInvalidError, match="is also the source of 'read'"):
            run(steps)
