"""SQL in another form says the same; what can't be read comes back as it is, with its place."""

from __future__ import annotations

import pytest

from odibi_studio.messages import Span, SqlRequest
from odibi_studio.services.sql_text import format_sql, translate_sql


def test_a_text_is_laid_out_with_its_comments_and_placeholders() -> None:
    text = "select a, /* why */ b from rows where day >= {since} and note <> '{{x}}' and key = '${secret:K}'"
    answer = format_sql(SqlRequest(sql=text))
    assert answer.problem is None
    assert answer.sql.startswith("SELECT\n    a, /* why */\n    b\nFROM rows")
    for kept in ("/* why */", "{since}", "'{{x}}'", "'${secret:K}'"):
        assert kept in answer.sql
    assert format_sql(SqlRequest(sql=answer.sql)).sql == answer.sql


@pytest.mark.parametrize("text", ["select frm rows wher", "select * from (select 1", "", "selec 1"])
def test_what_can_not_be_read_stays_as_it_is(text: str) -> None:
    answer = format_sql(SqlRequest(sql=text))
    assert answer.sql == text
    assert answer.problem is not None or answer.warnings


def test_the_place_of_what_can_not_be_read_is_told() -> None:
    problem = format_sql(SqlRequest(sql="select {since}\nfrm rows wher")).problem
    assert problem is not None
    assert problem.span == Span(line=2, column=5, end_line=2, end_column=9)


def test_spark_becomes_duckdb_and_back() -> None:
    text = "SELECT date_format(d, 'yyyy') AS y FROM rows WHERE d > {since}"
    duckdb = translate_sql(SqlRequest(sql=text, dialect="duckdb"))
    assert "STRFTIME(CAST(d AS TIMESTAMP), '%Y') AS y" in duckdb.sql
    assert "d > {since}" in duckdb.sql
    spark = translate_sql(SqlRequest(sql="SELECT hash(x) FROM rows", dialect="spark"))
    assert spark.warnings == ["HASH: Spark hashes by another algorithm"]


def test_what_can_not_be_translated_stays_as_it_is() -> None:
    answer = translate_sql(SqlRequest(sql="DROP TABLE rows", dialect="spark"))
    assert answer.sql == "DROP TABLE rows"
    assert answer.problem is not None
    assert answer.problem.span == Span(line=1, column=1, end_line=1, end_column=5)
