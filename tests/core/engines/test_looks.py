"""The quick look at what streams tells what the slow one tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import Run

from odibi_core.dataset import sample_rows
from odibi_core.engines.duckdb.fragment import Fragment
from odibi_core.engines.duckdb.looks import Looks, look_at_heads
from odibi_core.engines.duckdb.samples import table_samples, table_schemas
from odibi_core.engines.duckdb.session import Session
from odibi_core.schema import Schema
from odibi_core.testing import ingest_step, store_step

COLUMNS = """
    SELECT range AS id, range::UTINYINT AS small, range::UBIGINT AS big, range::HUGEINT AS huge,
    range / 4 AS part, (range / 4)::FLOAT AS "a part", range > 2 AS flag, 'n' || range AS name,
    DATE '9999-12-31' + range::INT AS day, range::DECIMAL(9, 2) AS price,
    CASE WHEN range = 1 THEN NULL ELSE range END AS gap, 'inf'::DOUBLE AS endless,
    [NULL, 'infinity', '2024-02-29 10:11:12.5', '1969-12-31', '12024-01-01 10:00:00',
     '0044-03-15 (BC) 12:00:00', '2024-01-01 00:00:00.000001', NULL, NULL][range + 1]::TIMESTAMP AS at
    FROM range(9)
"""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A database with the table `source`."""
    session = Session(tmp_path)
    session.cursor().execute(f"CREATE TABLE source AS {COLUMNS}")
    yield session
    session.close()


def look(session: Session, planned: dict[str, Schema | None], *queries: str, are_simple: bool) -> Looks:
    """What is told of queries that each stand on the one before, the first one on `source`."""
    ctes: dict[str, str] = {}
    fragments = {}
    for number, query in enumerate(queries):
        ctes[f'"q{number}"'] = query.replace("rows", f'"q{number - 1}"' if number else '"source"')
        fragments[f"step {number}"] = Fragment(f'"q{number}"', dict(ctes))
    cursor = session.cursor()
    before = cursor.execute("SELECT count(*) FROM duckdb_tables()").fetchall()
    sources = {'"source"': Fragment('"source"')}
    made = look_at_heads(cursor, session, fragments, sources, planned, are_simple=are_simple)
    assert session.cursor().execute("SELECT count(*) FROM duckdb_tables()").fetchall() == before
    return made


def planned_for(session: Session, queries: int) -> dict[str, Schema | None]:
    """The columns of `source`, which the queries keep."""
    relation = session.cursor().table("source")
    columns = tuple(zip(relation.columns, map(str, relation.types), strict=True))
    names = {f'"q{number}"': Schema(columns) for number in range(queries)}
    return {'"source"': Schema(columns), **names}


@pytest.mark.parametrize("are_simple", [True, False])
def test_both_ways_tell_the_same(session: Session, *, are_simple: bool) -> None:
    queries = ["FROM rows WHERE id <> 3", "FROM rows ORDER BY id DESC", "FROM rows WHERE id > 99"]
    quick = look(session, planned_for(session, 3), *queries, are_simple=are_simple)
    slow = look(session, {}, *queries, are_simple=are_simple)
    assert quick == slow
    assert [row["id"] for row in quick["step 0"][1]] == [0, 1, 2, 4, 5]
    assert quick["step 2"][1] == ()


def test_rows_are_those_that_arrow_gives(session: Session) -> None:
    cursor = session.cursor()
    schema = table_schemas(cursor)["source"]
    for start in (0, 4):
        cursor.execute(f"CREATE OR REPLACE TABLE part AS FROM source WHERE id >= {start}")
        ((_, sample),) = table_samples(cursor, [("part", schema)])
        assert sample == sample_rows(cursor.sql("FROM part").to_arrow_table())


def test_steps_of_different_columns_share_one_query(session: Session) -> None:
    planned = planned_for(session, 1)
    planned['"q1"'] = Schema.of({"name": "VARCHAR", "n": "INTEGER"})
    queries = ["FROM rows", "SELECT name, 7 AS n FROM rows"]
    assert look(session, planned, *queries, are_simple=True) == look(session, {}, *queries, are_simple=True)


def test_a_source_of_moments_with_a_zone_that_is_a_step_itself_is_looked_at(
    run: Run, make_file: Callable[[str, str], Path]
) -> None:
    make_file("rows.jsonl", '{"id": 1, "at": "2026-01-01T00:00:00Z"}\n')
    steps = [ingest_step("rows", "rows.jsonl"), store_step("saved", "saved.parquet", "rows")]
    # The second time the plan knows the columns from the first.
    for _ in range(2):
        result = run(steps, tracking="fused")
        assert result.tracker is not None
        found = result.tracker.step_executions[0]
        assert found["warnings"] == result.tracker.step_executions[1]["warnings"] == []
        assert found["after_snapshot"]["row_count"] == 1
        assert found["after_snapshot"]["sample"][0]["id"] == 1


def test_a_source_that_the_plan_saw_otherwise_is_looked_at_anew(session: Session) -> None:
    stale = Schema.of({"id": "VARCHAR"})
    planned: dict[str, Schema | None] = {'"source"': stale, '"q0"': stale}
    schema, sample = look(session, planned, "SELECT id FROM rows", are_simple=True)["step 0"]
    assert schema == Schema.of({"id": "BIGINT"})
    assert sample[:2] == ({"id": 0}, {"id": 1})


def test_a_step_that_fails_on_the_first_rows_leaves_nothing_told(session: Session) -> None:
    planned = planned_for(session, 1)
    assert look(session, planned, "SELECT * REPLACE (error('no') AS id) FROM rows", are_simple=True) == {}
