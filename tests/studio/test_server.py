"""The command and the server: what is refused, and what is said."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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

MakeFile = Callable[[str, str | bytes], Path]


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
    assert "`odibi studio --init` here, `odibi init DIR` elsewhere" in said
    assert list(tmp_path.iterdir()) == []


@dataclass
class Served:
    """What a Studio was started with."""

    workspace: Workspace | None = None
    first_run: str = ""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """Takes the place of the server."""
    found = Served()

    def serve(workspace: Workspace, port: int, on_ready: object, first_run: str) -> None:
        found.workspace, found.first_run = workspace, first_run

    monkeypatch.setattr("odibi_studio.server.serve", serve)
    return found


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Lets the command, in an empty folder, find a person who types this."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("odibi_studio.cli.is_terminal", lambda stream: True)

    def type_(text: str) -> None:
        monkeypatch.setattr("click.termui.visible_prompt_func", lambda prompt: print(prompt) or text)

    return type_


def test_a_workspace_with_samples_is_made_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: Served
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    assert run_command(["studio", "--no-browser", "--init"]) == 0
    assert (served.workspace, served.first_run) == (Workspace(tmp_path, True), "customer_360")
    assert (tmp_path / "pipelines" / "customer_360.yaml").is_file()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_workspace_that_is_there_is_opened_as_it_is(
    workspace: Workspace, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch, served: Served
) -> None:
    make_file("odibi.toml", "")
    (workspace.root / "sub").mkdir()
    monkeypatch.chdir(workspace.root / "sub")
    assert run_command(["studio", "--no-browser", "--init"]) == 0
    assert (served.workspace, served.first_run) == (Workspace(workspace.root, True), "")
    assert not (workspace.root / "pipelines").exists()


def test_what_is_in_the_way_of_the_samples_is_never_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("mine")
    assert run_command(["studio", "--no-browser", "--init"]) != 0
    assert "nothing is overwritten" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert served.workspace is None


def test_a_person_is_asked_and_enter_makes_a_workspace_in_an_empty_folder(
    tmp_path: Path, terminal: Callable[[str], None], served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal("")
    assert run_command(["studio", "--no-browser"]) == 0
    assert served.workspace == Workspace(tmp_path, True)
    said = capsys.readouterr().out
    assert "Make one here, with samples to try? [Y/n]" in said
    assert f"Made a workspace with samples in {tmp_path}." in said


@pytest.mark.parametrize(("answer", "is_made"), [("", False), ("n", False), ("y", True)])
def test_beside_other_files_nothing_is_made_before_a_person_says_yes(
    tmp_path: Path, terminal: Callable[[str], None], served: Served, answer: str, *, is_made: bool
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    terminal(answer)
    assert (run_command(["studio", "--no-browser"]) == 0) == is_made
    assert (served.workspace is not None) == is_made
    assert (tmp_path / "odibi.toml").exists() == is_made


def test_every_route_of_the_interface_is_behind_the_token(studio: Studio, client: TestClient) -> None:
    for route in api_mount(studio).routes:
        assert isinstance(route, Route)
        for method in route.methods or ():
            path = route.path.replace("{id}", "x").replace("{number}", "1")
            assert client.request(method, f"/api{path}").status_code == 403
