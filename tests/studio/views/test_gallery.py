"""The gallery: what it shows, and what its buttons do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from tests.studio.conftest import YAML, edited

import odibi_studio.app
from odibi_core.journal import RunRecord
from odibi_core.samples import copy_samples
from odibi_core.workspace import Workspace
from odibi_studio.messages import AutosaveRequest
from odibi_studio.services.documents import Content
from odibi_studio.services.studio import Studio, open_studio
from odibi_studio.views.gallery import PAGE_SIZE, sorted_cards
from odibi_studio.views.gallery_actions import DELETED

TIMEOUT_S = 30


@pytest.fixture
def studio(workspace: Workspace) -> Iterator[Studio]:
    studio = open_studio(workspace)
    yield studio
    studio.close()


@pytest.fixture
def page(studio: Studio) -> AppTest:
    """The Studio's first page, not yet run."""
    assert studio.designs.cards() == []
    return AppTest.from_file(str(Path(odibi_studio.app.__file__)), default_timeout=TIMEOUT_S)


def names(page: AppTest) -> list[str]:
    """The names on the cards, in their order."""
    return [button.label.replace("\\", "") for button in page.button if str(button.key).startswith("open_")]


def shown(page: AppTest) -> str:
    """All HTML and Markdown of the page."""
    parts = [str(element.value) for element in page.markdown]
    return "\n".join([*parts, *(element.proto.body for element in page.html)])


def act(page: AppTest, design_id: str, action: str) -> AppTest:
    """The page after an action of a card's menu."""
    page.menu_button(key=f"menu_{design_id}").click(action).run()
    assert not page.exception
    return page


def test_an_empty_workspace_says_what_to_do(page: AppTest, studio: Studio) -> None:
    page.run()
    assert "No pipelines yet" in shown(page)
    page.button(key="first_csv").click().run()
    (card,) = studio.designs.cards()
    assert card.name == "first_csv"
    assert page.session_state["design_id"] == card.id


def test_every_pipeline_has_a_card_with_its_picture_and_its_facts(page: AppTest, studio: Studio) -> None:
    design = studio.designs.add(Content(YAML.replace("What was sold.", "1 < 2 & <b>more</b>")))
    studio.designs.tag(design.id, ["till"])
    page.run()
    assert not page.exception
    assert names(page) == ["receipts"]
    said = shown(page)
    assert 'aria-label="Graph of receipts: 3 steps"' in said
    assert "1 &lt; 2 &amp; &lt;b&gt;more&lt;/b&gt;" in said
    for fact in ("3 steps", "no version yet", "changed just now", "<span>till</span>", "Not run yet"):
        assert fact in said


def test_a_card_opens_its_pipeline_in_the_designer(page: AppTest, studio: Studio) -> None:
    design = studio.designs.add(Content(YAML))
    page.run()
    page.button(key=f"open_{design.id}").click().run()
    assert page.session_state["design_id"] == design.id
    assert page.query_params["design"] == design.id


def test_a_search_and_tags_leave_what_has_them_all(page: AppTest, studio: Studio) -> None:
    receipts = studio.designs.add(Content(YAML))
    studio.designs.create("other")
    studio.designs.tag(receipts.id, ["till"])
    page.run()
    page.text_input(key="gallery_search").set_value("amount > 0").run()
    assert names(page) == ["receipts"]
    page.text_input(key="gallery_search").set_value("").run()
    page.pills(key="gallery_tags").set_value(["till"]).run()
    assert names(page) == ["receipts"]
    page.text_input(key="gallery_search").set_value("other").run()
    assert names(page) == []
    page.button(key="clear_search").click().run()
    assert sorted(names(page)) == ["other", "receipts"]


def test_cards_stand_in_the_chosen_order(page: AppTest, studio: Studio) -> None:
    studio.designs.add(Content(YAML))
    studio.designs.create("zebra")
    studio.designs.create("ant")
    page.run()
    assert names(page) == ["ant", "zebra", "receipts"]
    page.selectbox(key="gallery_order").set_value("Name").run()
    assert names(page) == ["ant", "receipts", "zebra"]
    page.selectbox(key="gallery_order").set_value("Most steps").run()
    assert names(page)[0] == "receipts"
    runs = {"zebra": RunRecord("r", Path(), "zebra", start_time="2026-01-01T00:00:00+00:00")}
    by_run = sorted_cards(studio.designs.cards(), "Last run", runs)
    assert [card.name for card in by_run] == ["zebra", "ant", "receipts"]


def test_many_cards_come_in_pages(page: AppTest, studio: Studio) -> None:
    for _ in range(PAGE_SIZE + 1):
        studio.designs.create()
    page.run()
    assert len(names(page)) == PAGE_SIZE
    page.pagination(key="gallery_page_of_2").set_value(2).run()
    assert len(names(page)) == 1


def test_a_copy_stands_beside_its_original(page: AppTest, studio: Studio) -> None:
    design = studio.designs.add(Content(YAML))
    page.run()
    act(page, design.id, "duplicate")
    assert sorted(names(page)) == ["receipts", "receipts_copy"]


def test_moving_to_the_trash_can_be_undone(page: AppTest, studio: Studio) -> None:
    design = studio.designs.add(Content(YAML))
    studio.designs.create("other")
    page.run()
    act(page, design.id, "delete")
    assert names(page) == ["other"]
    assert any("“receipts” is in the trash." in str(text.value) for text in page.text)
    page.button(key="undo_delete").click().run()
    assert sorted(names(page)) == ["other", "receipts"]
    assert DELETED not in page.session_state


def test_the_trash_gives_back_what_was_put_there_earlier(page: AppTest, studio: Studio) -> None:
    design = studio.designs.add(Content(YAML))
    studio.designs.delete(design.id)
    page.run()
    page.button(key="show_trash").click().run()
    page.button(key=f"restore_{design.id}").click().run()
    assert names(page) == ["receipts"]


def test_what_is_in_the_trash_is_deleted_for_ever_once_that_is_confirmed(
    page: AppTest, studio: Studio
) -> None:
    first, second = studio.designs.create("first"), studio.designs.create("second")
    for design in (first, second):
        studio.designs.delete(design.id)
    page.run()
    page.button(key="show_trash").click().run()
    assert any("goes for ever in 30 days" in str(text.value) for text in page.caption)
    page.button(key=f"purge_{first.id}").click().run()
    page.button(key="purge_not").click().run()
    assert len(studio.designs.trash()) == 2
    page.button(key=f"purge_{first.id}").click().run()
    page.button(key="purge_now").click().run()
    assert [card.name for card in studio.designs.trash()] == ["second"]


def test_a_pipeline_is_renamed_and_a_taken_name_is_refused(page: AppTest, studio: Studio) -> None:
    design = studio.designs.add(Content(YAML))
    studio.designs.create("other")
    page.run()
    act(page, design.id, "rename")
    page.text_input(key="rename_to").set_value("other")
    submit(page, "Rename")
    assert "There is a pipeline of the name 'other' already" in page.error[0].value
    page.text_input(key="rename_to").set_value("till")
    submit(page, "Rename")
    assert sorted(names(page)) == ["other", "till"]


def test_tags_are_edited(page: AppTest, studio: Studio) -> None:
    design = studio.designs.add(Content(YAML))
    studio.designs.tag(design.id, ["old"])
    page.run()
    act(page, design.id, "tags")
    page.multiselect(key="tags_of").set_value([])
    submit(page, "Keep")
    assert studio.designs.cards()[0].tags == []


@pytest.mark.parametrize(("form", "begins"), [("YAML", "# Till receipts"), ("Python", "from odibi_core")])
def test_an_export_shows_the_file_before_it_is_taken(
    page: AppTest, studio: Studio, form: str, begins: str
) -> None:
    design = studio.designs.add(Content(YAML))
    page.run()
    act(page, design.id, "export")
    page.segmented_control(key="export_form").set_value(form).run()
    assert page.code[0].value.startswith(begins)


def test_a_blank_pipeline_and_one_from_a_template_are_made_and_opened(page: AppTest, studio: Studio) -> None:
    studio.designs.create("first")
    page.run()
    page.button(key="new_pipeline").click().run()
    page.text_input(key="new_name").set_value("first")
    submit(page, "Make it")
    assert "'first_2' is free" in page.error[0].value
    page.text_input(key="new_name").set_value("second")
    submit(page, "Make it")
    opened = studio.designs.open(str(page.session_state["design_id"]))
    assert opened.document.pipeline.name == "second"


def test_a_template_is_chosen(page: AppTest, studio: Studio) -> None:
    studio.designs.create("first")
    page.run()
    page.button(key="new_pipeline").click().run()
    page.segmented_control(key="new_beginning").set_value("Template").run()
    page.radio(key="new_template_name").set_value("medallion")
    submit(page, "Make it")
    opened = studio.designs.open(str(page.session_state["design_id"]))
    assert opened.document.pipeline.name == "medallion"
    assert len(opened.document.pipeline.steps) == 6


def test_every_problem_of_a_pasted_text_is_shown_and_a_good_one_is_opened(
    page: AppTest, studio: Studio
) -> None:
    studio.designs.create("first")
    page.run()
    page.button(key="new_pipeline").click().run()
    page.segmented_control(key="new_beginning").set_value("Import").run()
    page.text_area(key="import_text").set_value("name: p\nsteps:\n  - name: a\n    typ: sql\n").run()
    page.button(key="import_now").click().run()
    assert page.error[0].value == "pasted.yaml was not imported: 3 problems."
    said = "\n".join(str(text.value) for text in page.text)
    assert "line 4, column 5, a, typ: 'typ' is not a field of a step" in said
    assert "To mend it: did you mean 'type'?" in said
    page.text_area(key="import_text").set_value(YAML).run()
    page.button(key="import_now").click().run()
    opened = studio.designs.open(str(page.session_state["design_id"]))
    assert studio.designs.content(opened.id).text == YAML


def test_an_uploaded_script_is_imported(page: AppTest, studio: Studio) -> None:
    studio.designs.create("first")
    page.run()
    page.button(key="new_pipeline").click().run()
    page.segmented_control(key="new_beginning").set_value("Import").run()
    script = b"from odibi_core.step import Step\nsteps = [Step('silver', 'a', 'sql', 'pandas', 'SELECT 1')]\n"
    page.file_uploader(key="import_files").upload("nightly.py", script, "text/x-python").run()
    page.button(key="import_now").click().run()
    opened = studio.designs.open(str(page.session_state["design_id"]))
    assert opened.document.pipeline.name == "nightly"


def test_a_file_that_can_not_be_read_is_shown_first_until_it_is_mended(
    page: AppTest, studio: Studio, workspace: Workspace
) -> None:
    studio.designs.create("other")
    file = workspace.root / "pipelines" / "broken.yaml"
    file.parent.mkdir()
    file.write_text("name: <b>\nsteps: [")
    page.run()
    said = shown(page)
    assert "broken.yaml" in said
    assert "the text is not YAML" in said
    file.write_text(YAML)
    page.button(key="again_pipelines_broken_yaml").click().run()
    assert sorted(names(page)) == ["other", "receipts"]


def test_a_conflict_with_the_file_is_shown_and_settled(
    page: AppTest, studio: Studio, workspace: Workspace
) -> None:
    (workspace.root / "pipelines").mkdir()
    file = workspace.root / "pipelines" / "receipts.yaml"
    file.write_text(YAML)
    (card,) = studio.designs.cards()
    design = studio.designs.open(card.id)
    mine = edited(design.document, "save", value="output/mine.parquet")
    studio.designs.autosave(card.id, AutosaveRequest(base_revision=design.revision, document=mine))
    file.write_text(YAML.replace("amount > 0", "amount > 9"))
    page.run()
    page.button(key=f"settle_{card.id}").click().run()
    page.radio(key="settle_take").set_value("both")
    submit(page, "Settle")
    settled = studio.designs.content(card.id).text
    assert "amount > 9" in settled
    assert "mine.parquet" in settled
    assert studio.designs.cards()[0].problem == ""


def test_the_samples_are_all_there_with_their_last_run(tmp_path: Path) -> None:
    copy_samples(tmp_path / "samples")
    studio = open_studio(Workspace.find(tmp_path / "samples"))
    page = AppTest.from_file(str(Path(odibi_studio.app.__file__)), default_timeout=TIMEOUT_S).run()
    assert sorted(names(page)) == ["customer_360", "events_daily", "first_csv", "medallion"]
    studio.close()


def submit(page: AppTest, label: str) -> None:
    """Press the button of a form."""
    (button,) = [button for button in page.button if button.label == label and button.form_id]
    button.click().run()
    assert not page.exception
