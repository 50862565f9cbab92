"""The command and the server: what is refused, and what is said."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from odibi_core.cli.app import run_command
from odibi_core.errors import OdibiError
from odibi_core.workspace import Workspace
from odibi_studio.api.app import api_mount
from odibi_studio.server import ADDRESS, choose_port
from odibi_studio.services.studio import Studio, open_studio


@pytest.fixture
def studio(workspace: Workspace) -> Iterator[Studio]:
    studio = open_studio(workspace)
    yield studio
    studio.close()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    """A browser on this machine that holds no token."""
    return TestClient(Starlette(routes=[api_mount(studio)]), base_url="http://localhost")


def test_a_request_without_the_token_is_refused(client: TestClient) -> None:
    answer = client.get("/api/catalog")
    assert answer.status_code == 403
    assert answer.json()["fix"] == "reload the page"


def test_a_request_with_a_wrong_token_is_refused(client: TestClient) -> None:
    assert client.get("/api/catalog", headers=[(b"X-Odibi-Token", b"\xe9")]).status_code == 403


def test_a_request_under_another_host_name_is_refused(client: TestClient, studio: Studio) -> None:
    headers = {"X-Odibi-Token": studio.access.token, "Host": "evil.example"}
    assert client.get("/api/catalog", headers=headers).status_code == 400


def test_a_port_that_is_taken_is_an_error_that_names_it() -> None:
    with socket.socket() as taken:
        taken.bind((ADDRESS, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OdibiError, match=f"port {port} is taken"):
            choose_port(port)


def test_the_command_needs_a_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_command(["studio", "--no-browser"]) != 0
    said = capsys.readouterr().err
    assert "there is no workspace here" in said
    assert "odibi init" in said


def test_every_route_of_the_interface_is_behind_the_token(studio: Studio, client: TestClient) -> None:
    for route in api_mount(studio).routes:
        assert isinstance(route, Route)
        for method in route.methods or ():
            path = route.path.replace("{id}", "x").replace("{number}", "1")
            assert client.request(method, f"/api{path}").status_code == 403
