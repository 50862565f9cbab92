"""Who needs whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odibi_core.errors import UnknownNameError
from odibi_core.graph.steps import StepGraph
from odibi_core.testing import sql_step


def graph(**needs: str) -> StepGraph:
    return StepGraph(sql_step(name, "SELECT 1", *inputs.split()) for name, inputs in needs.items())


def test_independent_steps_share_a_wave_in_the_order_of_their_declaration() -> None:
    assert graph(join="load rates", load="", rates="").waves() == [["load", "rates"], ["join"]]


def test_a_step_waits_for_the_longest_way_to_it() -> None:
    assert graph(a="", b="a", c="b a").waves() == [["a"], ["b"], ["c"]]


def test_everything_above_and_below_a_step_is_known() -> None:
    steps = graph(a="", b="a", c="b", d="a", e="")
    assert steps.upstream("c") == {"a", "b"}
    assert steps.downstream("a") == {"b", "c", "d"}
    assert steps.needs("c") == ["b"]
    with pytest.raises(UnknownNameError):
        steps.upstream("x")


def test_a_dataset_that_is_taken_twice_is_one_edge() -> None:
    step = sql_step("b", "SELECT 1")
    step.inputs = {"x": "a", "y": "a"}
    edges = StepGraph([sql_step("a", "SELECT 1"), step]).edges
    assert [(edge.source, edge.target, edge.dataset) for edge in edges] == [("a", "b", "a")]


def test_each_knot_gives_one_cycle() -> None:
    found = graph(a="b", b="a", c="c", d="a").cycles()
    assert sorted(sorted(cycle) for cycle in found) == [["a", "b"], ["c"]]


@given(st.lists(st.sets(st.integers(0, 14)), max_size=15))
def test_every_step_comes_after_those_it_needs(needs: list[set[int]]) -> None:
    steps = {
        f"s{number}": " ".join(f"s{other}" for other in wanted if other < number)
        for number, wanted in enumerate(needs)
    }
    order = graph(**steps).order()
    assert sorted(order) == sorted(steps)
    for name, inputs in steps.items():
        assert all(order.index(need) < order.index(name) for need in inputs.split())


def test_a_step_in_a_circle_does_not_need_itself() -> None:
    steps = graph(a="c", b="a", c="b", d="b")
    assert steps.upstream("a") == {"b", "c"}
    assert steps.downstream("a") == {"b", "c", "d"}
