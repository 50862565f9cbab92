"""Rows of a preview become a test, and expectations that fit them are suggested; nothing else is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from odibi_core.errors import OdibiError
from odibi_core.golden.case import find_case
from odibi_core.workspace import Workspace
from odibi_studio.messages import PinRequest, PipelineForm, StepForm, SuggestRequest
from odibi_studio.services.checking import Checker
from odibi_studio.services.pinning import Pinner
from odibi_studio.services.previews import Previewer
from odibi_studio.services.suggesting import Suggester

MakeFile = Callable[[str, str | bytes], Path]

READ = StepForm(
    name="read", layer="ingest", type="config_op", value="data/orders.csv", outputs={"data": "orders"}
)
TOTAL = StepForm(
    name="total",
    layer="silver",
    type="sql",
    value="SELECT city, sum(amount) AS total FROM orders GROUP BY city",
    inputs={"orders": "orders"},
    outputs={"data": "total"},
    expectations=[{"check": "range", "column": "total"}],
)
SAVE = StepForm(name="save", layer="store", type="config_op", value="out/total.csv", inputs={"data": "total"})
PIPELINE = PipelineForm(name="shop", steps=[READ, TOTAL, SAVE])


@pytest.fixture(autouse=True)
def orders(make_file: MakeFile) -> None:
    rows = "".join(f"{n},{'Rome' if n % 2 else 'Oslo'},{n}.5\n" for n in range(1, 31))
    make_file("data/orders.csv", f"id,city,amount\n{rows}")


@pytest.fixture
def previewer(workspace: Workspace) -> Iterator[Previewer]:
    checker = Checker(workspace)
    previewer = Previewer(workspace, checker)
    yield previewer
    previewer.close()
    checker.close()


def test_the_first_rows_are_kept_with_what_the_step_makes_of_them_alone(
    previewer: Previewer, workspace: Workspace
) -> None:
    pinner = Pinner(workspace, previewer)
    pipeline = PIPELINE.model_copy(update={"steps": [READ, TOTAL.model_copy(update={"expectations": []})]})
    wish = PinRequest(pipeline=pipeline, step="total", rows=2, description="one of each")
    answer = pinner.pin(wish)
    assert (answer.path, answer.inputs, answer.rows) == ("golden/total.yaml", {"orders": 2}, 2)
    case = find_case(workspace, "total")
    assert case.inputs["orders"].rows == ((1, "Rome", 1.5), (2, "Oslo", 2.5))
    assert sorted(case.expected.rows) == [("Oslo", 2.5), ("Rome", 1.5)]
    assert case.description == "one of each"
    with pytest.raises(OdibiError, match="there is a test of the name 'total'"):
        pinner.pin(wish)
    assert pinner.pin(wish.model_copy(update={"replaces": True, "rows": 4})).rows == 2
    # A step that reads is held against the first rows of its source.
    read = pinner.pin(PinRequest(pipeline=pipeline, step="read", name="first", rows=3))
    assert (read.path, read.inputs, read.rows) == ("golden/first.yaml", {}, 3)
    with pytest.raises(OdibiError, match="only writes"):
        pinner.pin(PinRequest(pipeline=PIPELINE, step="save"))


def test_what_a_preview_does_not_fill_in_is_not_pinned_as_what_the_step_gives(
    previewer: Previewer, workspace: Workspace
) -> None:
    salted = TOTAL.model_copy(
        update={"value": "SELECT city || ${secret:SALT} AS c FROM orders", "expectations": []}
    )
    pipeline = PIPELINE.model_copy(update={"steps": [READ, salted]})
    with pytest.raises(OdibiError, match=r"\$\{secret:SALT\} is '\*\*\*' in a preview: it would be pinned"):
        Pinner(workspace, previewer).pin(PinRequest(pipeline=pipeline, step="total"))
    assert not (workspace.root / "golden").exists()


def test_expectations_that_fit_the_rows_are_suggested(previewer: Previewer) -> None:
    suggester = Suggester(previewer)
    answer = suggester.suggest(SuggestRequest(pipeline=PIPELINE, step="read"))
    assert (answer.rows, answer.is_sample) == (30, False)
    assert {"check": "not_null", "columns": ["id", "city", "amount"]} in answer.expectations
    assert {"check": "unique", "columns": ["id"]} in answer.expectations
    assert {"check": "set", "column": "city", "values": ["Oslo", "Rome"]} in answer.expectations
    with pytest.raises(OdibiError, match="only writes"):
        suggester.suggest(SuggestRequest(pipeline=PIPELINE, step="save"))


def test_what_keeps_rows_from_coming_is_told(previewer: Previewer) -> None:
    broken = READ.model_copy(update={"value": "data/nowhere.csv"})
    wish = SuggestRequest(pipeline=PIPELINE.model_copy(update={"steps": [broken]}), step="read")
    with pytest.raises(OdibiError, match="the file does not exist"):
        Suggester(previewer).suggest(wish)
