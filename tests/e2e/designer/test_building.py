"""A first pipeline, made from nothing, and what becomes of it outside the Studio."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.e2e.conftest import OpenPage, StudioServer
from tests.e2e.designer_page import DesignerPage
from tests.e2e.pages import box_at_rest

pytestmark = pytest.mark.browser

SALES = "order_id,region,amount\n1,North,50\n2,South,150.5\n3,North,100\n4,West,320\n"
EXPECTED = [(2, "South", 150.5, 15.05), (4, "West", 320.0, 32.0)]


@pytest.fixture
def sales(studio: StudioServer) -> None:
    (studio.workspace / "data" / "sales.csv").write_text(SALES, encoding="utf-8")


def make_pipeline(page: Page, name: str) -> DesignerPage:
    """Make a blank pipeline in the gallery, as one does at first."""
    page.get_by_role("button", name="New pipeline").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill(name)
    dialog.get_by_role("button", name="Make it").click()
    page.wait_for_url(re.compile(r"/designer\?design="))
    designer = DesignerPage(page)
    designer.wait_until_open()
    expect(page.get_by_text("Start with your data")).to_be_visible()
    return designer


def back_to_canvas(page: Page, designer: DesignerPage) -> None:
    """Leave a field for the canvas, by keyboard."""
    # In the editor the first Escape may close the completions; the next one lets Tab leave, for two seconds.
    for _ in range(10):
        page.keyboard.press("Escape")
        if has_focus(designer.board):
            return
        page.keyboard.press("Shift+Tab")
    expect(designer.board).to_be_focused()


def has_focus(element: Locator) -> bool:
    return bool(element.evaluate("it => it.getRootNode().activeElement === it"))


def run(studio: StudioServer, file: Path) -> None:
    """Run a pipeline on the command line, in the workspace."""
    program = "import sys; from odibi_core.cli import main; sys.exit(main())"
    command = (sys.executable, "-c", program, "run", str(file.relative_to(studio.workspace)))
    done = subprocess.run(
        command, check=False, cwd=studio.workspace, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def rows(file: Path) -> list[tuple[object, ...]]:
    query = f"SELECT order_id, region, amount, round(tax, 4) FROM '{file}' ORDER BY order_id"
    return duckdb.execute(query).fetchall()


@pytest.mark.usefixtures("sales")
def test_the_first_pipeline_is_dragged_typed_connected_and_runs(
    open_page: OpenPage, studio: StudioServer
) -> None:
    page = open_page("/")
    designer = make_pipeline(page, "first_pipeline")
    box = box_at_rest(designer.canvas)

    designer.drag_in("Sources", "CSV", 160, 120)
    dropped = designer.place("load_csv")
    assert abs(dropped["x"] + dropped["width"] / 2 - box["x"] - 160) < 20
    assert abs(dropped["y"] + dropped["height"] / 2 - box["y"] - 120) < 20
    designer.fill("Name", "read_sales_csv")
    designer.fill("Read from", "data/sales.csv")

    designer.drag_in("Code", "SQL", 480, 120)
    assert designer.place("read_sales_csv") == dropped
    designer.fill("Name", "filter_high_value")
    designer.connect("read_sales_csv", "filter_high_value")
    expect(designer.edge("read_sales_csv")).to_have_count(1)
    designer.type_sql("SELECT * FROM read_sales_csv WHERE amount > 100")

    designer.drag_in("Code", "SQL", 480, 260)
    designer.fill("Name", "add_tax")
    designer.connect("filter_high_value", "add_tax")
    designer.type_sql("SELECT *, amount * 0.1 AS tax FROM filter_high_value")

    designer.drag_in("Stores", "Parquet", 160, 260)
    designer.fill("Name", "save_parquet")
    designer.connect("add_tax", "save_parquet")
    designer.fill("Write to", "output/sales_processed.parquet")
    expect(designer.edges).to_have_count(3)
    designer.expect_valid()

    assert designer.save_version("Tax on what is worth more than 100") == 1
    file = studio.workspace / "pipelines" / "first_pipeline.yaml"
    assert "SELECT * FROM read_sales_csv WHERE amount > 100" in file.read_text(encoding="utf-8")
    run(studio, file)
    assert rows(studio.workspace / "output" / "sales_processed.parquet") == EXPECTED


def tab_to(page: Page, field: Locator) -> None:
    """Go from control to control until that one."""
    expect(field).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if has_focus(field):
            return
    expect(field).to_be_focused()


def add(designer: DesignerPage, title: str, name: str) -> None:
    """Add a step behind the selected one, and name it."""
    page, keyboard = designer.page, designer.page.keyboard
    keyboard.press("/")
    expect(page.get_by_role("combobox", name="Add a step…")).to_be_focused()
    keyboard.type(title)
    keyboard.press("Enter")
    expect(designer.board).to_be_focused()
    keyboard.press("F2")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    keyboard.press("ControlOrMeta+a")
    keyboard.type(name)
    keyboard.press("Enter")
    expect(designer.step(name)).to_have_count(1)


def work_on_edges(designer: DesignerPage) -> None:
    """Remove the edge into the selected step, bring it back, remove it again and draw another."""
    page, keyboard = designer.page, designer.page.keyboard
    keyboard.press("e")
    expect(page.locator(".spoken")).to_have_text("Edge add_tax, from add_tax to save_parquet")
    keyboard.press("Delete")
    expect(designer.edge("add_tax")).to_have_count(0)
    keyboard.press("ControlOrMeta+z")
    expect(designer.edge("add_tax")).to_have_count(1)
    keyboard.press("ArrowLeft")
    keyboard.press("e")
    keyboard.press("e")
    expect(page.locator(".spoken")).to_have_text("Edge add_tax, from add_tax to save_parquet")
    keyboard.press("Delete")
    keyboard.press("ArrowRight")
    # That it lacks its input now is said as soon as it is known.
    expect(page.locator(".spoken")).to_have_text(re.compile("^save_parquet(, 1 problem)?$"))
    keyboard.press("Shift+C")
    expect(page.get_by_role("combobox", name="save_parquet reads…")).to_be_focused()
    keyboard.type("tax")
    keyboard.press("Enter")
    expect(designer.edge("add_tax")).to_have_count(1)
    designer.expect_valid()


def work_on_a_note(designer: DesignerPage) -> None:
    """Write a note, move it, make it larger, write more, remove it."""
    page, keyboard = designer.page, designer.page.keyboard
    keyboard.press("n")
    keyboard.type("Ask Ann")
    keyboard.press("Escape")
    keyboard.press("Alt+ArrowDown")
    for key in ("w", "w", "Shift+W", "h"):
        keyboard.press(key)
    expect(page.locator(".react-flow__node-note")).to_have_css("width", "224px")
    expect(page.locator(".react-flow__node-note")).to_have_css("height", "120px")
    keyboard.press("Enter")
    keyboard.type(" about tax")
    keyboard.press("Escape")
    expect(page.locator(".note")).to_have_text("Ask Ann about tax")
    keyboard.press("Delete")
    expect(page.locator(".note")).to_have_count(0)


@pytest.mark.usefixtures("sales")
def test_the_first_pipeline_is_made_by_keyboard_alone(open_page: OpenPage, studio: StudioServer) -> None:
    page = open_page("/")
    keyboard = page.keyboard
    tab_to(page, page.get_by_role("button", name="New pipeline"))
    keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    tab_to(page, dialog.get_by_role("textbox", name="Name"))
    keyboard.type("by_keyboard")
    tab_to(page, dialog.get_by_role("button", name="Make it"))
    keyboard.press("Enter")
    designer = DesignerPage(page)
    designer.wait_until_open()
    expect(designer.board).to_be_focused()

    add(designer, "read csv", "read_sales_csv")
    tab_to(page, page.get_by_label("Read from", exact=True))
    keyboard.type("data/sales.csv")
    back_to_canvas(page, designer)
    add(designer, "sql", "filter_high_value")
    expect(designer.edge("read_sales_csv")).to_have_count(1)
    tab_to(page, designer.sql)
    keyboard.insert_text("SELECT * FROM read_sales_csv WHERE amount > 100")
    back_to_canvas(page, designer)
    add(designer, "sql", "add_tax")
    tab_to(page, designer.sql)
    keyboard.insert_text("SELECT *, amount * 0.1 AS tax FROM filter_high_value")
    back_to_canvas(page, designer)
    add(designer, "write parquet", "save_parquet")
    tab_to(page, page.get_by_label("Write to", exact=True))
    keyboard.type("output/by_keyboard.parquet")
    back_to_canvas(page, designer)
    expect(designer.edges).to_have_count(3)
    designer.expect_valid()

    work_on_edges(designer)
    work_on_a_note(designer)
    keyboard.press("ControlOrMeta+s")
    expect(page.get_by_label("What has changed, and why")).to_be_focused()
    keyboard.type("Without a mouse")
    keyboard.press("ControlOrMeta+Enter")
    expect(page.get_by_text("Version 1 is saved")).to_be_visible()
    run(studio, studio.workspace / "pipelines" / "by_keyboard.yaml")
    assert rows(studio.workspace / "output" / "by_keyboard.parquet") == EXPECTED
