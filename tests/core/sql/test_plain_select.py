"""Which texts only compute columns of one input and filter its rows."""

from __future__ import annotations

import duckdb
import pytest

from odibi_core.sql.binding import Binder
from odibi_core.sql.compose import SqlStep
from odibi_core.sql.plain_select import plain_select
from odibi_core.sql.statement import read_statement


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM rows",
        "  select id, amount + 1 as amount\nfrom ROWS\nwhere id > 1 and name like 'a%'\n",
        "SELECT rows.id, 'FROM other ORDER BY 1' AS \"the FROM\" FROM rows WHERE name <> 'it''s'",
        "SELECT rows FROM rows;",
        "SELECT count(*) AS n, max(id) AS last FROM rows",
        "SELECT * EXCLUDE (name) REPLACE (id * 2 AS id) FROM rows WHERE id IN (1, 2)",
    ],
)
def test_a_plain_select_gives_over_a_table_what_it_gives_over_its_input(sql: str) -> None:
    plain = plain_select(read_statement(sql), "rows")
    assert plain is not None
    with duckdb.connect(":memory:") as database:
        database.execute(
            "CREATE TABLE t AS SELECT range AS id, 'a' || range AS name, 1 AS amount FROM range(4)"
        )
        expected = database.execute(f'WITH "rows" AS (FROM t) {sql}')
        columns, given = expected.description, expected.fetchall()
        found = database.execute(plain.over('"t"'))
        assert found.description == columns
        assert found.fetchall() == given


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM other",
        "SELECT rowid FROM rows",
        'SELECT id AS "rowid" FROM rows WHERE "RowId" > 1',
        "SELECT DISTINCT id FROM rows",
        "SELECT id FROM rows ORDER BY id",
        "SELECT id FROM rows WHERE id > 1 LIMIT 2",
        "SELECT id, count(*) FROM rows GROUP BY id",
        "SELECT sum(id) OVER () FROM rows",
        "SELECT a.id FROM rows a",
        "SELECT id FROM rows, range(3)",
        "SELECT id FROM rows JOIN rows AS others USING (id)",
        "SELECT id FROM rows WHERE id IN (SELECT 1)",
        "SELECT id FROM rows WHERE id IN (FROM range(3))",
        "SELECT id FROM rows UNION ALL SELECT 1",
        "SELECT unnest([id, id]) AS id FROM rows",
        "WITH rows AS (SELECT 1 AS id) SELECT id FROM rows",
        "FROM rows SELECT id",
        "SELECT 'a' AS \"FROM rows\"",
        "SELECT 'FROM rows'",
        "SELECT id -- FROM rows\nFROM other",
        "SELECT id /* , */ FROM rows",
        "SELECT E'it\\'s FROM rows' AS id FROM other",
        "SELECT $$ FROM rows",
    ],
)
def test_a_text_that_may_do_more_is_none(sql: str) -> None:
    assert plain_select(read_statement(f"{sql} $$" if "$$" in sql else sql), "rows") is None


@pytest.mark.parametrize("alias", ["some", "end", "left", "rows", "größe"])
def test_a_name_of_an_input_is_refused_as_it_is_without(alias: str) -> None:
    steps = [
        SqlStep("first", "SELECT 1 AS id", {}, "made"),
        SqlStep("second", f"SELECT id + 1 AS id FROM {alias}", {alias: "made"}, "taken"),
    ]
    binder = Binder()
    together = binder.bind_all(steps, {"made": None, "taken": None})["second"]
    schema = binder.bind_all(steps[:1], {"made": None})["first"].schema
    alone = binder.bind_all(steps[1:], {"made": schema, "taken": None})["second"]
    binder.close()
    assert (together.sql, together.schema) == (alone.sql, alone.schema)
