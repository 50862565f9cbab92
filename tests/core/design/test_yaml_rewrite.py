"""A rewrite changes what changed, and not a byte beside it."""

from __future__ import annotations

import difflib
from collections.abc import Callable

import pytest

from odibi_core.design.yaml_form import load_yaml, rewrite_yaml
from odibi_core.errors import DesignError, PipelineInvalidError
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

TEXT = """\
# The head of the file.
name:   sales     # its name
"engine": 'pandas'

settings:
  max_retries: 3   # enough

steps:
  # === bronze ===

  # Reads the file.
  - name: read
    layer:  ingest
    type: config_op
    value: "data/sales.csv"
    params: {source_type: csv,  header: true}  # as exported
    outputs:
      data: raw

  # Keeps some.
  - layer: silver
    name: keep
    type: sql
    value: |  # the query
      SELECT *
      FROM raw   -- "quoted"

    inputs: {raw: raw}
    outputs: {data: kept}
    params:
      # Why this is here.
      materialize: true
      list:
      - a  # first
      - b
  - {name: save, layer: store, type: config_op, value: out.parquet, inputs: {data: kept}}
# The end.
"""


def edited(change: Callable[[Pipeline], object], text: str = TEXT) -> list[str]:
    """The lines that a change of the pipeline takes out and puts in."""
    pipeline = load_yaml(text)
    change(pipeline)
    made = rewrite_yaml(text, pipeline)
    assert load_yaml(made) == pipeline
    difference = difflib.unified_diff(text.splitlines(), made.splitlines(), n=0, lineterm="")
    return [line for line in difference if not line.startswith(("---", "+++", "@@"))]


def test_no_change_gives_the_same_text() -> None:
    assert rewrite_yaml(TEXT, load_yaml(TEXT)) == TEXT


def test_a_changed_value_keeps_its_comment_and_the_blanks_before_it() -> None:
    assert edited(lambda pipeline: pipeline.settings.update(max_retries=5)) == [
        "-  max_retries: 3   # enough",
        "+  max_retries: 5   # enough",
    ]
    assert edited(lambda pipeline: setattr(pipeline, "name", "sold")) == [
        "-name:   sales     # its name",
        "+name:   sold     # its name",
    ]


def test_a_value_in_braces_is_changed_inside_them() -> None:
    assert edited(lambda pipeline: pipeline.steps[0].params.update(header=False)) == [
        "-    params: {source_type: csv,  header: true}  # as exported",
        "+    params: {source_type: csv,  header: false}  # as exported",
    ]
    assert edited(lambda pipeline: pipeline.steps[0].params.update(delimiter=";")) == [
        "-    params: {source_type: csv,  header: true}  # as exported",
        '+    params: {source_type: csv, header: true, delimiter: ";"}  # as exported',
    ]


def test_a_literal_block_stays_one_and_keeps_the_comment_of_its_first_line() -> None:
    assert edited(lambda pipeline: setattr(pipeline.steps[1], "value", "SELECT 1\nFROM raw\n")) == [
        "-      SELECT *",
        '-      FROM raw   -- "quoted"',
        "+      SELECT 1",
        "+      FROM raw",
    ]


def test_a_literal_block_may_become_one_line() -> None:
    assert edited(lambda pipeline: setattr(pipeline.steps[1], "value", "SELECT 1")) == [
        "-    value: |  # the query",
        "-      SELECT *",
        '-      FROM raw   -- "quoted"',
        "+    value: SELECT 1  # the query",
    ]


def test_one_line_may_become_a_literal_block() -> None:
    assert edited(lambda pipeline: setattr(pipeline.steps[0], "value", "a\nb")) == [
        '-    value: "data/sales.csv"',
        "+    value: |-",
        "+      a",
        "+      b",
    ]


def test_new_fields_stand_where_the_form_has_them_and_removed_ones_take_their_comments_along() -> None:
    def change(pipeline: Pipeline) -> None:
        pipeline.description = "What was sold"
        pipeline.parameters["day"] = Parameter("day", ParameterType.DATE)
        del pipeline.steps[1].params["materialize"]
        pipeline.steps[0].metadata = {"owner": "me"}

    assert edited(change) == [
        "+description: What was sold",
        "+",
        "+parameters:",
        "+  day: {type: date}",
        "+    metadata: {owner: me}",
        "-      # Why this is here.",
        "-      materialize: true",
    ]


def test_items_of_a_list_are_added_and_removed_in_place() -> None:
    assert edited(lambda pipeline: pipeline.steps[1].params["list"].append("c")) == ["+      - c"]
    assert edited(lambda pipeline: pipeline.steps[1].params["list"].remove("a")) == ["-      - a  # first"]


def test_a_new_step_stands_where_it_belongs() -> None:
    step = Step("silver", "tax", "sql", "", "SELECT 1", inputs={"kept": "kept"}, outputs={"data": "taxed"})
    assert edited(lambda pipeline: pipeline.steps.insert(1, step)) == [
        "+  - name: tax",
        "+    layer: silver",
        "+    type: sql",
        "+    value: SELECT 1",
        "+    inputs: {kept: kept}",
        "+    outputs: {data: taxed}",
        "+",
    ]


def test_a_removed_step_takes_the_comment_above_it_along_but_no_heading() -> None:
    lines = edited(lambda pipeline: pipeline.steps.pop(0))
    assert "-  # Reads the file." in lines
    assert "-  # === bronze ===" not in lines
    assert not [line for line in lines if line.startswith("+")]


def test_a_moved_step_takes_the_comment_above_it_along() -> None:
    def change(pipeline: Pipeline) -> None:
        pipeline.steps.append(pipeline.steps.pop(0))

    pipeline = load_yaml(TEXT)
    change(pipeline)
    made = rewrite_yaml(TEXT, pipeline)
    assert [step.name for step in load_yaml(made).steps] == ["keep", "save", "read"]
    assert "  # Reads the file.\n  - name: read\n    layer:  ingest\n" in made
    assert "  # Keeps some.\n  - layer: silver\n" in made
    assert made.endswith("      data: raw\n# The end.\n")


def test_a_renamed_step_keeps_everything_else() -> None:
    assert edited(lambda pipeline: setattr(pipeline.steps[1], "name", "select")) == [
        "-    name: keep",
        "+    name: select",
    ]


def test_what_is_said_though_it_goes_without_saying_stays() -> None:
    step = "- name: s\n  layer: l\n  type: sql\n  engine: ''\n  inputs: {}\n  params:\n  value: a\n"
    text = f"name: p\nsteps:\n{step}"
    assert edited(lambda pipeline: setattr(pipeline.steps[0], "value", "b"), text) == [
        "-  value: a",
        "+  value: b",
    ]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_windows_line_ends_and_a_byte_order_mark_stay(mark: str) -> None:
    text = mark + TEXT.replace("\n", "\r\n")
    pipeline = load_yaml(text)
    pipeline.steps[1].value = "SELECT 2\nFROM raw\n"
    made = rewrite_yaml(text, pipeline)
    assert made == text.replace('SELECT *\r\n      FROM raw   -- "quoted"', "SELECT 2\r\n      FROM raw")


def test_a_pipeline_in_json_stays_json_and_takes_new_steps() -> None:
    text = '{"name": "p", "steps": [{"name": "s", "layer": "l", "type": "sql", "value": "SELECT 1"}]}'
    pipeline = load_yaml(text)
    pipeline.steps[0].value = "SELECT\n2"
    assert rewrite_yaml(text, pipeline) == text.replace('"SELECT 1"', '"SELECT\\n2"')
    pipeline.steps.append(Step("l", "t", "sql", "", "SELECT 3"))
    assert load_yaml(rewrite_yaml(text, pipeline)) == pipeline


def test_a_text_that_can_not_be_changed_in_place_is_left_alone() -> None:
    text = "? name\n: p\n? steps\n: []\n"
    with pytest.raises(
        DesignError, match="can't be changed in place\n  To mend it: save the pipeline as a new"
    ):
        rewrite_yaml(text, Pipeline("q", [Step("l", "s", "sql", "", "x")]))


def test_only_a_pipeline_can_be_rewritten() -> None:
    with pytest.raises(PipelineInvalidError, match="'steps' is missing"):
        rewrite_yaml("name: p", Pipeline("p"))
