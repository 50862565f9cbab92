"""What goes out comes back: through YAML, through Python, and from the one to the other."""

from __future__ import annotations

import copy
import io
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from odibi_core.design.python_form import dump_python, load_python
from odibi_core.design.yaml_form import dump_yaml, load_yaml, rewrite_yaml
from odibi_core.parameters import Parameter, ParameterType
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step

WORDS = """
no on Yes null ~ true False 1 0x1F 0o17 007 1e3 .5 1_000 12:30 2026-01-31 .inf .nan - # &a *a !a | > %a
@a `a {a} [a] \' " \'\'\' \\ \\n a\\ a" a\'b"c é 😀 --- ... << = {{x}} {date} y N ?
"""
NASTY = (
    *WORDS.split(),
    *("- a", "? a", ": a", "a: b", "a #b", "a, b", "--- a", "Ŀ: a", "${secret:A}", '"""', '"""\n', "x" * 300),
    *(
        "",
        " ",
        " a",
        "a ",
        "\t",
        "\n",
        "\n\n",
        "a\nb",
        "a\n",
        "\na",
        "a\n\n",
        " a\nb",
        "a \nb",
        "a\n b\n",
        "a\n  ",
    ),
    *("a\n\t\nb", "\ta\nb", "\n\ta", "\n a", "a\r", "a\r\nb", "a\n\\", 'a\n"', "a\n# b\n", "a\n---\nb\n"),
    *("\x00", "\x07", "\x7f", "\x85", "\xa0", "\u2028", "\u2029", "\ufeff", "\ufffe", "\u202e", "\uff45val"),
    "SELECT *\nFROM x -- \\d\n",
)
LETTERS = st.characters(exclude_categories=["Cs"])
LINES = st.lists(st.text(alphabet=" \tab:#-'\"\\{|é", max_size=6), max_size=5).map("\n".join)
TEXT = st.sampled_from(NASTY) | st.text(LETTERS, max_size=12) | LINES
NUMBERS = st.integers() | st.integers(-(10**60), 10**60) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def mappings(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(TEXT, values, max_size=3)


STEPS = st.builds(
    Step,
    layer=TEXT,
    name=TEXT,
    type=TEXT,
    engine=st.just("") | TEXT,
    value=VALUES,
    params=mappings(VALUES),
    inputs=mappings(TEXT),
    outputs=mappings(TEXT),
    metadata=mappings(VALUES),
    expectations=st.lists(mappings(VALUES), max_size=2),
)
PARAMETERS = st.builds(
    Parameter,
    name=TEXT,
    type=st.sampled_from(ParameterType),
    default=VALUES,
    choices=st.lists(SCALARS, max_size=3).map(tuple),
    description=TEXT,
)
PIPELINES = st.builds(
    Pipeline,
    name=TEXT,
    steps=st.lists(STEPS, max_size=4),
    parameters=st.lists(PARAMETERS, max_size=2).map(lambda made: {each.name: each for each in made}),
    settings=mappings(VALUES),
    engine=st.just("pandas") | TEXT,
    description=TEXT,
)


def of_text(text: str) -> Pipeline:
    """A pipeline with the text in every place that takes one."""
    step = Step(
        text, text, text, text, text, {text: [text, {text: text}]}, {text: text}, {text: text}, {"a": text}
    )
    return Pipeline(
        text, [step], {text: Parameter(text, default=text, description=text)}, {text: text}, text, text
    )


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_any_text_survives_yaml_and_python(text: str) -> None:
    pipeline = of_text(text)
    assert load_yaml(dump_yaml(pipeline)) == pipeline
    assert load_python(dump_python(pipeline)) == pipeline


@given(PIPELINES)
@settings(max_examples=60, deadline=None)
def test_yaml_gives_back_the_pipeline_and_the_same_bytes(pipeline: Pipeline) -> None:
    text = dump_yaml(pipeline)
    again = load_yaml(text)
    assert repr(again) == repr(pipeline)
    assert dump_yaml(again) == text


@given(PIPELINES)
@settings(max_examples=60, deadline=None)
def test_python_gives_back_the_pipeline_and_the_same_bytes(pipeline: Pipeline) -> None:
    text = dump_python(pipeline)
    again = load_python(text)
    assert repr(again) == repr(pipeline)
    assert dump_python(again) == text


@given(PIPELINES)
@settings(max_examples=60, deadline=None)
def test_a_pipeline_survives_the_way_through_both_forms(pipeline: Pipeline) -> None:
    text = dump_yaml(pipeline)
    assert dump_yaml(load_python(dump_python(load_yaml(text)))) == text


@given(st.lists(st.text(st.characters(), max_size=8), max_size=3))
@example(["\ud800", "\udc00\ud800", "a\n\udfff"])
def test_python_holds_even_half_a_character(texts: list[str]) -> None:
    pipeline = Pipeline("p", [Step("l", "s", "t", "e", texts)])
    assert load_python(dump_python(pipeline)) == pipeline


@given(PIPELINES)
@settings(max_examples=60, deadline=None)
def test_other_readers_of_yaml_see_the_same_values(pipeline: Pipeline) -> None:
    text = dump_yaml(pipeline)
    ours = {step.name: (step.value, step.params) for step in load_yaml(text).steps}
    readers = (
        yaml.safe_load,
        YAML(typ="safe", pure=True).load,
    )
    for read in readers:
        theirs = {
            step["name"]: (step.get("value", ""), step.get("params", {})) for step in read(text)["steps"]
        }
        assert repr(theirs) == repr(ours)


@given(PIPELINES, PIPELINES)
@settings(max_examples=60, deadline=None)
def test_a_rewrite_holds_the_new_pipeline_whatever_the_old_one_was(old: Pipeline, new: Pipeline) -> None:
    text = dump_yaml(old)
    assert rewrite_yaml(text, old) == text
    assert repr(load_yaml(rewrite_yaml(text, new))) == repr(new)


PLAIN = st.text("abc xyz:#'\"-", max_size=8).map("t{}".format)
ITEMS = st.recursive(
    PLAIN | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=5,
)


def tidy_step(name: str) -> st.SearchStrategy[Step]:
    some = st.dictionaries(PLAIN, ITEMS, max_size=3)
    names = st.dictionaries(PLAIN, PLAIN, max_size=2)
    return st.builds(
        Step, PLAIN, st.just(name), PLAIN, PLAIN, PLAIN | st.just("a\nb"), some, names, names, some
    )


TIDY = st.lists(st.sampled_from("pqrstu"), unique=True, max_size=5).flatmap(
    lambda names: st.tuples(*map(tidy_step, names)).map(lambda steps: Pipeline("tidy", list(steps)))
)


@given(TIDY, TIDY, st.sampled_from([None, False, True]), st.sampled_from([(2, 0), (4, 2), (6, 4)]), st.data())
@settings(max_examples=80, deadline=None)
def test_a_rewrite_copes_with_any_style_and_comments(
    old: Pipeline, new: Pipeline, flow: bool | None, indent: tuple[int, int], data: st.DataObject
) -> None:
    text = commented(styled(old, flow, indent), data)
    assert repr(load_yaml(text)) == repr(old)
    assert rewrite_yaml(text, old) == text
    made = rewrite_yaml(text, new)
    assert repr(load_yaml(made)) == repr(new)
    assert rewrite_yaml(made, new) == made


@given(TIDY.filter(lambda pipeline: pipeline.steps), st.sampled_from([(2, 0), (4, 2)]), st.data())
@settings(max_examples=40, deadline=None)
def test_changing_one_value_keeps_every_comment(
    old: Pipeline, indent: tuple[int, int], data: st.DataObject
) -> None:
    text = commented(styled(old, None, indent), data)
    new = copy.deepcopy(old)
    new.steps[-1].value = "SELECT 1\nFROM x\n"
    new.steps[0].layer = "bronze"
    made = rewrite_yaml(text, new)
    assert [line for line in made.split("\n") if "# note" in line and line.lstrip().startswith("#")] == [
        line for line in text.split("\n") if "# note" in line and line.lstrip().startswith("#")
    ]
    assert made.count("# note") == text.count("# note")


def styled(pipeline: Pipeline, flow: bool | None, indent: tuple[int, int]) -> str:
    """The pipeline as another program might write it."""
    writer = YAML()
    writer.default_flow_style = flow
    writer.width = 10_000
    writer.indent(sequence=indent[0], offset=indent[1], mapping=3)
    stream = io.StringIO()
    writer.dump(yaml.load(dump_yaml(pipeline), yaml.SafeLoader), stream)
    return stream.getvalue()


def commented(text: str, data: st.DataObject) -> str:
    """The text with comments beside and between its lines, outside of texts that have several lines."""
    lines: list[str] = []
    is_inside = False
    for number, line in enumerate(text.split("\n")[:-1]):
        opens_text = line.endswith(("|", "|-", "|+"))
        is_free = not is_inside
        margin = " " * (len(line) - len(line.lstrip(" ")))
        if is_free and data.draw(st.booleans()):
            lines.append(f"{margin}# note {number}")
        is_noted = is_free and not opens_text and data.draw(st.booleans())
        lines.append(f"{line}  # note {number}" if is_noted else line)
        is_inside = opens_text or (is_inside and line.startswith("   "))
    return "\n".join(lines) + "\n"
