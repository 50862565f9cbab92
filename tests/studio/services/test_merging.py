"""Three-way merge: both sides' changes in one document, or none."""

from __future__ import annotations

from typing import Any

import pytest

from odibi_studio.messages import Document, Group, Layout, Note, ParameterForm, PipelineForm, Point, StepForm
from odibi_studio.services.merging import merge


def step(name: str, value: Any = "SELECT 1") -> StepForm:
    return StepForm(name=name, layer="silver", type="sql", value=value)


def document(*steps: StepForm, layout: Layout | None = None, **fields: Any) -> Document:
    return Document(pipeline=PipelineForm(name="p", steps=list(steps), **fields), layout=layout or Layout())


def names(merged: Document | None) -> list[str]:
    assert merged is not None
    return [known.name for known in merged.pipeline.steps]


A, B, C = step("a"), step("b"), step("c")


def test_changes_of_different_steps_are_put_together() -> None:
    merged = merge(document(A, B), document(step("a", "mine"), B), document(A, step("b", "theirs")))
    assert merged == document(step("a", "mine"), step("b", "theirs"))


def test_changes_of_one_step_are_not_put_together() -> None:
    assert merge(document(A), document(step("a", "mine")), document(step("a", "theirs"))) is None


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    assert merge(document(A), document(step("a", "x")), document(step("a", "x"))) == document(step("a", "x"))


def test_a_number_is_no_boolean() -> None:
    assert merge(document(step("a", True)), document(step("a", True)), document(step("a", 1))) == document(
        step("a", 1)
    )


def test_additions_of_both_sides_stand_where_they_were_put() -> None:
    merged = merge(document(A, B), document(A, step("mine"), B), document(A, B, step("theirs")))
    assert names(merged) == ["a", "mine", "b", "theirs"]


def test_two_steps_of_one_name_that_both_sides_added_are_a_conflict() -> None:
    assert merge(document(A), document(A, step("new", "mine")), document(A, step("new", "theirs"))) is None


def test_what_one_side_removed_is_gone_and_what_the_other_added_is_there() -> None:
    assert names(merge(document(A, B), document(A), document(A, B, C))) == ["a", "c"]


def test_removing_what_the_other_side_changed_is_a_conflict() -> None:
    assert merge(document(A, B), document(A), document(A, step("b", "theirs"))) is None


def test_the_order_of_the_side_that_changed_it_counts() -> None:
    assert names(merge(document(A, B, C), document(C, A, B), document(A, B, C, step("d")))) == [
        "c",
        "d",
        "a",
        "b",
    ]
    assert names(merge(document(A, B, C), document(A, B, C), document(C, B, A))) == ["c", "b", "a"]


def test_fields_settings_and_parameters_of_the_pipeline_are_merged_one_by_one() -> None:
    merged = merge(
        document(settings={"max_retries": 1}),
        document(description="mine", settings={"max_retries": 2}),
        document(
            settings={"max_retries": 1, "fail_fast": False}, parameters={"day": ParameterForm(type="date")}
        ),
    )
    assert merged == document(
        description="mine",
        settings={"max_retries": 2, "fail_fast": False},
        parameters={"day": ParameterForm(type="date")},
    )
    assert merge(document(description=""), document(description="a"), document(description="b")) is None


def test_steps_that_can_not_be_told_apart_are_not_merged() -> None:
    assert merge(document(A, A), document(A, A, B), document(A, A, C)) is None


def test_places_on_the_canvas_are_never_a_conflict() -> None:
    base = Layout(positions={"a": Point(x=0, y=0), "b": Point(x=0, y=0)})
    mine = Layout(positions={"a": Point(x=1, y=1), "b": Point(x=0, y=0)})
    theirs = Layout(positions={"a": Point(x=2, y=2), "b": Point(x=3, y=3)})
    merged = merge(document(layout=base), document(layout=mine), document(layout=theirs))
    assert merged is not None
    assert merged.layout.positions == {"a": Point(x=1, y=1), "b": Point(x=3, y=3)}


@pytest.mark.parametrize(("theirs", "is_merged"), [("as it was", True), ("theirs", False)])
def test_notes_and_groups_are_merged_by_their_ids(theirs: str, *, is_merged: bool) -> None:
    def layout(text: str, *groups: str) -> Layout:
        notes = [Note(id="n", text=text, x=0, y=0, width=1, height=1)]
        return Layout(notes=notes, groups=[Group(id=name, title=name, steps=[]) for name in groups])

    merged = merge(
        document(layout=layout("as it was", "g")),
        document(layout=layout("mine", "g")),
        document(layout=layout(theirs, "g", "h")),
    )
    assert (merged is not None) == is_merged
    if merged is not None:
        assert merged.layout == layout("mine", "g", "h")
