"""The SQL of every form translates to Spark's, with nothing to warn of where the columns are known."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot

from odibi_core.errors import SqlError
from odibi_core.schema import Schema
from odibi_core.sql.dialect import translate
from odibi_studio.recipes.filtering import Operator
from odibi_studio.recipes.grouping import Aggregate
from odibi_studio.recipes.recipe import Input
from odibi_studio.recipes.registry import RECIPES, recipe_named
from odibi_studio.recipes.selecting import Filling

SALES = Schema.of(
    {"id": "BIGINT", "city": "VARCHAR", "amount": "DOUBLE", "day": "DATE", "note": "VARCHAR", "a b": "BIGINT"}
)
PEOPLE = Schema.of({"key": "BIGINT", "name": "VARCHAR", "city": "VARCHAR"})
KEY = {"left": "id", "right": "key"}

FORMS: list[tuple[str, dict[str, Any]]] = [
    *(
        ("filter", {"conditions": [{"column": "city", "operator": one, "value": "R", "upper": "S"}]})
        for one in Operator
        if one not in (Operator.ONE_OF, Operator.NONE_OF)
    ),
    ("filter", {"conditions": [{"column": "city", "operator": "is one of", "values": ["Rome"]}]}),
    ("filter", {"expression": "amount > 2", "keep": "rest"}),
    ("select", {"columns": [{"column": "id", "name": "n"}, {"column": "a b"}], "others": "drop"}),
    (
        "select",
        {"columns": [{"column": "id", "name": "n"}, {"column": "a b", "keep": False}], "others": "keep"},
    ),
    ("formula", {"formulas": [{"name": "tax", "expression": "amount / 10"}]}),
    ("formula", {"formulas": [{"name": "city", "expression": "upper(city)"}]}),
    *(("join", {"how": how, "keys": [KEY]}) for how in ("inner", "left", "right", "full", "semi", "anti")),
    *(
        ("aggregate", {"group_by": ["a b"], "aggregates": [{"function": one, "column": "amount"}]})
        for one in Aggregate
    ),
    ("sort", {"keys": [{"column": "day", "direction": "descending", "empty": "first"}], "limit": 3}),
    ("dedupe", {"columns": ["id"], "keep": [{"column": "day"}]}),
    ("dedupe", {"columns": ["id"]}),
    ("dedupe", {}),
    ("union", {"match": "name"}),
    ("union", {"match": "name", "distinct": True}),
    ("cast", {"columns": [{"column": "amount", "type": "BIGINT"}, {"column": "day", "type": "VARCHAR"}]}),
    ("cast", {"columns": [{"column": "note", "type": "DATE", "pattern": "%d/%m/%Y"}]}),
    ("cast", {"columns": [{"column": "note", "type": "DATE", "pattern": "%d/%m/%Y"}], "on_error": "fail"}),
    *(
        ("fill_missing", {"columns": [{"column": "amount", "using": using, "value": "0"}], "order_by": "day"})
        for using in Filling
    ),
    ("fill_missing", {"columns": [{"column": "note", "value": "-"}], "blank_is_empty": True}),
    (
        "pivot",
        {"group_by": ["id"], "names_from": "city", "values_from": "amount", "values": ["Rome", "Oslo"]},
    ),
    ("unpivot", {"columns": ["city", "note"]}),
    ("unpivot", {"columns": ["city", "note"], "keep_empty": False}),
    ("split_text", {"column": "note", "into": "columns", "names": ["a", "b"]}),
    ("split_text", {"column": "note", "into": "rows"}),
    ("sample", {"take": "first", "rows": 2}),
    ("sample", {"take": "random", "rows": 2, "seed": 1}),
    ("sample", {"take": "percent", "percent": 10}),
]


def for_spark(name: str, form: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The SQL that Spark gets, and what is to be said of it."""
    recipe = recipe_named(name)
    inputs = [Input("sales", SALES)]
    if recipe.inputs != 1:
        inputs.append(Input("people", PEOPLE))
    sql = recipe.sql(recipe.settings.model_validate(form), inputs)
    made = translate(sql, "duckdb", "spark", inputs={each.name: each.schema for each in inputs})
    return made.sql, made.warnings


def test_every_form_is_tried() -> None:
    assert {name for name, _ in FORMS} == set(RECIPES)


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_a_form_has_sql_for_spark(name: str, form: dict[str, Any]) -> None:
    sql, warnings = for_spark(name, form)
    assert warnings == ()
    sqlglot.parse_one(sql, dialect="spark")
    for word in (" REPLACE (", " RENAME (", " BY NAME ", "QUALIFY", "USING SAMPLE", "STRPTIME"):
        assert word not in sql


def test_a_pivot_that_looks_its_columns_up_is_refused_for_spark() -> None:
    with pytest.raises(SqlError, match="PIVOT over values that only the rows tell"):
        for_spark("pivot", {"group_by": ["id"], "names_from": "city", "values_from": "amount"})
