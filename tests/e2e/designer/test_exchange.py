"""A pipeline leaves as Python, runs without the Studio, and comes back the same."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page, expect
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designs_api import DesignsApi

pytestmark = pytest.mark.browser

PIPELINE = """\
name: web_orders
description: Orders of the shop on the web
steps:
  - name: read_orders
    layer: ingest
    type: config_op
    value: data/orders.csv
    params: {source_type: csv, header: true}
    outputs: {data: orders}
  - name: web
    layer: transform
    type: sql
    value: |
      SELECT order_id, 'it''s "cheap"' AS verdict
      FROM orders
      WHERE channel = 'web'
    inputs: {orders: orders}
    outputs: {data: web}
  - name: save
    layer: store
    type: config_op
    value: output/web.parquet
    params: {format: parquet, mode: overwrite}
    inputs: {data: web}
"""
# The Studio's packages are made unknown: the script has the core alone.
CORE_ALONE = """\
import runpy, sys
sys.modules.update(dict.fromkeys(("odibi_studio", "streamlit", "sqlmodel")))
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def take_python(page: Page, folder: Path) -> Path:
    """Download the pipeline as Python."""
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name=re.compile("^Python")).click()
    dialog = page.get_by_role("dialog", name="Export")
    expect(dialog.get_by_role("textbox", name="The file web_orders.py")).to_contain_text("from odibi_core")
    with page.expect_download() as taken:
        dialog.get_by_role("button", name="Download").click()
    file = folder / taken.value.suggested_filename
    taken.value.save_as(file)
    dialog.get_by_role("button", name="Close").click()
    return file


def test_the_exported_script_runs_elsewhere_and_comes_back_the_same(
    designs: DesignsApi, open_design: OpenDesign, tmp_path: Path
) -> None:
    design = designs.bring_in("web_orders.yaml", PIPELINE)
    designer = open_design(design)
    page = designer.page
    script = take_python(page, tmp_path)

    (tmp_path / "data").mkdir()
    orders = "order_id,channel\n1,web\n2,shop\n3,web\n"
    (tmp_path / "data" / "orders.csv").write_text(orders, encoding="utf-8")
    command = (sys.executable, "-c", CORE_ALONE, str(script))
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    query = f"SELECT order_id, verdict FROM '{tmp_path}/output/web.parquet' ORDER BY order_id"
    assert duckdb.execute(query).fetchall() == [(1, 'it\'s "cheap"'), (3, 'it\'s "cheap"')]

    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name=re.compile("^Import")).click()
    dialog = page.get_by_role("dialog", name="Import a pipeline")
    with page.expect_file_chooser() as chooser:
        dialog.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(script)
    dialog.get_by_role("link", name="Open web_orders").click()
    page.wait_for_url(lambda address: design not in address)
    designer.wait_until_open()
    expect(designer.step("web")).to_be_visible()
    designer.expect_valid()
    back = page.url.rpartition("=")[2]
    before, after = designs.document(design)["pipeline"], designs.document(back)["pipeline"]
    assert {**after, "name": before["name"]} == before


def test_an_imported_script_that_is_wrong_says_where_and_is_not_run(
    designs: DesignsApi, open_design: OpenDesign, tmp_path: Path
) -> None:
    page = open_design(designs.create("blank")).page
    script = tmp_path / "wrong.py"
    proof = tmp_path / "it_ran"
    script.write_text(
        f"open({str(proof)!r}, 'w')\nfrom odibi_core.step import Step\nsteps = [Step(nme='a')]\n"
    )
    page.get_by_role("button", name="Export").click()
    page.get_by_role("menuitem", name=re.compile("^Import")).click()
    dialog = page.get_by_role("dialog", name="Import a pipeline")
    with page.expect_file_chooser() as chooser:
        dialog.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(script)
    expect(dialog.get_by_role("alert")).to_contain_text("wrong.py:3")
    assert not proof.exists()
