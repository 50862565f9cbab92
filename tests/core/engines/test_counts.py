"""Row counts of steps that stream: each is right, and says whether it took a second pass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.conftest import Run

from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.markers import joins, marked, profiled, pushed_filters, rows_through
from odibi_core.step import Step
from odibi_core.testing import ingest_step, sql_step, store_step

ROWS = 10_000


@pytest.fixture
def source(make_file: Callable[[str, str], Path], request: pytest.FixtureRequest) -> Step:
    """A source of 10,000 rows, in CSV or Parquet."""
    kind = getattr(request, "param", "csv")
    path = make_file(f"rows.{kind}", "")
    duckdb.execute(f"COPY (SELECT range AS id, range % 10 AS digit FROM range({ROWS})) TO '{path}'")
    return ingest_step("raw", path.name)


def counts(run: Run, *steps: Step) -> dict[str, tuple[int, str]]:
    result = run(list(steps), tracking="fused")
    assert result.success, result.errors
    assert result.tracker is not None
    taken = {step["step_name"]: step["after_snapshot"] for step in result.tracker.step_executions}
    return {name: (seen["row_count"], seen["row_count_scope"]) for name, seen in taken.items()}


def test_filters_in_the_middle_of_a_stream_are_counted_in_its_pass(run: Run, source: Step) -> None:
    assert counts(
        run,
        source,
        sql_step("some", "SELECT * FROM raw WHERE id >= 1000", "raw"),
        sql_step("named", "SELECT id, digit + 1 AS digit FROM some", "some"),
        sql_step("fewer", "SELECT * FROM named WHERE digit > 5", "named"),
        sql_step("summed", "SELECT digit, count(*) AS n FROM fewer GROUP BY digit", "fewer"),
        store_step("saved", "out/summed.parquet", "summed"),
    ) == {
        "raw": (10_000, "exact"),
        "some": (9_000, "exact"),
        "named": (9_000, "inferred"),
        "fewer": (4_500, "exact"),
        "summed": (5, "exact"),
        "saved": (5, "exact"),
    }


@pytest.mark.parametrize("source", ["parquet"], indirect=True)
def test_a_marker_never_keeps_a_filter_from_a_parquet_file(run: Run, source: Step) -> None:
    assert counts(
        run,
        source,
        sql_step("some", "SELECT * FROM raw WHERE digit > 5", "raw"),
        sql_step("fewer", "SELECT * FROM some WHERE id > 9990", "some"),
        store_step("saved", "out/fewer.csv", "fewer"),
    ) == {
        "raw": (10_000, "exact"),
        "some": (4_000, "recounted"),
        "fewer": (4, "exact"),
        "saved": (4, "exact"),
    }


@pytest.mark.parametrize("source", ["parquet"], indirect=True)
def test_a_filter_of_a_parquet_file_is_counted_in_the_pass_where_nothing_filters_later(
    run: Run, source: Step
) -> None:
    summed = "SELECT digit, max(id) AS id FROM some GROUP BY digit"
    assert counts(
        run,
        source,
        sql_step("some", "SELECT * FROM raw WHERE digit > 5", "raw"),
        sql_step("summed", summed, "some"),
    ) == {"raw": (10_000, "exact"), "some": (4_000, "exact"), "summed": (4, "exact")}


@pytest.mark.parametrize(
    "last",
    [
        "SELECT * FROM some LIMIT 3",
        "SELECT * FROM some ORDER BY id DESC LIMIT 3",
        "SELECT * FROM some WHERE id IN (SELECT id FROM some WHERE id < 0)",
        "SELECT one.id FROM some one JOIN some other ON one.id = other.id + 1",
        "SELECT * FROM some WHERE false",
        "SELECT * FROM some TABLESAMPLE SYSTEM (100 PERCENT)",
        "SELECT some.* FROM some JOIN (SELECT 1 AS id WHERE random() > 2) none USING (id)",
        "SELECT * FROM some WHERE EXISTS (SELECT 1 WHERE random() > 2)",
    ],
)
def test_what_leaves_rows_unread_does_not_change_counts(run: Run, source: Step, last: str) -> None:
    taken = counts(
        run,
        source,
        sql_step("some", "SELECT * FROM raw WHERE digit > 5", "raw"),
        sql_step("last", last, "some"),
    )
    assert taken["raw"][0] == 10_000
    assert taken["some"][0] == 4_000


def test_both_sides_of_a_join_are_counted(run: Run, source: Step, make_file: Any) -> None:
    make_file("digits.csv", "digit,name\n1,one\n2,two\n3,\n")
    taken = counts(
        run,
        source,
        ingest_step("digits", "digits.csv"),
        sql_step("named", "SELECT * FROM digits WHERE name IS NOT NULL", "digits"),
        sql_step("joined", "SELECT * FROM raw JOIN named USING (digit)", "raw", "named"),
        store_step("saved", "out/joined.parquet", "joined"),
    )
    assert {name: count for name, (count, _) in taken.items()} == {
        "raw": 10_000,
        "digits": 3,
        "named": 2,
        "joined": 2_000,
        "saved": 2_000,
    }
    assert taken["raw"][1] == "exact"


@pytest.mark.parametrize("source", ["parquet"], indirect=True)
def test_a_marker_never_changes_the_sides_of_a_join_and_with_them_the_order_of_rows(
    run: Run, source: Step
) -> None:
    result = run(
        [
            source,
            sql_step("many", "SELECT unnest(range(30)) AS part, raw.* FROM raw ORDER BY ALL", "raw"),
            sql_step("told", "SELECT id, part, (SELECT max(id) FROM many) AS top FROM many", "many"),
            sql_step("some", "SELECT id, part FROM told WHERE top > id", "told"),
            sql_step("other", "SELECT count(*) AS n FROM many", "many"),
        ],
        tracking="fused",
        threads=4,
    )
    assert result.success, result.errors
    assert result.tracker is not None
    taken = {step["step_name"]: step["after_snapshot"] for step in result.tracker.step_executions}
    assert (taken["told"]["row_count"], taken["told"]["row_count_scope"]) == (300_000, "recounted")
    some = result.data_map["some"]
    in_order = some.sort_values(["part", "id"], ignore_index=True)
    assert len(some) == 30 * (ROWS - 1)
    assert some.equals(in_order)


def test_a_marker_is_seen_to_take_the_order_of_joins_from_the_optimizer() -> None:
    with duckdb.connect() as database:
        for name, rows in {"big": 100_000, "mid": 1_000, "small": 100}.items():
            columns = "range AS id, range % 1000 AS key, range * 7 % 11 AS value"
            database.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM range({rows})")
        two = "SELECT big.id FROM small JOIN big USING (id) WHERE small.value > 3"
        assert joins(database, marked(two)) == joins(database, two)
        three = "SELECT big.id FROM mid, small, big WHERE mid.id = big.key AND small.id = big.value"
        assert joins(database, marked(three)) != joins(database, three)


def test_a_write_that_is_skipped_counts_by_itself(run: Run, source: Step, make_file: Any) -> None:
    make_file("out/some.csv", "id\n1\n")
    taken = counts(
        run,
        source,
        sql_step("some", "SELECT * FROM raw WHERE digit > 5", "raw"),
        store_step("saved", "out/some.csv", "some", mode="ignore"),
    )
    assert taken == {"raw": (10_000, "recounted"), "some": (4_000, "recounted"), "saved": (0, "exact")}


def test_markers_keep_rows_order_and_columns_and_work_on_every_thread() -> None:
    with duckdb.connect(config={"threads": 4}) as database:
        database.execute("CREATE TABLE rows AS SELECT hash(range) AS id, range AS place FROM range(500000)")
        first = marked("SELECT id, place FROM rows WHERE id % 3 > 0")
        query = f"SELECT place FROM ({marked(f'SELECT * FROM ({first}) WHERE id % 5 > 0')}) WHERE id % 7 > 0"
        with profiled(database):
            places = [place for (place,) in database.execute(query).fetchall()]
            through = rows_through(database, 2)
        plain = "SELECT place FROM rows WHERE id % 3 > 0 AND id % 5 > 0 AND id % 7 > 0"
        assert places == [place for (place,) in database.execute(plain).fetchall()]
        expected = database.execute(
            "SELECT count(*) FILTER (id % 3 > 0), count(*) FILTER (id % 3 > 0 AND id % 5 > 0) FROM rows"
        ).fetchone()
    assert tuple(through or ()) == expected


def test_a_profile_of_another_query_tells_nothing() -> None:
    with duckdb.connect() as database, profiled(database):
        database.execute(marked("SELECT range FROM range(5)")).fetchall()
        assert rows_through(database, 1) == [5]
        assert rows_through(database, 2) is None
        database.execute("SELECT 1").fetchall()
        assert rows_through(database, 1) is None


def test_only_a_marker_stands_between_a_filter_and_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT range AS id, range AS other FROM range(9)) TO '{path}'")
        ctes = {"s": f"SELECT * FROM read_parquet('{path}')", "t": "FROM s", "u": "FROM t WHERE id > 7"}
        query = Fragment("u", ctes)
        assert pushed_filters(database, query.sql()) == ['"(id > 7)"']
        assert pushed_filters(database, query.marked({"t"}).sql()) == ['""']
        assert database.execute(query.marked({"t"}).sql()).fetchall() == [(8, 8)]
