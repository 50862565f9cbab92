"""What the page of streams stands on."""

from __future__ import annotations

import datetime as dt

import pytest

from odibi_core.errors import OdibiError
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_core.stream_manager import StreamManager
from odibi_core.streams.declared import STREAMS, Stream, checkpoint_folder
from odibi_core.streams.ledger import BatchState, Entry
from odibi_core.workspace import Workspace
from odibi_studio.services.automation.streams import MINUTES, StreamDesk, course
from odibi_studio.services.runs.book import RunBook
from odibi_studio.services.runs.health import RunHealth

PIPELINE = """\
name: events
steps:
  - {name: read, layer: ingest, type: config_op, value: landing/, outputs: {data: rows}}
  - name: save
    layer: store
    type: config_op
    value: out/
    params: {format: parquet, mode: append}
    inputs: {data: rows}
"""


@pytest.fixture
def desk(workspace: Workspace) -> StreamDesk:
    for folder in ("landing", "pipelines"):
        (workspace.root / folder).mkdir()
    (workspace.root / "pipelines" / "events.yaml").write_text(PIPELINE)
    said = {"pipeline": "events", "source_path": "landing/", "file_pattern": "*.csv", "settle_s": 0}
    STREAMS.add(workspace, "events", Stream.model_validate(said))
    return StreamDesk(workspace, RunBook(workspace.runs), RunHealth())


def take_all(workspace: Workspace) -> None:
    """Have the stream take what is there."""
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
    stream = STREAMS.find(workspace, "events")
    folder = checkpoint_folder(workspace, "events")
    StreamManager(
        Pipeline("events", steps), stream_config=stream.config, checkpoint_dir=folder, workspace=workspace
    ).run_once()


def test_batches_tell_their_rows_and_failed_files_are_put_back(
    workspace: Workspace, desk: StreamDesk
) -> None:
    (workspace.root / "landing" / "a.csv").write_text("id\n1\n2\n")
    (workspace.root / "landing" / "b.csv").write_bytes(b"\x00\x01")
    take_all(workspace)
    (card,) = desk.cards()
    assert card.stream is not None
    assert card.standing is not None
    bad, good = desk.batches(card.standing.latest)
    assert (good.entry.name, good.rows) == ("a.csv", 2)
    assert (bad.entry.state, bad.entry.name) == (BatchState.FAILED, "b.csv")
    assert good.took_s is not None
    assert good.took_s >= 0
    (failed,) = desk.failed(card.stream)
    (workspace.root / "landing" / "failed" / "b.csv").write_text("id\n3\n")
    assert desk.replay("events", [failed.name]) == ["b.csv"]
    take_all(workspace)
    assert desk.failed(card.stream) == []
    standing = desk.cards()[0].standing
    assert standing is not None
    assert standing.done == 2
    with pytest.raises(OdibiError, match=r"the file 'b\.csv' is not known"):
        desk.replay("events", ["b.csv"])


def test_a_stream_of_a_pipeline_that_is_not_there_is_told(workspace: Workspace, desk: StreamDesk) -> None:
    (workspace.root / "pipelines" / "events.yaml").unlink()
    (card,) = desk.cards()
    assert card.standing is None
    assert "pipeline 'events' is not known" in str(card.problem)


def test_the_course_counts_what_ended_in_each_minute() -> None:
    now = dt.datetime(2026, 1, 1, 12, 0, 30, tzinfo=dt.UTC)

    def entry(state: BatchState, ended: str) -> Entry:
        return Entry(1, "k", "a", state, 1, 1, "r", "", "", "2026-01-01T11:00:00+00:00", ended, 0)

    entries = [
        entry(BatchState.DONE, "2026-01-01T12:00:10+00:00"),
        entry(BatchState.DONE, "2026-01-01T11:59:59+00:00"),
        entry(BatchState.FAILED, "2026-01-01T11:59:00+00:00"),
        entry(BatchState.TAKEN, ""),
    ]
    minutes = course(entries, now)
    assert len(minutes) == MINUTES
    assert [(minute.done, minute.failed) for minute in minutes[-3:]] == [(0, 0), (1, 1), (1, 0)]
