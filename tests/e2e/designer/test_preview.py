"""Rows are seen while a pipeline is made."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect
from tests.e2e.conftest import StudioServer
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi

pytestmark = pytest.mark.browser

COUNT = 12_000
PIPELINE = """\
name: visits
steps:
  - name: read_people
    layer: ingest
    type: config_op
    value: data/people.csv
    params: {source_type: csv, header: true}
    outputs: {data: people}
  - name: read_visits
    layer: ingest
    type: config_op
    value: data/visits.csv
    params: {source_type: csv, header: true}
    outputs: {data: visits}
  - name: visits_of_people
    layer: transform
    type: sql
    value: |
      SELECT v.day, p.id, p.city
      FROM visits AS v JOIN people AS p ON p.id = v.person
    inputs: {people: people, visits: visits}
    outputs: {data: joined}
"""


@pytest.fixture
def designer(designs: DesignsApi, open_design: OpenDesign, studio: StudioServer) -> DesignerPage:
    """A join of two files whose first rows do not meet."""
    people = "".join(f"{person},{'Rome' if person % 3 else 'Oslo'}\n" for person in range(COUNT))
    visits = "".join(f"{day},{COUNT - 1 - day}\n" for day in range(COUNT))
    (studio.workspace / "data" / "people.csv").write_text(f"id,city\n{people}", encoding="utf-8")
    (studio.workspace / "data" / "visits.csv").write_text(f"day,person\n{visits}", encoding="utf-8")
    return open_design(designs.bring_in("visits.yaml", PIPELINE))


def grid(designer: DesignerPage, dataset: str) -> Locator:
    return designer.page.get_by_role("figure").filter(has=designer.page.get_by_text(dataset, exact=True))


def rows(shown: Locator) -> Locator:
    return shown.get_by_role("row").filter(has=shown.page.get_by_role("gridcell"))


def test_a_join_of_samples_shows_rows_of_both_sides_and_its_own(designer: DesignerPage) -> None:
    designer.select("visits_of_people")
    for dataset in ("people", "visits", "joined"):
        expect(rows(grid(designer, dataset)).first).to_be_visible()
        expect(grid(designer, dataset).get_by_text("sample", exact=True)).to_be_visible()
    day, person, city = rows(grid(designer, "joined")).first.get_by_role("gridcell").all_inner_texts()
    number = int(re.sub(r"\D", "", person))
    assert int(re.sub(r"\D", "", day)) == COUNT - 1 - number
    assert city == ("Rome" if number % 3 else "Oslo")


def test_rows_follow_the_sql_as_it_is_typed(designer: DesignerPage) -> None:
    designer.select("visits_of_people")
    expect(rows(grid(designer, "joined")).first).to_be_visible()
    designer.type_sql(
        "SELECT upper(city) AS town, count(*) AS people FROM people GROUP BY city ORDER BY city"
    )
    cells = rows(grid(designer, "joined")).get_by_role("gridcell")
    expect(cells.first).to_have_text("OSLO")
    expect(cells).to_have_count(4)


def test_the_head_of_a_column_leads_to_its_profile(designer: DesignerPage) -> None:
    designer.select("visits_of_people")
    grid(designer, "joined").get_by_role("columnheader", name="city").get_by_role("button").click()
    panel = designer.page.get_by_role("tabpanel", name="Profile")
    expect(panel.get_by_role("heading", name=re.compile("^city"))).to_be_visible()
    facts = panel.locator("dl")
    expect(facts).to_contain_text(re.compile(r"Null\s*0"))
    expect(facts).to_contain_text(re.compile(r"Distinct\s*2"))
    expect(panel.get_by_role("row", name=re.compile("Rome"))).to_be_visible()
    panel.get_by_role("button", name=re.compile("^day")).click()
    expect(panel.get_by_role("img", name=re.compile("^Distribution from"))).to_be_visible()


def test_sql_that_fails_says_why_in_place_of_rows(designer: DesignerPage) -> None:
    designer.select("visits_of_people")
    designer.type_sql("SELECT CAST(city AS INTEGER) AS number FROM people")
    panel = designer.page.get_by_role("tabpanel", name="Preview")
    expect(panel).to_contain_text("the text 'Oslo' in the column 'city' can't be read as a whole number")
    designer.type_sql("SELECT * FROM read_csv('/etc/passwd')")
    expect(panel.get_by_role("gridcell")).to_have_count(0)
    expect(panel).not_to_contain_text("root:")
