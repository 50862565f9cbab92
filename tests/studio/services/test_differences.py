"""How two documents differ: step by step, and as text."""

from __future__ import annotations

import pytest
from tests.studio.conftest import YAML

from odibi_studio.messages import Diff
from odibi_studio.services.differences import difference
from odibi_studio.services.documents import Content


def diff(after: str) -> Diff:
    return difference(Content(YAML), Content(after), ("version 1", "now"))


def changes(found: Diff) -> list[tuple[str, str, str, list[str]]]:
    return [(change.step, change.change, change.before, change.fields) for change in found.steps]


def test_equal_documents_do_not_differ() -> None:
    found = diff(YAML)
    assert (found.steps, found.fields, found.text) == ([], [], "")


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ("amount > 0", "amount > 1", ["value"]),
        ("{rows: raw}", "{lines: raw}", ["inputs.rows", "inputs.lines"]),
        ("{rows: raw}", "{rows: raw}\n    metadata: {x: {y: 1}}", ["metadata.x"]),
        ("layer: silver", "layer: gold", ["layer"]),
    ],
)
def test_a_changed_step_is_told_with_the_paths_of_its_fields(
    before: str, after: str, fields: list[str]
) -> None:
    assert changes(diff(YAML.replace(before, after))) == [("clean", "changed", "", fields)]


def test_a_change_inside_a_mapping_is_told_as_deep_as_both_sides_go() -> None:
    found = diff(YAML.replace("header: true", "header: false, schema: {a: INTEGER}"))
    assert changes(found) == [("read", "changed", "", ["params.header", "params.schema"])]


def test_a_boolean_that_became_a_number_is_a_change() -> None:
    assert changes(diff(YAML.replace("header: true", "header: 1"))) == [
        ("read", "changed", "", ["params.header"])
    ]


def test_a_step_that_has_another_name_is_renamed_and_not_removed_and_added() -> None:
    assert changes(diff(YAML.replace("name: clean", "name: tidy"))) == [("tidy", "renamed", "clean", [])]


def test_a_renamed_step_may_have_changed_a_little() -> None:
    after = YAML.replace("name: clean", "name: tidy").replace("amount > 0", "amount > 1")
    assert changes(diff(after)) == [("tidy", "renamed", "clean", ["value"])]


def test_another_step_in_a_step_s_place_is_removed_and_added() -> None:
    after = YAML.replace(
        "name: clean\n    layer: silver\n    type: sql\n    value: SELECT * FROM rows WHERE amount > 0",
        "name: other\n    layer: gold\n    type: function\n    value: transforms.other",
    )
    assert [change[:2] for change in changes(diff(after))] == [("other", "added"), ("clean", "removed")]


def test_the_pipeline_s_own_fields_are_told_by_their_paths() -> None:
    after = YAML.replace("engine: pandas", "engine: spark\nparameters: {day: {type: date}}")
    assert diff(after).fields == ["engine", "parameters.day"]


def test_the_text_is_a_unified_diff_of_the_yaml_with_its_comments() -> None:
    found = diff(YAML.replace("# every night", "# each night"))
    assert found.steps == []
    assert "-  - name: read  # every night" in found.text.splitlines()
    assert "+  - name: read  # each night" in found.text.splitlines()
