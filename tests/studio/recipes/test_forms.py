from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from odibi_studio.recipes.registry import RECIPES


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (schema, *schema.get("$defs", {}).values()):
        if "properties" in part:
            yield part["properties"]


@pytest.mark.parametrize("name", RECIPES)
def test_a_field_waits_only_for_answers_that_a_field_beside_it_offers(name: str) -> None:
    schema = RECIPES[name].settings.model_json_schema()
    for properties in objects(schema):
        for field in properties.values():
            for beside, answers in field.get("x-when", {}).items():
                other = properties[beside]
                offered = other.get("enum") or schema["$defs"][other["$ref"].split("/")[-1]]["enum"]
                assert answers
                assert set(answers) <= set(offered)


def test_a_condition_asks_for_what_its_operator_compares_with() -> None:
    condition = RECIPES["filter"].settings.model_json_schema()["$defs"]["Condition"]["properties"]
    waiting = {name: field["x-when"]["operator"] for name, field in condition.items() if "x-when" in field}
    asked = {
        operator: {name for name, answers in waiting.items() if operator in answers}
        for operator in ("is between", "is one of", "is empty", "contains")
    }
    assert asked == {
        "is between": {"value", "upper"},
        "is one of": {"values", "ignore_case"},
        "is empty": set(),
        "contains": {"value", "ignore_case"},
    }
