"""The engines are compared in a real browser, on a real Spark: from the designer to the rows that differ."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect
from tests.e2e.conftest import OpenPage, StudioServer, start_studio
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import api_of
from tests.e2e.pages import cell

# Spark starts in a process of the Studio's; beside the other tests of Spark it would wait for them.
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("spark")]

LEAN = '[spark.config]\n"spark.driver.extraJavaOptions" = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"\n'
PIPELINE = """\
name: Odd and even
steps:
- {name: orders, layer: bronze, type: config_op, value: data/orders.csv, outputs: {data: orders}}
- {name: sums, layer: silver, type: sql, value: 'SELECT customer, sum(amount) AS s FROM orders GROUP BY 1',
   inputs: {orders: orders}, outputs: {data: sums}}
- {name: odd, layer: silver, type: sql, value: 'SELECT customer, hash(customer) % 1000 AS h FROM sums',
   inputs: {sums: sums}, outputs: {data: odd}}
- {name: save, layer: gold, type: config_op, value: out/sums.parquet, inputs: {data: sums}}
"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioServer]:
    """A Studio with one pipeline, of which one step gives something else on Spark."""
    workspace: Path = tmp_path_factory.mktemp("parity") / "workspace"
    for folder in ("data", "pipelines"):
        (workspace / folder).mkdir(parents=True)
    (workspace / "odibi.toml").write_text(LEAN)
    (workspace / "data" / "orders.csv").write_text("customer,amount\nana,1.5\nbo,2\nana,4\n")
    (workspace / "pipelines" / "odd_and_even.yaml").write_text(PIPELINE)
    server = start_studio(workspace)
    yield server
    server.stop()


def test_the_engines_are_compared_from_the_designer_to_the_rows(
    open_page: OpenPage, warm_browser: BrowserContext, studio: StudioServer
) -> None:
    design = api_of(warm_browser, studio.address).design_of("Odd and even")
    page = open_page(f"/designer?design={design}")
    designer = DesignerPage(page)
    designer.wait_until_open()
    designer.select("odd")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Compare the engines what pandas and Spark give of odd").click()

    # The page knows the pipeline and the step.
    expect(page.get_by_role("heading", name="Compare the engines")).to_be_visible()
    expect(page.get_by_role("combobox", name="Pipeline")).to_have_value("odd_and_even")
    expect(page.get_by_role("combobox", name="Step")).to_have_value("odd")

    # Without a step it compares all.
    page.go_back()
    designer.wait_until_open()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Compare the engines what pandas and Spark give of every step").click()
    expect(page.get_by_role("combobox", name="Pipeline")).to_have_value("odd_and_even")
    expect(page.get_by_role("combobox", name="Step")).to_have_value("")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("Spark takes some ten seconds to start")).to_be_visible()

    # It goes on without the page, which is there again by its address.
    page.goto(page.url)
    expect(page.get_by_text("1 result of 4 differ")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("Over all rows of the sources.")).to_be_visible()
    for verdict, count in (("✓ The same", 3), ("≠ Different", 1)):
        expect(page.get_by_test_id("stDataFrame").first.locator("canvas td", has_text=verdict)).to_have_count(
            count
        )
    expect(page.get_by_text("2 rows on pandas and 2 rows on Spark without a counterpart")).to_be_visible()
    expect(page.get_by_text("hashes by another algorithm")).to_be_visible()
    for text in ("pandas", "Spark", "ana", "bo"):
        expect(cell(page, text)).to_be_attached()
    # What a step would write was written aside.
    assert not (studio.workspace / "out").exists()
    page.get_by_text("Earlier comparisons").click()
    expect(page.get_by_text("≠ Different · odd_and_even")).to_be_visible()
