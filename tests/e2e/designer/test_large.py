"""Hundreds of steps: opened, panned, edited, and nothing moves that nobody moved."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi
from tests.e2e.pages import box_at_rest

pytestmark = pytest.mark.browser

COUNT = 500


def pipeline() -> str:
    """Ten sources, and behind each a tree of steps that read one another."""
    lines = ["name: large", "steps:"]
    for number in range(COUNT):
        name = f"step_{number:03}"
        if number < 10:
            lines += [
                f"  - name: {name}",
                "    layer: ingest",
                "    type: config_op",
                "    value: data/orders.csv",
                "    params: {source_type: csv, header: true}",
                f"    outputs: {{data: d{number}}}",
            ]
            continue
        lines += [
            f"  - name: {name}",
            "    layer: transform",
            "    type: sql",
            f"    value: SELECT *, {number} AS n{number} FROM rows",
            f"    inputs: {{rows: d{number // 3 if number >= 30 else number % 10}}}",
            f"    outputs: {{data: d{number}}}",
        ]
    return "\n".join(lines) + "\n"


@pytest.fixture
def design(designs: DesignsApi) -> str:
    return designs.bring_in("large.yaml", pipeline())


def view(page: Page) -> str | None:
    """Where the canvas is panned and zoomed to."""
    return page.locator(".react-flow__viewport").get_attribute("style")


def rerun(page: Page) -> None:
    """Let Streamlit run the page's script again, as its key R does outside of the designer."""
    page.evaluate(
        """() => {
            const app = document.querySelector('.stApp[data-test-script-state]');
            const states = (window.scriptStates = []);
            const watch = new MutationObserver(() => states.push(app.dataset.testScriptState));
            watch.observe(app, { attributes: true });
        }"""
    )
    page.get_by_role("banner").click(position={"x": 700, "y": 20})
    page.keyboard.press("r")
    page.wait_for_function("scriptStates.includes('rerunRequested') && scriptStates.at(-1) === 'notRunning'")


def find(designer: DesignerPage, name: str) -> None:
    designer.page.keyboard.press("ControlOrMeta+f")
    designer.page.get_by_role("combobox", name="Find in steps").fill(name)
    designer.page.keyboard.press("Enter")
    expect(designer.page.get_by_label("Name", exact=True)).to_have_value(name)
    expect(designer.step(name)).to_be_in_viewport()


def test_five_hundred_steps_are_opened_panned_and_edited(
    design: str, designs: DesignsApi, open_design: OpenDesign
) -> None:
    designer = open_design(design)
    page = designer.page
    expect(page.locator(".far-step").first).to_be_visible()

    find(designer, "step_250")
    before = designer.place("step_250")
    box = box_at_rest(designer.canvas)
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 80, steps=10)
    page.mouse.up()
    after = designer.place("step_250")
    assert (round(after["x"] - before["x"]), round(after["y"] - before["y"])) == (100, 60)

    designer.type_sql("SELECT order_id FROM rows")
    designer.wait_until_saved()
    assert designs.step(design, "step_250")["value"] == "SELECT order_id FROM rows"
    laid_out = designs.document(design)["layout"]["positions"]
    assert len(laid_out) == COUNT
    designer.drag("step_250", 0, 48)
    designer.wait_until_saved()
    kept = designs.document(design)["layout"]["positions"]
    assert [name for name, place in kept.items() if laid_out[name] != place] == ["step_250"]


def test_nothing_jumps_when_the_page_runs_again(design: str, open_design: OpenDesign) -> None:
    designer = open_design(design)
    page = designer.page
    find(designer, "step_250")
    page.mouse.move(600, 300)
    page.mouse.wheel(70, 90)
    designer.sql.click()
    page.keyboard.press("End")
    page.keyboard.insert_text(" WHERE true")
    designer.wait_until_saved()
    seen = (view(page), designer.place("step_250"))

    rerun(page)
    assert (view(page), designer.place("step_250")) == seen
    expect(page.get_by_label("Name", exact=True)).to_have_value("step_250")
    expect(designer.sql).to_contain_text("WHERE true")
    designer.undo()
    expect(designer.sql).not_to_contain_text("WHERE true")
