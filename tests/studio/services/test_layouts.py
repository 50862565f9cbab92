"""The first layout: left to right, nothing on top of anything, and what belongs together side by side."""

from __future__ import annotations

import pytest
from tests.studio.conftest import YAML

from odibi_core.design.templates import templates
from odibi_core.design.yaml_form import load_yaml
from odibi_core.graph.steps import StepGraph
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_studio.services.documents import Content
from odibi_studio.services.layouts import first_places, placed


def step(name: str, *reads: str) -> Step:
    inputs = {read: read for read in reads}
    return Step("silver", name, "sql", "", "SELECT 1", inputs=inputs, outputs={"data": name})


@pytest.mark.parametrize("text", [template.text for template in templates()])
def test_a_step_stands_right_of_what_it_needs_and_on_no_other(text: str) -> None:
    pipeline = load_yaml(text)
    places = first_places(pipeline)
    assert set(places) == {step.name for step in pipeline.steps}
    for edge in StepGraph(pipeline.steps).edges:
        assert places[edge.source].x + 208 < places[edge.target].x
    for one in places:
        for other in places:
            if one < other and places[one].x == places[other].x:
                assert abs(places[one].y - places[other].y) >= 48


def test_a_source_stands_beside_the_step_that_reads_it() -> None:
    chain = [step("a"), step("b", "a"), step("c", "b"), step("late"), step("d", "c", "late")]
    places = first_places(Pipeline("p", chain))
    assert places["late"].x == places["c"].x


def test_edges_do_not_cross_where_they_need_not() -> None:
    steps = [step("a"), step("b"), step("of_b", "b"), step("of_a", "a")]
    places = first_places(Pipeline("p", steps))
    assert (places["a"].y < places["b"].y) == (places["of_a"].y < places["of_b"].y)


def test_steps_in_a_circle_are_laid_out_too() -> None:
    places = first_places(Pipeline("p", [step("a", "b"), step("b", "a")]))
    assert places["a"] != places["b"]
    assert first_places(Pipeline("p")) == {}


def test_a_layout_that_a_person_made_stays() -> None:
    content = placed(Content(YAML))
    assert content.text == YAML
    assert placed(content) is content
