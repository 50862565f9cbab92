"""What is known of a pipeline over HTTP: what the designer sends and gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from odibi_core.workspace import Workspace
from odibi_studio.api.truth_routes import routes
from odibi_studio.services.truth import Truth

MakeFile = Callable[[str, str | bytes], Path]

PIPELINE = {
    "name": "sales",
    "steps": [
        {
            "name": "read",
            "layer": "bronze",
            "type": "config_op",
            "value": "data/orders.csv",
            "outputs": {"data": "orders"},
        },
        {
            "name": "clean",
            "layer": "silver",
            "type": "sql",
            "value": "SELECT id FROM rows",
            "inputs": {"rows": "orders"},
            "outputs": {"data": "clean"},
        },
    ],
}


@pytest.fixture
def client(workspace: Workspace, make_file: MakeFile) -> Iterator[TestClient]:
    make_file("data/orders.csv", "id,city\n1,Rome\n2,Oslo\n")
    truth = Truth.open(workspace)
    yield TestClient(Starlette(routes=routes(truth)))
    truth.close()


def test_the_designer_gets_what_it_asks_for(client: TestClient) -> None:
    catalog = client.get("/catalog").json()
    assert {recipe["name"] for recipe in catalog["recipes"]} >= {"filter", "join", "pivot", "split_text"}
    checked = client.post("/check", json={"revision": 4, "pipeline": PIPELINE}).json()
    assert checked["revision"] == 4
    assert checked["steps"]["clean"]["outputs"]["data"] == [{"name": "id", "type": "BIGINT"}]
    asked = {"revision": 5, "pipeline": PIPELINE, "step": "clean"}
    assert client.post("/preview", json=asked).json()["outputs"][0]["rows"] == [[1], [2]]
    described = {"pipeline": PIPELINE, "step": "read", "port": "data", "column": "city"}
    assert client.post("/profile", json=described).json()["distinct_count"] == 2
    form = {"recipe": "sort", "settings": {"limit": 3}, "inputs": {"rows": None}}
    assert client.post("/recipe", json=form).json()["sql"] == "SELECT *\nFROM rows\nLIMIT 3"
    assert client.post("/sql/format", json={"sql": "select 1"}).json()["sql"] == "SELECT\n    1"
    wanted = {"sql": "SELECT nvl(a, 1) FROM rows", "dialect": "duckdb"}
    assert "COALESCE" in client.post("/sql/translate", json=wanted).json()["sql"]
    assert client.get("/files", params={"path": "data"}).json()["entries"][0]["path"] == "data/orders.csv"


def test_a_dropped_file_comes_back_as_a_step(client: TestClient) -> None:
    answer = client.post("/files", files={"file": ("new orders.csv", b"id\n1\n", "text/csv")})
    assert answer.status_code == 200
    assert answer.json()["step"]["name"] == "read_new_orders"
    refused = client.post("/files", files={"file": ("x.exe", b"MZ", "application/octet-stream")})
    assert (refused.status_code, refused.json()["what"]) == (400, "no format reads files such as 'x.exe'")
    assert client.post("/files", data={"path": "x"}).status_code == 400


def test_what_is_wrong_comes_as_an_error_that_people_can_read(client: TestClient) -> None:
    for answer, status in (
        (client.get("/files", params={"path": "../.."}), 404),
        (client.post("/preview", json={"revision": 1, "pipeline": PIPELINE, "step": "nothing"}), 404),
        (client.post("/recipe", json={"recipe": "fliter", "settings": {}, "inputs": {}}), 404),
        (client.post("/check", json={"revision": "x"}), 422),
    ):
        assert answer.status_code == status
        assert answer.json()["what"]
        assert "Traceback" not in answer.text
