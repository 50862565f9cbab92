"""Pictures of graphs: right, escaped, small, and good in light and dark."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from tests.studio.conftest import YAML, Keep, edited

from odibi_core.errors import UnknownNameError
from odibi_core.pipeline import Pipeline
from odibi_core.step import Step
from odibi_studio.messages import Layout, Point
from odibi_studio.services.designs import Designs
from odibi_studio.services.documents import Content
from odibi_studio.services.thumbnails import HEIGHT, LAYER_COLOURS, WIDTH, Thumbnails, thumbnail

SVG = "{http://www.w3.org/2000/svg}"


def chain(count: int, layer: str = "silver") -> Pipeline:
    """Steps one behind the other."""
    steps = [
        Step(
            layer,
            f"s{number}",
            "sql",
            "",
            "SELECT 1",
            inputs={"x": f"d{number - 1}"} if number else {},
            outputs={"data": f"d{number}"},
        )
        for number in range(count)
    ]
    return Pipeline("p", steps)


def boxes(svg: str) -> list[tuple[float, float]]:
    """Where each box begins."""
    found = [path.attrib["d"] for path in ET.fromstring(svg).iter(f"{SVG}path") if "style" in path.attrib]
    return [(float(x), float(y)) for path in found for x, y in re.findall(r"M([\d.-]+) ([\d.-]+)h", path)]


def edges(svg: str) -> int:
    """How many edges there are."""
    found = [path.attrib["d"] for path in ET.fromstring(svg).iter(f"{SVG}path") if "style" not in path.attrib]
    return sum(path.count("C") for path in found)


def test_every_step_and_every_edge_is_there() -> None:
    svg = thumbnail(chain(4), Layout())
    assert (len(boxes(svg)), edges(svg)) == (4, 3)
    assert ET.fromstring(svg).attrib["aria-label"] == "Graph of p: 4 steps"


def test_without_places_a_step_stands_right_of_what_it_needs() -> None:
    across = [x for x, _ in boxes(thumbnail(chain(5), Layout()))]
    assert across == sorted(across)
    assert len(set(across)) == 5


def test_steps_stand_as_they_do_on_the_canvas() -> None:
    places = {"s0": Point(x=900, y=-200), "s1": Point(x=100, y=400)}
    first, second = boxes(thumbnail(chain(2), Layout(positions=places)))
    assert first[0] > second[0]
    assert first[1] < second[1]


def test_a_place_for_some_steps_alone_is_not_taken() -> None:
    svg = thumbnail(chain(3), Layout(positions={"s2": Point(x=0, y=0)}))
    assert svg == thumbnail(chain(3), Layout())


@pytest.mark.parametrize("count", [1, 2, 30, 500])
def test_nothing_leaves_the_picture(count: int) -> None:
    for x, y in boxes(thumbnail(chain(count), Layout())):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


def test_a_picture_of_500_steps_stays_small() -> None:
    assert len(thumbnail(chain(500), Layout())) < 100_000


def test_each_layer_has_a_colour_that_the_page_may_set() -> None:
    svg = thumbnail(Pipeline("p", [Step(layer, layer, "sql", "", "") for layer in LAYER_COLOURS]), Layout())
    for layer, colour in LAYER_COLOURS.items():
        assert f"var(--odibi-layer-{layer}, {colour})" in svg
    assert "currentColor" in thumbnail(chain(2), Layout())


def test_what_a_pipeline_says_is_text_in_the_picture_and_nothing_else() -> None:
    name = '"><script>alert(1)</script>\n\n<b onload=x>'
    svg = thumbnail(Pipeline(name, [Step("</style><script>", "a", "sql", "", "")]), Layout())
    found = ET.fromstring(svg)
    assert found.attrib["aria-label"] == 'Graph of "><script>alert(1)</script> <b onload=x>: 1 step'
    assert {element.tag for element in found.iter()} == {f"{SVG}svg", f"{SVG}path"}
    assert "\n" not in svg


def test_a_pipeline_that_is_wrong_has_a_picture_too() -> None:
    knot = [
        Step("silver", "a", "sql", "", "", inputs={"x": "b"}, outputs={"data": "a"}),
        Step("silver", "b", "sql", "", "", inputs={"x": "a"}, outputs={"data": "b"}),
    ]
    assert len(boxes(thumbnail(Pipeline("p", knot), Layout()))) == 2
    twice = Pipeline("p", [Step("silver", "a", "sql", "", ""), Step("silver", "a", "sql", "", "")])
    assert ET.fromstring(thumbnail(twice, Layout())).attrib["aria-label"] == "Graph of p: 2 steps"
    assert boxes(thumbnail(Pipeline("p"), Layout())) == []


def test_the_picture_of_a_design_follows_its_revisions(designs: Designs, keep: Keep) -> None:
    thumbnails = Thumbnails(designs)
    design = designs.add(Content(YAML))
    before = thumbnails.of(design.id, design.revision)
    after = keep(design, edited(design.document, "clean", layer="gold"))
    assert thumbnails.of(design.id, design.revision) == before
    assert thumbnails.of(design.id, after.revision) != before
    with pytest.raises(UnknownNameError):
        thumbnails.of("nobody", 1)
