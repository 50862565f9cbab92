"""Parameters, and placeholders in texts and in SQL."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odibi_core.errors import ParameterError
from odibi_core.parameters import (
    Parameter,
    ParameterType,
    Reference,
    placeholder_problems,
    references,
    render,
    resolve_parameters,
)

VALUES = {"n": 3, "who": "O'Neil", "day": dt.date(2026, 1, 31), "ids": [1, 2], "no": None, "yes": True}


def fill(value: Any, *, sql: bool = False) -> Any:
    return render(value, lambda reference: VALUES.get(reference.name, f"<{reference.scheme}>"), sql=sql)


def test_a_text_that_is_one_placeholder_keeps_the_value_s_type() -> None:
    assert fill("{n}") == 3
    assert fill({"a": ["{n}", "x{n}"], "{n}": 1}) == {"a": [3, "x3"], "{n}": 1}
    assert fill("{day}/{{n}}/${secret:X}/${env:Y}") == "2026-01-31/{n}/<secret>/<env>"


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT {n}, {yes}, {no}", [(3, True, None)]),
        ("SELECT {who}, 'by {who}'", [("O'Neil", "by O'Neil")]),
        ("SELECT {day}, '{day}'", [(dt.date(2026, 1, 31), "2026-01-31")]),
        ("SELECT 1 IN ({ids}) -- {unknown} stays", [(True,)]),
        ("SELECT {{'a': 1}}.a", None),
        ("SELECT /* {n} */ '{{n}}'", [("{n}",)]),
    ],
)
def test_in_sql_a_placeholder_is_a_value(sql: str, rows: list[Any] | None) -> None:
    if rows is None:
        assert fill(sql, sql=True) == sql
        return
    with duckdb.connect() as connection:
        assert connection.execute(fill(sql, sql=True)).fetchall() == rows


def test_no_text_gets_out_of_its_quotes() -> None:
    with duckdb.connect() as connection:

        @given(st.text().map(lambda text: text.replace("\0", "")))
        @settings(deadline=None)
        def comes_back(text: str) -> None:
            sql = render("SELECT {x}, 'a{x}b'", lambda _: text, sql=True)
            assert connection.execute(sql).fetchall() == [(text, f"a{text}b")]

        comes_back()


def test_every_placeholder_is_found() -> None:
    found = list(references({"a": ["{x}", {"b": "${secret:K} {{y}} ${env:E}"}]}))
    assert found == [Reference("parameter", "x"), Reference("secret", "K"), Reference("env", "E")]


def test_an_unknown_one_has_near_names_and_the_way_to_write_braces() -> None:
    (problem,) = placeholder_problems("s", "value", "{dat}", {"date": 1})
    assert str(problem) == (
        "step 's', value: the placeholder {dat} stands for no parameter. "
        "Did you mean 'date'?; declare 'dat' under parameters; "
        "to write the text itself, double the braces: {{dat}}"
    )


@pytest.mark.parametrize(
    ("type_", "given_", "parsed"),
    [
        ("integer", "12", 12),
        ("number", "12.5", 12.5),
        ("boolean", "Yes", True),
        ("date", "2026-01-31", dt.date(2026, 1, 31)),
        ("choice", "2", 2),
        ("text", 5, "5"),
    ],
)
def test_text_from_a_command_line_is_parsed(type_: str, given_: Any, parsed: Any) -> None:
    parameter = Parameter("p", ParameterType(type_), choices=(1, 2) if type_ == "choice" else ())
    assert parameter.parse(given_) == parsed


@pytest.mark.parametrize(
    ("type_", "given_"),
    [
        ("integer", "1.5"),
        ("integer", True),
        ("integer", float("inf")),
        ("number", "nan"),
        ("boolean", "maybe"),
        ("date", "31.1.2026"),
        ("choice", "3"),
        ("text", ["a"]),
    ],
)
def test_what_does_not_fit_is_refused_with_an_example(type_: str, given_: Any) -> None:
    with pytest.raises(ParameterError, match=r"parameter 'p'.* is not ") as caught:
        Parameter("p", ParameterType(type_), choices=(1, 2) if type_ == "choice" else ()).parse(given_)
    assert caught.value.fix.startswith("give ")


@pytest.mark.parametrize(
    ("type_", "choices", "given_", "parsed", "other"),
    [
        ("text", ("a", 1), "1", "1", "b"),
        ("number", (1, "2.5"), "2.5", 2.5, 2),
        ("integer", (1, "2", "few"), 2.0, 2, "3"),
        ("boolean", ("yes",), "true", True, False),
        ("date", ("2026-01-31",), dt.date(2026, 1, 31), dt.date(2026, 1, 31), "2026-02-01"),
        ("dataset", ("data/a.csv",), "data/a.csv", "data/a.csv", "data/b.csv"),
    ],
)
def test_choices_hold_for_every_type(
    type_: str, choices: tuple[Any, ...], given_: Any, parsed: Any, other: Any
) -> None:
    parameter = Parameter("p", ParameterType(type_), choices=choices)
    value = parameter.parse(given_)
    assert (value, type(value)) == (parsed, type(parsed))
    with pytest.raises(ParameterError) as caught:
        parameter.parse(other)
    assert caught.value.what == f"{other!r} is not one of {', '.join(map(repr, choices))}"
    assert caught.value.fix == f"give one of {', '.join(map(repr, choices))}"


def test_the_day_of_a_run_may_always_be_given() -> None:
    declared = {"region": Parameter("region", default="North")}
    values = resolve_parameters(declared, {"date": "2026-01-31"})
    assert values == {"region": "North", "date": dt.date(2026, 1, 31)}
    assert resolve_parameters({}, {"date": "2026-01-31", "x": 1}) == {"date": dt.date(2026, 1, 31), "x": 1}
    with pytest.raises(ParameterError, match="'soon' is not a date"):
        resolve_parameters(declared, {"date": "soon"})
