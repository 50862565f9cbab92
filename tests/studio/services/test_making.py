"""Forms answer with SQL, and with their mistakes at the fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from odibi_core.errors import UnknownNameError
from odibi_studio.messages import Column, RecipeAnswer, RecipeRequest, Severity, Span
from odibi_studio.services.making import RecipeMaker

ORDERS = [Column(name="id", type="BIGINT"), Column(name="amount", type="DOUBLE")]


@pytest.fixture
def maker() -> Iterator[RecipeMaker]:
    maker = RecipeMaker()
    yield maker
    maker.close()


def make(
    maker: RecipeMaker, recipe: str, form: dict[str, Any], **inputs: list[Column] | None
) -> RecipeAnswer:
    return maker.make(RecipeRequest(recipe=recipe, settings=form, inputs=inputs or {"orders": ORDERS}))


def test_the_sql_reads_as_a_person_would_write_it(maker: RecipeMaker) -> None:
    form = {"conditions": [{"column": "amount", "operator": "is at least", "value": "2.5"}]}
    answer = make(maker, "filter", form)
    assert answer.sql == "SELECT *\nFROM orders\nWHERE amount >= 2.5"
    assert answer.problems == []


def test_an_unknown_column_is_told_at_its_field_with_the_near_name(maker: RecipeMaker) -> None:
    form = {"conditions": [{"column": "id", "value": "1"}, {"column": "amuont", "value": "1"}]}
    (problem,) = make(maker, "filter", form).problems
    assert problem.field == "conditions.1.column"
    assert problem.what == "there is no column 'amuont' in 'orders'"
    assert problem.suggestions == ["amount"]


def test_a_mistake_in_a_formula_is_marked_inside_it(maker: RecipeMaker) -> None:
    form = {"formulas": [{"name": "x", "expression": "id\n  + amuont"}]}
    (problem,) = make(maker, "formula", form).problems
    assert problem.field == "formulas.0.expression"
    assert problem.span == Span(line=2, column=5, end_line=2, end_column=11)
    assert problem.suggestions == ["amount"]


@pytest.mark.parametrize("text", ["id, amount", "id) FROM orders --", "id; DROP TABLE orders"])
def test_a_formula_is_one_value_and_no_more(maker: RecipeMaker, text: str) -> None:
    answer = make(maker, "formula", {"formulas": [{"name": "x", "expression": text}]})
    assert [problem.field for problem in answer.problems] == ["formulas.0.expression"]


@pytest.mark.parametrize(
    ("recipe", "form", "field"),
    [
        ("select", {}, "columns"),
        ("join", {}, "keys"),
        ("aggregate", {}, "aggregates"),
        ("sort", {"keys": [{}]}, "keys.0.column"),
        ("sort", {"limit": -1}, "limit"),
        ("filter", {"conditions": [{"column": "id", "value": "one"}]}, "conditions.0.value"),
        ("filter", {"conditions": [{"column": "id", "operator": "is like"}]}, "conditions.0.operator"),
        ("cast", {"columns": [{"column": "id", "type": ""}]}, "columns.0.type"),
        ("fill_missing", {"columns": [{"column": "id", "using": "the value before"}]}, "order_by"),
        ("select", {"columns": [{"column": "id"}, {"column": "ID"}]}, "columns.1.name"),
    ],
)
def test_what_is_missing_or_wrong_is_told_at_its_field(
    maker: RecipeMaker, recipe: str, form: dict[str, Any], field: str
) -> None:
    inputs = {"left": ORDERS, "right": ORDERS} if recipe == "join" else {"orders": ORDERS}
    assert field in [problem.field for problem in make(maker, recipe, form, **inputs).problems]


def test_inputs_that_only_a_run_can_tell_are_taken_on_trust(maker: RecipeMaker) -> None:
    form = {"keys": [{"left": "id", "right": "order_id"}]}
    answer = make(maker, "join", form, orders=None, lines=None)
    assert "lines.* EXCLUDE (order_id)" in answer.sql
    assert answer.problems == []


def test_a_step_with_the_wrong_number_of_inputs_says_so(maker: RecipeMaker) -> None:
    (problem,) = make(maker, "join", {}, orders=ORDERS).problems
    assert problem.what == "the step takes 2 inputs, and has 1"


def test_an_unknown_recipe_is_refused_with_the_near_name(maker: RecipeMaker) -> None:
    with pytest.raises(UnknownNameError) as caught:
        make(maker, "fliter", {})
    assert "'filter'" in caught.value.fix


def test_what_spark_can_not_do_of_a_form_is_said_where_the_step_runs_on_spark(maker: RecipeMaker) -> None:
    settings = {"group_by": ["id"], "names_from": "city", "values_from": "id", "function": "sum"}
    inputs = {"orders": [Column(name="id", type="BIGINT"), Column(name="city", type="VARCHAR")]}
    request = RecipeRequest(recipe="pivot", settings=settings, inputs=inputs)
    assert maker.make(request).problems == []
    (problem,) = maker.make(request.model_copy(update={"engine": "spark"})).problems
    assert problem.severity is Severity.ERROR
    assert problem.what == "on Spark there is no PIVOT over values that only the rows tell"
    named = request.model_copy(update={"engine": "spark", "settings": {**settings, "values": ["Rome"]}})
    assert maker.make(named).problems == []
