"""Which SELECTs take each row of an input by itself."""

from __future__ import annotations

import pytest

from odibi_core.sql.row_wise import why_not_row_wise

ROW_WISE = [
    "FROM part",
    "SELECT upper(a) AS a, list_transform(l, x -> x + 1) FROM part AS p WHERE a > 1 ORDER BY a",
    "SELECT * FROM part LEFT JOIN whole USING (id)",
    "SELECT * FROM whole JOIN part USING (id)",
    "SELECT * FROM whole RIGHT JOIN Part USING (id)",
    "SELECT * FROM part, whole",
    "SELECT * FROM part SEMI JOIN whole ON part.a = whole.a",
    "SELECT * FROM part WHERE id NOT IN (SELECT max(id) FROM whole GROUP BY a)",
    "SELECT * FROM part LEFT JOIN (SELECT a, count(*) AS n FROM whole GROUP BY a) AS w USING (a)",
    "WITH w AS (SELECT DISTINCT a FROM whole), p AS (SELECT * FROM part) SELECT * FROM p JOIN w USING (a)",
    "SELECT * FROM (SELECT *, 1 AS one FROM part) WHERE one = 1",
    "SELECT * FROM (part LEFT JOIN whole USING (id))",
    "SELECT unnest(l) FROM part",
    "SELECT * FROM part, unnest(part.l) AS u",
    "SELECT *, (SELECT max(b) FROM whole WHERE whole.a = part.a) FROM part",
]

OTHERS = {
    "SELECT a, sum(b) FROM part GROUP BY a": "it groups",
    "SELECT count(*) FROM part": "it aggregates",
    "SELECT mode(a) FROM part": "it aggregates",
    "SELECT list(a) FROM part": "it aggregates",
    "SELECT approx_quantile(a, 0.5) + 1 FROM part": "it aggregates",
    "SELECT DISTINCT a FROM part": "it removes duplicates",
    "SELECT *, row_number() OVER () FROM part": "window",
    "SELECT * FROM part QUALIFY row_number() OVER (PARTITION BY a) = 1": "window",
    "SELECT * FROM part LIMIT 5": "a number of rows",
    "(SELECT * FROM part) LIMIT 5": "a number of rows",
    "SELECT * FROM part USING SAMPLE 10%": "a sample",
    "SELECT * FROM part TABLESAMPLE 5": "a sample",
    "SELECT * FROM part UNION ALL SELECT * FROM whole": "puts results together",
    "SELECT * FROM whole EXCEPT SELECT * FROM part": "puts results together",
    "SELECT * FROM whole LEFT JOIN part USING (id)": "LEFT JOIN",
    "SELECT * FROM part FULL JOIN whole USING (id)": "FULL JOIN",
    "SELECT * FROM part POSITIONAL JOIN whole": "POSITIONAL JOIN",
    "SELECT * FROM whole ANTI JOIN part USING (id)": "ANTI JOIN",
    "SELECT * FROM part AS a JOIN part AS b ON a.x = b.y": "with themselves",
    "SELECT * FROM whole WHERE id IN (SELECT id FROM part)": "a query inside",
    "SELECT * FROM part WHERE b > (SELECT avg(b) FROM part)": "a query inside",
    "WITH p AS (SELECT DISTINCT a FROM part) SELECT * FROM p": "it removes duplicates",
    "WITH p AS (SELECT * FROM part) SELECT * FROM whole WHERE EXISTS (FROM p)": "a query inside",
    "SELECT * FROM (SELECT * FROM part ORDER BY a LIMIT 3)": "a number of rows",
    "PIVOT part ON a USING sum(b)": "it",
    "SELECT * FROM whole": "does not read them",
    "SELEC": "it can't be read",
}


@pytest.mark.parametrize("sql", ROW_WISE)
def test_rows_that_are_taken_one_by_one(sql: str) -> None:
    assert why_not_row_wise(sql, ["part"]) == ""


@pytest.mark.parametrize(("sql", "reason"), OTHERS.items())
def test_rows_that_are_taken_together(sql: str, reason: str) -> None:
    assert reason in why_not_row_wise(sql, ["part"])


def test_spark_sql_is_read_as_such() -> None:
    assert (
        why_not_row_wise("SELECT `a b` FROM part LATERAL VIEW explode(l) t AS x", ["part"], dialect="spark")
        == ""
    )
    assert "it aggregates" in why_not_row_wise("SELECT collect_list(a) FROM part", ["part"], dialect="spark")
