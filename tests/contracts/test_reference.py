"""The pipeline reference knows every key and setting that there is."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from odibi_core.formats.base import Options
from odibi_core.formats.registry import format_named, format_names
from odibi_core.nodes import settings
from odibi_core.parameters import BUILT_IN_NAMES, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

REFERENCE = (Path(__file__).parents[2] / "docs" / "pipelines.md").read_text(encoding="utf-8")
MODELS = [
    model for model in vars(settings).values() if isinstance(model, type) and issubclass(model, Options)
]


def section(title: str) -> str:
    """What stands under a heading of the reference, up to the next one of its level."""
    level, _, rest = next(
        (mark, name, REFERENCE[match.end() :])
        for match in re.finditer(r"^(#+) (.*)$", REFERENCE, flags=re.MULTILINE)
        for mark, name in [match.groups()]
        if name == title
    )
    return re.split(rf"^#{{1,{len(level)}}} ", rest, flags=re.MULTILINE)[0]


def keys(text: str) -> set[str]:
    """The words in the first column of the tables in a text."""
    return {
        word
        for row in re.findall(r"^\| (`[^|]*)\|", text, flags=re.MULTILINE)
        for word in re.findall(r"`([^`]+)`", row)
    }


def spelled(model: type[Options]) -> set[str]:
    """The settings of a model as a pipeline file spells them."""
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize(("title", "form"), [("The file", Pipeline), ("A step", Step)])
def test_every_key_of_the_file_is_in_the_reference(title: str, form: type) -> None:
    assert keys(section(title)) == {field.name for field in dataclasses.fields(form)}


def test_every_setting_of_every_node_kind_is_in_the_reference() -> None:
    described = keys(section("Params of every step")) | keys(section("Params of each kind"))
    assert described == set().union(*map(spelled, MODELS))


@pytest.mark.parametrize("name", format_names())
def test_every_setting_of_every_format_is_in_the_reference(name: str) -> None:
    format_ = format_named(name)
    assert keys(section(name)) == spelled(format_.read_options) | spelled(format_.write_options)


def test_every_placeholder_and_parameter_type_is_in_the_reference() -> None:
    placeholders = keys(section("Placeholders"))
    assert {f"{{{name}}}" for name in BUILT_IN_NAMES} <= placeholders
    assert all(f"`{kind}`" in section("Parameters of a run") for kind in ParameterType)
