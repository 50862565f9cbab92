"""Runs over HTTP: what the designer and the pages send and get. The runs are real."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from tests.waiting import let_go, make_waiting_workspace, pipeline_text, wait_until

from odibi_core.cli.app import run_command
from odibi_core.journal.heartbeat import running_process
from odibi_core.workspace import Workspace
from odibi_studio.api.app import TOKEN_HEADER, api_mount
from odibi_studio.services.studio import Studio, open_studio


@pytest.fixture
def studio(workspace: Workspace) -> Iterator[Studio]:
    """The Studio of a workspace with two pipelines that wait; nothing is left running."""
    make_waiting_workspace(workspace.root, ("one", "two"), at_once=1)
    studio = open_studio(workspace)
    yield studio
    let_go(workspace.root)
    wait_until(lambda: all(run.state.is_final for run in studio.runs.book.summaries()))
    studio.close()


@pytest.fixture
def client(studio: Studio) -> TestClient:
    """A page of this server."""
    app = Starlette(routes=[api_mount(studio)])
    return TestClient(app, base_url="http://localhost", headers={TOKEN_HEADER: studio.access.token})


def start(client: TestClient, pipeline: str, **asked: Any) -> dict[str, Any]:
    answer = client.post("/api/runs", json={"pipeline": pipeline, **asked})
    assert answer.status_code == 200, answer.text
    started: dict[str, Any] = answer.json()
    return started


def get(client: TestClient, path: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/api/runs{path}", params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def wait_for_step(client: TestClient, run_id: str, step: str, state: str) -> dict[str, Any]:
    """The steps of a run, as soon as one is in a state."""

    def look() -> dict[str, Any]:
        found = get(client, f"/{run_id}/steps")
        is_there = any((it["name"], it["state"]) == (step, state) for it in found["steps"])
        return found if is_there else {}

    return wait_until(look)


def wait_for_end(client: TestClient, run_id: str) -> dict[str, Any]:
    final = ("success", "failed", "cancelled", "lost")
    return wait_until(lambda: ((found := get(client, f"/{run_id}"))["state"] in final and found) or {})


def test_a_run_is_known_at_once_and_watched_to_its_end(client: TestClient, workspace: Workspace) -> None:
    started = start(client, "one", parameters={"smallest": 25})
    run_id = started["run_id"]
    assert (started["pipeline"], started["state"], started["trigger"]) == ("one", "queued", "studio")
    running = wait_for_step(client, run_id, "hold", "running")
    states = {step["name"]: step["state"] for step in running["steps"]}
    assert states == {"read": "success", "hold": "running", "large": "pending"}
    assert [(edge["dataset"], edge["row_count"]) for edge in running["edges"]] == [
        ("orders", 3),
        ("held", None),
    ]
    let_go(workspace.root)
    ended = wait_for_end(client, run_id)
    assert (ended["state"], ended["success_count"], ended["parameters"]) == ("success", 3, {"smallest": 25})
    steps = get(client, f"/{run_id}/steps")
    assert [step["row_count"] for step in steps["steps"]] == [3, 3, 1]
    assert [edge["row_count"] for edge in steps["edges"]] == [3, 3]


def test_events_are_given_from_any_place_on_and_waited_for(client: TestClient, workspace: Workspace) -> None:
    run_id = start(client, "one")["run_id"]
    wait_for_step(client, run_id, "hold", "running")
    so_far = get(client, f"/{run_id}/events")
    assert so_far["events"][0]["event_type"] == "run_queued"
    assert not so_far["is_over"]
    names, after = [], so_far["next"]
    threading.Timer(0.3, let_go, (workspace.root,)).start()
    while True:
        more = get(client, f"/{run_id}/events", after=after, wait_s=20)
        names += [event["event_type"] for event in more["events"]]
        after = more["next"]
        if more["is_over"] and not more["events"]:
            break
    assert "pipeline_complete" in names
    assert more["state"] == "success"
    everything = get(client, f"/{run_id}/events")
    assert len(everything["events"]) == len(so_far["events"]) + len(names)


def test_a_run_that_waits_says_its_place_and_can_be_cancelled(client: TestClient) -> None:
    first = start(client, "one")["run_id"]
    second, third = start(client, "two"), start(client, "two")
    assert [run["queue_position"] for run in (second, third)] == [1, 2]
    cancelled = client.post(f"/api/runs/{second['run_id']}/cancel").json()
    assert cancelled["state"] == "cancelled"
    assert get(client, f"/{third['run_id']}")["queue_position"] == 1
    listed = get(client, "", state=["running", "queued"])
    assert [run["run_id"] for run in listed["runs"]] == [third["run_id"], first]


def test_a_running_run_is_cancelled(client: TestClient) -> None:
    run_id = start(client, "one")["run_id"]
    wait_for_step(client, run_id, "hold", "running")
    assert client.post(f"/api/runs/{run_id}/cancel").json()["is_cancelling"]
    assert wait_for_end(client, run_id)["state"] == "cancelled"
    refused = client.post(f"/api/runs/{run_id}/cancel")
    assert (refused.status_code, refused.json()["what"]) == (400, "the run has ended already: cancelled")


def test_a_killed_run_is_lost_and_says_what_to_do_and_is_resumed(
    client: TestClient, workspace: Workspace
) -> None:
    run_id = start(client, "one", checkpoints=True)["run_id"]
    wait_for_step(client, run_id, "hold", "running")
    process = running_process(workspace.runs / run_id)
    assert process is not None
    wait_until(lambda: "checkpoint_saved" in (workspace.runs / run_id / "events.jsonl").read_text())
    os.kill(process.pid, signal.SIGKILL)
    lost = wait_for_end(client, run_id)
    assert (lost["state"], lost["can_resume"]) == ("lost", True)
    assert "Resume it from its last checkpoint" in lost["advice"]
    let_go(workspace.root)
    again = client.post(f"/api/runs/{run_id}/repeat", json={"repeat": "checkpoint"}).json()
    assert again["rerun_of"] == run_id
    assert wait_for_end(client, again["run_id"])["state"] == "success"
    states = {step["name"]: step["state"] for step in get(client, f"/{again['run_id']}/steps")["steps"]}
    assert states["read"] == "cached"


def kill_after_checkpoint(client: TestClient, workspace: Workspace, run_id: str) -> dict[str, Any]:
    """The run, lost while its second step waits."""
    wait_for_step(client, run_id, "hold", "running")
    process = running_process(workspace.runs / run_id)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    return wait_for_end(client, run_id)


def test_a_run_that_is_lost_again_is_resumed_again_and_an_older_page_is_refused(
    client: TestClient, workspace: Workspace
) -> None:
    asked = {"checkpoints": True, "parameters": {"smallest": 1}}
    first = start(client, "one", **asked)["run_id"]
    wait_for_step(client, first, "hold", "running")
    wait_until(lambda: "checkpoint_saved" in (workspace.runs / first / "events.jsonl").read_text())
    kill_after_checkpoint(client, workspace, first)
    for _ in range(2):
        last = client.post(f"/api/runs/{first}/repeat", json={"repeat": "checkpoint"}).json()["run_id"]
        assert kill_after_checkpoint(client, workspace, last)["can_resume"]
        again = client.post(f"/api/runs/{last}/repeat", json={"repeat": "checkpoint"}).json()["run_id"]
        assert kill_after_checkpoint(client, workspace, again)["can_resume"]
    anew = start(client, "one", **asked)["run_id"]
    kill_after_checkpoint(client, workspace, anew)
    assert not get(client, f"/{again}")["can_resume"]
    for stale in (first, again):
        refused = client.post(f"/api/runs/{stale}/repeat", json={"repeat": "checkpoint"})
        assert refused.status_code == 400
        said = f"another run of the pipeline has begun since, {anew}, and its checkpoints count now"
        assert refused.json()["what"] == said


def test_a_run_of_wrong_settings_can_be_looked_at(client: TestClient, workspace: Workspace) -> None:
    path = workspace.root / "pipelines" / "one.yaml"
    path.write_text(path.read_text().replace("{tracking: exact}", "{checkpoint_dir: 5}"))
    ended = wait_for_end(client, start(client, "one")["run_id"])
    assert (ended["state"], ended["can_resume"], ended["can_fork"]) == ("failed", False, False)


def test_samples_are_there_once_the_run_has_ended(client: TestClient, workspace: Workspace) -> None:
    run_id = start(client, "one")["run_id"]
    early = client.get(f"/api/runs/{run_id}/samples", params={"step": "large"})
    assert (early.status_code, early.json()["fix"]) == (400, "wait until it ends")
    let_go(workspace.root)
    wait_until(lambda: get(client, f"/{run_id}/events")["is_over"])
    samples = get(client, f"/{run_id}/samples", step="large")
    (given,) = samples["outputs"]
    assert [column["name"] for column in given["columns"]] == ["id", "amount"]
    assert (given["rows"], given["row_count"]) == ([[2, 20], [3, 30]], 2)
    unknown = client.get(f"/api/runs/{run_id}/samples", params={"step": "larg"})
    assert (unknown.status_code, unknown.json()["fix"]) == (404, "did you mean 'large'?")


def test_a_part_of_a_design_version_runs(client: TestClient, studio: Studio, workspace: Workspace) -> None:
    (card,) = [card for card in studio.designs.cards() if card.name == "one"]
    let_go(workspace.root)
    started = start(client, "", design_id=card.id, end="hold")
    ended = wait_for_end(client, started["run_id"])
    assert (ended["state"], ended["design_id"], ended["version"]) == ("success", card.id, 1)
    assert [step["name"] for step in get(client, f"/{started['run_id']}/steps")["steps"]] == ["read", "hold"]


def test_a_run_of_the_command_line_shows_up_all_the_same(
    client: TestClient, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go(workspace.root)
    monkeypatch.chdir(workspace.root)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    assert run_command(["run", "one", "--quiet", "--param", "smallest=1"]) == 0
    (run,) = get(client, "", trigger="command line")["runs"]
    assert (run["pipeline"], run["state"], run["source"]) == ("one", "success", "pipelines/one.yaml")
    again = client.post(f"/api/runs/{run['run_id']}/repeat", json={}).json()
    assert wait_for_end(client, again["run_id"])["parameters"] == {"smallest": 1}


def test_runs_are_found_by_what_they_are(client: TestClient, workspace: Workspace) -> None:
    let_go(workspace.root)
    (workspace.root / "pipelines" / "broken.yaml").write_text(pipeline_text("broken", "fail"))
    good, bad = start(client, "one", parameters={"smallest": 7}), start(client, "broken")
    for run in (good, bad):
        wait_for_end(client, run["run_id"])

    def found(**query: Any) -> list[str]:
        return [run["pipeline"] for run in get(client, "", **query)["runs"]]

    assert found() == ["broken", "one"]
    assert found(limit=1) == ["broken"]
    assert get(client, "", limit=1)["total"] == 2
    assert found(pipeline="one") == found(state="success") == found(text="smallest=7") == ["one"]
    assert found(state="failed") == found(text="no such month") == ["broken"]
    assert found(since="2999") == found(until="2000") == found(trigger="schedule") == []
    assert set(found(since="2000", until="2999")) == {"one", "broken"}
    failed = get(client, f"/{bad['run_id']}")
    assert failed["failed_step"] == "hold"
    assert failed["advice"] == "Mend the step 'hold', then run from it."


@pytest.mark.parametrize(
    ("asked", "status", "what"),
    [
        ({"pipeline": "on"}, 404, "pipeline 'on' is not known"),
        ({"pipeline": "one", "start": "hol"}, 404, "step 'hol' is not known"),
        ({"pipeline": "one", "parameters": {"smallest": "x"}}, 400, "'x' is not a whole number such as 12"),
        ({"design_id": "nothing"}, 404, "there is no such pipeline"),
        ({"pipeline": "one", "workers": 0}, 422, "the request is wrong at workers"),
    ],
)
def test_what_cannot_be_started_is_said_before_anything_is_queued(
    client: TestClient, asked: dict[str, Any], status: int, what: str
) -> None:
    answer = client.post("/api/runs", json=asked)
    assert (answer.status_code, answer.json()["what"][: len(what)]) == (status, what)
    assert get(client, "")["total"] == 0


def test_wrong_questions_are_clear_errors(client: TestClient) -> None:
    assert client.get("/api/runs/nothing").status_code == 400
    assert "is no state of a run" in client.get("/api/runs", params={"state": "fine"}).json()["what"]
    assert "is no number" in client.get("/api/runs", params={"limit": "-1"}).json()["what"]


def test_a_run_is_opened_as_a_draft_of_what_ran(
    client: TestClient, studio: Studio, workspace: Workspace
) -> None:
    run_id = start(client, "one", parameters={"smallest": 25})["run_id"]
    let_go(workspace.root)
    wait_for_end(client, run_id)
    ran = studio.runs.book.summaries()[0].run_dir
    file = workspace.pipelines()[0]
    file.write_text(file.read_text().replace("smallest", "least"))
    first, second = (client.post(f"/api/runs/{run_id}/fork").json() for _ in range(2))
    assert [it["document"]["pipeline"]["name"] for it in (first, second)] == ["one_fork", "one_fork_2"]
    assert list(first["document"]["pipeline"]["parameters"]) == ["smallest"]
    assert ran.name == run_id
    missing = client.post("/api/runs/20260101T000000-aa/fork")
    assert missing.status_code == 404
    # It saved no checkpoint: a draft of it starts from the beginning.
    assert get(client, f"/{run_id}")["can_fork"] is False
