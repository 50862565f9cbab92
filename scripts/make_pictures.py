"""Make the pictures of docs/images anew, of a Studio on the sample workspace.

`--scheme dark`, `--width 1280`, `--only runs` and a folder give others, to be looked at.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.canvas import CHROMIUM, FLAGS
from benchmarks.serving import serving
from playwright.sync_api import Page, sync_playwright

from odibi_core.journal import list_runs
from odibi_core.samples import copy_samples

IMAGES = Path(__file__).parents[1] / "docs" / "images"
_RUNS = ("customer_360", "first_csv", "customer_360", "medallion")
_PROGRAM = "import sys; from odibi_core.cli import main; sys.exit(main())"
_STEP = "order_lines"
_WAIT_MS = 30_000
_SCHEDULES = {
    "weekdays": "pipeline: customer_360\ncron: 30 6 * * 1-5\n",
    "weekly": "pipeline: medallion\ncron: 0 22 * * 0\n",
    "often": "pipeline: first_csv\nevery: 15m\n",
}
_QUERY = "SELECT region, sum(revenue) AS revenue\nFROM region_months\nGROUP BY region\nORDER BY revenue DESC"


@dataclass(frozen=True)
class Shop:
    """The sample workspace, and the Studio that shows it."""

    address: str
    workspace: Path


def main() -> None:
    """Make them."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", nargs="?", type=Path, default=IMAGES)
    arguments.add_argument("--scheme", choices=("light", "dark"), default="light")
    arguments.add_argument("--width", type=int, default=1440)
    arguments.add_argument("--height", type=int, default=900)
    arguments.add_argument("--only", nargs="*", choices=PICTURES, default=list(PICTURES))
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        workspace = Path(place) / "coffee_shop"
        copy_samples(workspace)
        for name in _RUNS:
            subprocess.run(
                (sys.executable, "-c", _PROGRAM, "run", name), cwd=workspace, check=False, capture_output=True
            )
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        with serving(workspace) as (address, _):
            for name in given.only:
                page = browser.new_page(
                    viewport={"width": given.width, "height": given.height}, color_scheme=given.scheme
                )
                page.set_default_timeout(_WAIT_MS)
                page.goto(address)
                PICTURES[name](page, Shop(address, workspace))
                # Charts and tables are drawn a moment after they are there.
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(800)
                page.screenshot(path=given.folder / f"{name}.png")
                page.close()
        browser.close()


def _gallery(page: Page, _shop: Shop) -> None:
    page.get_by_role("img", name="Graph of medallion").wait_for()


def _open(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    page.locator(".step").first.wait_for()
    page.get_by_label("Name", exact=True).wait_for()


def _designer(page: Page, _shop: Shop) -> None:
    _open(page, "customer_360")
    # The first look at a step reads its sources; the second is what one sees from then on.
    for step in (_STEP, "clean_orders", _STEP):
        page.locator(".step-name", has_text=step).first.click()
        page.locator(".panel-step", has_text=step).wait_for()
        page.locator(
            ".preview[aria-busy=false] .preview-grid[data-side=output] [role=gridcell]"
        ).first.wait_for()


def _form(page: Page, _shop: Shop) -> None:
    """A step that a form makes, in a new pipeline."""
    _open(page, "first_csv")
    page.locator(".step-name", has_text="read_sales_csv").click()
    page.get_by_role("region", name="Shape").get_by_role("button", name="Filter", exact=True).click()
    page.get_by_role("button", name="Add condition").click()
    page.get_by_role("combobox", name="Column").click()
    page.keyboard.type("amount")
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="Operator").select_option(label="is at least")
    page.get_by_role("textbox", name="Value").fill("50")
    page.locator(".preview-grid[data-side=output] [role=gridcell]").first.wait_for()


def _history(page: Page, _shop: Shop) -> None:
    _open(page, "first_csv")
    page.locator(".step-name", has_text="filter_high_value").click()
    page.get_by_role("textbox", name="SQL", exact=True).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text("SELECT * FROM bronze WHERE amount > 250")
    page.get_by_role("button", name="History", exact=True).click()
    page.get_by_role("list", name="Steps that differ").wait_for()


def _export(page: Page, _shop: Shop) -> None:
    _open(page, "first_csv")
    page.get_by_role("button", name="Export", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Python")).click()
    page.get_by_role("textbox", name="The file").wait_for()


def _runs(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.address}/runs")
    # The table is drawn: what it holds is there for screen readers alone.
    page.get_by_text("customer_360").first.wait_for(state="attached")


def _run(page: Page, shop: Shop) -> None:
    runs = list_runs(shop.workspace / ".odibi" / "runs")
    newest = next(run for run in runs if run.pipeline_name == "customer_360")
    page.goto(f"{shop.address}/run?run={newest.run_id}")
    page.get_by_text("Timeline").first.wait_for()
    page.locator(".charts-row").first.wait_for()


def _monitor(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.address}/monitor")
    page.get_by_text("Success").first.wait_for()


def _lineage(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.address}/lineage")
    page.locator("svg g.node").first.wait_for()


def _schedules(page: Page, shop: Shop) -> None:
    folder = shop.workspace / "schedules"
    folder.mkdir(exist_ok=True)
    for name, text in _SCHEDULES.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    page.goto(f"{shop.address}/schedules")
    page.get_by_text("Calendar").click()
    page.get_by_role("grid", name="Calendar of schedules").wait_for()


def _explore(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.address}/explore")
    sql = page.get_by_role("textbox", name="SQL", exact=True)
    sql.click()
    sql.press("ControlOrMeta+a")
    page.keyboard.insert_text(_QUERY)
    sql.press("ControlOrMeta+Enter")
    page.get_by_text("Chart", exact=True).click()
    page.locator("canvas, svg.marks").first.wait_for()


PICTURES: dict[str, Callable[[Page, Shop], None]] = {
    "gallery": _gallery,
    "designer": _designer,
    "form": _form,
    "history": _history,
    "export": _export,
    "runs": _runs,
    "run": _run,
    "monitor": _monitor,
    "lineage": _lineage,
    "schedules": _schedules,
    "explore": _explore,
}

if __name__ == "__main__":
    main()
