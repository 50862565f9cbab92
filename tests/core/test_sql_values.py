"""Values placed in SQL: the same value for DuckDB and for Spark, and never code."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from odibi_core.errors import ParameterError
from odibi_core.parameters import Reference, render
from odibi_core.sql.dialect import translate


def placed(sql: str, **values: Any) -> str:
    def resolve(reference: Reference) -> Any:
        return values[reference.name]

    text = render(sql, resolve, sql=True)
    assert isinstance(text, str)
    return text


def rows(sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def read_as_spark(sql: str) -> str:
    return translate(sql, "spark", "duckdb").sql


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
@example("' OR 1=1 -- ")
@example("\\' OR 1=1 -- ")
@example("it's")
@example("\\")
@example("''; DROP TABLE t; --")
@example("{word}")
@example('"`$$')
def test_a_text_is_the_same_value_in_either_dialect(word: str) -> None:
    sql = placed("SELECT {word} AS alone, 'a{word}b' AS inside, {word} = {word} AS same", word=word)
    expected = [(word, f"a{word}b", True)]
    assert rows(sql) == expected
    assert rows(read_as_spark(sql)) == expected


def test_a_placeholder_in_a_condition_never_widens_it() -> None:
    sql = placed(
        "SELECT * FROM (VALUES ('a'), ('b')) AS s(store) WHERE store = {word}", word="\\' OR 1=1 -- "
    )
    assert rows(sql) == []
    assert rows(read_as_spark(sql)) == []


def test_a_pattern_with_a_quote_in_it_still_matches() -> None:
    sql = placed("SELECT 'O''Hara''s' LIKE '%{word}%'", word="O'Hara")
    assert rows(sql) == [(True,)]


def test_values_outside_of_quotes_keep_their_types() -> None:
    sql = placed(
        "SELECT {n}, {x}, {yes}, {day}, {nothing}, 2 IN ({many})",
        n=7,
        x=2.5,
        yes=True,
        day=dt.date(2026, 1, 31),
        nothing=None,
        many=[1, 2],
    )
    ((n, x, yes, day, nothing, found),) = rows(sql)
    assert (n, float(x), yes, day, nothing, found) == (7, 2.5, True, dt.date(2026, 1, 31), None, True)


@settings(deadline=None)
@given(st.integers(-(2**62), 2**62))
@example(-2)
@example(-(2**62))
def test_a_number_is_the_same_value_wherever_it_stands(number: int) -> None:
    sql = placed("SELECT 10-{n} AS less, -{n} AS negated WHERE {n} = {n}", n=number)
    expected = [(10 - number, -number)]
    assert rows(sql) == expected
    assert rows(read_as_spark(sql)) == expected


@settings(deadline=None)
@given(st.floats(allow_nan=False))
@example(float("inf"))
@example(float("-inf"))
@example(-0.0)
def test_a_float_is_the_same_value_finite_or_not(number: float) -> None:
    sql = placed("SELECT (0-{x})::DOUBLE", x=number)
    assert rows(sql) == [(0 - number,)]


def test_what_is_not_a_number_stays_so() -> None:
    sql = placed("SELECT {x} AS x", x=float("nan"))
    for text in (sql, read_as_spark(sql)):
        ((found,),) = rows(text)
        assert math.isnan(found)


def test_comments_stay_as_they_are() -> None:
    sql = "SELECT 1 -- don't touch {word}\n, 2 /* nor {word} */"
    assert placed(sql, word="x") == sql


@pytest.mark.parametrize("opening", ['"{word}"', "`{word}`", "$${word}$$"])
def test_a_value_that_could_leave_its_quotes_is_refused(opening: str) -> None:
    with pytest.raises(ParameterError) as refused:
        placed(f"SELECT {opening}", word='a"b`c$$d')
    assert "{word} holds a quote" in refused.value.what
    assert "single quotes" in refused.value.fix


def test_a_plain_value_may_name_a_column() -> None:
    assert rows(placed('SELECT "{word}" FROM (SELECT 1 AS amount)', word="amount")) == [(1,)]


def test_a_text_whose_quotes_the_dialects_read_differently_is_refused() -> None:
    with pytest.raises(ParameterError) as refused:
        placed("SELECT 1,\n'it\\'s {word}'", word="x")
    assert refused.value.where == "line 2"
    assert "chr(39)" in refused.value.fix
