"""A row is followed to the rows that made it, and a missing one to the step that lost it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import StudioServer
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi

pytestmark = pytest.mark.browser

PIPELINE = """\
name: traced_orders
steps:
  - name: read_orders
    layer: ingest
    type: config_op
    value: data/traced_orders.csv
    params: {source_type: csv, header: true}
    outputs: {data: orders}
  - name: read_customers
    layer: ingest
    type: config_op
    value: data/traced_customers.csv
    params: {source_type: csv, header: true}
    outputs: {data: customers}
  - name: once_each
    layer: silver
    type: sql
    value: SELECT * FROM o QUALIFY row_number() OVER (PARTITION BY id ORDER BY amount DESC) = 1
    inputs: {o: orders}
    outputs: {data: once}
  - name: with_city
    layer: gold
    type: sql
    value: SELECT id, amount, city FROM o JOIN c USING (customer) WHERE amount > 5 ORDER BY id
    inputs: {o: once, c: customers}
    outputs: {data: result}
"""


@pytest.fixture
def designer(designs: DesignsApi, open_design: OpenDesign, studio: StudioServer) -> DesignerPage:
    data = studio.workspace / "data"
    orders = "id,customer,amount\n1,ann,10\n1,ann,70\n2,bob,20\n3,eve,30\n4,bob,4\n"
    (data / "traced_orders.csv").write_text(orders, encoding="utf-8")
    (data / "traced_customers.csv").write_text("customer,city\nann,Rome\nbob,Oslo\n", encoding="utf-8")
    return open_design(designs.bring_in("traced_orders.yaml", PIPELINE))


def test_a_row_is_followed_through_a_join_and_a_dedupe(designer: DesignerPage) -> None:
    page = designer.page
    designer.select("with_city")
    result = page.get_by_role("figure").filter(has=page.get_by_text("result", exact=True))
    result.get_by_role("button", name="Follow row 1", exact=True).click()
    chain = page.get_by_role("list", name="Rows that made the row")
    expect(chain.get_by_role("listitem")).to_have_count(4)
    for dataset, text in (
        ("result", "1 70 Rome"),
        ("once", "1 ann 70"),
        ("orders", "1 ann 70"),
        ("customers", "ann Rome"),
    ):
        rows = chain.get_by_role("table", name=f"{dataset}, followed").locator("tbody tr")
        expect(rows).to_have_count(1)
        expect(rows).to_have_text(re.compile(text.replace(" ", r"\s*")))
    chain.get_by_role("button", name="once_each").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("once_each")


def test_a_missing_row_leads_to_the_step_that_lost_it(designer: DesignerPage) -> None:
    designer.select("with_city")
    designer.show_panel("Trace")
    form = designer.page.get_by_role("form", name="Find a missing row")
    form.get_by_role("combobox", name="Column").select_option("id")
    told = designer.page.get_by_role("tabpanel", name="Trace").get_by_role("status")
    for value, conclusion in (
        ("3", "with_city dropped id = 3: JOIN c USING (customer)"),
        ("4", "with_city dropped id = 4: WHERE amount > 5"),
        ("9", "no row of the sources has id = 9"),
    ):
        form.get_by_role("textbox", name="Value").fill(value)
        form.get_by_role("button", name="Find").click()
        expect(told).to_have_text(conclusion)
