"""Every graph gets a drawing in which no step hides another."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odibi_core.errors import OdibiError
from odibi_core.story.bands import Dimensions
from odibi_core.story.columns import Edge, place_in_columns
from odibi_core.story.layout import Layout, lay_out

SMALL = Dimensions(node_width=100, node_height=40, column_gap=60, row_gap=20, max_rows=5, max_columns=4)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[int, list[Edge]]:
    """A graph without circles: edges go from lower to higher numbers."""
    count = draw(st.integers(1, 40))
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = draw(st.lists(pairs.filter(lambda pair: pair[0] != pair[1]), max_size=80))
    return count, [(min(pair), max(pair)) for pair in edges]


def assert_apart(layout: Layout, dimensions: Dimensions) -> None:
    for (left, top), (other_left, other_top) in itertools.combinations(layout.corners, 2):
        beside = abs(left - other_left) >= dimensions.node_width
        below = abs(top - other_top) >= dimensions.node_height + dimensions.row_gap - 0.01
        assert beside or below


@given(graphs())
@settings(deadline=None, max_examples=60)
def test_no_two_steps_overlap_and_all_are_inside_the_drawing(graph: tuple[int, list[Edge]]) -> None:
    layout = lay_out(*graph, SMALL)
    assert len(layout.corners) == graph[0]
    assert len(layout.routes) == len(graph[1])
    assert_apart(layout, SMALL)
    for left, top in layout.corners:
        assert 0 <= left <= layout.width - SMALL.node_width
        assert 0 <= top <= layout.height - SMALL.node_height


@given(graphs())
@settings(deadline=None, max_examples=60)
def test_every_edge_goes_to_a_later_column(graph: tuple[int, list[Edge]]) -> None:
    columns = place_in_columns(*graph, max_rows=5)
    column_of = {node: index for index, column in enumerate(columns) for node in column}
    assert sorted(column_of) == list(range(graph[0]))
    assert all(column_of[source] < column_of[target] for source, target in graph[1])
    assert all(1 <= len(column) <= 5 for column in columns)


def test_a_source_stands_beside_the_step_that_reads_it() -> None:
    assert place_in_columns(4, [(0, 1), (1, 2), (3, 2)], max_rows=9) == [[0], [1, 3], [2]]


def test_a_chain_is_a_straight_line() -> None:
    layout = lay_out(4, [(0, 1), (1, 2), (2, 3)], SMALL)
    assert len({top for _, top in layout.corners}) == 1
    assert layout.routes[0].path == "M112,32C142,32 142,32 172,32"


def test_a_long_chain_is_broken_into_bands() -> None:
    layout = lay_out(400, [(n, n + 1) for n in range(399)], SMALL)
    assert layout.width < 5 * (SMALL.node_width + SMALL.column_gap)
    assert layout.corners[4][0] == layout.corners[0][0]
    assert layout.corners[4][1] > layout.corners[0][1]


def test_an_edge_that_passes_a_column_runs_between_its_steps() -> None:
    layout = lay_out(4, [(0, 1), (1, 2), (0, 2), (0, 3)], SMALL)
    passing = layout.routes[2].path
    passed_at = float(passing.split("L")[0].rsplit(",", 1)[1])
    for node in (1, 3):
        top = layout.corners[node][1]
        assert not top <= passed_at <= top + SMALL.node_height


def test_a_graph_without_steps_has_a_drawing() -> None:
    layout = lay_out(0, [], SMALL)
    assert layout.corners == []
    assert layout.height > 0


@pytest.mark.parametrize("edges", [[(0, 1), (1, 0)], [(0, 0)]])
def test_a_circle_is_refused(edges: list[Edge]) -> None:
    with pytest.raises(OdibiError, match="go round in a circle"):
        lay_out(2, edges, SMALL)
