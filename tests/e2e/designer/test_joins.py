"""How the sides of a join meet is seen in a preview, on the canvas after a run, and on the run's page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import StudioServer
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designs_api import DesignsApi

pytestmark = pytest.mark.browser

PIPELINE = """\
name: met_orders
steps:
  - name: read_orders
    layer: ingest
    type: config_op
    value: data/met_orders.csv
    params: {source_type: csv, header: true}
    outputs: {data: orders}
  - name: read_customers
    layer: ingest
    type: config_op
    value: data/met_customers.csv
    params: {source_type: csv, header: true}
    outputs: {data: customers}
  - name: with_city
    layer: gold
    type: sql
    value: SELECT id, amount, city FROM o LEFT JOIN c USING (customer)
    inputs: {o: orders, c: customers}
    outputs: {data: result}
"""


def test_a_join_tells_how_its_sides_meet(
    designs: DesignsApi, open_design: OpenDesign, studio: StudioServer
) -> None:
    data = studio.workspace / "data"
    (data / "met_orders.csv").write_text("id,customer,amount\n1,ann,10\n2,bob,20\n3,eve,30\n4,bob,4\n")
    (data / "met_customers.csv").write_text("customer,city\nann,Rome\nbob,Oslo\ndan,Bonn\n")
    designer = open_design(designs.bring_in("met_orders.yaml", PIPELINE))
    page = designer.page
    designer.select("with_city")
    strip = page.get_by_role("list", name="Joins of with_city")
    expect(strip).to_contain_text("o 75% · c 66.7% match")
    expect(strip).to_contain_text("1 row with nulls")
    expect(strip).to_contain_text("1 row dropped")

    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run all").click()
    expect(designer.step("with_city").get_by_role("img", name="Done")).to_be_visible(timeout=60_000)
    mark = designer.step("with_city").get_by_role("img", name=re.compile("LEFT JOIN c USING"))
    expect(mark).to_have_accessible_name(re.compile("75% of 4 rows of o match"))
    # Between steps that stand close only an unusual share has room.
    designer.drag("with_city", 120, 0)
    expect(page.get_by_label("75% of these rows find partners in with_city")).to_be_visible()

    run = designs.call("GET", "/runs?pipeline=met_orders")["runs"][0]
    page.goto(f"{studio.address}/run?run={run['run_id']}")
    page.get_by_role("radio", name="Joins").or_(page.get_by_role("button", name="Joins")).first.click()
    expect(page.get_by_text(re.compile("Compared with the 0 successful runs before it"))).to_be_visible()
    expect(page.get_by_text("Rows in and out")).to_be_visible()
