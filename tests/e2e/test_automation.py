"""The pages of what runs by itself, in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import OpenPage, StudioServer, start_studio
from tests.e2e.pages import cell, choose, choose_row, fill
from tests.waiting import make_waiting_workspace, wait_until

from odibi_core.alerts.outbox import OUTBOX_FILE, Outbox
from odibi_core.cli.exit_codes import ExitCode
from odibi_core.file_lock import FileLock
from odibi_core.journal.runs import list_runs

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    """A Studio whose pipeline `one` runs in a moment; nothing is left running."""
    workspace = tmp_path_factory.mktemp("automation") / "workspace"
    workspace.mkdir()
    make_waiting_workspace(workspace, ("one",))
    (workspace / "go").touch()
    server = start_studio(workspace)
    yield server
    wait_until(lambda: all(run.state.is_final for run in list_runs(workspace / ".odibi" / "runs")))
    server.stop()


def test_a_schedule_is_made_paused_run_changed_and_deleted(open_page: OpenPage, studio: StudioServer) -> None:
    page = open_page("/schedules", timezone_id="Europe/Berlin")
    file = studio.workspace / "schedules" / "weekdays.yaml"
    page.get_by_role("button", name="Make the first one").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Ticks at 06:00, Monday through Friday (Europe/Berlin)")).to_be_visible()
    fill(page, "Name *", "weekdays")
    fill(page, "Cron", "30 6 * *")
    expect(dialog.get_by_text("has 4 fields, not 5")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    # Each mistake stands at its field, and nothing is written.
    expect(dialog.get_by_text("Fill this in")).to_be_visible()
    assert not file.exists()
    choose(page, "Pipeline *", "one")
    expect(dialog.get_by_text("The pipeline takes smallest (integer)")).to_be_visible()
    fill(page, "Cron", "30 6 * * 1-5")
    expect(dialog.get_by_text("Ticks at 06:30, Monday through Friday")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    assert file.read_text() == 'pipeline: one\ncron: "30 6 * * 1-5"\ntime_zone: Europe/Berlin\n'
    see_to_a_schedule(page, studio)
    change_a_schedule(page, file)
    fill_and_delete_a_schedule(page, studio)
    assert not file.exists()


def see_to_a_schedule(page: Page, studio: StudioServer) -> None:
    expect(page.get_by_text("runs one at 06:30, Monday through Friday (Europe/Berlin)")).to_be_visible()
    expect(page.get_by_text("No scheduler runs: nothing starts by itself")).to_be_visible()
    lock = FileLock(studio.workspace / ".odibi" / "schedules" / "weekdays.lock")
    assert lock.take()
    expect(page.get_by_text("The scheduler runs")).to_be_visible()
    lock.release()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused by")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Paused by")).to_be_hidden()

    entries = page.evaluate("history.length")
    page.get_by_role("button", name="Run now").click()
    expect(page).to_have_url(re.compile(r"/run\?"))
    expect(page.locator(".st-key-run_head")).to_contain_text("Succeeded")
    # One way there, and one back.
    assert page.evaluate("history.length") == entries + 1
    page.go_back()
    expect(page).to_have_url(f"{studio.address}/schedules")
    expect(cell(page, "run by hand")).to_be_attached()
    page.get_by_text("Calendar").click()
    calendar = page.get_by_role("grid", name="Calendar of schedules")
    expect(calendar.get_by_text("06:30 weekdays").first).to_be_visible()
    page.get_by_text("List", exact=True).click()


def change_a_schedule(page: Page, file: Path) -> None:
    dialog = page.get_by_role("dialog")
    file.write_text(f"# The figures.\n{file.read_text()}")
    page.get_by_role("button", name="Edit").click()
    fill(page, "Cron", "45 6 * * 1-5")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    assert file.read_text().startswith('# The figures.\npipeline: one\ncron: "45 6 * * 1-5"\n')


def fill_and_delete_a_schedule(page: Page, studio: StudioServer) -> None:
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Backfill").click()
    expect(dialog.get_by_text("5 ticks:")).to_be_visible()
    dialog.get_by_role("button", name="Put the runs into the queue").click()
    expect(page.get_by_text("5 runs put into the queue")).to_be_visible()
    runs = studio.workspace / ".odibi" / "runs"
    wait_until(lambda: sum(run.state.is_final for run in list_runs(runs)) == 6)
    page.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing runs by itself yet")).to_be_visible()


STREAM_PIPELINE = """\
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


def odibi(workspace: Path, *arguments: str) -> int:
    """Run the command line to its end; its exit code."""
    program = "import sys; from odibi_core.cli import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=workspace, check=False, capture_output=True
    ).returncode


def test_a_stream_is_made_paused_and_a_file_that_failed_is_replayed(
    open_page: OpenPage, studio: StudioServer
) -> None:
    root = studio.workspace
    (root / "pipelines" / "events.yaml").write_text(STREAM_PIPELINE)
    landing = root / "landing"
    landing.mkdir()
    (landing / "good.csv").write_text("id\n1\n2\n")
    (landing / "bad.csv").write_bytes(b"\x00\x01")
    page = open_page("/streams")
    page.get_by_role("button", name="Make the first one").click()
    dialog = page.get_by_role("dialog")
    fill(page, "Name *", "events")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Fill this in").first).to_be_visible()
    choose(page, "Pipeline *", "events")
    choose(page, "Source path *", "landing/")
    fill(page, "File pattern", "*.csv")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    assert (
        (root / "streams" / "events.yaml").read_text().startswith("pipeline: events\nsource_path: landing/\n")
    )

    expect(page.get_by_text("Nobody runs this stream: nothing is taken")).to_be_visible()
    expect(page.get_by_test_id("stMetric").filter(has_text="Waiting")).to_contain_text("2")
    assert odibi(root, "stream", "run", "events", "--once") == ExitCode.FAILED  # by bad.csv
    expect(page.get_by_test_id("stMetric").filter(has_text="Committed")).to_contain_text("1")
    expect(cell(page, "good.csv")).to_be_attached()
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused: no batch begins until it is resumed.")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Paused: no batch")).to_be_hidden()

    (landing / "failed" / "bad.csv").write_text("id\n3\n")
    choose_row(page, "Files that could not be taken")
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_test_id("stMetric").filter(has_text="Waiting")).to_contain_text("1")
    assert (landing / "bad.csv").exists()


def test_an_alert_is_made_tested_and_its_failed_message_tried_again(
    open_page: OpenPage, studio: StudioServer
) -> None:
    page = open_page("/alerts")
    page.get_by_role("button", name="Make the first one").click()
    dialog = page.get_by_role("dialog")
    fill(page, "Name *", "ops")
    choose(page, "Channel *", "Email")
    expect(dialog.get_by_label("Smtp host", exact=True)).to_be_visible()
    # An OpenLineage server is told of all runs, unless somebody says otherwise.
    choose(page, "Channel *", "OpenLineage")
    dialog.get_by_text("Of what").click()
    expect(dialog.get_by_text("Started", exact=True)).to_be_visible()
    dialog.get_by_text("Of what").click()
    choose(page, "Channel *", "Shell")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("The channel shell needs command").first).to_be_visible()
    fill(page, "Command", "cat > told")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    file = studio.workspace / "alerts" / "ops.yaml"
    assert file.read_text() == "channel: shell\ncommand: cat > told\n"
    expect(page.get_by_text("Nobody sends messages: they wait in the outbox")).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("The test was sent, and taken.")).to_be_visible()
    file.write_text("channel: shell\ncommand: echo no such room >&2; exit 3\n")
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("The command ended with code 3: no such room")).to_be_visible()

    box = Outbox(studio.workspace / ".odibi" / OUTBOX_FILE)
    box.note(["a"], [("ops", "a", {"pipeline": "one", "state": "failed"})])
    box.settle(box.latest(), "failed", "the answer was 404")
    expect(cell(page, "the answer was 404")).to_be_attached()
    choose_row(page, "Outbox")
    page.get_by_role("button", name="Try again").click()
    wait_until(lambda: box.latest()[0].state == "waiting")
    box.close()
    page.get_by_role("button", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Send a test")).to_be_hidden()
    assert not file.exists()
