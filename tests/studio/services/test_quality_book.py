"""What the page of quality stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from odibi_core.design.yaml_form import load_yaml
from odibi_core.errors import OdibiError
from odibi_core.expectations.measuring import ROW
from odibi_core.expectations.results import ResultState
from odibi_core.workspace import Workspace
from odibi_studio.services.quality_book import QualityBook

PIPELINE = """\
name: till
steps:
  - name: read
    layer: ingest
    type: config_op
    value: data/till.csv
    outputs: {data: sales}
    expectations:
      - {check: range, column: amount, min: 0, severity: quarantine}
  - name: save
    layer: store
    type: config_op
    value: output/till.parquet
    params: {mode: append}
    inputs: {data: sales}
"""


@pytest.fixture
def book(workspace: Workspace, run: Callable[..., Any]) -> QualityBook:
    """A workspace of which a run has set two rows of four aside."""
    for folder in ("data", "pipelines"):
        (workspace.root / folder).mkdir()
    (workspace.root / "data" / "till.csv").write_text("id,amount\n1,5\n2,-1\n3,7\n4,-2\n")
    path = workspace.root / "pipelines" / "till.yaml"
    path.write_text(PIPELINE)
    assert run(load_yaml(path)).success
    return QualityBook(workspace)


def ids(workspace: Workspace) -> list[int]:
    return sorted(pq.read_table(workspace.root / "output" / "till.parquet")["id"].to_pylist())


def test_results_are_told_and_rows_are_mended_replayed_and_discarded(
    workspace: Workspace, book: QualityBook
) -> None:
    (result,) = book.latest()
    assert (result.pipeline, result.state, result.offending_rows) == ("till", ResultState.QUARANTINED, 2)
    assert book.history(result, 10) == [result]
    (found,) = book.sets(only_open=True)
    first, second = book.form(found)
    assert (first["id"], first["amount"]) == ("2", "-1")
    with pytest.raises(OdibiError, match="amount"):
        book.replay(found, [{**first, "amount": "much"}])
    assert ids(workspace) == [1, 3]
    book.replay(found, [{**first, "amount": "1"}])
    assert ids(workspace) == [1, 2, 3]
    (left,) = book.sets(only_open=True)
    assert left.open_rows == 1
    assert [row["id"] for row in book.form(left)] == [second["id"]]
    assert book.discard(left, [int(second[ROW] or 0)]) == 1
    assert book.sets(only_open=True) == []
    assert len(book.sets(only_open=False)) == 1


def test_a_pipeline_that_cannot_take_single_rows_is_told_before_anything_runs(
    workspace: Workspace, book: QualityBook
) -> None:
    path = workspace.root / "pipelines" / "till.yaml"
    (found,) = book.sets(only_open=True)
    assert book.obstacle(found) is None
    path.write_text(PIPELINE.replace("mode: append", "mode: overwrite"))
    obstacle = book.obstacle(found)
    assert obstacle is not None
    assert obstacle.what.startswith("'save' writes with mode overwrite")
    assert "merge_key" in obstacle.fix
    with pytest.raises(OdibiError, match=r"^step 'save', params.mode: 'save' writes with mode overwrite"):
        book.replay(found, book.form(found))
    assert ids(workspace) == [1, 3]
    assert book.sets(only_open=True)[0].open_rows == 2
