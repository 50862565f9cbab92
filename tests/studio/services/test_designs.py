"""Designs: made, opened, kept while one works, renamed, tagged, put away and brought back."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import select
from tests.studio.conftest import YAML, Keep, SaveVersion, edited, named, with_steps

from odibi_core.design.templates import find_template
from odibi_core.errors import OdibiError, PipelineInvalidError, UnknownNameError
from odibi_core.workspace import Workspace
from odibi_studio.messages import AutosaveRequest, Document, Layout, ParameterForm, Point, StepForm
from odibi_studio.services.conflicts import ConflictError
from odibi_studio.services.design_desk import DesignDesk
from odibi_studio.services.designs import Designs
from odibi_studio.services.documents import Content
from odibi_studio.services.versions import Versions
from odibi_studio.store.tables import DesignRow, DraftRow, TagRow, VersionRow

KEEP_EDITING = """
import sys
from odibi_core.workspace import Workspace
from odibi_studio.messages import AutosaveRequest, StepForm
from odibi_studio.services.design_desk import DesignDesk
from odibi_studio.services.designs import Designs

designs = Designs(DesignDesk.open(Workspace.find(sys.argv[1]), lambda: sys.argv[3]))
design = designs.open(sys.argv[2])
document, revision = design.document, design.revision
for number in range(8):
    step = StepForm(name=f"{sys.argv[3]}_{number}", layer="silver", type="sql", value="SELECT 1")
    pipeline = document.pipeline
    document = document.model_copy(
        update={"pipeline": pipeline.model_copy(update={"steps": [*pipeline.steps, step]})}
    )
    while True:
        request = AutosaveRequest(base_revision=revision, document=document)
        answer = designs.autosave(design.id, request)
        revision = answer.revision
        if answer.is_kept:
            break
        assert answer.merged is not None
        document = answer.merged
designs.close()
"""


def test_a_blank_design_has_a_free_name_and_no_file(designs: Designs, workspace: Workspace) -> None:
    first, second = designs.create(), designs.create()
    assert first.document.pipeline.name == "pipeline"
    assert second.document.pipeline.name == "pipeline_2"
    assert (first.version, first.is_changed, first.path) == (0, True, "pipelines/pipeline.yaml")
    assert not (workspace.root / "pipelines").exists()


def test_a_template_is_taken_with_its_comments(designs: Designs) -> None:
    design = designs.create(template="medallion")
    assert designs.content(design.id).text == find_template("medallion").text


def test_an_unknown_template_is_told_with_the_near_names(designs: Designs) -> None:
    with pytest.raises(UnknownNameError, match="template 'medalion' is not known") as raised:
        designs.create(template="medalion")
    assert raised.value.fix == "did you mean 'medallion'?"


@pytest.mark.parametrize(
    ("name", "said"),
    [("  ", "a pipeline needs a name"), ("x" * 101, "at most 100 characters"), ("a\x07b", "can't be seen")],
)
def test_a_name_that_can_name_no_pipeline_is_refused(designs: Designs, name: str, said: str) -> None:
    with pytest.raises(OdibiError, match=said):
        designs.create(name)


def test_a_name_that_is_taken_is_refused_with_a_free_one(designs: Designs) -> None:
    designs.create("Sales")
    with pytest.raises(ConflictError, match="there is a pipeline of the name 'sales' already") as raised:
        designs.create("sales")
    assert raised.value.fix == "'sales_2' is free"


def test_an_unknown_design_is_an_error_that_says_what_to_do(designs: Designs) -> None:
    with pytest.raises(UnknownNameError, match="there is no such pipeline") as raised:
        designs.open("nobody")
    assert raised.value.fix == "choose one in the gallery"


def test_an_edit_changes_its_own_lines_of_the_yaml_alone(designs: Designs, keep: Keep) -> None:
    design = designs.add(Content(YAML))
    sql = "SELECT * FROM rows WHERE amount > 100"
    after = keep(design, edited(design.document, "clean", value=sql))
    assert designs.content(design.id).text == YAML.replace("amount > 0", "amount > 100")
    assert (after.revision, after.is_changed) == (design.revision + 1, True)


def test_a_document_that_says_the_same_is_no_new_revision(designs: Designs) -> None:
    design = designs.add(Content(YAML))
    request = AutosaveRequest(base_revision=design.revision, document=design.document)
    assert designs.autosave(design.id, request).revision == design.revision


def test_numbers_that_a_browser_spells_in_another_way_stay_as_they_are(designs: Designs) -> None:
    text = YAML.replace("header: true", "header: true, factor: 1.0, seed: 12345678901234567891")
    design = designs.add(Content(text))
    document = Document.model_validate_json(
        design.document.model_dump_json()
        .replace('"factor":1.0', '"factor":1')
        .replace("12345678901234567891", "12345678901234567000")
    )
    request = AutosaveRequest(base_revision=design.revision, document=document)
    assert designs.autosave(design.id, request).revision == design.revision
    assert designs.content(design.id).text == text


def test_moving_a_step_is_kept_and_leaves_the_yaml_alone(designs: Designs, keep: Keep) -> None:
    design = designs.add(Content(YAML))
    layout = Layout(positions={"read": Point(x=10, y=20.5)})
    after = keep(design, design.document.model_copy(update={"layout": layout}))
    assert after.document.layout == layout
    assert designs.content(design.id).text == YAML


def test_a_document_that_can_not_run_yet_is_kept_all_the_same(designs: Designs, keep: Keep) -> None:
    design = designs.create("half_done")
    twice = StepForm(name="", layer="", type="sql", value="SELEC", inputs={"x": "nothing"})
    after = keep(design, with_steps(design.document, [twice, twice]))
    assert after.document.pipeline.steps == [twice, twice]


def test_what_yaml_can_not_hold_is_told_with_its_place(designs: Designs) -> None:
    design = designs.create()
    pipeline = design.document.pipeline.model_copy(update={"parameters": {"day": ParameterForm(type="dat")}})
    document = Document(pipeline=pipeline)
    with pytest.raises(PipelineInvalidError) as raised:
        designs.autosave(design.id, AutosaveRequest(base_revision=1, document=document))
    problem = raised.value.problems[0]
    assert (problem.field, problem.what) == ("parameters.day.type", "'dat' is not a type")
    assert "date" in problem.fix


def test_the_later_of_two_browsers_is_told_and_gets_both_changes_in_one(designs: Designs, keep: Keep) -> None:
    design = designs.add(Content(YAML))
    keep(design, edited(design.document, "clean", value="SELECT 1 AS a"))
    mine = edited(design.document, "save", value="output/mine.parquet")
    answer = designs.autosave(design.id, AutosaveRequest(base_revision=design.revision, document=mine))
    assert (answer.is_kept, answer.author) == (False, "ana")
    assert answer.theirs == designs.open(design.id).document
    assert answer.merged is not None
    values = [step.value for step in answer.merged.pipeline.steps]
    assert values == ["data/till.csv", "SELECT 1 AS a", "output/mine.parquet"]
    again = AutosaveRequest(base_revision=answer.revision, document=answer.merged)
    assert designs.autosave(design.id, again).is_kept


def test_where_both_changed_one_step_there_is_no_merge_and_theirs_stays(designs: Designs, keep: Keep) -> None:
    design = designs.add(Content(YAML))
    keep(design, edited(design.document, "clean", value="SELECT 1 AS theirs"))
    mine = edited(design.document, "clean", value="SELECT 2 AS mine")
    answer = designs.autosave(design.id, AutosaveRequest(base_revision=design.revision, document=mine))
    assert (answer.is_kept, answer.merged) == (False, None)
    assert "AS theirs" in designs.content(design.id).text


def test_a_request_that_is_sent_again_is_kept_once(designs: Designs) -> None:
    design = designs.add(Content(YAML))
    request = AutosaveRequest(
        base_revision=design.revision, document=edited(design.document, "clean", value="SELECT 1 AS a")
    )
    first, second = designs.autosave(design.id, request), designs.autosave(design.id, request)
    assert (second.is_kept, second.revision) == (True, first.revision)


def test_a_base_that_is_not_kept_any_more_is_a_conflict_without_a_merge(designs: Designs) -> None:
    design = designs.add(Content(YAML))
    mine = edited(design.document, "clean", value="SELECT 1 AS a")
    answer = designs.autosave(design.id, AutosaveRequest(base_revision=-5, document=mine))
    assert (answer.is_kept, answer.merged) == (False, None)


def test_processes_that_edit_one_design_at_once_lose_nothing(designs: Designs, workspace: Workspace) -> None:
    design = designs.add(Content(YAML))
    editors = [
        subprocess.Popen([sys.executable, "-c", KEEP_EDITING, str(workspace.root), design.id, name])
        for name in ("bo", "cleo")
    ]
    for editor in editors:
        assert editor.wait(timeout=120) == 0
    kept = {step.name for step in designs.open(design.id).document.pipeline.steps}
    assert kept == {"read", "clean", "save"} | {f"{who}_{n}" for who in ("bo", "cleo") for n in range(8)}


def test_a_copy_has_a_name_of_its_own_and_the_tags(designs: Designs) -> None:
    design = designs.add(Content(YAML))
    designs.tag(design.id, ["till"])
    copy = designs.duplicate(design.id)
    assert copy.document.pipeline.name == "receipts_copy"
    assert designs.content(copy.id).text == YAML.replace("name: receipts", "name: receipts_copy")
    assert {card.name: card.tags for card in designs.cards()} == {
        "receipts": ["till"],
        "receipts_copy": ["till"],
    }


def test_a_rename_renames_the_file_and_leaves_unsaved_changes_unsaved(
    designs: Designs, versions: Versions, keep: Keep, save_version: SaveVersion, workspace: Workspace
) -> None:
    design = designs.add(Content(YAML))
    save_version(design)
    keep(designs.open(design.id), edited(design.document, "clean", value="SELECT 1 AS unsaved"))
    after = designs.rename(design.id, "till")
    assert (after.path, after.version, after.is_changed) == ("pipelines/till.yaml", 2, True)
    assert [file.name for file in (workspace.root / "pipelines").iterdir()] == ["till.yaml"]
    assert (workspace.root / after.path).read_text() == YAML.replace("name: receipts", "name: till")
    assert "AS unsaved" in designs.content(design.id).text
    assert versions.list(design.id)[0].message == "Renamed from receipts"


def test_a_rename_in_the_document_renames_the_file_with_the_next_version(
    designs: Designs, keep: Keep, save_version: SaveVersion, workspace: Workspace
) -> None:
    design = designs.add(Content(YAML))
    save_version(design)
    keep(designs.open(design.id), named(design.document, "till"))
    assert (workspace.root / "pipelines" / "receipts.yaml").exists()
    save_version(design)
    assert [file.name for file in (workspace.root / "pipelines").iterdir()] == ["till.yaml"]


def test_a_rename_to_a_name_that_is_taken_changes_nothing(designs: Designs) -> None:
    design = designs.add(Content(YAML))
    designs.create("till")
    with pytest.raises(ConflictError, match="'till'"):
        designs.rename(design.id, "till")
    assert designs.content(design.id).text == YAML


def test_tags_are_trimmed_sorted_and_there_once(designs: Designs) -> None:
    design = designs.create()
    assert designs.tag(design.id, [" nightly ", "finance", "nightly", " "]) == ["finance", "nightly"]
    assert designs.cards()[0].tags == ["finance", "nightly"]
    with pytest.raises(OdibiError, match="a tag has at most 40 characters"):
        designs.tag(design.id, ["x" * 41])


def test_the_trash_takes_the_file_and_gives_it_back(
    designs: Designs, keep: Keep, save_version: SaveVersion, workspace: Workspace
) -> None:
    design = designs.add(Content(YAML))
    save_version(design)
    keep(designs.open(design.id), edited(design.document, "clean", value="SELECT 1 AS unsaved"))
    file = workspace.root / "pipelines" / "receipts.yaml"
    designs.delete(design.id)
    assert not file.exists()
    assert designs.cards() == []
    assert [card.name for card in designs.trash()] == ["receipts"]
    with pytest.raises(UnknownNameError, match="'receipts' is in the trash"):
        designs.open(design.id)
    back = designs.bring_back(design.id)
    assert file.read_text() == YAML
    assert (back.is_changed, back.problem) == (True, "")
    assert "AS unsaved" in designs.content(design.id).text
    assert designs.trash() == []


def test_what_is_purged_is_gone_with_all_its_versions_and_what_is_in_use_is_not(
    designs: Designs, versions: Versions, save_version: SaveVersion, desk: DesignDesk
) -> None:
    design, other = designs.add(Content(YAML)), designs.create("other")
    save_version(design)
    designs.tag(design.id, ["nightly"])
    with pytest.raises(UnknownNameError, match="no such pipeline in the trash"):
        designs.purge(design.id)
    designs.delete(design.id)
    designs.purge(design.id)
    assert designs.trash() == []
    assert [card.id for card in designs.cards()] == [other.id]
    with pytest.raises(UnknownNameError):
        designs.bring_back(design.id)
    with desk.database.reading() as session:
        for table in (VersionRow, DraftRow, TagRow):
            assert session.exec(select(table).where(table.design_id == design.id)).all() == []


def test_the_trash_is_emptied_of_what_has_been_there_for_long(designs: Designs, desk: DesignDesk) -> None:
    old, new = designs.create("old"), designs.create("new")
    for design in (old, new):
        designs.delete(design.id)
    with desk.database.writing() as session:
        row = session.get(DesignRow, old.id)
        assert row is not None
        row.trashed = (dt.datetime.now(dt.UTC) - dt.timedelta(days=31)).isoformat(timespec="microseconds")
        session.add(row)
    assert designs.empty_trash(older_than_days=30) == 1
    assert [card.name for card in designs.trash()] == ["new"]
    assert designs.empty_trash() == 1
    assert designs.trash() == []


def test_a_design_comes_back_without_its_file_where_another_has_its_place(
    designs: Designs, save_version: SaveVersion, workspace: Workspace
) -> None:
    design = designs.add(Content(YAML))
    save_version(design)
    designs.delete(design.id)
    other = designs.add(Content(YAML.replace("What was sold", "Another")))
    save_version(other)
    back = designs.bring_back(design.id)
    assert (workspace.root / "pipelines" / "receipts.yaml").read_text() == designs.content(other.id).text
    assert "the next version writes it again" in back.problem
    with pytest.raises(ConflictError, match="another pipeline of the name 'receipts'"):
        save_version(back)


def test_a_card_says_what_the_gallery_shows(designs: Designs, save_version: SaveVersion) -> None:
    design = designs.add(Content(YAML))
    save_version(design, "first")
    card = designs.cards()[0]
    assert (card.name, card.description, card.owner) == ("receipts", "What was sold.", "ana")
    assert (card.step_count, card.version, card.path) == (3, 1, "pipelines/receipts.yaml")
    assert not card.is_changed


def test_names_that_no_file_can_have_still_get_one(
    designs: Designs, save_version: SaveVersion, workspace: Workspace
) -> None:
    design = designs.create("../etc/passwd")
    save_version(design)
    made = [path.relative_to(workspace.root) for path in workspace.root.rglob("*.yaml")]
    assert [path.parent for path in made] == [Path("pipelines")]
    assert designs.cards()[0].name == "../etc/passwd"


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("RECEIPTS", ["receipts"]),
        ("what was sold", ["receipts"]),
        ("nightly", ["receipts"]),
        ("clean", ["receipts"]),
        ("amount > 0", ["receipts"]),
        ("till.csv sales", ["receipts"]),
        ("ana", ["other", "receipts"]),
        ("config_op", []),
        ("receipts nothing", []),
        ("broken", ["broken.yaml"]),
    ],
)
def test_a_search_looks_at_names_tags_and_inside_steps(
    designs: Designs, workspace: Workspace, search: str, found: list[str]
) -> None:
    design = designs.add(Content(YAML))
    designs.tag(design.id, ["nightly"])
    designs.create("other")
    (workspace.root / "pipelines").mkdir()
    (workspace.root / "pipelines" / "broken.yaml").write_text("name: [")
    assert [card.name for card in designs.cards(search)] == found
