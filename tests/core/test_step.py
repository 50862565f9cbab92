"""What a step is, and which kind it is of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from odibi_core.step import NodeKind, Step


def test_a_step_takes_its_arguments_in_the_documented_order() -> None:
    nothing: Any = None
    step = Step(
        "bronze", "load", "config_op", "pandas", "a.csv", {"header": True}, nothing, {"data": "a"}, {"x": 1}
    )
    assert (step.layer, step.name, step.type, step.engine, step.value) == (
        "bronze",
        "load",
        "config_op",
        "pandas",
        "a.csv",
    )
    assert (step.params, step.inputs, step.outputs, step.metadata) == (
        {"header": True},
        {},
        {"data": "a"},
        {"x": 1},
    )


def test_steps_share_no_mapping() -> None:
    params: dict[str, object] = {}
    one, other = (Step("t", name, "sql", "", "SELECT 1", params) for name in "ab")
    one.params["x"] = 1
    assert (params, other.params) == ({}, {})


@pytest.mark.parametrize("layer", list(NodeKind))
def test_a_layer_that_names_a_kind_decides(layer: NodeKind) -> None:
    assert Step(layer, "s", "config_op", "", "x").kind is layer


@pytest.mark.parametrize(
    ("type_", "value", "inputs", "outputs", "params", "kind"),
    [
        ("sql", "SELECT 1", {}, {"data": "a"}, {}, NodeKind.TRANSFORM),
        ("function", "f", {"a": "a"}, {"data": "b"}, {}, NodeKind.TRANSFORM),
        ("config_op", "a.csv", {}, {"data": "a"}, {}, NodeKind.INGEST),
        ("config_op", "a.csv", {"data": "a"}, {}, {}, NodeKind.STORE),
        ("config_op", "https://example.com", {"data": "a"}, {}, {}, NodeKind.PUBLISH),
        ("config_op", "x", {"data": "a"}, {}, {"method": "POST"}, NodeKind.PUBLISH),
        ("api", "x", {"data": "a"}, {}, {}, NodeKind.PUBLISH),
        ("config_op", "lake", {}, {}, {}, NodeKind.CONNECT),
        ("config_op", "x", {"a": "a"}, {"b": "b"}, {}, None),
        ("sequel", "x", {}, {"b": "b"}, {}, None),
    ],
)
def test_else_the_kind_follows_from_the_step(
    type_: str,
    value: str,
    inputs: dict[str, str],
    outputs: dict[str, str],
    params: dict[str, str],
    kind: NodeKind | None,
) -> None:
    assert Step("gold", "s", type_, "", value, dict(params), inputs, outputs).kind is kind


def test_a_step_on_an_engine_has_all_else_of_the_step() -> None:
    step = Step(
        "silver",
        "a",
        "sql",
        "",
        "SELECT 1",
        {"x": 1},
        {"rows": "r"},
        {"data": "d"},
        {"note": 1},
        [{"check": "key"}],
    )
    assert step.on("spark") == replace(step, engine="spark")
    assert step.on("spark").params is not step.params
