"""Designs over HTTP: what a browser sends and gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.studio.conftest import YAML

from odibi_core.workspace import Workspace
from odibi_studio.api.app import TOKEN_HEADER, api_mount
from odibi_studio.services.studio import Studio, open_studio


@pytest.fixture
def studio(workspace: Workspace) -> Iterator[Studio]:
    studio = open_studio(workspace)
    yield studio
    studio.close()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    """A page of this server."""
    app = Starlette(routes=[api_mount(studio)])
    return TestClient(app, base_url="http://localhost", headers={TOKEN_HEADER: studio.access.token})


class Answer(Protocol):
    """What this looks at in an answer, whichever client got it."""

    @property
    def status_code(self) -> int: ...
    @property
    def text(self) -> str: ...
    def json(self) -> Any: ...


def said(answer: Answer) -> Any:
    """What an answer holds that is no error."""
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def design(client: TestClient) -> dict[str, Any]:
    """An imported design."""
    answer = said(client.post("/api/import", json={"file_name": "receipts.yaml", "text": YAML}))
    found: dict[str, Any] = answer["design"]
    return found


def test_a_design_is_made_kept_versioned_compared_and_restored(
    client: TestClient, workspace: Workspace
) -> None:
    design = said(client.post("/api/designs", json={"name": "new"}))
    at = f"/api/designs/{design['id']}"
    assert said(client.post(f"{at}/versions", json={"revision": 1, "message": "blank"}))["number"] == 1
    document = design["document"]
    document["pipeline"]["steps"] = [
        {"name": "one", "layer": "silver", "type": "sql", "value": "SELECT 1 AS x", "outputs": {"data": "x"}}
    ]
    kept = said(client.put(at, json={"base_revision": 1, "document": document}))
    assert kept["is_kept"]
    said(client.post(f"{at}/versions", json={"revision": kept["revision"], "message": "one step"}))
    assert [version["message"] for version in said(client.get(f"{at}/versions"))] == ["one step", "blank"]
    assert said(client.get(f"{at}/versions/1"))["pipeline"]["steps"] == []
    diff = said(client.get(f"{at}/diff?before=1&after=0"))
    assert [(change["step"], change["change"]) for change in diff["steps"]] == [("one", "added")]
    restored = said(client.post(f"{at}/restore", json={"version": 1}))
    assert (restored["version"], restored["document"]["pipeline"]["steps"]) == (3, [])
    assert said(client.get(at)) == restored
    assert Path(workspace.root / "pipelines" / "new.yaml").exists()


def test_designs_are_listed_as_cards(client: TestClient, design: dict[str, Any]) -> None:
    (card,) = said(client.get("/api/designs"))
    assert (card["id"], card["name"], card["step_count"]) == (design["id"], "receipts", 3)


@pytest.mark.parametrize(("form", "name"), [("yaml", "receipts.yaml"), ("python", "receipts.py")])
def test_a_design_is_exported(client: TestClient, design: dict[str, Any], form: str, name: str) -> None:
    answer = said(client.get(f"/api/designs/{design['id']}/export", params={"form": form}))
    assert answer["file_name"] == name
    again = said(client.post("/api/import", json=answer))
    assert again["design"]["document"] == design["document"]


def test_the_later_of_two_browsers_gets_both_documents(client: TestClient, design: dict[str, Any]) -> None:
    at = f"/api/designs/{design['id']}"
    mine, theirs = (
        {**design["document"], "pipeline": {**design["document"]["pipeline"], **change}}
        for change in ({"description": "mine"}, {"engine": "spark"})
    )
    said(client.put(at, json={"base_revision": design["revision"], "document": theirs}))
    answer = said(client.put(at, json={"base_revision": design["revision"], "document": mine}))
    assert (answer["is_kept"], answer["theirs"]) == (False, theirs)
    assert answer["merged"]["pipeline"] == {**mine["pipeline"], "engine": "spark"}


def test_what_was_made_of_a_design_becomes_a_design_of_its_own_as_often_as_asked(
    client: TestClient, design: dict[str, Any]
) -> None:
    mine = {**design["document"], "pipeline": {**design["document"]["pipeline"], "description": "mine"}}
    at = f"/api/designs/{design['id']}"
    copies = [said(client.post(f"{at}/copies", json={"document": mine})) for _ in range(2)]
    assert [copy["document"]["pipeline"]["name"] for copy in copies] == ["receipts_copy", "receipts_copy_2"]
    assert all(copy["document"]["pipeline"]["description"] == "mine" for copy in copies)
    assert said(client.get(at))["document"] == design["document"]


def test_a_changed_file_is_a_conflict_until_it_is_settled(
    client: TestClient, design: dict[str, Any], workspace: Workspace
) -> None:
    at = f"/api/designs/{design['id']}"
    said(client.post(f"{at}/versions", json={"revision": 1, "message": ""}))
    document = {**design["document"], "pipeline": {**design["document"]["pipeline"], "description": "mine"}}
    revision = said(client.put(at, json={"base_revision": 1, "document": document}))["revision"]
    (workspace.root / "pipelines" / "receipts.yaml").write_text(YAML.replace("amount > 0", "amount > 9"))
    refused = client.post(f"{at}/versions", json={"revision": revision, "message": ""})
    assert refused.status_code == 409
    assert "was changed outside" in refused.json()["what"]
    assert said(client.get(at))["conflict"] == 2
    settled = said(client.post(f"{at}/resolve", json={"take": "both"}))
    assert (settled["conflict"], settled["document"]["pipeline"]["description"]) == (0, "mine")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "what"),
    [
        ("GET", "/api/designs/nobody", None, 404, "there is no such pipeline"),
        ("GET", "/api/designs/{id}/versions/9", None, 404, "there is no version 9 of 'receipts'"),
        ("GET", "/api/designs/{id}/diff?before=x", None, 400, "'x' is no version"),
        ("GET", "/api/designs/{id}/export?form=exe", None, 400, "there is no form 'exe'"),
        ("POST", "/api/designs", {"template": "nothing"}, 404, "template 'nothing' is not known"),
        (
            "POST",
            "/api/designs",
            {"name": "receipts"},
            409,
            "there is a pipeline of the name 'receipts' already",
        ),
        (
            "POST",
            "/api/designs/{id}/versions",
            {"revision": 9, "message": ""},
            409,
            "changed the pipeline meanwhile",
        ),
        ("PUT", "/api/designs/{id}", {"base_revision": 1}, 422, "the request is wrong at document"),
    ],
)
def test_what_can_not_be_done_is_answered_with_a_reason(
    client: TestClient, design: dict[str, Any], method: str, path: str, body: Any, status: int, what: str
) -> None:
    answer = client.request(method, path.replace("{id}", design["id"]), json=body)
    assert answer.status_code == status
    assert what in answer.json()["what"]
