"""Database files that a connection names: steps say the table alone."""

from __future__ import annotations

import pytest
from tests.conftest import Run

from odibi_core.errors import PipelineInvalidError
from odibi_core.orchestrator import Orchestrator
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_table_is_written_and_read_by_its_name(run: Run, workspace: Workspace, kind: str) -> None:
    (workspace.root / "odibi.toml").write_text(f'[connections.lite]\nkind = "{kind}"\npath = "data/a.db"\n')
    rows = "SELECT 1 AS id, 'x' AS name UNION ALL SELECT 2, 'y'"
    made = [sql_step("made", rows), store_step("saved", "orders", "made", connection="lite", mode="append")]
    result = run(made)
    assert result.success, result.errors
    assert (workspace.root / "data" / "a.db").exists()
    steps = [
        ingest_step("orders", "orders", connection="lite"),
        ingest_step("names", "SELECT name FROM orders WHERE id = 2", connection="lite"),
    ]
    read = run(steps)
    assert read.data_map.dataset("orders").arrow().num_rows == 2
    assert read.data_map.dataset("names").arrow().to_pylist() == [{"name": "y"}]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (ingest_step("rows", "", connection="lite"), "nothing says which table, or which query"),
        (ingest_step("rows", "a", connection="lite", table="b"), "the value and params.table both say"),
        (ingest_step("rows", "a", connection="lite", source_type="csv"), "is a sqlite database, not csv"),
        (ingest_step("rows", "a", connection="lit"), "Did you mean 'lite'"),
        (ingest_step("rows", "a", connection="lite", delimiter=","), "there is no setting 'delimiter'"),
        (ingest_step("rows", "a", source_type="sql"), "which a step reaches by a named connection"),
    ],
)
def test_a_mistake_is_told_before_a_run(workspace: Workspace, step: object, said: str) -> None:
    (workspace.root / "odibi.toml").write_text('[connections.lite]\nkind = "sqlite"\npath = "a.db"\n')
    with pytest.raises(PipelineInvalidError) as caught:
        Orchestrator([step], workspace=workspace).validate()  # type: ignore[list-item]
    assert said in str(caught.value)
