"""Pipelines in YAML: what is taken, what is refused and in which words, how it is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from odibi_core.design import source, yaml_nodes
from odibi_core.design.yaml_form import dump_yaml, load_yaml
from odibi_core.errors import DesignError, OdibiError, PipelineInvalidError
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

SALES = """\
name: sales
description: What was sold
engine: pandas
parameters:
  min_amount: {type: number, default: 100, description: The least amount}
settings: {max_retries: 3, retry_backoff: true}
steps:
  - name: read_sales
    layer: ingest
    type: config_op
    value: data/sales.csv
    params: {source_type: csv, header: true}
    outputs: {data: raw_sales}
  - name: large
    layer: transform
    type: sql
    engine: spark
    value: |
      SELECT *
      FROM sales
      WHERE amount > {min_amount}
    inputs: {sales: raw_sales}
    outputs: {data: large_sales}
    metadata: {x: 12, z: [1.5, null]}
"""


def refusal(text: str) -> str:
    with pytest.raises(OdibiError) as caught:
        load_yaml(text)
    return str(caught.value)


def with_step(lines: str) -> str:
    return f"name: p\nsteps:\n  - name: s\n    layer: l\n    type: sql\n    {lines}\n"


def step_of(lines: str) -> Step:
    return load_yaml(with_step(lines)).steps[0]


def test_every_part_of_a_pipeline_is_read() -> None:
    assert load_yaml(SALES) == Pipeline(
        "sales",
        [
            Step(
                "ingest", "read_sales", "config_op", "", "data/sales.csv",
                {"source_type": "csv", "header": True}, {}, {"data": "raw_sales"},
            ),
            Step(
                "transform", "large", "sql", "spark", "SELECT *\nFROM sales\nWHERE amount > {min_amount}\n",
                {}, {"sales": "raw_sales"}, {"data": "large_sales"}, {"x": 12, "z": [1.5, None]},
            ),
        ],
        {"min_amount": Parameter("min_amount", ParameterType.NUMBER, 100, (), "The least amount")},
        {"max_retries": 3, "retry_backoff": True},
        "pandas",
        "What was sold",
    )  # fmt: skip


def test_a_file_is_read_and_named_in_errors(tmp_path: Path) -> None:
    file = tmp_path / "sales.yaml"
    file.write_text("\ufeff" + SALES.replace("\n", "\r\n"), encoding="utf-8")
    assert load_yaml(file) == load_yaml(SALES)
    file.write_text(with_step("valu: x"), encoding="utf-8")
    with pytest.raises(PipelineInvalidError, match=r"sales\.yaml:6:5, step 's', valu: 'valu' is not a field"):
        load_yaml(file)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("2026-01-31", "2026-01-31"), ("12:30", "12:30"),
        ("1_000", "1_000"), ("1.2.3", "1.2.3"), ("=", "="), ("'7'", "7"), ("true", True), ("False", False),
        ("null", None), ("~", None), ("", None), ("7", 7), ("-7", -7), ("0x1F", 31), ("0o17", 15),
        ("1e3", 1000.0), (".5", 0.5), ("+1.", 1.0), ("C:\\x", "C:\\x"),
    ],
)  # fmt: skip
def test_plain_words_mean_what_yaml_1_2_says(word: str, value: Any) -> None:
    read = step_of(f"params: {{a: {word}}}").params["a"]
    assert (read, type(read)) == (value, type(value))


def test_every_mistake_of_form_is_reported_at_once_in_the_order_of_the_file() -> None:
    text = """\
name: 12
stepz: []
parameters: {a: {type: nummer}, b: 3, c: {choices: x}}
settings: fast
steps:
  - name: load
    layr: bronze
    type: sql
    inputs: [raw]
    outputs: {data: 7}
  - just text
"""
    assert refusal(text).split("\n")[1:] == [
        '  - line 1, column 7, name: it must be text, not the number 12. Put it in quotes: "12"',
        "  - line 2, column 1, stepz: 'stepz' is not a field of a pipeline. Did you mean 'steps'?",
        "  - line 3, column 24, parameters.a.type: 'nummer' is not a type of parameter. "
        "Did you mean 'number'?",
        "  - line 3, column 36, parameters.b: a parameter must be a mapping, not a single value. "
        "Write `b: {type: text, default: …}`",
        "  - line 3, column 52, parameters.c.choices: choices must be a list, not a single value. "
        "Write `[one, another]`",
        "  - line 4, column 11, settings: it must be a mapping, not a single value. Write `key: value`",
        "  - line 6, column 5, step 'load', layer: 'layer' is missing. Add `layer: …`",
        "  - line 7, column 5, step 'load', layr: 'layr' is not a field of a step. Did you mean 'layer'?",
        "  - line 9, column 13, step 'load', inputs: it must be a mapping, not a list. "
        "Write `inputs: {name: dataset_key}`",
        '  - line 10, column 21, step \'load\', outputs.data: it must be text, not the number 7. '
        'Put it in quotes: "7"',
        "  - line 11, column 5, steps: step 2 must be a mapping, not a single value. "
        "Write it as a mapping: `- name: …`",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("params: {a: 1, a: 2}", "line 6, column 20, step 's', params.a: the key 'a' is there twice"),
        ("params: {1: a}", 'a key must be text, not the number 1. Put it in quotes: "1"'),
        ("params: {yes: a, true: b}", "a key must be text, not the boolean true"),
        ("params: {[a]: b}", "a key must be text, not a list"),
        ("params: {a: .inf}", ".inf is not a finite number. Leave it out, or quote it as text"),
        ("params: {a: 1e999}", "1e999 is too large for a number"),
        (
            "params: {a: 007}",
            '007 may be a number or a text: it begins with a zero. Write "007" for the text',
        ),
        (f"params: {{a: {'1' * 400}}}", "a number has at most 300 digits"),
        ("params: [a]", "params: it must be a mapping, not a list"),
        ("engine: null", "engine: it must be text, not nothing. Write a text, or remove the key"),
    ],
)
def test_a_value_that_can_not_be_taken_is_a_mistake_with_its_place(lines: str, says: str) -> None:
    assert says in refusal(with_step(lines))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty\n  To mend it: begin with `name:` and `steps:`"),
        ("# nothing", "the file is empty"),
        ("pipelines/sales.yaml", "the file holds a single value, not a pipeline. Begin with `name:`"),
        ("[1]", "the file holds a list, not a pipeline"),
        ("name: &a x\nsteps: []", "line 1, column 7: the anchor &a is not allowed"),
        ("name: *a", "line 1, column 7: the alias *a is not allowed"),
        ("name: !!python/object:os.system x", "the tag 'tag:yaml.org,2002:python/object:os.system'"),
        ("name: a\n---\nname: b", "line 2, column 1: the file holds more than one document"),
        ("name: a: b", 'column 8: the text is not YAML: mapping values are not allowed in this context\n'
         '  To mend it: put a text that holds ": " in quotes'),
        ("name: 'a", "end of stream (while scanning a quoted scalar)\n  To mend it: close the quote"),
        ("name:\n\t- a", "indent with spaces, not with tabs"),
        ("name: [a", "line 2, column 1: the text is not YAML: did not find expected ',' or ']'"),
        ('name: "\\d"', "in double quotes write a backslash twice"),
        ("name: a\x00b", 'line 1, column 8: the character U+0000 may not stand in a YAML file\n'
         '  To mend it: write it as an escape in double quotes: "\\u0000"'),
        ("name: a\u2028b", "the character U+2028 may not stand"),
        ("name: a\ud800b", "the character U+D800 may not stand in a YAML file\n  To mend it: remove it"),
        ("a: " + "[" * 51 + "]" * 51, "values are nested more than 50 deep"),
        ("a: " + "[" * 200_000, "exceeded maximum nesting depth"),
        ("[" + "1," * yaml_nodes.MAX_EVENTS + "]", "a design holds at most 500,000 values"),
        ("#" * (source.MAX_SIZE_BYTES + 1), "the text: a design holds at most 8 MB"),
    ],
    ids=lambda given: given[:20].encode("unicode_escape").decode(),
)  # fmt: skip
def test_a_text_that_is_no_design_is_refused_in_clear_words(text: str, says: str) -> None:
    assert says in refusal(text)


def test_a_thousand_aliases_deep_is_refused_at_the_first_one() -> None:
    bomb = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 1000))
    assert "line 1, column 5: the anchor &a0 is not allowed" in refusal(bomb)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "there is no such file"),
        (lambda path: path.mkdir(), "this is a folder, not a file"),
        (
            lambda path: path.write_bytes(b"name: a\nx: \xff"),
            ":2: the file is not UTF-8: byte 12 can't be read",
        ),
        (lambda path: path.write_bytes(b"#" * (8 * 2**20 + 1)), "a design holds at most 8 MB"),
    ],
)
def test_a_file_that_can_not_be_read_is_named(tmp_path: Path, make: Callable[[Path], Any], says: str) -> None:
    file = tmp_path / "p.yaml"
    make(file)
    with pytest.raises(DesignError) as caught:
        load_yaml(file)
    assert str(file) in str(caught.value)
    assert says in str(caught.value)


def test_a_dump_reads_like_a_file_that_a_person_wrote() -> None:
    text = "# yaml-language-server: $schema=pipeline.schema.json\n" + SALES
    assert dump_yaml(load_yaml(SALES)) == text.replace("\n  - name: large", "\n\n  - name: large")


def test_sql_is_a_literal_block_whatever_its_blanks() -> None:
    text = dump_yaml(
        Pipeline("p", [Step("silver", "s", "sql", "", "\n  SELECT \n    a: b -- #\n\n  FROM x")])
    )
    assert (
        text.partition("    value:")[2] == " |2-\n\n        SELECT \n          a: b -- #\n\n        FROM x\n"
    )


def test_long_or_nested_collections_get_a_line_for_each_item() -> None:
    params = {"schema": {f"column_{n}": "VARCHAR" for n in range(6)}, "few": [1, 2], "rows": [{"a": 1}, []]}
    assert dump_yaml(Pipeline("p", [Step("l", "s", "t", "", "v", params)])).partition("params:")[2] == (
        "\n      schema:\n"
        + "".join(f"        column_{n}: VARCHAR\n" for n in range(6))
        + "      few: [1, 2]\n      rows:\n        - a: 1\n        - []\n"
    )


def test_a_tuple_is_written_as_a_list_and_a_subclass_of_text_as_text() -> None:
    class Loud(str):
        __slots__ = ()

        def __repr__(self) -> str:
            return "loud"

        __str__ = __repr__

    again = load_yaml(dump_yaml(Pipeline("p", [Step("l", "s", "t", "", Loud("v"), {"keys": ("a", "b")})])))
    assert again.steps[0].value == "v"
    assert again.steps[0].params == {"keys": ["a", "b"]}


class Adapter:
    """Something that only a program can hold."""


UNHOLDABLE: list[tuple[Any, str, str]] = [
    (Adapter(), "is an object (", "write it as text or numbers"),
    (float("nan"), "is nan, not a finite number", "leave it out"),
    (float("-inf"), "is -inf, not a finite number", "leave it out"),
    (b"x", "is bytes, which a YAML file can't hold", "write it as text or numbers"),
    ({"a"}, "is a set, which a YAML file can't hold", "give a list"),
    (dt.date(2026, 1, 31), "is an object (datetime.date)", "write it as text: '2026-01-31'"),
    (len, "is an object (builtins.builtin_function_or_method)", "name it as text: 'builtins.len'"),
    ({1: "a"}, "has the key 1, which is not text", "write it as '1'"),
    ("a\ud800", "holds half a character (a lone surrogate)", "remove it"),
    (10**400, "has more than 300 digits", "write it as text"),
]


@pytest.mark.parametrize(("value", "what", "fix"), UNHOLDABLE, ids=lambda given: str(given)[:20])
def test_what_a_file_can_not_hold_is_refused_with_step_and_field(value: Any, what: str, fix: str) -> None:
    with pytest.raises(PipelineInvalidError) as caught:
        dump_yaml(Pipeline("p", [Step("l", "s", "t", "", "v", {"a": [0, value]})]))
    [problem] = caught.value.problems
    assert problem.where == "step 's', params.a[1]"
    assert problem.what.startswith(f"the value {what}")
    assert problem.fix == fix


def test_all_that_can_not_be_held_is_reported_at_once() -> None:
    params = {"cloud_adapter": Adapter(), "x": float("nan")}
    steps = [Step("l", "s", "t", "", None, params), Step("l", "t", "t", "", "v", {}, {"a": 1})]  # type: ignore[dict-item]
    with pytest.raises(PipelineInvalidError) as caught:
        dump_yaml(Pipeline("p", steps, {"a": Parameter("b", "odd")}))  # type: ignore[arg-type]
    assert [problem.where for problem in caught.value.problems] == [
        "parameters.a",
        "parameters.a.type",
        "step 's', params.cloud_adapter",
        "step 's', params.x",
        "step 't', inputs.a",
    ]
    assert "Name a connection in its place" in str(caught.value)


def test_a_value_that_holds_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(PipelineInvalidError, match="is nested more than 50 deep"):
        dump_yaml(Pipeline("p", [Step("l", "s", "t", "", endless)]))


def test_a_key_that_is_too_long_for_yaml_is_refused() -> None:
    with pytest.raises(DesignError, match="a name has more than 1000 characters"):
        dump_yaml(Pipeline("p", [Step("l", "s", "t", "", "v", {"k" * 2000: 1})]))


@pytest.mark.parametrize("value", [value for value, _, _ in UNHOLDABLE], ids=lambda given: str(given)[:20])
def test_a_journal_gets_text_for_what_can_not_be_held(value: Any) -> None:
    text = dump_yaml(Pipeline("p", [Step("l", "s", "t", "", "v", {"a": value})]), name_objects=True)
    assert load_yaml(text).steps[0].params


def test_ten_thousand_steps_are_written_and_read() -> None:
    steps = [
        Step(
            "silver",
            f"step_{n}",
            "sql",
            "pandas",
            "SELECT 1",
            {},
            {"x": f"k{n}"},
            {"data": f"k{n + 1}"},
        )
        for n in range(10_000)
    ]
    pipeline = Pipeline("long", steps)
    assert load_yaml(dump_yaml(pipeline)) == pipeline
