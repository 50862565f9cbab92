"""What rows must be like is said in the designer, by somebody who never saw YAML."""

from __future__ import annotations

import re

import pytest
import yaml
from playwright.sync_api import Page, expect
from tests.e2e.conftest import StudioServer
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designs_api import DesignsApi

from odibi_core.design.yaml_form import load_yaml
from odibi_core.golden.case import find_case
from odibi_core.golden.running import run_case
from odibi_core.workspace import Workspace

pytestmark = pytest.mark.browser

PIPELINE = """\
name: tills
steps:
  - name: read_tills
    layer: ingest
    type: config_op
    value: data/tills.csv
    outputs: {data: tills}
  - name: read_shops
    layer: ingest
    type: config_op
    value: data/shops.csv
    outputs: {data: shops}
  - name: cleaned
    layer: silver
    type: sql
    value: SELECT * FROM tills
    inputs: {tills: tills}
    outputs: {data: cleaned}
"""


def choose(page: Page, box: str, option: str) -> None:
    page.get_by_role("combobox", name=re.compile(f"^{re.escape(box)}( required)?$")).click()
    page.get_by_role("option", name=re.compile(f"^{option}")).click()


def test_expectations_are_made_suggested_undone_and_kept_and_rows_pinned(
    designs: DesignsApi, open_design: OpenDesign, studio: StudioServer
) -> None:
    root = studio.workspace
    tills = "".join(f"{n},{n % 3 + 1},{'open' if n % 2 else 'shut'},{n * 5}\n" for n in range(1, 61))
    (root / "data" / "tills.csv").write_text(f"id,shop,state,amount\n{tills}", encoding="utf-8")
    (root / "data" / "shops.csv").write_text("shop_id,town\n1,Bonn\n2,Lund\n3,Nice\n", encoding="utf-8")
    designer = open_design(designs.bring_in("tills.yaml", PIPELINE))
    page = designer.page
    designer.select("cleaned")
    page.locator("summary", has_text="Expectations").click()

    # One by hand, with a mistake that is told at its field.
    choose(page, "Add an expectation", "Foreign key")
    choose(page, "Add to Columns", "shop")
    choose(page, "References", "shops")
    expect(page.get_by_text("there is no column 'shop' in 'shops'").first).to_be_visible()
    choose(page, "Add to Key", "shop_id")
    expect(page.get_by_text("there is no column 'shop' in 'shops'")).to_have_count(0)
    page.get_by_label("Severity").select_option("quarantine")
    page.get_by_label("Tolerance").fill("5")
    page.get_by_label("Tolerance").press("Tab")

    # Some that fit the rows.
    page.get_by_role("button", name="Suggest").click()
    dialog = page.get_by_role("dialog")
    unwanted = dialog.get_by_role("listitem").filter(has_text="Columns and types")
    unwanted.get_by_role("checkbox").uncheck()
    count = dialog.get_by_role("listitem").count() - 1
    dialog.get_by_role("button", name=f"Take {count}").click()
    cards = page.locator(".expectation")
    expect(cards).to_have_count(count + 1)
    page.get_by_role("button", name=re.compile("^Remove Schema drift")).click()
    expect(cards).to_have_count(count)
    designer.board.press("Control+z")
    expect(cards).to_have_count(count + 1)

    # A dataset that is renamed is looked into under its new name.
    designer.select("read_shops")
    page.locator("summary", has_text="Inputs and outputs").click()
    page.get_by_label("Dataset of data", exact=True).fill("branches")
    page.get_by_label("Dataset of data", exact=True).press("Tab")

    # The rows of the preview become a test.
    designer.select("cleaned")
    page.get_by_role("button", name="Pin as a test").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Rows").select_option("5")
    dialog.get_by_role("button", name="Pin", exact=True).click()
    expect(page.get_by_text("golden/cleaned.yaml is written")).to_be_visible()

    file = root / "pipelines" / "tills.yaml"
    page.keyboard.press("Control+s")
    page.get_by_role("button", name=re.compile("^Save version")).click()
    expect(page.get_by_text(re.compile("^Version \\d+ is saved"))).to_be_visible()
    (cleaned,) = (step for step in yaml.safe_load(file.read_text())["steps"] if step["name"] == "cleaned")
    assert cleaned["expectations"][0] == {
        "check": "foreign_key",
        "columns": ["shop"],
        "references": "branches",
        "key": ["shop_id"],
        "severity": "quarantine",
        "tolerance": "5%",
    }
    assert {"check": "not_null", "columns": ["id", "shop", "state", "amount"]} in cleaned["expectations"]
    workspace = Workspace.find(root)
    case = find_case(workspace, "cleaned")
    assert (len(case.inputs["tills"].rows), len(case.expected.rows)) == (5, 5)
    assert run_case("cleaned", case, "pandas", load_yaml(file), workspace=workspace).is_passed
