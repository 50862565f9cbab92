"""Finding one's way in the Studio."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from tests.e2e.conftest import OpenPage, StudioServer, Visitors

pytestmark = pytest.mark.browser


def test_a_designer_without_a_pipeline_offers_those_that_there_are(open_page: OpenPage) -> None:
    page = open_page("/designer")
    expect(page.get_by_text("No pipeline is open")).to_be_visible()
    page.get_by_role("button", name="first_csv").click()
    expect(page.get_by_label("Pipeline's name")).to_have_value("first_csv")


def test_the_log_says_where_the_studio_is_and_how_to_end_it(studio: StudioServer) -> None:
    assert studio.address in studio.log
    assert "Ctrl-C ends it" in studio.log


def test_a_visitor_finds_nothing_of_others_in_the_browser(
    browser: Browser, warm_browser: BrowserContext, studio: StudioServer
) -> None:
    address = f"{studio.address}/_stcore/health"
    kept = "[localStorage.length, sessionStorage.length, document.cookie.includes('mine')]"
    for _ in range(2):
        visitors = Visitors(browser, warm_browser)
        pages = [visitors.new_page() for _ in range(2)]
        for page in pages:
            page.goto(address)
            assert page.evaluate(kept) == [0, 0, False]
            page.evaluate("() => { localStorage.mine = sessionStorage.mine = document.cookie = 'mine=1'; }")
            assert page.evaluate(kept) == [1, 1, True]
        visitors.leave(studio.address)
        assert len(warm_browser.pages) == 1
