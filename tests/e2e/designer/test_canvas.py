"""What the canvas takes, refuses and shows."""

from __future__ import annotations

import base64
import io
import re

import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import StudioServer
from tests.e2e.designer.conftest import OpenDesign
from tests.e2e.designer_page import DesignerPage
from tests.e2e.designs_api import DesignsApi
from tests.e2e.pages import box_at_rest

pytestmark = pytest.mark.browser


@pytest.fixture
def designer(chain: str, open_design: OpenDesign) -> DesignerPage:
    """The designer on a chain of three steps."""
    return open_design(chain)


def parquet() -> bytes:
    """A Parquet file of two cities."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    made = io.BytesIO()
    pq.write_table(pa.table({"city": ["Rome", "Oslo"], "people": [2_750_000, 717_710]}), made)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_dropped_file_becomes_a_source_with_its_columns_and_rows(
    designer: DesignerPage, chain: str, designs: DesignsApi, studio: StudioServer, kind: str
) -> None:
    page = designer.page
    content = parquet() if kind == "parquet" else b"city,people\nRome,2750000\nOslo,717710\n"
    file = f"cities.{kind}"
    dropped = page.evaluate_handle(
        """([name, content]) => {
            const files = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
            files.items.add(new File([bytes], name));
            return files;
        }""",
        [file, base64.b64encode(content).decode()],
    )
    box = box_at_rest(designer.canvas)
    place = {"clientX": box["x"] + 300, "clientY": box["y"] + 380}
    designer.canvas.dispatch_event("drop", {"dataTransfer": dropped, **place})
    expect(page.get_by_text(f"{file} is now data/{file}")).to_be_visible()
    name = page.get_by_label("Name", exact=True).input_value()
    put = designer.place(name)
    assert abs(put["x"] + put["width"] / 2 - place["clientX"]) < 20
    designer.show_panel("Schema")
    panel = page.get_by_role("tabpanel")
    expect(panel.get_by_text("city", exact=True)).to_be_visible()
    expect(panel.get_by_text("people", exact=True)).to_be_visible()
    expect(panel.get_by_text("BIGINT")).to_be_visible()
    designer.show_panel("Preview")
    expect(page.get_by_role("gridcell", name="Oslo")).to_be_visible()
    designer.expect_valid()
    designer.wait_until_saved()
    assert designs.step(chain, name)["value"] == f"data/{file}"
    assert (studio.workspace / "data" / file).read_bytes() == content


def test_a_dragged_step_comes_onto_a_line_with_its_neighbour(
    designer: DesignerPage, chain: str, designs: DesignsApi
) -> None:
    page = designer.page
    report = designer.step("report").locator(".step-name")
    box = box_at_rest(report)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    report.hover()
    page.mouse.down()
    page.mouse.move(x + 2, y + 2)
    page.mouse.move(x + 40, y + 60, steps=6)
    expect(page.locator(".guide")).to_have_count(0)
    page.mouse.move(x + 40, y + 4, steps=6)
    expect(page.locator(".guide")).to_have_count(1)
    page.mouse.up()
    expect(page.locator(".guide")).to_have_count(0)
    designer.wait_until_saved()
    places = designs.document(chain)["layout"]["positions"]
    assert places["report"]["y"] == places["amounts"]["y"]
    assert places["report"]["x"] != 576


def test_an_edge_that_would_close_a_circle_is_refused_while_it_is_drawn(
    designer: DesignerPage, chain: str, designs: DesignsApi
) -> None:
    page = designer.page
    before = designs.document(chain)["pipeline"]
    designer.draw_edge("report", "amounts")
    expect(page.get_by_role("status").filter(has_text="that would be a cycle")).to_have_text(
        "that would be a cycle: amounts → report → amounts"
    )
    page.mouse.up()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(designer.edges).to_have_count(2)
    assert designs.document(chain)["pipeline"] == before


def test_a_second_writer_is_refused_while_it_is_drawn_and_where_it_is_typed(
    designer: DesignerPage, chain: str, designs: DesignsApi
) -> None:
    page = designer.page
    designer.step("read_orders").get_by_label("output data", exact=True).hover()
    page.mouse.down()
    port = box_at_rest(designer.step("report").get_by_label("input amounts", exact=True))
    page.mouse.move(port["x"] + port["width"] / 2, port["y"] + port["height"] / 2, steps=5)
    refusal = "amounts of report is fed by amounts: an input has one writer"
    expect(page.get_by_role("status").filter(has_text=refusal)).to_be_visible()
    page.mouse.up()
    expect(designer.edges).to_have_count(2)

    designer.select("report")
    page.get_by_text("Inputs and outputs", exact=True).click()
    designer.fill("Dataset of data", "amounts")
    expect(page.get_by_role("alert").filter(has_text="amounts writes amounts already.")).to_be_visible()
    assert designs.step(chain, "report")["outputs"] == {"data": "report"}


def test_steps_are_copied_into_another_pipeline(
    designer: DesignerPage, designs: DesignsApi, studio: StudioServer
) -> None:
    page = designer.page
    designer.step("amounts").click()
    designer.step("report").click(modifiers=["Shift"])
    page.keyboard.press("ControlOrMeta+c")
    other = designs.create("pasted")
    page.goto(f"{studio.address}/designer?design={other}")
    designer.wait_until_open()
    expect(designer.board).to_be_focused()
    page.keyboard.press("ControlOrMeta+v")
    expect(designer.step("report")).to_be_visible()
    expect(designer.edge("amounts")).to_have_count(1)
    designer.wait_until_saved()
    steps = designs.document(other)["pipeline"]["steps"]
    assert [(step["name"], step["inputs"]) for step in steps] == [
        ("amounts", {"orders": ""}),
        ("report", {"amounts": "amounts"}),
    ]

    page.keyboard.press("ControlOrMeta+v")
    expect(designer.step("report_2")).to_be_visible()
    designer.wait_until_saved()
    assert designs.step(other, "report_2")["inputs"] == {"amounts": "amounts_2"}


def test_steps_are_put_in_a_frame_that_folds_up(
    designer: DesignerPage, chain: str, designs: DesignsApi
) -> None:
    page = designer.page
    designer.step("amounts").click()
    designer.step("report").click(modifiers=["Shift"])
    page.keyboard.press("ControlOrMeta+g")
    title = page.get_by_label("Group's title")
    title.fill("Money")
    title.press("Enter")
    page.get_by_role("button", name="Fold up Money").click()
    expect(designer.step("Money")).to_contain_text("2 steps")
    expect(designer.step("report")).to_have_count(0)
    designer.wait_until_saved()
    groups = designs.document(chain)["layout"]["groups"]
    assert [(group["title"], group["steps"], group["is_collapsed"]) for group in groups] == [
        ("Money", ["amounts", "report"], True)
    ]
    page.get_by_role("button", name="Unfold Money").click()
    expect(designer.step("report")).to_be_visible()


def test_frames_and_edges_are_worked_on_by_keyboard_alone(
    designer: DesignerPage, chain: str, designs: DesignsApi
) -> None:
    page, keyboard = designer.page, designer.page.keyboard
    said = page.locator(".spoken")
    expect(designer.board).to_be_focused()
    keyboard.press("ArrowRight")
    expect(said).to_have_text("read_orders")
    keyboard.press("ArrowRight")
    keyboard.press("Shift+ArrowRight")
    expect(said).to_have_text("2 selected")
    keyboard.press("ControlOrMeta+g")
    keyboard.press("ArrowUp")
    expect(said).to_have_text("Group Group, 2 steps")
    keyboard.press("F2")
    keyboard.type("Money")
    keyboard.press("Enter")
    expect(said).to_have_text("Group Money, 2 steps")
    keyboard.press("Enter")
    expect(said).to_have_text("Group Money, 2 steps, folded up")
    expect(designer.step("report")).to_have_count(0)
    keyboard.press("ArrowLeft")
    expect(said).to_have_text("read_orders")
    keyboard.press("ArrowRight")
    keyboard.press("Enter")
    expect(designer.step("report")).to_be_visible()
    keyboard.press("Delete")
    expect(page.get_by_label("Group's title")).to_have_count(0)

    keyboard.press("ArrowDown")
    keyboard.press("Escape")
    designer.select("report")
    keyboard.press("Escape")
    keyboard.press("e")
    expect(said).to_have_text("Edge amounts, from amounts to report")
    keyboard.press("Delete")
    expect(designer.edges).to_have_count(1)
    keyboard.press("ArrowLeft")
    expect(said).to_have_text(re.compile("^report"))
    keyboard.press("Shift+C")
    keyboard.type("read_orders")
    keyboard.press("Enter")
    expect(designer.edges).to_have_count(2)
    keyboard.press("e")
    expect(said).to_have_text("Edge orders, from read_orders to report")
    designer.wait_until_saved()
    assert designs.step(chain, "report")["inputs"] == {"amounts": "orders"}
    assert designs.document(chain)["layout"]["groups"] == []


def test_a_note_is_written_and_kept(designer: DesignerPage, chain: str, designs: DesignsApi) -> None:
    page = designer.page
    designer.board.focus()
    page.keyboard.press("n")
    expect(page.get_by_label("Note", exact=True).and_(page.get_by_role("textbox"))).to_be_focused()
    page.keyboard.type("Ask Ann about returns")
    page.keyboard.press("Escape")
    expect(page.locator(".note")).to_have_text("Ask Ann about returns")
    designer.wait_until_saved()
    assert [note["text"] for note in designs.document(chain)["layout"]["notes"]] == ["Ask Ann about returns"]
    # Keys that undo and redo don't end up in the note that they bring back.
    for keys in ("ControlOrMeta+z", "ControlOrMeta+z"):
        page.keyboard.press(keys)
    expect(page.locator(".note")).to_have_count(0)
    page.keyboard.press("ControlOrMeta+Shift+z")
    expect(page.locator(".note")).to_be_visible()
    page.keyboard.press("ControlOrMeta+Shift+z")
    expect(page.locator(".note")).to_have_text("Ask Ann about returns")


def test_a_search_looks_into_the_sql(designer: DesignerPage) -> None:
    page = designer.page
    page.keyboard.press("ControlOrMeta+f")
    page.get_by_role("combobox", name="Find in steps").type("unit_price")
    found = page.get_by_role("dialog", name="Find in steps").get_by_role("option")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("unit_price")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_have_value("amounts")


def test_a_double_click_adds_a_step_where_it_was(designer: DesignerPage) -> None:
    designer.canvas.dblclick(position={"x": 200, "y": 400})
    designer.page.get_by_role("combobox", name="Add a step…").type("filter")
    designer.page.keyboard.press("Enter")
    expect(designer.step("filter")).to_be_visible()
    box, put = box_at_rest(designer.canvas), designer.place("filter")
    assert (abs(put["x"] - box["x"] - 200), abs(put["y"] - box["y"] - 400)) < (20, 20)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_designer_follows_the_reader_s_light_or_dark(
    chain: str, open_design: OpenDesign, scheme: str
) -> None:
    page = open_design(chain, color_scheme=scheme).page
    for part in (".topbar", ".palette", ".react-flow", ".step", ".inspector", ".panel"):
        shown = page.locator(part).first
        expect(shown).to_be_visible()
        ground = shown.evaluate(
            """it => {
                for (let at = it; at; at = at.parentNode ?? at.host) {
                    const ground = at instanceof Element && getComputedStyle(at).backgroundColor;
                    if (ground && !/(, 0\\)|\\/ 0\\)|transparent)$/.test(ground)) return ground;
                }
            }"""
        )
        assert is_light(ground) == (scheme == "light"), f"{part} is {ground}"
        assert is_light(shown.evaluate("it => getComputedStyle(it).color")) != (scheme == "light"), part


def is_light(color: str) -> bool:
    numbers = [float(part) for part in re.findall(r"[\d.]+", color)[:3]]
    return sum(numbers) / 3 > (0.5 if color.startswith("color(") else 128)


def test_every_control_of_the_designer_has_a_name(designer: DesignerPage) -> None:
    designer.select("amounts")
    nameless = designer.page.evaluate(
        """() => {
            const roots = [...document.querySelectorAll('*')].flatMap(it => it.shadowRoot ?? []);
            return roots.flatMap(it => [...it.querySelectorAll('button, input, select, textarea, a')])
                .filter(it => it.checkVisibility() && !it.ariaHidden)
                .filter(it => !(it.innerText || it.ariaLabel || it.title || it.placeholder))
                .filter(it => !it.labels?.length)
                .map(it => it.outerHTML.slice(0, 120));
        }"""
    )
    assert nameless == []
