"""How a stream stands, seen from outside of its process."""

from __future__ import annotations

import json

import pytest
from tests.waiting import wait_until

from odibi_core.errors import UnknownNameError
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_core.stream_manager import StreamManager
from odibi_core.streams.declared import STREAMS, Stream, checkpoint_folder
from odibi_core.streams.standing import failed_files, pause, resume, standing
from odibi_core.workspace import Workspace


@pytest.fixture
def stream(workspace: Workspace) -> Stream:
    """A stream of files, in its file."""
    said = {"pipeline": "events", "source_path": "landing/", "file_pattern": "*.csv", "settle_s": 0}
    (workspace.root / "landing").mkdir()
    found = Stream.model_validate(said)
    STREAMS.add(workspace, "events", found)
    return found


def manager(workspace: Workspace, stream: Stream) -> StreamManager:
    """What runs the stream."""
    steps = [
        Step("ingest", "read", "config_op", "", "landing/", {}, outputs={"data": "rows"}),
        Step(
            "store",
            "save",
            "config_op",
            "",
            "out/",
            {"format": "parquet", "mode": "append"},
            {"data": "rows"},
        ),
    ]
    return StreamManager(
        Pipeline("events", steps),
        stream_config=stream.config,
        checkpoint_dir=checkpoint_folder(workspace, "events"),
        workspace=workspace,
    )


def test_a_stream_that_never_ran_says_what_waits(workspace: Workspace, stream: Stream) -> None:
    (workspace.root / "landing" / "a.csv").write_text("id\n1\n")
    (workspace.root / "landing" / "a.tmp").write_text("")
    stands = standing(workspace, "events", stream)
    assert (stands.is_running, stands.waiting, stands.done, stands.latest) == (False, 1, 0, [])
    assert stands.lag_s >= 0


def test_what_was_taken_and_what_could_not_be_is_told_with_reasons(
    workspace: Workspace, stream: Stream
) -> None:
    landing = workspace.root / "landing"
    (landing / "a.csv").write_text("id\n1\n")
    (landing / "b.csv").write_bytes(b"\x00\x01")
    running = manager(workspace, stream)
    running.run_once()
    stands = standing(workspace, "events", stream)
    assert (stands.done, stands.failed, stands.waiting, stands.error) == (1, 1, 0, "")
    assert [entry.name for entry in stands.latest] == ["b.csv", "a.csv"]
    (failed,) = failed_files(workspace, stream)
    assert (failed.name, failed.size_bytes) == ("b.csv", 2)
    assert failed.reason
    assert failed.run_id
    reason = landing / "failed" / "b.csv.reason.json"
    assert json.loads(reason.read_text())["reason"] == failed.reason
    reason.write_text("{")
    assert [file.reason for file in failed_files(workspace, stream)] == [""]


def test_a_process_that_runs_it_is_seen_and_a_pause_holds_it(workspace: Workspace, stream: Stream) -> None:
    assert pause(workspace, "events")
    assert not pause(workspace, "events")
    running = manager(workspace, stream)
    running.start_background()
    stands = standing(workspace, "events", stream)
    assert (stands.is_running, stands.is_paused) == (True, True)
    (workspace.root / "landing" / "a.csv").write_text("id\n1\n")
    assert resume(workspace, "events")
    wait_until(lambda: standing(workspace, "events", stream).done == 1)
    assert not resume(workspace, "events")
    running.stop()
    assert not standing(workspace, "events", stream).is_running


def test_nothing_is_paused_that_is_not_there(workspace: Workspace) -> None:
    with pytest.raises(UnknownNameError, match="the stream 'events' is not known"):
        pause(workspace, "events")
