"""The gallery in a real browser: by mouse, by keyboard, in light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.e2e.conftest import OpenPage, StudioServer, start_studio
from tests.e2e.pages import settle

pytestmark = pytest.mark.browser

SAMPLES = ("customer_360", "events_daily", "first_csv", "medallion")


@pytest.fixture
def gallery(open_page: OpenPage) -> Page:
    page = open_page("/", viewport={"width": 1280, "height": 900})
    expect(card(page, "customer_360")).to_be_visible()
    return page


def card(page: Page, name: str) -> Locator:
    """The button that opens a pipeline."""
    return page.get_by_role("button", name=name, exact=True)


def choose(page: Page, name: str, action: str) -> None:
    """Choose from a card's menu."""
    page.get_by_role("button", name=f"Actions for {name}").click()
    page.get_by_role("menuitem", name=action).click()


def test_the_samples_are_there_with_their_pictures(gallery: Page) -> None:
    for name in SAMPLES:
        expect(card(gallery, name)).to_be_visible()
        expect(gallery.get_by_role("img", name=re.compile(f"Graph of {name}: "))).to_be_visible()
    assert gallery.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_reader_s_light_or_dark(open_page: OpenPage, scheme: str) -> None:
    page = open_page("/", color_scheme=scheme)
    expect(card(page, "medallion")).to_be_visible()
    background = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    brightness = sum(int(part) for part in re.findall(r"\d+", background)[:3]) / 3
    assert (brightness > 128) == (scheme == "light")


def test_a_click_anywhere_on_a_card_opens_the_pipeline(gallery: Page) -> None:
    # The whole card is its button: a place in the picture, where it is once the page has come to rest.
    settle(gallery)
    whole = gallery.locator("[class*=st-key-card_]").filter(has=card(gallery, "medallion"))
    whole.click(position={"x": 20, "y": 20})
    gallery.wait_for_url(re.compile(r"/designer\?design=[0-9a-f]{16}$"))


def test_nothing_moves_while_the_page_is_loaded(open_page: OpenPage) -> None:
    page = open_page("/", viewport={"width": 1280, "height": 900})
    for name in SAMPLES:
        expect(card(page, name)).to_be_visible()
    settle(page)
    moved = page.evaluate(
        """() => new Promise((done) => {
            new PerformanceObserver((list) => done(list.getEntries().map((one) => [one.value,
                one.sources.map(({node}) => node?.className ?? String(node))])))
                .observe({ type: 'layout-shift', buffered: true });
            setTimeout(() => done([]), 1000);
        })"""
    )
    # The links at the top of the page are Streamlit's own, and come in by themselves.
    assert sum(value for value, _ in moved) < 0.01, moved


def test_the_keyboard_alone_finds_and_opens_a_pipeline(gallery: Page) -> None:
    search = gallery.get_by_role("textbox", name="Search pipelines")
    search.focus()
    gallery.keyboard.type("hours purchases")
    gallery.keyboard.press("Enter")
    expect(card(gallery, "medallion")).to_have_count(0)
    button = card(gallery, "events_daily")
    for _ in range(6):
        gallery.keyboard.press("Tab")
        if button.evaluate("it => it === document.activeElement"):
            break
    expect(button).to_be_focused()
    gallery.keyboard.press("Enter")
    gallery.wait_for_url(re.compile(r"/designer\?design="))


def test_what_was_moved_to_the_trash_comes_back_with_its_file(gallery: Page, studio: StudioServer) -> None:
    file = studio.workspace / "pipelines" / "first_csv.yaml"
    before = file.read_bytes()
    choose(gallery, "first_csv", "Move to trash")
    expect(gallery.get_by_text("“first_csv” is in the trash.")).to_be_visible()
    expect(card(gallery, "first_csv")).to_have_count(0)
    assert not file.exists()
    gallery.get_by_role("button", name="Undo").click()
    expect(card(gallery, "first_csv")).to_be_visible()
    assert file.read_bytes() == before


def test_what_is_in_the_trash_is_deleted_for_ever_once_that_is_confirmed(
    gallery: Page, studio: StudioServer
) -> None:
    original = (studio.workspace / "pipelines" / "medallion.yaml").read_text()
    (studio.workspace / "pipelines" / "passing.yaml").write_text(
        original.replace("name: medallion", "name: passing")
    )
    gallery.reload()
    choose(gallery, "passing", "Move to trash")
    expect(gallery.get_by_text("“passing” is in the trash.")).to_be_visible()
    gallery.get_by_role("button", name="Trash").click()
    dialog = gallery.get_by_role("dialog")
    expect(dialog.get_by_text("goes for ever in 30 days")).to_be_visible()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    dialog.get_by_role("button", name="Keep", exact=True).click()
    expect(dialog.get_by_text("passing", exact=True)).to_be_visible()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    dialog.get_by_role("button", name="Delete for ever", exact=True).click()
    expect(dialog.get_by_text("Nothing is in the trash")).to_be_visible()


def test_the_exported_file_is_the_one_of_the_workspace(
    gallery: Page, studio: StudioServer, tmp_path: Path
) -> None:
    choose(gallery, "customer_360", "Export")
    dialog = gallery.get_by_role("dialog")
    expect(dialog.get_by_text("name: customer_360")).to_be_visible()
    with gallery.expect_download() as taken:
        dialog.get_by_role("button", name="Download customer_360.yaml").click()
    taken.value.save_as(tmp_path / "taken.yaml")
    original = studio.workspace / "pipelines" / "customer_360.yaml"
    assert (tmp_path / "taken.yaml").read_bytes() == original.read_bytes()


def test_a_file_that_git_brings_is_there_after_a_reload(gallery: Page, studio: StudioServer) -> None:
    original = (studio.workspace / "pipelines" / "medallion.yaml").read_text()
    pulled = studio.workspace / "pipelines" / "pulled.yaml"
    pulled.write_text(original.replace("name: medallion", "name: pulled"))
    gallery.reload()
    expect(card(gallery, "pulled")).to_be_visible()
    pulled.unlink()
    gallery.reload()
    expect(card(gallery, "medallion")).to_be_visible()
    expect(card(gallery, "pulled")).to_have_count(0)


def test_a_new_pipeline_is_made_from_a_template(gallery: Page) -> None:
    gallery.get_by_role("button", name="New pipeline").click()
    dialog = gallery.get_by_role("dialog")
    dialog.get_by_text("Template", exact=True).click()
    dialog.get_by_text("Scheduled batch").click()
    dialog.get_by_role("textbox", name="Name").fill("nightly")
    dialog.get_by_role("button", name="Make it").click()
    gallery.wait_for_url(re.compile(r"/designer\?design="))
    gallery.get_by_role("link", name="Pipelines").click()
    expect(card(gallery, "nightly")).to_be_visible()


def test_every_control_has_a_name(gallery: Page) -> None:
    nameless = gallery.evaluate(
        """() => [...document.querySelectorAll('button, input, a[href]')]
            .filter(it => it.checkVisibility())
            .filter(it => !(it.innerText || it.ariaLabel || it.title || it.placeholder || it.labels?.length))
            .map(it => it.outerHTML.slice(0, 120))"""
    )
    assert nameless == []


def test_the_first_start_makes_a_workspace_and_shows_its_run_as_it_ends(
    browser: Browser, tmp_path: Path
) -> None:
    empty = tmp_path / "shop"
    empty.mkdir()
    server = start_studio(empty, "--init")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(server.address)
    for name in SAMPLES:
        expect(card(page, name)).to_be_visible()
    shown = page.get_by_test_id("stVerticalBlock").filter(has=card(page, "customer_360")).last
    expect(shown.get_by_text("Succeeded")).to_be_visible(timeout=60_000)
    card(page, "customer_360").click()
    expect(page.locator(".edge-label", has_text="4,030").first).to_be_visible()
    page.close()
    server.stop()
