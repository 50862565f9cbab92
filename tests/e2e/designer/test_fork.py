"""A past run is opened on the canvas, a step of it changed, and only what follows from that runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import OpenPage, StudioServer
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

PIPELINE = """\
name: forked_orders
parameters:
  smallest: {type: integer, default: 5}
settings: {enable_checkpoints: true, checkpoint_mode: auto, tracking: exact}
steps:
  - name: read_orders
    layer: ingest
    type: config_op
    value: data/forked_orders.csv
    params: {source_type: csv, header: true}
    outputs: {data: orders}
  - name: large
    layer: silver
    type: sql
    value: SELECT * FROM o WHERE amount > {smallest}
    inputs: {o: orders}
    outputs: {data: large}
  - name: total
    layer: gold
    type: sql
    value: SELECT sum(amount) AS total FROM l
    inputs: {l: large}
    outputs: {data: total}
"""


def read_as_it_ran(page: Page, designer: DesignerPage) -> None:
    """Look at the run on the canvas, try in vain to change it, and do it again from there."""
    expect(page.get_by_text("As it ran")).to_be_visible()
    for step in ("read_orders", "large", "total"):
        expect(designer.step(step).get_by_role("img", name="Done")).to_be_visible()
    designer.select("large")
    expect(page.get_by_label("SQL of large")).to_have_attribute("aria-readonly", "true")
    page.get_by_role("checkbox", name="Rows of the run").check()
    expect(page.get_by_role("grid", name="Rows of large in the run").get_by_role("row")).to_have_count(3)
    designer.board.press("Delete")
    expect(page.get_by_text("This is the pipeline as it ran.")).to_be_visible()
    expect(designer.step("large")).to_be_visible()
    shown = page.locator(".run-mark")
    first = shown.get_attribute("href")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run again").click()
    expect(shown).not_to_have_attribute("href", str(first))
    expect(shown).to_contain_text("Succeeded")


def test_a_run_is_forked_and_goes_on_from_its_checkpoint(
    designs: DesignsApi, open_page: OpenPage, studio: StudioServer
) -> None:
    (studio.workspace / "data" / "forked_orders.csv").write_text("id,amount\n1,10\n2,20\n3,30\n")
    design = designs.bring_in("forked_orders.yaml", PIPELINE)
    revision = designs.call("GET", f"/designs/{design}")["revision"]
    designs.call("POST", f"/designs/{design}/versions", {"revision": revision, "message": "First"})
    run = designs.call("POST", "/runs", {"design_id": design, "parameters": {"smallest": 15}})["run_id"]
    wait_until(lambda: designs.call("GET", f"/runs/{run}")["state"] == "success", timeout_s=60)

    page = open_page(f"/run?run={run}")
    page.get_by_role("button", name="Show on the canvas").click()
    designer = DesignerPage(page)
    designer.wait_until_open()
    before = len(designs.call("GET", "/designs"))
    read_as_it_ran(page, designer)
    assert len(designs.call("GET", "/designs")) == before

    page.get_by_role("button", name="Open as a draft").click()
    expect(page.get_by_label("Pipeline's name")).to_be_visible()
    expect(page.get_by_label("Pipeline's name")).to_have_value("forked_orders_fork")
    for step in ("read_orders", "large", "total"):
        expect(designer.step(step).get_by_role("img", name="Done")).to_be_visible()

    designer.select("large")
    preview = page.get_by_role("grid", name="Rows of large", exact=True)
    expect(preview.get_by_role("row")).to_have_count(3)  # the head, and rows above the run's parameter
    page.get_by_role("checkbox", name="Rows of the run").check()
    of_run = page.get_by_role("grid", name="Rows of large in the run")
    expect(of_run.get_by_role("row")).to_have_count(3)

    designer.select("total")
    designer.type_sql("SELECT sum(amount) + 1 AS total FROM l")
    designer.expect_valid()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Go on from this run").click()
    page.get_by_role("dialog").get_by_role("button", name="Run", exact=True).click()
    expect(designer.step("total").get_by_role("img", name="Done")).to_be_visible(timeout=60_000)
    for step in ("read_orders", "large"):
        expect(designer.step(step).get_by_role("img", name="Taken from the cache")).to_be_visible()
    of_run = page.get_by_role("grid", name="Rows of total in the run")
    expect(of_run.get_by_role("gridcell")).to_have_text("51")
