"""The commands about expectations, as a person sees them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from tests.core.cli.conftest import PIPELINE, Answer

Odibi = Callable[..., Answer]

EXPECTING = PIPELINE.replace(
    "    outputs: {data: large}\n",
    "    outputs: {data: large}\n    expectations:\n"
    "      - {check: range, column: amount, max: 25, severity: quarantine}\n"
    "      - {check: not_null, columns: id}\n",
).replace("value: out/large.csv\n", "value: out/large.csv\n    params: {mode: append}\n")


def test_what_is_set_aside_is_told_shown_and_replayed(odibi: Odibi, shop: Path) -> None:
    (shop / "pipelines" / "shop.yaml").write_text(EXPECTING)
    told = odibi("run", "shop")
    assert told.code == 0, told
    assert "1 row that broke an expectation was set aside:" in told.out
    assert "range(amount): 1 of 2 rows has amount above 25: set aside" in told.out
    assert "met        not_null(id)" in odibi("runs", "show").out
    (run_dir,) = (shop / ".odibi" / "runs").iterdir()
    found = {
        (sample.name, sample.labels.get("expectation")): sample.value
        for family in text_string_to_metric_families((run_dir / "metrics.prom").read_text())
        for sample in family.samples
    }
    assert found["odibi_expectation_met", "range(amount)"] == 0
    assert found["odibi_expectation_met", "not_null(id)"] == 1
    assert found["odibi_expectation_offending_rows", "range(amount)"] == 1
    assert found["odibi_step_quarantined_rows", None] == 1
    story = (run_dir / "story.html").read_text()
    assert "<h4>Expectations</h4>" in story
    assert "1 of 2 rows has amount above 25" in story
    (listed,) = json.loads(odibi("quarantine", "list", "--json").out)["sets"]
    assert (listed["step"], listed["open_rows"]) == ("large", 1)
    assert "30" in odibi("quarantine", "show", "1").out
    assert odibi("quarantine", "export", "1", "mend.csv").code == 0
    mended = (shop / "mend.csv").read_text().replace("30", "24")
    (shop / "mend.csv").write_text(mended)
    assert odibi("quarantine", "replay", "1", "mend.csv").code == 0
    assert (shop / "out" / "large.csv").read_text() == "id,amount\n2,20\n3,24\n"
    assert "belongs to the replay" in odibi("quarantine", "replay", "1", "mend.csv").err
    assert "No rows are set aside." in odibi("quarantine", "list").out


def test_suggestions_go_into_the_file_and_hold(odibi: Odibi, shop: Path) -> None:
    printed = odibi("suggest", "large", "-p", "shop").out
    assert printed.startswith("expectations:\n  - check: schema\n")
    assert odibi("suggest", "large", "-p", "shop", "--write").code == 0
    assert "    expectations:\n" in (shop / "pipelines" / "shop.yaml").read_text()
    assert odibi("run", "shop").code == 0
    assert "has expectations already" in odibi("suggest", "large", "-p", "shop", "--write").err


def test_suggestions_leave_every_other_line_as_it_is(odibi: Odibi, shop: Path) -> None:
    path = shop / "pipelines" / "shop.yaml"
    before = PIPELINE.replace("\n", "\r\n").encode()
    path.write_bytes(before)
    assert odibi("suggest", "large", "-p", "shop", "--write").code == 0
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) > len(before.splitlines())
    assert all(line.endswith(b"\r\n") for line in lines)
    assert set(before.splitlines(keepends=True)) <= set(lines)


def test_golden_rows_are_pinned_and_tested(odibi: Odibi, shop: Path) -> None:
    assert "golden/large.yaml: 3 rows of orders give 2 rows." in odibi("pin", "large", "-p", "shop").out
    assert "there is a golden case of that name" in odibi("pin", "large", "-p", "shop").err
    assert odibi("test", "--engine", "pandas").code == 0
    path = shop / "pipelines" / "shop.yaml"
    path.write_text(
        path.read_text().replace("SELECT * FROM orders", "SELECT id, amount + 1 AS amount FROM orders")
    )
    failed = odibi("test", "--engine", "pandas")
    assert failed.code == 1
    assert "{id: 2}: amount 20 → 21" in failed.out
    document = json.loads(odibi("test", "large", "--engine", "pandas", "--json").out)
    assert (document["failed"], document["cases"][0]["missing_rows"]) == (1, 2)
    assert "did you mean 'large'" in odibi("test", "larg").err
