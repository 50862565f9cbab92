"""A story in a real browser: from a file, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page

from odibi_core.story_generator import StoryGenerator

pytestmark = pytest.mark.browser

LINEAGES = Path(__file__).parents[1] / "core" / "story" / "lineages"

Open = Callable[..., "Story"]


class Story:
    """An open story, and everything that it did that a story must not do."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.messages: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("dialog", self._refuse)
        page.on("request", lambda request: self.requests.append(request.url))

    def _refuse(self, dialog: Dialog) -> None:
        self.messages.append(dialog.message)
        dialog.dismiss()

    def visible_steps(self) -> list[str]:
        return self.page.locator(".card:visible > summary .title strong").all_inner_texts()

    def assert_quiet(self) -> None:
        assert self.messages == []
        assert [url for url in self.requests if not url.startswith(("file:", "data:"))] == []


@pytest.fixture
def open_story(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Makes a story and opens it, offline."""
    contexts = []

    def open_(lineage: str, **settings: object) -> Story:
        path = StoryGenerator().generate_story(LINEAGES / f"{lineage}.json", tmp_path / f"{lineage}.html")
        context = browser.new_context(offline=True, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        story = Story(context.new_page())
        story.page.goto(path.as_uri())
        return story

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("lineage", ["medallion", "fused", "failed", "hostile", "one_step"])
def test_a_story_opens_from_a_file_without_a_complaint_or_a_request(open_story: Open, lineage: str) -> None:
    story = open_story(lineage)
    story.page.click("#toggle")
    story.assert_quiet()


def test_nothing_of_a_hostile_run_is_executed(open_story: Open) -> None:
    story = open_story("hostile")
    assert story.page.locator("script").count() == 1
    assert story.page.locator("h1").inner_text() == "<script>alert(1)</script>"
    story.assert_quiet()


def test_a_script_that_got_into_the_page_would_not_run(open_story: Open) -> None:
    story = open_story("one_step")
    story.page.evaluate(
        "const script = document.createElement('script');"
        "script.textContent = 'window.ran = 1';"
        "document.body.append(script)"
    )
    assert story.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in message for message in story.messages)


def test_search_and_status_narrow_the_steps(open_story: Open) -> None:
    story = open_story("failed")
    story.page.fill("#search", "row_number bronze")
    assert story.visible_steps() == ["dedupe_customers"]
    assert story.page.locator("#found").inner_text() == "1 of 7"
    assert story.page.locator(".node.dim").count() == 6
    story.page.fill("#search", "")
    story.page.select_option("#status", "skipped")
    assert story.visible_steps() == ["save_silver_customers", "aggregate_by_status", "save_gold_summary"]
    story.assert_quiet()


def test_a_step_of_the_graph_opens_its_card_by_keyboard(open_story: Open) -> None:
    story = open_story("medallion")
    card = story.page.locator(".card", has_text="aggregate_by_status").filter(
        has=story.page.locator("#step-5")
    )
    assert card.get_attribute("open") is None
    story.page.locator('.node[data-node="5"]').focus()
    story.page.keyboard.press("Enter")
    story.page.wait_for_function("document.querySelector('#step-5').closest('details').open")
    assert story.page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_dark_readers_get_a_dark_page(open_story: Open) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = open_story("medallion", color_scheme="light").page.evaluate(background)
    dark = open_story("medallion", color_scheme="dark").page.evaluate(background)
    assert light == "rgb(245, 246, 248)"
    assert dark == "rgb(15, 19, 24)"


def test_moments_are_in_the_readers_own_zone(open_story: Open) -> None:
    story = open_story("medallion", timezone_id="Asia/Tokyo", locale="en-GB")
    moment = story.page.locator(".when time")
    assert moment.inner_text().startswith("25 Nov 2026, 01:15:00")
    assert moment.get_attribute("title") == "2026-11-24 16:15:00 UTC"


def test_a_reader_without_scripts_has_everything_but_the_tools(open_story: Open) -> None:
    story = open_story("medallion", java_script_enabled=False)
    assert len(story.visible_steps()) == 7
    assert story.page.locator(".when time").inner_text() == "2026-11-24 16:15:00 UTC"
    assert not story.page.locator("#search").is_visible()
    story.assert_quiet()


def test_a_phone_scrolls_down_and_never_sideways(open_story: Open) -> None:
    for lineage in ("failed", "hostile"):
        story = open_story(lineage, viewport={"width": 400, "height": 800})
        story.page.click("#toggle")
        assert story.page.evaluate("document.documentElement.scrollWidth") == 400


def test_on_paper_every_card_is_open_and_the_tools_are_gone(open_story: Open) -> None:
    story = open_story("medallion", color_scheme="dark")
    story.page.emulate_media(media="print")
    assert story.page.locator("#step-6 .code").is_visible()
    assert not story.page.locator("#search").is_visible()
    assert story.page.evaluate("getComputedStyle(document.body).color") == "rgb(26, 35, 48)"


def test_the_graph_zooms(open_story: Open) -> None:
    story = open_story("medallion")
    width = "document.querySelector('#graph-drawing').getBoundingClientRect().width"
    story.page.click("#graph [data-zoom=full]")
    full = story.page.evaluate(width)
    story.page.click("#graph [data-zoom=in]")
    assert story.page.evaluate(width) == pytest.approx(1.25 * full)
    story.page.click("#graph [data-zoom=fit]")
    assert story.page.evaluate(width) < full
