"""The designer on a screen of 1280 by 720: every dialog is whole, the inspector as wide as one likes it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import StudioServer
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi
from tests.e2e.layout import faults
from tests.e2e.pages import box_at_rest

pytestmark = pytest.mark.browser

LONG = "orders_of_the_last_twelve_months_with_returns"
PIPELINE = f"""\
name: narrow_screens
parameters:
  first_day_of_the_period: {{type: date, default: 2025-01-01, description: The first day that counts}}
  region: {{type: choice, choices: [North, South, Far away in the Northern Islands], default: North}}
steps:
  - name: read_orders
    layer: ingest
    type: config_op
    value: data/narrow/orders.csv
    params: {{source_type: csv, header: true}}
    outputs: {{data: orders}}
  - name: {LONG}
    layer: silver
    type: sql
    value: SELECT * FROM orders WHERE amount > 5
    inputs: {{orders: orders}}
    outputs: {{data: {LONG}}}
  - name: save
    layer: store
    type: config_op
    value: output/narrow.parquet
    params: {{format: parquet, mode: overwrite}}
    inputs: {{data: {LONG}}}
"""


@pytest.fixture
def design(designs: DesignsApi, studio: StudioServer, request: pytest.FixtureRequest) -> str:
    """A design with long names and parameters, with two versions."""
    rows = "id,customer,amount\n1,ann,10\n2,bob,4\n3,a customer of a rather long name indeed,30\n"
    folder = studio.workspace / "data" / "narrow"
    folder.mkdir(exist_ok=True)
    (folder / "orders.csv").write_text(rows, encoding="utf-8")
    name = request.node.name.removeprefix("test_")
    made = designs.bring_in(f"{name}.yaml", PIPELINE.replace("narrow_screens", name))
    now = designs.call("GET", f"/designs/{made}")
    now["document"]["pipeline"]["steps"][1]["value"] += " AND customer <> 'bob'"
    wanted = {"base_revision": now["revision"], "document": now["document"]}
    kept = designs.call("PUT", f"/designs/{made}", wanted)
    message = "Leave out what Bob bought, as he is the owner of the shop and pays nothing for it"
    designs.call("POST", f"/designs/{made}/versions", {"revision": kept["revision"], "message": message})
    return made


@pytest.fixture
def designer(design: str, open_design: OpenDesign) -> DesignerPage:
    return open_design(design, viewport={"width": 1280, "height": 720})


def is_whole(dialog: Locator) -> None:
    """Nothing of the dialog is out of the window, cut off or covered."""
    expect(dialog).to_be_visible()
    expect(dialog.locator("[aria-busy=true]")).to_have_count(0)
    box = box_at_rest(dialog)
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= 1280
    assert box["y"] + box["height"] <= 720
    assert faults(dialog) == []


def choose(page: Page, menu: str, item: str) -> None:
    page.get_by_role("button", name=menu, exact=True).click()
    page.get_by_role("menuitem", name=re.compile(f"^{item}")).click()


def test_the_designer_itself_is_whole(designer: DesignerPage) -> None:
    page = designer.page
    designer.select(LONG)
    for tab in ("Preview", "Schema", "Profile", "Trace", "Problems", "Plan"):
        designer.show_panel(tab)
        expect(page.get_by_role("tabpanel")).to_be_visible()
        expect(page.locator(".panel [aria-busy=true]")).to_have_count(0)
        assert faults(page.locator(".designer")) == [], tab
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_export_import_and_the_file_picker_are_whole(designer: DesignerPage, studio: StudioServer) -> None:
    page = designer.page
    for number in range(20):
        (studio.workspace / "data" / "narrow" / f"till_{number}.csv").write_text("id\n1\n", encoding="utf-8")
    for form in ("YAML", "Python"):
        choose(page, "Export", form)
        dialog = page.get_by_role("dialog", name="Export")
        expect(dialog.get_by_role("textbox", name=re.compile("^The file"))).to_be_visible()
        is_whole(dialog)
        page.keyboard.press("Escape")
    choose(page, "Export", "Import")
    is_whole(page.get_by_role("dialog"))
    page.keyboard.press("Escape")
    designer.select("read_orders")
    page.get_by_role("button", name="Choose a file").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("listitem").first).to_be_visible()
    is_whole(dialog)


def test_history_and_differences_are_whole(designer: DesignerPage) -> None:
    page = designer.page
    page.get_by_role("button", name="History", exact=True).click()
    dialog = page.get_by_role("dialog", name="History")
    expect(dialog.get_by_role("list", name="Steps that differ")).to_be_visible()
    is_whole(dialog)
    graph = dialog.get_by_role("img", name="The steps of both, as a graph")
    sizes = graph.evaluate(
        "it => [...it.querySelectorAll('text')].map((text) => text.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 11, "the names of the steps can't be read"
    dialog.get_by_role("tab", name="Text").click()
    expect(dialog.locator(".cm-diff-added").first).to_be_visible()
    is_whole(dialog)


def test_a_version_values_and_a_run_are_asked_for_in_whole_dialogs(designer: DesignerPage) -> None:
    page = designer.page
    designer.select(LONG)
    designer.fill("Layer", "gold")
    page.keyboard.press("ControlOrMeta+s")
    is_whole(page.get_by_role("dialog", name="Save a version"))
    page.keyboard.press("Escape")
    choose(page, "Run", "Run with")
    is_whole(page.get_by_role("dialog", name="Run with"))
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    is_whole(page.get_by_role("dialog", name="Keyboard"))


def test_conflicts_are_told_in_whole_dialogs(
    design: str, designer: DesignerPage, open_design: OpenDesign, designs: DesignsApi, studio: StudioServer
) -> None:
    one = open_design(design)
    one.select(LONG)
    one.fill("Layer", "gold")
    one.wait_until_saved()
    designer.select(LONG)
    designer.fill("Layer", "bronze")
    dialog = designer.page.get_by_role("dialog", name="Two browsers have changed this pipeline")
    is_whole(dialog)
    dialog.get_by_role("radio", name="Take theirs").check()
    dialog.get_by_role("button", name="Take theirs").click()
    designer.wait_until_saved()

    file = studio.workspace / designs.call("GET", f"/designs/{design}")["path"]
    file.write_text(file.read_text(encoding="utf-8").replace("amount > 5", "amount > 6"), encoding="utf-8")
    designer.page.reload()
    is_whole(designer.page.get_by_role("dialog"))


def test_a_followed_row_is_whole(designer: DesignerPage) -> None:
    page = designer.page
    designer.select(LONG)
    result = page.get_by_role("figure").filter(has=page.get_by_text(LONG, exact=True))
    result.get_by_role("button", name="Follow row 1", exact=True).click()
    expect(page.get_by_role("list", name="Rows that made the row")).to_be_visible()
    assert faults(page.locator(".panel")) == []


def test_the_inspector_is_made_wider_by_mouse_and_keyboard_and_stays_so(designer: DesignerPage) -> None:
    page = designer.page
    inspector = page.get_by_role("complementary", name="Inspector")
    edge = page.get_by_role("separator", name="Width of the inspector")

    def width() -> float:
        return box_at_rest(inspector)["width"]

    first = width()
    box = box_at_rest(edge)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 100, y, steps=4)
    page.mouse.up()
    assert width() == first + 100
    edge.focus()
    page.keyboard.press("ArrowRight")
    assert width() == first + 76
    page.reload()
    designer.wait_until_open()
    assert width() == first + 76
    page.set_viewport_size({"width": 1100, "height": 720})
    canvas = box_at_rest(designer.canvas)
    assert canvas["width"] > 300
    page.set_viewport_size({"width": 1280, "height": 720})
    edge.dblclick()
    assert width() == first
