"""Steps that only compute columns and filter rows give the same with and without DuckDB's optimizer."""

from __future__ import annotations

import pytest
from tests.conftest import Run

from odibi_core.engines.duckdb import plain_step
from odibi_core.testing import function_step, sql_step

MADE = "SELECT range AS id, CASE WHEN range < 5 THEN range::VARCHAR ELSE 'many' END AS word FROM range(9)"


def test_a_failing_step_is_told_of_with_its_place(run: Run) -> None:
    sql = "SELECT id,\n  word::INTEGER AS number FROM made"
    result = run([sql_step("made", MADE), sql_step("cast", sql, "made")], tracking="exact")
    in_full = run([sql_step("made", MADE), sql_step("cast", f"{sql} -- in full", "made")], tracking="exact")
    assert "many" in str(result.errors["cast"])
    assert str(result.errors["cast"]) == str(in_full.errors["cast"])


def test_a_row_id_of_the_table_that_holds_an_input_is_no_column_of_it(run: Run) -> None:
    steps = [
        sql_step("made", MADE),
        sql_step("turned", "PIVOT made ON word USING count(*)", "made"),
        sql_step("taken", "SELECT rowid FROM turned", "turned"),
    ]
    result = run(steps, tracking="exact")
    assert "rowid" in str(result.errors["taken"])


@pytest.mark.parametrize("most_rows", [0, 10_000])
def test_rows_and_counts_are_the_same(run: Run, monkeypatch: pytest.MonkeyPatch, most_rows: int) -> None:
    monkeypatch.setattr(plain_step, "MOST_ROWS", most_rows)
    steps = [
        sql_step("made", MADE),
        sql_step("some", "SELECT id, word FROM made WHERE word <> 'many' AND word::INTEGER > 1", "made"),
        sql_step("more", "SELECT *, id * 2 AS twice, 'FROM x' AS text FROM some", "some"),
        sql_step("counted", "SELECT count(*) AS n, sum(twice)::BIGINT AS total FROM more", "more"),
        function_step("taken", lambda rows: rows, "counted"),
    ]
    result = run(steps, tracking="exact")
    assert result.success, result.errors
    assert result.data_map["counted"].to_dict("records") == [{"n": 3, "total": 18}]
    assert result.data_map["more"]["text"].tolist() == ["FROM x"] * 3
