"""The monitor and the lineage page: what they show of a workspace."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import odibi_studio.app
from odibi_core.journal.record import RunRecord, RunState
from odibi_core.orchestrator import Orchestrator
from odibi_core.samples import copy_samples
from odibi_core.testing import ingest_step, sql_step, store_step
from odibi_core.workspace import Workspace
from odibi_studio.services.runs.health import RunFacts, Usual
from odibi_studio.services.studio import Studio, open_studio
from odibi_studio.views.monitor_charts import period, trend_rows, wide_enough

TIMEOUT_S = 60
Open = Callable[[str], AppTest]


@pytest.fixture
def studio(workspace: Workspace) -> Iterator[Studio]:
    studio = open_studio(workspace)
    yield studio
    studio.close()


@pytest.fixture
def open_page(studio: Studio) -> Open:
    """Opens a page of the Studio."""

    def open_(name: str) -> AppTest:
        page = AppTest.from_file(str(Path(odibi_studio.app.__file__)), default_timeout=TIMEOUT_S)
        page.run()
        page.switch_page(str(odibi_studio.app.pages_folder() / f"{name}.py"))
        page.run()
        assert not page.exception
        return page

    return open_


def shown(page: AppTest) -> str:
    """The texts of the page."""
    parts = [*page.title, *page.subheader, *page.markdown, *page.caption, *page.info, *page.warning]
    return "\n".join(str(part.value) for part in parts)


def run_orders(workspace: Workspace, sql: str, times: int = 1) -> None:
    """Run a pipeline that reads orders and writes a Parquet file."""
    (workspace.root / "orders.csv").write_text("id,amount\n1,5\n2,20\n")
    steps = [
        ingest_step("orders", "orders.csv"),
        sql_step("large", sql, "orders"),
        store_step("save", "out/large.parquet", "large"),
    ]
    for _ in range(times):
        Orchestrator(steps, pipeline_name="orders", workspace=workspace, tracking="exact").execute().close()


def test_without_runs_the_monitor_says_what_will_be_there(open_page: Open) -> None:
    assert "Nothing has run yet" in shown(open_page("monitor"))


def test_the_monitor_tells_rates_freshness_slow_steps_and_causes(
    open_page: Open, workspace: Workspace
) -> None:
    run_orders(workspace, "SELECT * FROM orders", times=3)
    run_orders(workspace, "SELECT error('no such month') AS x FROM orders")
    page = open_page("monitor")
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures["Success rate"] == "75 %"
    assert (figures["Runs"], figures["Failed or lost"], figures["Rows written"]) == ("4", "1", "6")
    fresh, slow, causes = (table.value for table in page.dataframe)
    assert (fresh["Dataset"][0], fresh["Rows"][0], fresh["By"][0]) == ("out/large.parquet", 2, "orders")
    assert set(slow["Step"]) == {"orders", "large", "save"}
    assert (causes["Times"][0], causes["Step"][0]) == (1, "large")
    assert "no such month" in causes["Cause"][0]
    page.segmented_control(key="monitor_span").set_value("24 hours").run()
    assert not page.exception


def test_freshness_knows_datasets_that_no_run_of_the_chosen_time_wrote(
    open_page: Open, workspace: Workspace
) -> None:
    run_orders(workspace, "SELECT * FROM orders")
    (journal,) = workspace.runs.glob("*/events.jsonl")
    long_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(days=200)).isoformat()
    times = {"timestamp": long_ago, "start_time": long_ago}
    lines = [json.loads(line) | times for line in journal.read_text().splitlines()]
    # As it was written: the first key tells what an event is.
    journal.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    page = open_page("monitor")
    assert {metric.label: metric.value for metric in page.metric}["Runs"] == "0"
    (fresh,) = [table.value for table in page.dataframe]
    assert list(fresh["Dataset"]) == ["out/large.parquet"]
    assert fresh["Written"][0].isoformat() == long_ago


def test_outliers_are_marked_against_the_usual_range() -> None:
    record = RunRecord(
        "run-1", Path("run-1"), "orders", RunState.SUCCESS, start_time="2026-11-01T00:00:00+00:00"
    )
    facts = RunFacts(record, 1, {}, ())
    rows = trend_rows([(facts, 12), (facts, 99)], Usual(10, 12, 14))
    assert [(row["value"], row["kind"], row["low"], row["high"]) for row in rows] == [
        (12, "Usual", 10, 14),
        (99, "Outlier", 10, 14),
    ]
    assert [row["kind"] for row in trend_rows([(facts, 99)], None)] == ["Usual"]
    assert dt.datetime.fromisoformat(rows[0]["when"]).tzinfo is not None


def test_without_pipelines_the_lineage_page_says_so(open_page: Open) -> None:
    assert "No pipeline reads or writes a dataset yet" in shown(open_page("lineage"))


def test_the_lineage_of_the_samples_goes_from_outputs_back_to_sources(
    open_page: Open, workspace: Workspace
) -> None:
    (workspace.root / "odibi.toml").unlink()
    copy_samples(workspace.root)
    page = open_page("lineage")
    table = page.dataframe[0].value.set_index("Dataset")
    assert "medallion · ingest_customers" in table["Read by"]["data/customers.csv"]
    assert "medallion · save_gold_summary" in table["Written by"]["output/gold/customer_summary"]
    page.segmented_control(key="lineage_part").set_value("Columns").run()
    dataset = next(
        it for it in page.selectbox(key="lineage_dataset").options if it.endswith("customer_summary")
    )
    page.selectbox(key="lineage_dataset").select(dataset).run()
    assert not page.exception
    assert "It comes from" in shown(page)
    assert "`data/customers.csv`" in shown(page)


def test_a_chart_of_a_single_run_shows_minutes_not_parts_of_a_second() -> None:
    at = "2026-11-24T12:00:00+00:00"
    assert wide_enough([at]) == ["2026-11-24T11:59:00+00:00", "2026-11-24T12:01:00+00:00"]
    day = wide_enough([at, "2026-11-25T12:00:00+00:00"])
    assert day == ["2026-11-24T11:02:24+00:00", "2026-11-25T12:57:36+00:00"]


def test_the_outcomes_show_all_the_chosen_time_in_days_of_the_reader() -> None:
    now = dt.datetime(2026, 11, 24, 23, 30, tzinfo=dt.UTC)
    # It is the 25th in Rome already, an hour ahead.
    assert period(7, now, "Europe/Rome") == ["2026-11-18T23:00:00+00:00", "2026-11-25T23:00:00+00:00"]
    assert period(1, now, None) == ["2026-11-24T00:00:00+00:00", "2026-11-25T00:00:00+00:00"]
