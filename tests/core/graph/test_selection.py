from __future__ import annotations

import pytest

from odibi_core.errors import OdibiError, UnknownNameError
from odibi_core.graph.selection import select_steps
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step


def step(name: str, *takes: str, makes: bool = True, **params: str) -> Step:
    kind = "sql" if takes and makes else "config_op"
    inputs = {key: key for key in takes}
    return Step("layer", name, kind, "", "value", dict(params), inputs, {"data": name} if makes else {})


@pytest.fixture
def pipeline() -> Pipeline:
    """read → clean → total → save_total, beside clean → save_clean and rates → total."""
    return Pipeline(
        "shop",
        [
            step("check", makes=False, connection="bank"),
            step("read"),
            step("rates", connection="bank"),
            step("clean", "read"),
            step("save_clean", "clean", makes=False),
            step("total", "clean", "rates"),
            step("save_total", "total", makes=False),
        ],
    )


def names(pipeline: Pipeline) -> list[str]:
    return [step.name for step in pipeline.steps]


def test_up_to_a_step_is_the_step_and_all_that_it_needs(pipeline: Pipeline) -> None:
    part = select_steps(pipeline, end="clean")
    assert names(part.pipeline) == ["read", "clean"]
    assert (part.recomputed, part.left_out) == ((), 5)


def test_up_to_a_store_takes_no_other_store(pipeline: Pipeline) -> None:
    assert "save_clean" not in names(select_steps(pipeline, end="save_total").pipeline)


def test_from_a_step_on_says_what_is_computed_again(pipeline: Pipeline) -> None:
    part = select_steps(pipeline, start="total")
    assert names(part.pipeline) == ["check", "read", "rates", "clean", "total", "save_total"]
    assert part.recomputed == ("read", "rates", "clean")


def test_between_two_steps_is_what_leads_from_one_to_the_other(pipeline: Pipeline) -> None:
    part = select_steps(pipeline, start="clean", end="total")
    assert names(part.pipeline) == ["check", "read", "rates", "clean", "total"]
    assert part.recomputed == ("read", "rates")


def test_the_check_of_a_connection_comes_with_the_steps_that_use_it(pipeline: Pipeline) -> None:
    assert names(select_steps(pipeline, end="rates").pipeline) == ["check", "rates"]


def test_the_whole_pipeline_stays_whole(pipeline: Pipeline) -> None:
    part = select_steps(pipeline)
    assert names(part.pipeline) == names(pipeline)
    assert (part.recomputed, part.left_out) == ((), 0)


def test_an_unknown_step_is_named_with_the_near_ones(pipeline: Pipeline) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'total'"):
        select_steps(pipeline, end="totl")


def test_two_steps_that_nothing_connects_are_an_error(pipeline: Pipeline) -> None:
    with pytest.raises(OdibiError, match="'clean' does not need 'total'"):
        select_steps(pipeline, start="total", end="clean")
