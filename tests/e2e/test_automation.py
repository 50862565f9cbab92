"""The pages of what runs by itself, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import OpenPage, StudioServer, start_studio
from tests.waiting import make_waiting_workspace, wait_until

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


def cell(page: Page, text: str) -> Locator:
    """A cell of a table, which is drawn: what it says stands behind the picture."""
    return page.locator("canvas td").filter(has_text=text).first


def fill(page: Page, label: str, text: str) -> None:
    """Type into a field of the dialog that is open, and leave it."""
    field = page.get_by_role("dialog").get_by_label(label, exact=True)
    field.fill(text)
    field.press("Tab")


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a field of the dialog that is open."""
    page.get_by_role("dialog").get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


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

    page.get_by_role("button", name="Run now").click()
    expect(page).to_have_url(re.compile(r"/run\?"))
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    page.goto(f"{studio.address}/schedules")
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
