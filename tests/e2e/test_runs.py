"""Runs in a real browser: started, left, come back to, killed, resumed, compared."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from tests.e2e.conftest import StudioServer, Visitors, start_studio
from tests.e2e.pages import box_at_rest
from tests.waiting import let_go, make_waiting_workspace, wait_until

from odibi_core.design.yaml_form import load_yaml
from odibi_core.journal import RunState, list_runs
from odibi_core.journal.heartbeat import running_process
from odibi_core.orchestrator import Orchestrator
from odibi_core.workspace import Workspace

pytestmark = pytest.mark.browser

Visit = Callable[[str], Page]
QUICK_PIPELINE = """\
name: {name}
settings: {{tracking: exact}}
parameters:
  smallest: {{type: integer, default: 10}}
steps:
  - name: read
    layer: bronze
    type: config_op
    value: data/orders.csv
    outputs: {{data: read}}
  - name: large
    layer: gold
    type: sql
    value: {select} WHERE amount > {{smallest}}
    inputs: {{read: read}}
    outputs: {{data: large}}
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
def visit(browser: Browser, warm_browser: BrowserContext, studio: StudioServer) -> Iterator[Visit]:
    """Opens an address in a browser of its own."""
    visitors = Visitors(browser, warm_browser)

    def open_(address: str) -> Page:
        page = visitors.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(40_000)
        page.goto(address)
        return page

    yield open_
    visitors.leave(studio.address)


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


def head(page: Page) -> Locator:
    """The top of the page of a run: its name and state."""
    return page.locator(".st-key-run_head")


def test_a_run_goes_on_without_browser_and_studio_and_is_found_again(
    studio: StudioServer, visit: Visit
) -> None:
    page = visit(f"{studio.address}/runs")
    start_run(page)
    address = page.url
    page.close()
    studio.stop()
    (run,) = list_runs(runs_of(studio))
    assert run.state is RunState.RUNNING
    again = start_studio(studio.workspace)
    page = visit(address.replace(studio.address, again.address))
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("1 of 3")
    let_go(studio.workspace)
    # Nobody reloads the page: it follows the run to its end.
    expect(head(page)).to_contain_text("Succeeded")
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
    expect(head(page)).to_contain_text("Cancelled")
    let_go(studio.workspace)
    cancelled = page.url
    page.get_by_role("button", name="Run again").click()
    page.wait_for_url(lambda address: address != cancelled)
    # The address is new before the page is: what it says of the cancelled run can still be there.
    expect(head(page)).to_contain_text("Succeeded")
    page.get_by_text("Compare", exact=True).click()
    expect(page.get_by_text("Both ran the same pipeline.")).to_be_visible()


LONGER = """
  - name: later
    layer: gold
    type: function
    value: transforms.wait_later
    inputs: {large: large}
    outputs: {data: later}
"""
WAIT_LATER = """

def wait_later(large):
    while not GO.with_name("go_later").exists():
        time.sleep(0.02)
    return large
"""


def test_the_charts_of_a_running_run_keep_their_zoom_and_take_in_what_is_new(
    studio: StudioServer, visit: Visit
) -> None:
    pipeline, functions = studio.workspace / "pipelines" / "one.yaml", studio.workspace / "transforms.py"
    pipeline.write_text(pipeline.read_text() + LONGER)
    functions.write_text(functions.read_text() + WAIT_LATER)
    page = visit(f"{studio.address}/runs")
    start_run(page, steps=4)
    charts, shown = page.locator(".charts"), page.get_by_label("Time shown")
    steps = page.get_by_role("group", name="When each step ran")
    hold = page.get_by_label(re.compile("^hold: ▶ Running"))
    expect(hold).to_be_visible()
    box_at_rest(hold)
    hold.hover()
    whole = shown.text_content()
    page.mouse.wheel(0, -400)
    expect(shown).not_to_have_text(str(whole))
    zoomed, drawn = str(shown.text_content()), charts.element_handle()
    for _ in range(5):
        told = str(charts.get_attribute("data-told"))
        expect(charts).not_to_have_attribute("data-told", told)
        expect(shown).to_have_text(zoomed)
    expect(page.get_by_role("tooltip")).to_contain_text("hold")
    expect(page.get_by_label(re.compile("^later: has not begun"))).to_be_visible()
    let_go(studio.workspace)
    expect(page.get_by_label(re.compile("^large: ✓ Succeeded"))).to_be_visible()
    expect(page.get_by_label(re.compile("^later: ▶ Running"))).to_be_visible()
    expect(shown).to_have_text(zoomed)
    # It is the same picture all the time, never another one in its place.
    assert drawn is not None
    assert drawn.evaluate("charts => charts.isConnected")
    # A drag moves the time; the keys do so too.
    steps.focus()
    page.keyboard.press("ArrowRight")
    expect(shown).not_to_have_text(zoomed)
    moved = str(shown.text_content())
    page.get_by_text("Log", exact=True).click()
    expect(charts).to_have_count(0)
    page.get_by_text("Timeline", exact=True).click()
    expect(shown).to_have_text(moved)
    (studio.workspace / "go_later").touch()
    expect(head(page)).to_contain_text("Succeeded")
    expect(page.get_by_label(re.compile("^later: ✓ Succeeded"))).to_be_visible()
    expect(shown).to_have_text(moved)
    page.get_by_role("button", name="Fit").click()
    expect(shown).to_have_text(re.compile(r"^0(\.0+)? s "))


def test_twenty_runs_are_filtered_and_sorted_and_two_of_them_compared(
    studio: StudioServer, visit: Visit
) -> None:
    workspace = Workspace.find(studio.workspace)
    names = ("broken",) * 5 + ("two",) * 7 + ("one",) * 8
    for at, name in enumerate(names):
        run_here(workspace, name, smallest=5 + at)
    page = visit(f"{studio.address}/runs")
    table = page.get_by_test_id("stDataFrame").first
    expect(page.get_by_text("20 runs")).to_be_visible()
    expect(cells(table, "Pipeline")).to_have_text([*reversed(names)])
    # The heading of the second column, behind the boxes by which rows are chosen and the state.
    press(table, 0, 90)
    expect(cells(table, "State").first).to_have_text("✓ Succeeded")
    assert [it[0] for it in cells(table, "State").all_text_contents()] == ["✓"] * 15 + ["✕"] * 5
    page.get_by_label("State").click()
    page.get_by_role("option", name="Failed").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("5 runs")).to_be_visible()
    expect(cells(table, "Pipeline")).to_have_text(["broken"] * 5)
    page.get_by_label("Clear all").click()
    page.get_by_label("Pipeline").click()
    page.get_by_role("option", name="one", exact=True).click()
    expect(page.get_by_text("8 runs")).to_be_visible()
    search = page.get_by_role("textbox", name="Search")
    search.fill("smallest=22")
    search.press("Enter")
    expect(page.get_by_text("1 run", exact=True)).to_be_visible()
    expect(cells(table, "Parameters")).to_have_text(["smallest=22"])
    search.fill("")
    search.press("Enter")
    expect(page.get_by_text("8 runs")).to_be_visible()
    expect(cells(table, "Parameters")).to_have_count(8)
    # smallest=17 keeps two rows, smallest=22 one.
    chosen = [it in ("smallest=17", "smallest=22") for it in cells(table, "Parameters").all_text_contents()]
    first, second = (at for at, is_one in enumerate(chosen) if is_one)
    press(table, first + 1, 18)
    expect(page.locator(".st-key-open_run")).to_be_visible()
    press(table, second + 1, 18)
    page.get_by_role("button", name="Compare the two").click()
    parameters, steps = (page.get_by_test_id("stDataFrame").nth(place) for place in range(2))
    expect(cells(steps, "Step")).to_have_text(["read", "large"])
    expect(cells(steps, "Rows A")).to_have_text(["3", "2"])
    expect(cells(steps, "Rows B")).to_have_text(["3", "1"])
    expect(cells(parameters, "B")).to_have_text(["22"])
    columns = page.locator(".st-key-compared_columns")
    # What the pipeline gives is told of all rows, and stands first where it differs.
    expect(cells(columns, "Column").nth(1)).to_have_text("amount")
    expect(cells(columns, "Values A").nth(1)).to_have_text("20 (50%), 30 (50%)")
    expect(cells(columns, "Values B").nth(1)).to_have_text("30 (100%)")
    expect(cells(columns, "Values A").last).to_have_text("5, 20, 30")
    expect(page.get_by_text("the first rows alone are known")).to_be_visible()
    press(columns, 2, 18)
    expect(page.get_by_test_id("stVegaLiteChart")).to_be_visible()


def test_the_pages_of_runs_and_the_monitor_look_by_themselves_for_what_is_new(
    studio: StudioServer, visit: Visit
) -> None:
    workspace = Workspace.find(studio.workspace)
    run_here(workspace, "one")
    runs, monitor = visit(f"{studio.address}/runs"), visit(f"{studio.address}/monitor")
    ended = monitor.get_by_test_id("stMetric").filter(has_text="Runs")
    expect(ended).to_contain_text("1")
    expect(runs.get_by_text("1 run", exact=True)).to_be_visible()
    chart = monitor.get_by_test_id("stVegaLiteChart").first.element_handle()
    run_here(workspace, "two")
    expect(runs.get_by_text("2 runs", exact=True)).to_be_visible()
    expect(ended).to_contain_text("2")
    # The chart took the new run in; it was not drawn anew.
    assert chart is not None
    assert chart.evaluate("chart => chart.isConnected")


def test_a_published_pipeline_is_run_by_a_form_that_shows_and_gives_what_comes_out(
    studio: StudioServer, visit: Visit
) -> None:
    save = (
        "  - {name: save, layer: store, type: config_op, value: out/large.parquet, inputs: {data: large}}\n"
    )
    text = QUICK_PIPELINE.format(name="large_orders", select="SELECT * FROM read").replace(
        "{tracking", "{published: true, tracking"
    )
    (studio.workspace / "pipelines" / "large_orders.yaml").write_text(text + save)
    page = visit(f"{studio.address}/form")
    expect(page.get_by_text("Large orders")).to_be_visible()
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", name="Large orders")).to_be_visible()
    # Who fills in a form sees no way to the designer or to other runs.
    page = visit(f"{studio.address}/form?form=large_orders")
    expect(page.get_by_text("Nobody has run it yet.")).to_be_visible()
    expect(page.get_by_text("Designer")).to_have_count(0)
    page.get_by_label("Smallest").fill("15")
    page.get_by_role("button", name=re.compile("Run$")).click()
    table = page.get_by_test_id("stDataFrame").first
    expect(cells(table, "amount")).to_have_text(["20", "30"])
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all as CSV").click()
    assert Path(download.value.path()).read_text("utf-8-sig").splitlines() == ["id,amount", "2,20", "3,30"]
    page.get_by_role("tab", name="Chart").click()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()


def run_here(workspace: Workspace, name: str, **parameters: object) -> None:
    """A run of a quick pipeline to its end, in this process; the one named `broken` fails."""
    select = "SELECT error('no such month') AS x FROM read" if name == "broken" else "SELECT * FROM read"
    pipeline = load_yaml(QUICK_PIPELINE.format(name=name, select=select))
    run = Orchestrator(pipeline, parameters=parameters, workspace=workspace).execute()
    assert run.success is (name != "broken")
    run.close()


def cells(table: Locator, column: str) -> Locator:
    """The cells of a column, from the top down, as the table draws them."""
    # By which one rows are sorted, its arrow says.
    heading = table.locator("th").filter(has_text=re.compile(f"^([↑↓] )?{column}$"))
    expect(heading).to_have_count(1)
    at = heading.evaluate("cell => cell.getAttribute('aria-colindex')")
    return table.locator(f"td[aria-colindex='{at}']")


def press(table: Locator, row: int, x: int) -> None:
    """Press a place of a table that is drawn; row 0 is its heading."""
    table.locator(".dvn-scroller").click(position={"x": x, "y": 35 * row + 17})
