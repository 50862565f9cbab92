"""What a SELECT does to the rows and columns of its inputs, told by reading it."""

from __future__ import annotations

import pytest

from odibi_core.errors import SqlError
from odibi_core.schema import Schema
from odibi_core.sql.analysis import analyse, column_lineage, is_row_preserving, is_volatile, reads_once


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM t",
        "FROM t",
        "FROM t SELECT a, b",
        'SELECT a, upper(b) AS b, CAST(c AS INT) AS c, CASE WHEN a THEN 2 END AS d FROM "T" ORDER BY a, b;',
        "-- count(*) of all where\nSELECT a /* group by */ + 1 AS a, 'distinct; where' AS s FROM t",
        "SELECT * EXCLUDE (a), a IN (1, 2) AS i, DECIMAL '1.5' AS d FROM t",
    ],
)
def test_a_projection_keeps_every_row(sql: str) -> None:
    assert is_row_preserving(sql, ["t"])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t WHERE a > 1",
        "SELECT count(*) FROM t",
        "SELECT sum(a) AS a FROM t",
        'SELECT "sum"(a) FROM t',
        "SELECT a.sum() FROM t",
        "SELECT DISTINCT a FROM t",
        "SELECT a FROM t LIMIT 1",
        "SELECT a FROM t GROUP BY a",
        "SELECT unnest(a) FROM t",
        "SELECT a FROM t, t AS u",
        "FROM t, u SELECT a",
        "SELECT a FROM t JOIN u USING (a)",
        "SELECT a FROM t UNION ALL SELECT a FROM t",
        "SELECT (SELECT 1) FROM t",
        "SELECT my_macro(a) FROM t",
        "WITH x AS (FROM t) SELECT * FROM x",
        "SELECT * FROM u",
        "SELECT 1",
        "VALUES (1)",
        "PIVOT t ON a",
        "SELECT a FROM t QUALIFY row_number() OVER () = 1",
        "SELECT a FROM t; SELECT 1",
        "",
    ],
)
def test_what_may_change_the_number_of_rows_is_not_sure(sql: str) -> None:
    assert not is_row_preserving(sql, ["t"])


def test_two_inputs_are_never_sure() -> None:
    assert not is_row_preserving("SELECT * FROM t", ["t", "u"])


@pytest.mark.parametrize(
    ("sql", "blocking", "ordered"),
    [
        ("SELECT a + 1 FROM t WHERE a > 1", False, True),
        ("SELECT sum(a) FROM t", True, False),
        ("SELECT a, row_number() OVER (ORDER BY a) FROM t", True, False),
        ("SELECT a FROM t ORDER BY a", True, False),
        ("SELECT DISTINCT a FROM t", True, False),
        ("SELECT t.a FROM t JOIN u USING (a)", True, False),
        ("SELECT a FROM t UNION SELECT a FROM t", True, False),
        ("SELECT a FROM t UNION ALL SELECT a FROM t", False, False),
        ("WITH x AS (SELECT a FROM t) SELECT a FROM x", False, True),
        ("WITH x AS (SELECT max(a) AS a FROM t) SELECT a FROM x", True, False),
    ],
)
def test_what_needs_all_rows_first_is_told(sql: str, blocking: bool, ordered: bool) -> None:
    analysis = analyse(sql)
    assert (analysis.is_blocking, analysis.preserves_order) == (blocking, ordered)


def test_the_tables_that_a_select_reads_are_listed_once_and_without_its_own() -> None:
    sql = (
        "WITH x AS (SELECT * FROM bronze) SELECT * FROM x JOIN silver USING (id) "
        "WHERE id IN (SELECT id FROM bronze)"
    )
    assert sorted(analyse(sql).tables) == ["bronze", "silver"]


def test_what_can_not_be_read_is_an_error_in_words() -> None:
    with pytest.raises(SqlError, match="can't be read"):
        analyse("SELECT FROM WHERE")


def test_the_sources_of_columns_are_found() -> None:
    inputs = {
        "orders": Schema.of({"id": "BIGINT", "customer": "BIGINT", "amount": "DOUBLE"}),
        "people": Schema.of({"customer": "BIGINT", "name": "VARCHAR"}),
    }
    lineage = column_lineage(
        "WITH totals AS (SELECT customer, sum(amount) AS total FROM orders GROUP BY customer) "
        "SELECT p.name, t.total * 2 AS twice, upper(p.name) || t.customer AS mix, 1 AS one "
        "FROM totals t JOIN people p ON p.customer = t.customer",
        inputs,
    )
    assert lineage["name"] == (("people", "name"),)
    assert lineage["twice"] == (("orders", "amount"),)
    assert set(lineage["mix"]) == {("people", "name"), ("orders", "customer")}
    assert lineage["one"] == ()


def test_a_star_is_followed_to_its_columns() -> None:
    inputs = {"t": Schema.of({"a": "BIGINT", "b c": "VARCHAR"})}
    assert column_lineage("SELECT * FROM t", inputs) == {"a": (("t", "a"),), "b c": (("t", "b c"),)}


@pytest.mark.parametrize(
    "sql",
    ["SELECT Random() AS r", "SELECT uuid ()", "FROM t USING SAMPLE 5", "FROM t TABLESAMPLE 10%"],
)
def test_rows_drawn_by_chance_are_told(sql: str) -> None:
    assert is_volatile(sql)


@pytest.mark.parametrize("sql", ["SELECT uuid, random FROM t", "SELECT 'random()'", "SELECT now()"])
def test_names_texts_and_the_time_of_day_are_not_chance(sql: str) -> None:
    assert not is_volatile(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a, b FROM t",
        "FROM t SELECT a, b",
        'SELECT sum(a) AS a, b FROM "T" WHERE a IN (1, 2) GROUP BY b HAVING max(a) > 1 ORDER BY a, b',
        "SELECT a FROM t AS u -- , v JOIN w\nWHERE coalesce(a, 1) > 1",
    ],
)
def test_a_select_over_one_table_reads_once(sql: str) -> None:
    assert reads_once(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM t, t AS u WHERE t.a = u.a",
        "SELECT a FROM t JOIN u USING (a)",
        "SELECT a FROM t POSITIONAL JOIN u",
        "SELECT a FROM t WHERE a IN (SELECT a FROM u)",
        "SELECT (SELECT max(a) FROM t) AS m FROM t",
        "SELECT a FROM (SELECT a FROM t)",
        "SELECT a FROM t WHERE EXISTS (FROM u)",
        "FROM range(9)",
        "FROM t AS u, v",
        "SELECT a FROM t UNION ALL FROM u",
        "WITH x AS (FROM t) FROM x",
        "SELECT unnest(a) FROM t",
        "SELECT 1",
        "FROM",
        "",
    ],
)
def test_what_may_read_twice_is_not_sure(sql: str) -> None:
    assert not reads_once(sql)
