"""`odibi stream` and `odibi up`."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tests.core.cli.conftest import ODIBI, Answer, environment
from tests.processes import started
from tests.waiting import values_in, wait_until

from odibi_core.cli.exit_codes import ExitCode
from odibi_core.journal.runs import list_runs

Odibi = Callable[..., Answer]

PIPELINE = """\
name: events
steps:
  - {name: read, layer: ingest, type: config_op, value: landing/, outputs: {data: rows}}
  - name: save
    layer: store
    type: config_op
    value: out.parquet
    params: {mode: append}
    inputs: {data: rows}
"""
STREAM = "pipeline: events\nsource_path: landing/\nfile_pattern: '*.csv'\nsettle_s: 0.1\n"


@pytest.fixture
def landing(shop: Path) -> Iterator[Path]:
    """A workspace with a stream over this folder."""
    for folder in ("streams", "landing"):
        (shop / folder).mkdir()
    (shop / "pipelines" / "events.yaml").write_text(PIPELINE)
    (shop / "streams" / "events.yaml").write_text(STREAM)
    yield shop / "landing"
    for record in list_runs(shop / ".odibi" / "runs"):
        assert record.state.is_final


def ids(shop: Path) -> list[int]:
    return values_in(shop / "out.parquet")


def test_a_stream_takes_what_is_there_is_listed_and_replays_what_failed(
    odibi: Odibi, landing: Path, shop: Path
) -> None:
    (landing / "a.csv").write_text("id\n1\n")
    assert odibi("stream", "run", "events", "--once").out == "1 batch was taken.\n"
    (landing / "b.csv").write_text("id,other\n2,3\n")
    answer = odibi("stream", "run", "events", "--once")
    assert (answer.code, answer.out) == (ExitCode.FAILED, "0 batches were taken.\n")
    assert "1 batch failed" in answer.err
    assert "odibi stream replay events" in answer.err
    listed = odibi("stream", "list").out
    assert "events  events    file_watch  1          1" in listed
    assert (landing / "failed" / "b.csv").exists()
    assert odibi("stream", "replay", "events").out == "b.csv is back in the source.\n"
    assert "No file was set aside" in odibi("stream", "replay", "events").err
    (landing / "b.csv").write_text("id\n2\n")
    odibi("stream", "run", "events", "--once")
    assert ids(shop) == [1, 2]


def test_the_run_of_a_batch_that_is_gone_is_not_asked_for_again(
    odibi: Odibi, landing: Path, shop: Path
) -> None:
    (landing / "a.csv").write_text("id\n1\n")
    assert odibi("stream", "run", "events", "--once").code == ExitCode.OK
    answer = odibi("runs", "rerun")
    assert answer.code == ExitCode.FAILED
    assert "the run took a batch of a stream, and" in answer.err
    assert "have the stream take it again: odibi stream replay" in answer.err
    assert len(list_runs(shop / ".odibi" / "runs")) == 1


def test_what_is_wrong_with_a_stream_is_told(odibi: Odibi, landing: Path, shop: Path) -> None:
    (shop / "streams" / "events.yaml").write_text(
        STREAM.replace("landing/", "lending/") + "mode: incremental\n"
    )
    answer = odibi("stream", "run", "events")
    assert (answer.code, "needs watermark_column" in answer.err) == (ExitCode.INVALID, True)
    (shop / "streams" / "events.yaml").write_text(STREAM.replace("landing/", "lending/"))
    answer = odibi("stream", "run", "events")
    assert (answer.code, "did you mean 'landing/'" in answer.err) == (ExitCode.FAILED, True)
    assert "it can't run" in odibi("stream", "list").out
    assert odibi("stream", "run", "event").code == ExitCode.USAGE
    assert "No such" not in odibi("stream", "replay", "events", "x.csv").out


def test_everything_runs_together_is_started_again_when_it_dies_or_changes_and_ends_together(
    odibi: Odibi, landing: Path, shop: Path
) -> None:
    odibi("schedule", "add", "often", "shop", "--every", "1s", "--overlap", "skip")
    (shop / "alerts").mkdir()
    (shop / "alerts" / "all.yaml").write_text("channel: shell\ncommand: cat >> told\non: [success]\n")
    with started(
        [ODIBI, "up", "--no-studio"],
        cwd=shop,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        (landing / "a.csv").write_text("id\n1\n")
        wait_until(lambda: ids(shop) == [1])
        wait_until(lambda: any(run.pipeline_name == "shop" for run in list_runs(shop / ".odibi" / "runs")))
        wait_until((shop / "told").exists)
        children = psutil.Process(process.pid).children()
        (stream,) = [child for child in children if is_stream(child)]
        os.kill(stream.pid, signal.SIGKILL)
        (landing / "b.csv").write_text("id\n2\n")
        wait_until(lambda: ids(shop) == [1, 2])
        (shop / "streams" / "events.yaml").write_text(STREAM.replace("*.csv", "*.txt") + "format: csv\n")
        (landing / "c.txt").write_text("id\n3\n")
        wait_until(lambda: ids(shop) == [1, 2, 3])
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "the stream events has ended with code -9: it is started again" in errors
    assert errors.endswith("Everything has ended.\n")
    wait_until(lambda: all(run.state.is_final for run in list_runs(shop / ".odibi" / "runs")))
    wait_until(lambda: not any(child.is_running() for child in children if child.pid != stream.pid))


def is_stream(child: psutil.Process) -> bool:
    """Whether it runs a stream; others, such as an alert's, come and go while they are looked at."""
    with suppress(psutil.NoSuchProcess):
        return "stream" in child.cmdline()
    return False


def test_a_stream_that_is_paused_takes_nothing_once_either(odibi: Odibi, landing: Path, shop: Path) -> None:
    odibi("stream", "pause", "events")
    (landing / "a.csv").write_text("id\n1\n")
    answer = odibi("stream", "run", "events", "--once")
    assert (answer.code, answer.out) == (ExitCode.OK, "0 batches were taken.\n")
    assert "odibi stream resume events" in answer.err
    assert ids(shop) == []
    odibi("stream", "resume", "events")
    assert odibi("stream", "run", "events", "--once").out == "1 batch was taken.\n"
    assert ids(shop) == [1]


def test_a_stream_is_paused_from_outside_and_goes_on(odibi: Odibi, landing: Path, shop: Path) -> None:
    assert "is paused" in odibi("stream", "pause", "events").out
    assert "was paused already" in odibi("stream", "pause", "events").out
    assert "it is paused" in odibi("stream", "list").out
    (landing / "a.csv").write_text("id\n1\n")
    with started((ODIBI, "stream", "run", "events"), cwd=shop, env=environment()) as process:
        ledger = shop / ".odibi" / "streams" / "events"
        wait_until(lambda: any(ledger.glob("*/lock")))
        assert ids(shop) == []
        assert "takes batches again" in odibi("stream", "resume", "events").out
        wait_until(lambda: ids(shop) == [1])
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert "was not paused" in odibi("stream", "resume", "events").out
