"""A mistake is seen where it was made, and mended there."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi

pytestmark = pytest.mark.browser


@pytest.fixture
def typo(chain: str, open_design: OpenDesign) -> DesignerPage:
    """A pipeline whose last step has just got a column wrong."""
    designer = open_design(chain)
    designer.expect_valid()
    designer.select("report")
    designer.type_sql("SELECT customer_id, amout FROM amounts")
    return designer


def test_a_typo_is_told_on_the_step_under_the_word_and_in_the_list(typo: DesignerPage) -> None:
    page = typo.page
    expect(
        typo.step("report").get_by_role("img", name=re.compile("amout.*amount", re.DOTALL))
    ).to_be_visible()
    expect(page.locator(".cm-lintRange-error")).to_have_text("amout")
    expect(page.get_by_role("button", name="1 errors, 0 warnings")).to_be_visible()
    typo.show_panel("Problems")
    expect(typo.problems).to_have_count(1)
    expect(typo.problems).to_contain_text("report")
    expect(typo.problems).to_contain_text("amout")
    expect(typo.problems).to_contain_text("line 1")


def test_the_offered_fix_mends_a_typo(typo: DesignerPage, chain: str, designs: DesignsApi) -> None:
    typo.page.get_by_role("button", name="Replace by amount").click()
    expect(typo.sql).to_have_text("SELECT customer_id, amount FROM amounts")
    typo.expect_valid()
    expect(typo.page.locator(".cm-lintRange-error")).to_have_count(0)
    typo.wait_until_saved()
    assert designs.step(chain, "report")["value"] == "SELECT customer_id, amount FROM amounts"


def test_the_list_of_problems_leads_to_the_field(typo: DesignerPage) -> None:
    typo.select("read_orders")
    typo.show_panel("Problems")
    typo.problems.get_by_role("button").click()
    expect(typo.page.get_by_label("Name", exact=True)).to_have_value("report")
    expect(typo.sql).to_be_focused()


def test_a_renamed_column_is_told_where_it_is_read(typo: DesignerPage) -> None:
    typo.type_sql("SELECT customer_id, amount FROM amounts")
    typo.expect_valid()
    typo.select("amounts")
    typo.type_sql("SELECT order_id, customer_id, unit_price AS price FROM orders")
    expect(typo.step("report").get_by_role("img", name=re.compile("amount"))).to_be_visible()
    typo.undo()
    typo.expect_valid()


def test_a_step_without_its_file_says_so_at_the_field(chain: str, open_design: OpenDesign) -> None:
    designer = open_design(chain)
    designer.select("read_orders")
    designer.fill("Read from", "data/ordres.csv")
    place = designer.page.get_by_label("Read from", exact=True)
    expect(place).to_have_accessible_description(re.compile("does not exist.*'orders.csv'"))


def test_a_condition_counts_once_it_is_whole_and_until_then_the_step_waits_for_it(
    chain: str, open_design: OpenDesign, designs: DesignsApi
) -> None:
    designer = open_design(chain)
    page = designer.page
    designer.select("amounts")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("filter")
    designer.expect_valid()
    page.get_by_role("button", name="Add condition").click()
    expect(designer.step("filter").get_by_role("img", name=re.compile("the field is empty"))).to_be_visible()
    designer.show_panel("Preview")
    page.get_by_role("button", name="Go to the field").click()
    column = page.get_by_role("combobox", name="Column required")
    expect(column).to_be_focused()
    page.keyboard.type("amount")
    page.keyboard.press("Enter")
    page.get_by_label("Operator").select_option("is at least")
    designer.fill("Value", "40")
    designer.expect_valid()
    designer.wait_until_saved()
    made = designs.step(chain, "filter")["value"]
    assert made.endswith("WHERE amount >= '40'")
    page.get_by_label("Operator").select_option("is less than")
    expect(page.get_by_role("textbox", name="SQL that the form makes")).to_contain_text("amount < '40'")
    expect(page.get_by_text("somebody changed it")).to_have_count(0)
