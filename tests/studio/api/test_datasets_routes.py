"""What queries may name, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from odibi_core.workspace import Workspace
from odibi_studio.api.datasets_routes import routes
from odibi_studio.services.explorer import Explorer

PIPELINE = """\
name: till
steps:
  - {name: read, layer: ingest, type: config_op, value: data/sales.csv, outputs: {data: sales}}
  - {name: save, layer: store, type: config_op, value: output/sales.parquet, inputs: {data: sales}}
"""


@pytest.fixture
def client(workspace: Workspace) -> Iterator[TestClient]:
    """A page of the Studio of a workspace that has the source of a pipeline, and not yet its target."""
    for name, text in {"pipelines/till.yaml": PIPELINE, "data/sales.csv": "id,amount\n1,2.5\n"}.items():
        path = Path(workspace.root, name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    explorer = Explorer(workspace)
    yield TestClient(Starlette(routes=routes(explorer)))
    explorer.close()


def test_the_columns_of_a_dataset_are_told(client: TestClient) -> None:
    answer = client.get("/datasets/columns", params={"name": "data_sales"})
    assert answer.json() == {
        "columns": [{"name": "id", "type": "BIGINT"}, {"name": "amount", "type": "DOUBLE"}]
    }


def test_of_a_dataset_that_is_not_there_the_near_names_are_told(client: TestClient) -> None:
    answer = client.get("/datasets/columns", params={"name": "data_salse"})
    assert answer.status_code == 404
    assert "data_sales" in answer.json()["fix"]


def test_a_dataset_that_cannot_be_read_is_an_answer(client: TestClient, workspace: Workspace) -> None:
    Path(workspace.root, "output").mkdir()
    Path(workspace.root, "output", "sales.parquet").write_text("no Parquet")
    names = [one.name for one in Explorer(workspace).datasets() if one.written_by]
    answer = client.get("/datasets/columns", params={"name": names[0]})
    assert answer.status_code == 400
    assert "sales.parquet" in answer.text
