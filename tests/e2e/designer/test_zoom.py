"""The canvas near and far: plain boxes when it is zoomed out, whole steps when it is near."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi

pytestmark = pytest.mark.browser

STEPS, EDGES = 12, 11


@pytest.fixture
def page(designs: DesignsApi, open_design: OpenDesign) -> Page:
    return open_design(designs.design_of("customer_360")).page


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
