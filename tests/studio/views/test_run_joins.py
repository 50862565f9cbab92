"""Joins and rows as the page of a run shows them."""

from __future__ import annotations

from odibi_core.health.joins import JoinCounts
from odibi_studio.health_messages import StepHealth, UsualRange
from odibi_studio.services.runs.edges import join_health
from odibi_studio.views.run_joins import join_row, rows_row

COUNTS = JoinCounts("LEFT JOIN p USING (id)", "left", "v", "p", 100, 10, 40, 9, 80)


def usual(measure: str, low: float, high: float, *, is_outside: bool = True) -> UsualRange:
    return UsualRange.model_validate(
        {"measure": measure, "low": low, "middle": (low + high) / 2, "high": high, "is_outside": is_outside}
    )


def test_a_join_shows_its_figures_and_what_is_unusual() -> None:
    told = join_health(COUNTS, [usual("left_rate", 0.9, 1.02), usual("fan_out", 1, 2, is_outside=False)])
    row = join_row(StepHealth(step="met", joins=[told], rows_in={"v": 100}, rows_out=80), told)
    assert (row["Left match"], row["Right match"], row["Fan-out"]) == (0.4, 0.9, 2.0)
    assert (row["Left dropped"], row["Right dropped"], row["Right nulls"]) == (0, 1, 60)
    assert row["Unusual"] == "left rows that match: usually 90.0% to 100.0%"


def test_a_join_that_was_not_counted_says_why() -> None:
    told = join_health(JoinCounts("ASOF JOIN p", "inner", "v", "p", why="a ASOF JOIN is not counted"))
    row = join_row(StepHealth(step="met", rows_in={}, rows_out=None), told)
    assert row["Left match"] is None
    assert row["Unusual"] == "not counted: a ASOF JOIN is not counted"


def test_rows_in_and_out_say_how_many_are_gone_where_one_input_tells_it() -> None:
    single = StepHealth(step="few", rows_in={"v": 1200}, rows_out=1000, kept=usual("kept_rate", 0.9, 0.95))
    assert rows_row(single) == {
        "Step": "few",
        "Rows in": "v: 1,200",
        "Rows out": 1000,
        "Fewer": 200,
        "Unusual": "rows kept: usually 90.0% to 95.0%",
    }
    assert rows_row(StepHealth(step="met", rows_in={"v": 1200, "p": None}, rows_out=1000))["Fewer"] is None
    assert rows_row(StepHealth(step="met", rows_in={"v": 1200, "p": None}, rows_out=1000))["Rows in"] == (
        "v: 1,200, p: unknown"
    )
