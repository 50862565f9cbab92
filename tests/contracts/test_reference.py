"""The pages of the reference are those that the code makes, and know every key that there is."""

from __future__ import annotations

import dataclasses
import re
import runpy
from pathlib import Path

import pytest

from odibi_core.parameters import BUILT_IN_NAMES, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """What stands under a heading of the reference."""
    return re.split(r"^## ", REFERENCE.split(f"## {title}\n")[1], flags=re.MULTILINE)[0]


def keys(text: str) -> set[str]:
    """The words in the first column of the tables in a text."""
    cells = re.findall(r"^\| (`[^|]*)\|", text, flags=re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def test_the_pages_that_are_made_from_the_code_are_current() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "make_reference.py"))["pages"]()
    kept = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in made}
    assert kept == made, "run: make reference"


@pytest.mark.parametrize(("title", "form"), [("The file", Pipeline), ("A step", Step)])
def test_every_key_of_the_file_is_in_the_reference(title: str, form: type) -> None:
    assert keys(section(title)) == {field.name for field in dataclasses.fields(form)}


def test_every_placeholder_and_parameter_type_is_in_the_reference() -> None:
    placeholders = keys(section("Placeholders"))
    assert {f"{{{name}}}" for name in BUILT_IN_NAMES} <= placeholders
    assert all(f"`{kind}`" in section("Parameters of a run") for kind in ParameterType)
