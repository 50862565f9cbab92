"""What tests do on pages that are not the designer: fields of dialogs, rows of tables."""

from __future__ import annotations

from playwright.sync_api import FloatRect, Locator, Page


def cell(page: Page, text: str) -> Locator:
    """A cell of a table, which is drawn: what it says stands behind the picture."""
    return page.locator("canvas td").filter(has_text=text).first


SETTLED = """() => {
    const app = document.querySelector('.stApp[data-test-script-state]');
    return app?.dataset.testScriptState === 'notRunning' && !document.querySelector('[data-stale="true"]');
}"""


def settle(page: Page) -> None:
    """Wait until the page shows what was last computed for it, and nothing of what stood there before."""
    page.wait_for_function(SETTLED)


def fill(page: Page, label: str, text: str) -> None:
    """Type into a field of the dialog that is open, and leave it."""
    settle(page)
    field = page.get_by_role("dialog").get_by_label(label, exact=True)
    field.fill(text)
    field.press("Tab")


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a field of the dialog that is open."""
    # What a pointer rests on may tell of itself, over the field.
    page.mouse.move(0, 0)
    settle(page)
    # A field for typing may stand in the place of one for choosing until what it offers is known.
    page.get_by_role("dialog").get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def choose_row(page: Page, table: str, row: int = 0) -> None:
    """Choose a row of a table by its box."""
    settle(page)
    # The picture lies under what scrolls it.
    drawn = page.get_by_role("region", name=table, exact=True).locator(".dvn-scroller").first
    drawn.click(position={"x": 17, "y": 53 + 35 * row})


_AT_REST = """async (it) => {
    const place = () => JSON.stringify(it.getBoundingClientRect());
    for (let same = 0, before = place(); same < 4; ) {
        await new Promise(requestAnimationFrame);
        const now = place();
        same = now === before ? same + 1 : 0;
        before = now;
    }
}"""


def box_at_rest(locator: Locator) -> FloatRect:
    """Where it is on the screen, once it moves no more: a place that was measured before is another one."""
    locator.evaluate(_AT_REST)
    box = locator.bounding_box()
    assert box is not None, "it is not on the page any more"
    return box
