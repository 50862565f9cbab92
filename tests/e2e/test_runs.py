"""Runs in a real browser: started, left, come back to, killed, resumed, compared."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.e2e.conftest import StudioServer, start_studio
from tests.waiting import FUNCTIONS, let_go, make_waiting_workspace, pipeline_text, wait_until

from odibi_core.journal import RunState, list_runs
from odibi_core.journal.heartbeat import running_process

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
LATER_STEPS = """\
  - name: copy
    layer: silver
    type: sql
    value: SELECT * FROM held
    inputs: {held: held}
    outputs: {data: copied}
  - name: hold_long
    layer: silver
    type: function
    value: transforms.wait_longer
    inputs: {orders: copied}
    outputs: {data: held_long}
"""


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[StudioServer]:
    """A Studio whose pipeline `one` waits for `let_go`; nothing is left running."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    make_waiting_workspace(workspace, ("one",))
    server = start_studio(workspace)
    yield server
    (workspace / "go_later").touch()
    let_go(workspace)
    wait_until(lambda: all(run.state.is_final for run in list_runs(runs_of(server))))
    server.stop()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Opens an address in a browser of its own."""
    contexts = []

    def open_(address: str) -> Page:
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}))
        page = contexts[-1].new_page()
        page.set_default_timeout(40_000)
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()


def runs_of(studio: StudioServer) -> Path:
    return studio.workspace / ".odibi" / "runs"


def start_run(page: Page, *options: str, steps: int = 3) -> None:
    """Start the pipeline `one` by its form, with switches of the part "How it runs"."""
    page.get_by_role("button", name="Run a pipeline").click()
    dialog = page.get_by_role("dialog")
    if options:
        dialog.get_by_text("How it runs").click()
        for option in options:
            dialog.get_by_text(option).click()
    dialog.get_by_role("button", name=re.compile("Run$")).click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(f"1 of {steps}")


def test_a_run_goes_on_without_browser_and_studio_and_is_found_again(
    studio: StudioServer, visit: Visit
) -> None:
    page = visit(f"{studio.address}/runs")
    start_run(page)
    address = page.url
    page.context.close()
    studio.stop()
    (run,) = list_runs(runs_of(studio))
    assert run.state is RunState.RUNNING
    again = start_studio(studio.workspace)
    page = visit(address.replace(studio.address, again.address))
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("1 of 3")
    let_go(studio.workspace)
    # Nobody reloads the page: it follows the run to its end.
    expect(page.get_by_text("Succeeded").first).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("3 of 3")
    expect(page.get_by_text("Story", exact=True)).to_be_visible()
    again.stop()
    studio.process = start_studio(studio.workspace).process


def test_a_killed_run_is_seen_lost_within_ten_seconds_and_is_resumed(
    studio: StudioServer, visit: Visit
) -> None:
    page = visit(f"{studio.address}/runs")
    start_run(page, "Save checkpoints")
    (run,) = list_runs(runs_of(studio))
    wait_until(lambda: "checkpoint_saved" in (run.run_dir / "events.jsonl").read_text())
    process = running_process(run.run_dir)
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    expect(page.get_by_text("The run was lost.")).to_be_visible(timeout=10_000)
    expect(page.get_by_text("Resume it from its last checkpoint")).to_be_visible()
    let_go(studio.workspace)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("3 of 3")
    resumed = list_runs(runs_of(studio))[0]
    assert (resumed.state, resumed.order["rerun_of"]) == (RunState.SUCCESS, run.run_id)


def test_a_run_is_cancelled_and_two_are_compared(studio: StudioServer, visit: Visit) -> None:
    page = visit(f"{studio.address}/runs")
    start_run(page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled").first).to_be_visible()
    let_go(studio.workspace)
    cancelled = page.url
    page.get_by_role("button", name="Run again").click()
    # The cancelled run has ended with 3 of 3 steps too.
    page.wait_for_url(lambda address: address != cancelled)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("3 of 3")
    page.get_by_text("Compare", exact=True).click()
    expect(page.get_by_text("Both ran the same pipeline.")).to_be_visible()


def test_a_zoom_into_a_live_chart_stays_while_steps_start_and_end(studio: StudioServer, visit: Visit) -> None:
    root = studio.workspace
    longer = FUNCTIONS[FUNCTIONS.index("GO =") :].replace("GO", "LATER").replace('"go"', '"go_later"')
    (root / "transforms.py").write_text(FUNCTIONS + longer.replace("def wait(", "def wait_longer("))
    before, mark, after = pipeline_text("one").partition("  - name: large")
    after = after.replace("held: held", "held: held_long")
    (root / "pipelines" / "one.yaml").write_text(before + LATER_STEPS + mark + after)
    page = visit(f"{studio.address}/runs")
    start_run(page, steps=5)
    chart = page.get_by_test_id("stVegaLiteChart").first
    seconds = chart.locator(".role-axis-label text").filter(has_text=re.compile(r"^[\d.]+ s$"))
    bars = chart.locator(".mark-rect.role-mark path")
    expect(bars).to_have_count(2)
    chart.hover()
    zoomed = wait_until(lambda: _zoomed(page, seconds))
    let_go(root)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("3 of 5")
    expect(bars).to_have_count(4)
    assert seconds.all_text_contents() == zoomed


def _zoomed(page: Page, seconds: Locator) -> list[str]:
    """The ticks of a chart that the wheel has zoomed into, once they outlast two looks; until then none."""
    before = seconds.all_text_contents()
    if before[0] == "0 s":
        page.mouse.wheel(0, -1200)
        return []
    ticks = page.get_by_test_id("stMetricValue").nth(1)
    for _ in range(2):
        expect(ticks).not_to_have_text(ticks.inner_text())
    return before if seconds.all_text_contents() == before else []
