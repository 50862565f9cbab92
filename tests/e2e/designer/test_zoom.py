"""The canvas near and far: plain boxes when it is zoomed out, whole steps when it is near."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi
from tests.e2e.pages import box_at_rest

pytestmark = pytest.mark.browser

STEPS, EDGES = 12, 11


@pytest.fixture
def page(designs: DesignsApi, open_design: OpenDesign) -> Page:
    return open_design(designs.design_of("customer_360")).page


WIDE = """\
name: wide
steps:
  - {name: read, layer: ingest, type: config_op, value: data/orders.csv, outputs: {data: d0}}
"""


@pytest.mark.parametrize(("width", "count"), [(1280, 3), (1280, 9), (1600, 4)])
def test_a_pipeline_opens_at_a_size_that_can_be_read_with_its_start_in_view(
    designs: DesignsApi, open_design: OpenDesign, width: int, count: int
) -> None:
    steps = "".join(
        f"  - {{name: s{n}, layer: transform, type: sql, value: SELECT * FROM d{n}, "
        f"inputs: {{d{n}: d{n}}}, outputs: {{data: d{n + 1}}}}}\n"
        for n in range(count)
    )
    name = f"wide_{width}_{count}"
    design = designs.bring_in("wide.yaml", WIDE.replace("name: wide", f"name: {name}") + steps)
    designer = open_design(design, viewport={"width": width, "height": 800})
    shown = designer.page.get_by_role("toolbar", name="Canvas").get_by_text(re.compile(r"^\d+%$"))
    assert int(shown.inner_text().rstrip("%")) >= 75
    canvas = box_at_rest(designer.canvas)
    first, last = designer.place("read"), designer.step(f"s{count - 1}")
    assert first["x"] >= canvas["x"]
    minimap = designer.page.get_by_role("img", name=f"Map of the {count + 1} steps")
    if count < 9:
        end = designer.place(f"s{count - 1}")
        assert end["x"] + end["width"] <= canvas["x"] + canvas["width"]
        expect(minimap).to_be_hidden()
        return
    expect(last).to_have_count(0)
    frame, box = box_at_rest(minimap.locator(".minimap-view")), box_at_rest(minimap)
    assert frame["x"] >= box["x"]
    assert frame["x"] + frame["width"] <= box["x"] + box["width"]
    assert frame["y"] + frame["height"] <= box["y"] + box["height"]
    designer.page.get_by_role("button", name="Fit", exact=True).click()
    expect(minimap).to_be_hidden()


def test_names_are_drawn_large_before_they_are_too_small_to_read(page: Page) -> None:
    name = page.locator(".step-name").first
    near = name.evaluate("it => parseFloat(getComputedStyle(it).fontSize)")
    zoom(page, "Zoom out", 69)
    assert name.evaluate("it => parseFloat(getComputedStyle(it).fontSize)") > near
    expect(page.locator(".step-summary").first).to_be_hidden()


def zoom(page: Page, name: str, until: int) -> None:
    """Press a zoom button until the canvas shows steps that way: near below 100 %, or far."""
    shown = page.get_by_role("toolbar", name="Canvas").get_by_text(re.compile(r"^\d+%$"))
    for _ in range(20):
        percent = int(shown.inner_text().rstrip("%"))
        if percent <= until if name == "Zoom out" else percent >= until:
            return
        page.get_by_role("button", name=name, exact=True).click()
        expect(shown).not_to_have_text(f"{percent}%")
    raise AssertionError(f"{name} did not reach {until} %")


def test_steps_become_boxes_far_away_and_have_all_their_edges_when_they_are_near_again(page: Page) -> None:
    designer = DesignerPage(page)
    zoom(page, "Zoom out", 39)
    expect(page.locator(".far-step")).to_have_count(STEPS)
    expect(designer.edges).to_have_count(0)
    zoom(page, "Zoom in", 41)
    expect(designer.steps).to_have_count(STEPS)
    expect(designer.edges).to_have_count(EDGES)


def test_keys_that_streamlit_knows_do_nothing_to_the_page(page: Page) -> None:
    designer = DesignerPage(page)
    page.evaluate("() => { window.isTheSamePage = true; }")
    heard = (
        "() => { window.heard = []; document.addEventListener('keydown', it => window.heard.push(it.key)); }"
    )
    page.evaluate(heard)
    designer.board.focus()
    page.keyboard.press("r")
    page.keyboard.press("c")
    page.keyboard.press("ControlOrMeta+a")
    expect(page.get_by_role("toolbar", name="Selected steps")).to_contain_text(f"{STEPS} steps")
    assert "r" not in page.evaluate("() => window.heard")
    assert "c" not in page.evaluate("() => window.heard")
