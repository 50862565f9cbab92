"""What was done can be undone, is kept, compared, brought back, and never lost between two browsers."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import StudioServer
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi

pytestmark = pytest.mark.browser

CHEAP = "SELECT customer_id, amount FROM amounts WHERE amount < 10"
DEAR = "SELECT customer_id, amount FROM amounts WHERE amount > 10"


def kept(designer: DesignerPage, designs: DesignsApi, design: str) -> dict[str, Any]:
    """The document, once all of it is kept."""
    designer.wait_until_saved()
    return designs.document(design)


def another_tab(designer: DesignerPage) -> DesignerPage:
    """The same design, in another tab of the same browser."""
    page = designer.page.context.new_page()
    page.goto(designer.page.url)
    tab = DesignerPage(page)
    tab.wait_until_open()
    return tab


def test_ten_edits_are_undone_and_done_again(
    chain: str, designs: DesignsApi, open_design: OpenDesign
) -> None:
    designer = open_design(chain)
    page = designer.page
    undo = page.get_by_role("button", name="Undo", exact=True)
    redo = page.get_by_role("button", name="Redo", exact=True)
    expect(undo).to_be_disabled()
    first = kept(designer, designs, chain)

    designer.drag_in("Code", "SQL", 300, 330)
    designer.connect("report", "sql", output="data")
    designer.fill("Name", "cheap")
    designer.type_sql("SELECT * FROM report WHERE amount < 10")
    designer.drag("cheap", 60, 40)
    designer.fill("Layer", "gold")
    page.get_by_role("toolbar", name="Canvas").get_by_role("button", name="Note").click()
    designer.select("amounts")
    page.keyboard.press("ControlOrMeta+d")
    expect(designer.step("amounts_2")).to_be_visible()
    page.keyboard.press("Alt+ArrowDown")
    designer.select("read_orders")
    page.keyboard.press("Delete")
    expect(designer.step("read_orders")).to_have_count(0)
    last = kept(designer, designs, chain)
    assert [step["name"] for step in last["pipeline"]["steps"]] == ["amounts", "report", "cheap", "amounts_2"]

    for _ in range(5):
        designer.undo()
    for _ in range(5):
        page.keyboard.press("ControlOrMeta+z")
    expect(undo).to_be_disabled()
    expect(designer.step("read_orders")).to_be_visible()
    expect(designer.step("cheap")).to_have_count(0)
    assert kept(designer, designs, chain) == first

    for _ in range(5):
        designer.redo()
    for _ in range(5):
        page.keyboard.press("ControlOrMeta+Shift+z")
    expect(redo).to_be_disabled()
    expect(designer.step("cheap")).to_be_visible()
    assert kept(designer, designs, chain) == last


def test_undo_in_a_text_field_takes_back_letters_and_no_edit_behind_it(
    chain: str, designs: DesignsApi, open_design: OpenDesign
) -> None:
    designer = open_design(chain)
    page = designer.page
    designer.select("report")
    designer.type_sql(CHEAP)
    written = kept(designer, designs, chain)
    page.keyboard.press("ControlOrMeta+s")
    message = page.get_by_role("dialog", name="Save a version").get_by_label("What has changed, and why")
    expect(message).to_be_focused()
    page.keyboard.type("Cheap")
    page.keyboard.press("ControlOrMeta+z")
    expect(message).not_to_have_value("Cheap")
    page.keyboard.press("ControlOrMeta+f")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    name = page.get_by_role("textbox", name="Pipeline's name")
    before = name.input_value()
    name.click()
    page.keyboard.type("more")
    page.keyboard.press("ControlOrMeta+z")
    expect(name).to_have_value(before)
    page.keyboard.type("else")
    page.keyboard.press("Escape")
    expect(name).to_have_value(before)
    expect(designer.sql).to_have_text(CHEAP)
    assert kept(designer, designs, chain) == written
    designer.sql.click()
    page.keyboard.press("ControlOrMeta+z")
    expect(designer.sql).not_to_have_text(CHEAP)


def test_a_reloaded_page_is_as_it_was_left(chain: str, designs: DesignsApi, open_design: OpenDesign) -> None:
    designer = open_design(chain)
    page = designer.page
    designer.select("report")
    designer.type_sql(CHEAP)
    designer.drag("report", -80, 120)
    page.mouse.move(700, 600)
    page.mouse.wheel(40, 60)
    designer.save_version("What is cheap")
    places = {name: designer.place(name) for name in ("read_orders", "amounts", "report")}
    before = designs.document(chain)

    page.reload()
    designer.wait_until_open()
    expect(designer.step("report")).to_be_visible()
    assert {name: designer.place(name) for name in places} == places
    designer.select("report")
    expect(designer.sql).to_have_text(CHEAP)
    assert designs.document(chain) == before


def test_two_versions_are_compared_as_graph_and_as_text(chain: str, open_design: OpenDesign) -> None:
    designer = open_design(chain)
    page = designer.page
    designer.select("report")
    designer.type_sql(DEAR)
    designer.drag_in("Code", "SQL", 300, 330)
    assert designer.save_version("What is dear") == 2

    page.get_by_role("button", name="History").click()
    dialog = page.get_by_role("dialog", name="History")
    dialog.get_by_role("radio", name="Compare from version 1").check()
    dialog.get_by_role("radio", name="Compare to version 2").check()
    steps = dialog.get_by_role("list", name="Steps that differ").get_by_role("listitem")
    expect(steps).to_have_count(2)
    expect(steps.filter(has_text="report")).to_contain_text("value")
    expect(steps.filter(has_text="sql")).to_have_attribute("data-change", "added")
    graph = dialog.get_by_role("img", name="The steps of both, as a graph")
    expect(graph.locator("[data-change=changed]")).to_contain_text("report")
    expect(graph.locator("[data-change=added]")).to_contain_text("sql")
    dialog.get_by_role("tab", name="Text").click()
    expect(dialog.locator(".cm-diff-added", has_text=DEAR)).to_be_visible()

    dialog.get_by_role("radio", name="Compare to the state now").check()
    dialog.get_by_role("tab", name="Graph").click()
    dialog.get_by_role("button", name="Mark on the canvas").click()
    expect(designer.step("report").locator(".change-mark")).to_have_text("changed")
    expect(designer.step("sql").locator(".change-mark")).to_have_text("added")


def test_an_old_version_comes_back_as_a_new_one(
    chain: str, designs: DesignsApi, open_design: OpenDesign, studio: StudioServer
) -> None:
    designer = open_design(chain)
    page = designer.page
    first = designs.document(chain)["pipeline"]
    designer.select("amounts")
    page.keyboard.press("Delete")
    assert designer.save_version("Without amounts") == 2

    page.get_by_role("button", name="History").click()
    dialog = page.get_by_role("dialog", name="History")
    row = dialog.get_by_role("row").filter(has=page.get_by_label("Compare from version 1"))
    row.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("Version 1 is back, as version 3")).to_be_visible()
    expect(designer.step("amounts")).to_be_visible()
    assert designs.document(chain)["pipeline"] == first
    numbers = [version["number"] for version in designs.call("GET", f"/designs/{chain}/versions")]
    assert sorted(numbers) == [1, 2, 3]
    file = studio.workspace / designs.call("GET", f"/designs/{chain}")["path"]
    assert "name: amounts" in file.read_text(encoding="utf-8")


def test_changes_of_two_browsers_in_different_steps_are_both_kept(
    chain: str, designs: DesignsApi, open_design: OpenDesign
) -> None:
    one, other = open_design(chain), open_design(chain)
    one.select("report")
    one.type_sql(CHEAP)
    one.wait_until_saved()

    other.select("amounts")
    other.fill("Layer", "silver")
    dialog = other.page.get_by_role("dialog", name="Two browsers have changed this pipeline")
    expect(dialog.get_by_role("radio", name="Keep both sides\u2019 changes")).to_be_checked()
    dialog.get_by_role("button", name="Decide later").click()
    other.select("read_orders")
    other.fill("Layer", "bronze")
    other.page.get_by_role("button", name="Decide", exact=True).click()
    dialog.get_by_role("button", name="Keep both sides\u2019 changes").click()
    other.wait_until_saved()
    other.select("report")
    expect(other.sql).to_have_text(CHEAP)
    assert designs.step(chain, "report")["value"] == CHEAP
    assert designs.step(chain, "amounts")["layer"] == "silver"
    assert designs.step(chain, "read_orders")["layer"] == "bronze"


def test_changes_of_two_browsers_in_one_step_become_two_pipelines(
    chain: str, designs: DesignsApi, open_design: OpenDesign
) -> None:
    one, other = open_design(chain), open_design(chain)
    one.select("report")
    one.type_sql(CHEAP)
    one.wait_until_saved()

    other.select("report")
    other.type_sql(DEAR)
    dialog = other.page.get_by_role("dialog", name="Two browsers have changed this pipeline")
    expect(dialog.get_by_role("row", name=re.compile("report.*value"))).to_be_visible()
    expect(dialog.get_by_role("radio", name="Keep both sides\u2019 changes")).to_have_count(0)
    dialog.get_by_role("button", name="Decide later").click()
    expect(other.page.get_by_text("Your changes are not saved")).to_be_visible()
    other.page.get_by_role("button", name="Decide", exact=True).click()
    dialog.get_by_role("button", name="Keep mine as a copy").click()
    other.wait_until_saved()
    other.select("report")
    expect(other.sql).to_have_text(CHEAP)
    assert designs.step(chain, "report")["value"] == CHEAP
    name = designs.document(chain)["pipeline"]["name"]
    copies = [card for card in designs.call("GET", "/designs") if card["name"].startswith(f"{name}_copy")]
    assert [designs.step(card["id"], "report")["value"] for card in copies] == [DEAR]


def test_what_a_closed_tab_could_not_save_outlives_what_another_tab_saves(
    chain: str, designs: DesignsApi, open_design: OpenDesign
) -> None:
    one = open_design(chain)
    other = another_tab(one)
    one.select("report")
    one.type_sql(CHEAP)
    one.wait_until_saved()
    other.select("report")
    other.type_sql(DEAR)
    other.page.get_by_role("button", name="Decide later").click()

    one.select("amounts")
    one.fill("Layer", "silver")
    one.wait_until_saved()
    beside = another_tab(one)
    expect(beside.step("report")).to_be_visible()
    expect(beside.page.get_by_role("dialog")).to_have_count(0)
    other.page.close()

    later = another_tab(one)
    dialog = later.page.get_by_role("dialog", name="Two browsers have changed this pipeline")
    dialog.get_by_role("button", name="Keep mine as a copy").click()
    later.wait_until_saved()
    assert designs.step(chain, "report")["value"] == CHEAP
    name = designs.document(chain)["pipeline"]["name"]
    (copy,) = (card for card in designs.call("GET", "/designs") if card["name"] == f"{name}_copy")
    assert designs.step(copy["id"], "report")["value"] == DEAR
